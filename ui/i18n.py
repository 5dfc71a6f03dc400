"""Every word that the page says itself, in the three languages of its readers.

Two choices of language are made, and both are made elsewhere: the frame of the page follows the browser, an answer
follows its question. This module knows neither markup nor Gradio.
"""

from __future__ import annotations

from dataclasses import dataclass

from rag.text import Script


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The page's own words in one language. `{name}` is filled in with `str.format`."""

    # The frame
    tagline: str
    holdings: str
    local: str
    remote: str
    conversation: str
    question: str
    placeholder: str
    send: str
    stop: str
    new: str
    welcome: str
    empty: str
    empty_how: str
    ask_first: str
    ready: str

    # An answer and how it came out
    you: str
    searching: str
    writing: str
    answered: str
    doubtful: str
    refused: str
    problem: str
    stopped: str
    unexpected: str
    figures: str
    supported: str
    unsupported: str
    as_of: str

    # The sentences it stands on
    sources: str
    no_sources: str
    best_so_far: str
    nearest: str
    earlier: str
    source: str
    page: str
    period: str
    jump: str

    # The frame of all tabs
    language: str
    ask_tab: str
    library_tab: str
    figures_tab: str
    loading_encoder: str
    loading_model: str
    queued: str

    # Conversations
    talks: str
    search_talks: str
    no_talks: str
    no_such_talks: str
    rename: str
    new_name: str
    save: str
    delete: str
    delete_sure: str
    export: str
    export_judged: str
    copy: str
    copied: str
    retry: str
    edit: str
    editing: str
    cancel: str
    as_before: str
    good: str
    bad: str
    why_bad: str
    judged: str
    next_questions: str
    scope_some: str
    scope_all: str
    choose: str
    try_seed: str
    add_own: str

    # A document, opened
    open_document: str
    back: str
    earlier_text: str
    later_text: str
    gone: str
    picture: str
    picture_without: str

    # The library
    add_files: str
    upload_folder: str
    path: str
    path_hint: str
    add_path: str
    adding: str
    folders: str
    unfollow: str
    sync_now: str
    reading: str
    time_left: str
    seconds: str
    minutes: str
    stop_reading: str
    stopping: str
    reading_stopped: str
    reading_done: str
    failures: str
    skipped: str
    search_documents: str
    since: str
    until: str
    date_hint: str
    from_source: str
    documents: str
    count_documents: str
    title: str
    date: str
    passages: str
    status: str
    stored: str
    with_copies: str
    preview: str
    remove: str
    remove_these: str
    select: str
    select_page: str
    removed: str
    undo: str
    restored: str
    ask_these: str
    ask_listed: str
    none_selected: str
    none_match: str
    pages: str
    previous: str
    next: str
    sort: str
    actions: str

    # The figures of the library
    search_figures: str
    unit: str
    any_unit: str
    no_unit: str
    value: str
    what: str
    sentence: str
    document: str
    conflicting: str
    only_conflicting: str
    rivals_of: str
    series: str
    series_of: str
    series_alone: str
    close_series: str
    count_figures: str
    no_figures: str
    too_many: str
    reading_figures: str


WORDS: dict[Script, Words] = {
    "zh-Hant": Words(
        tagline="向自己的文件提問，每個答案都附上它依據的原句",
        holdings="{documents} 份文件 · {passages} 個段落",
        local="資料不會離開這台電腦",
        remote="依目前的設定，問題和摘錄的句子可能離開這台電腦",
        conversation="對話",
        question="問題",
        placeholder="輸入問題；Enter 送出，Shift+Enter 換行",
        send="送出",
        stop="停止",
        new="新對話",
        welcome="可以這樣問",
        empty="文件庫裡還沒有文件",
        empty_how="先試試範例文件，或在「文件庫」加入自己的檔案。",
        ask_first="請先輸入問題。",
        ready="可以提問了。",
        you="你的問題",
        searching="正在文件中尋找……",
        writing="正在作答，數字尚未核對……",
        answered="答案有原句可查。",
        doubtful="請核對：引用的原句不能完全支持這個答案。",
        refused="文件中找不到答案",
        problem="出了問題",
        stopped="已停止；以上內容未經核對。",
        unexpected="發生意外錯誤，詳情在執行 jianbao chat 的終端機裡。請再試一次；若仍失敗，請執行 jianbao doctor。",
        figures="答案中的數字",
        supported="原句可查",
        unsupported="引用的原句中沒有",
        as_of="資料截至 {date}",
        sources="出處",
        no_sources="答案依據的原句會顯示在這裡。",
        best_so_far="目前最相關的句子",
        nearest="最接近的句子，不是答案",
        earlier="先前的出處",
        source="出處 {number}",
        page="第 {page} 頁",
        period="報告期間 {period}",
        jump="查看出處 {number}",
        language="介面語言",
        ask_tab="提問",
        library_tab="文件庫",
        figures_tab="數字",
        loading_encoder="正在載入檢索模型；可以先輸入問題。",
        loading_model="正在載入語言模型；可以先提問，原句會先出現。",
        queued="前面還有 {ahead} 個問題……",
        talks="對話紀錄",
        search_talks="搜尋對話",
        no_talks="這裡會列出問過的問題。",
        no_such_talks="沒有符合的對話。",
        rename="重新命名",
        new_name="新名稱",
        save="儲存",
        delete="刪除對話",
        delete_sure="確定刪除",
        export="匯出",
        export_judged="匯出全部評價（題集）",
        copy="複製答案與出處",
        copied="已複製",
        retry="重新作答",
        edit="修改問題",
        editing="正在修改上一個問題；送出後，新的回答會取代原來的。",
        cancel="取消修改",
        as_before="已停止；保留原來的回答。",
        good="答得好",
        bad="答得不對",
        why_bad="哪裡不對？（可不填）",
        judged="已記下，謝謝。",
        next_questions="接著可以問",
        scope_some="只問選定的 {count} 份文件",
        scope_all="改問全部文件",
        choose="選擇文件",
        try_seed="試用範例文件",
        add_own="加入自己的文件",
        open_document="在文件中查看",
        back="關閉文件",
        earlier_text="顯示前面的內容",
        later_text="顯示後面的內容",
        gone="這份文件已不在文件庫中。",
        picture="第 {page} 頁；引用的句子已框出",
        picture_without="第 {page} 頁；句子的位置無法標出",
        add_files="拖放檔案，或點選加入",
        upload_folder="上傳整個資料夾",
        path="這台電腦上的檔案或資料夾",
        path_hint="例如 /home/me/briefings；原地讀取，不複製",
        add_path="加入",
        adding="加入文件",
        folders="保持同步的位置",
        unfollow="不再同步",
        sync_now="重新同步",
        reading="正在讀取：{done} / {of} 個檔案",
        time_left="約剩 {time}",
        seconds="{count} 秒",
        minutes="{count} 分鐘",
        stop_reading="停止讀取",
        stopping="正在停止；讀完目前的檔案就停……",
        reading_stopped="已停止。已讀完的文件都已存好；重新同步可以接著讀。",
        reading_done="完成：新增 {added}，更新 {updated}，未變 {unchanged}，移除 {removed}",
        failures="無法讀取（{count}）",
        skipped="略過（{count}）",
        search_documents="搜尋標題、來源、作者",
        since="起始日期",
        until="結束日期",
        date_hint="例如 2011-04",
        from_source="來源",
        documents="文件",
        count_documents="{count} 份文件",
        title="標題",
        date="日期",
        passages="段落",
        status="狀態",
        stored="已收錄",
        with_copies="另有 {count} 份相同",
        preview="預覽",
        remove="移除",
        remove_these="移除選取的",
        select="選取《{title}》",
        select_page="選取本頁全部",
        removed="已移除 {count} 份文件。資料夾裡的原檔不動，重新同步會再讀取。",
        undo="復原",
        restored="已復原 {count} 份文件。",
        ask_these="只問選取的",
        ask_listed="只問列出的",
        none_selected="請先選取文件。",
        none_match="沒有符合的文件。",
        pages="第 {page} / {pages} 頁",
        previous="上一頁",
        next="下一頁",
        sort="依{name}排序",
        actions="操作",
        search_figures="搜尋事項或原句",
        unit="單位",
        any_unit="全部單位",
        no_unit="（無單位）",
        value="數值",
        what="事項",
        sentence="原句",
        document="文件",
        conflicting="與另一份文件不一致",
        only_conflicting="只看不一致的",
        rivals_of="各份文件對「{what}」（{unit}）的說法",
        series="看各時期的變化",
        series_of="「{what}」（{unit}）的變化",
        series_alone="其他日期的文件沒有同一事項的數字。",
        close_series="關閉",
        count_figures="{count} 個數字",
        no_figures="沒有符合的數字。",
        too_many="一個檔案最多放 {count} 個數字；請先篩選，再匯出。",
        reading_figures="正在整理數字：{done} / {of} 份文件",
    ),
    "zh-Hans": Words(
        tagline="向自己的文档提问，每个答案都附上它依据的原句",
        holdings="{documents} 份文档 · {passages} 个段落",
        local="数据不会离开这台电脑",
        remote="按目前的设置，问题和摘录的句子可能离开这台电脑",
        conversation="对话",
        question="问题",
        placeholder="输入问题；Enter 发送，Shift+Enter 换行",
        send="发送",
        stop="停止",
        new="新对话",
        welcome="可以这样问",
        empty="文档库里还没有文档",
        empty_how="先试试示例简报，或在“文档库”添加自己的文件。",
        ask_first="请先输入问题。",
        ready="可以提问了。",
        you="你的问题",
        searching="正在文档中查找……",
        writing="正在作答，数字尚未核对……",
        answered="答案有原句可查。",
        doubtful="请核对：引用的原句不能完全支持这个答案。",
        refused="文档中找不到答案",
        problem="出了问题",
        stopped="已停止；以上内容未经核对。",
        unexpected="发生意外错误，详情在运行 jianbao chat 的终端里。请再试一次；若仍失败，请运行 jianbao doctor。",
        figures="答案中的数字",
        supported="原句可查",
        unsupported="引用的原句中没有",
        as_of="资料截至 {date}",
        sources="出处",
        no_sources="答案依据的原句会显示在这里。",
        best_so_far="目前最相关的句子",
        nearest="最接近的句子，不是答案",
        earlier="先前的出处",
        source="出处 {number}",
        page="第 {page} 页",
        period="报告期间 {period}",
        jump="查看出处 {number}",
        language="界面语言",
        ask_tab="提问",
        library_tab="文档库",
        figures_tab="数字",
        loading_encoder="正在加载检索模型；可以先输入问题。",
        loading_model="正在加载语言模型；可以先提问，原句会先出现。",
        queued="前面还有 {ahead} 个问题……",
        talks="对话记录",
        search_talks="搜索对话",
        no_talks="这里会列出问过的问题。",
        no_such_talks="没有匹配的对话。",
        rename="重命名",
        new_name="新名称",
        save="保存",
        delete="删除对话",
        delete_sure="确定删除",
        export="导出",
        export_judged="导出全部评价（题集）",
        copy="复制答案与出处",
        copied="已复制",
        retry="重新作答",
        edit="修改问题",
        editing="正在修改上一个问题；发送后，新的回答会取代原来的。",
        cancel="取消修改",
        as_before="已停止；保留原来的回答。",
        good="答得好",
        bad="答得不对",
        why_bad="哪里不对？（可不填）",
        judged="已记下，谢谢。",
        next_questions="接着可以问",
        scope_some="只问选定的 {count} 份文档",
        scope_all="改问全部文档",
        choose="选择文档",
        try_seed="试用示例简报",
        add_own="添加自己的文档",
        open_document="在文档中查看",
        back="关闭文档",
        earlier_text="显示前面的内容",
        later_text="显示后面的内容",
        gone="这份文档已不在文档库中。",
        picture="第 {page} 页；引用的句子已框出",
        picture_without="第 {page} 页；句子的位置无法标出",
        add_files="拖放文件，或点击添加",
        upload_folder="上传整个文件夹",
        path="这台电脑上的文件或文件夹",
        path_hint="例如 /home/me/briefings；原地读取，不复制",
        add_path="添加",
        adding="添加文档",
        folders="保持同步的位置",
        unfollow="不再同步",
        sync_now="重新同步",
        reading="正在读取：{done} / {of} 个文件",
        time_left="约剩 {time}",
        seconds="{count} 秒",
        minutes="{count} 分钟",
        stop_reading="停止读取",
        stopping="正在停止；读完当前的文件就停……",
        reading_stopped="已停止。已读完的文档都已存好；重新同步可以接着读。",
        reading_done="完成：新增 {added}，更新 {updated}，未变 {unchanged}，移除 {removed}",
        failures="无法读取（{count}）",
        skipped="跳过（{count}）",
        search_documents="搜索标题、来源、作者",
        since="起始日期",
        until="结束日期",
        date_hint="例如 2011-04",
        from_source="来源",
        documents="文档",
        count_documents="{count} 份文档",
        title="标题",
        date="日期",
        passages="段落",
        status="状态",
        stored="已收录",
        with_copies="另有 {count} 份相同",
        preview="预览",
        remove="移除",
        remove_these="移除选中的",
        select="选择《{title}》",
        select_page="全选本页",
        removed="已移除 {count} 份文档。文件夹里的原文件不动，重新同步会再读取。",
        undo="撤销",
        restored="已恢复 {count} 份文档。",
        ask_these="只问选中的",
        ask_listed="只问列出的",
        none_selected="请先选择文档。",
        none_match="没有符合条件的文档。",
        pages="第 {page} / {pages} 页",
        previous="上一页",
        next="下一页",
        sort="按{name}排序",
        actions="操作",
        search_figures="搜索事项或原句",
        unit="单位",
        any_unit="全部单位",
        no_unit="（无单位）",
        value="数值",
        what="事项",
        sentence="原句",
        document="文档",
        conflicting="与另一份文档不一致",
        only_conflicting="只看不一致的",
        rivals_of="各份文档对“{what}”（{unit}）的说法",
        series="看各时期的变化",
        series_of="“{what}”（{unit}）的变化",
        series_alone="其他日期的文档没有同一事项的数字。",
        close_series="关闭",
        count_figures="{count} 个数字",
        no_figures="没有符合条件的数字。",
        too_many="一个文件最多放 {count} 个数字；请先筛选，再导出。",
        reading_figures="正在整理数字：{done} / {of} 份文档",
    ),
    "en": Words(
        tagline="Ask your own documents; every answer shows the sentence it stands on",
        holdings="Documents: {documents} · passages: {passages}",
        local="Nothing leaves this computer",
        remote="As it is set up, questions and quoted sentences may leave this computer",
        conversation="Conversation",
        question="Question",
        placeholder="Type a question; Enter sends, Shift+Enter starts a new line",
        send="Send",
        stop="Stop",
        new="New conversation",
        welcome="You could ask",
        empty="The library holds no documents yet",
        empty_how="Try the sample briefing first, or add files of your own under Library.",
        ask_first="Please type a question first.",
        ready="Ready for a question.",
        you="Your question",
        searching="Looking through the documents…",
        writing="Writing; figures are not checked yet…",
        answered="The answer stands on a quoted sentence.",
        doubtful="Please check: the quoted sentences do not fully support this answer.",
        refused="Not found in the documents",
        problem="Something went wrong",
        stopped="Stopped; the text above has not been checked.",
        unexpected="An unexpected error occurred; the terminal that runs jianbao chat has the details. Please try "
        "again, and run "
        "`jianbao doctor` if it happens once more.",
        figures="Figures in the answer",
        supported="in the quoted sentence",
        unsupported="not in the quoted sentence",
        as_of="As of {date}",
        sources="Sources",
        no_sources="The sentences that an answer stands on will appear here.",
        best_so_far="Best sentence so far",
        nearest="Nearest sentence, not an answer",
        earlier="Earlier sources",
        source="Source {number}",
        page="page {page}",
        period="reports on {period}",
        jump="Show source {number}",
        language="Interface language",
        ask_tab="Ask",
        library_tab="Library",
        figures_tab="Figures",
        loading_encoder="Loading the search model; you can type already.",
        loading_model="Loading the language model; you can ask already, the best sentence comes first.",
        queued="Questions before yours: {ahead}…",
        talks="Conversations",
        search_talks="Search conversations",
        no_talks="Your questions will be listed here.",
        no_such_talks="No conversation matches.",
        rename="Rename",
        new_name="New name",
        save="Save",
        delete="Delete conversation",
        delete_sure="Delete for good",
        export="Export",
        export_judged="Export all judgements (question set)",
        copy="Copy answer and source",
        copied="Copied",
        retry="Answer again",
        edit="Edit question",
        editing="You are changing your last question; the new answer will replace the one above.",
        cancel="Cancel",
        as_before="Stopped; the earlier answer stays.",
        good="Good answer",
        bad="Wrong answer",
        why_bad="What is wrong? (optional)",
        judged="Noted, thank you.",
        next_questions="You could go on with",
        scope_some="Asking only the chosen documents ({count})",
        scope_all="Ask all documents",
        choose="Choose documents",
        try_seed="Try the sample briefing",
        add_own="Add your own documents",
        open_document="Show in the document",
        back="Close the document",
        earlier_text="Show earlier text",
        later_text="Show later text",
        gone="This document is no longer in the library.",
        picture="Page {page}; the quoted sentence is boxed",
        picture_without="Page {page}; the sentence's place could not be marked",
        add_files="Drop files here, or click to choose",
        upload_folder="Upload a folder",
        path="File or folder of this computer",
        path_hint="For example /home/me/briefings; read where it is, not copied",
        add_path="Add",
        adding="Add documents",
        folders="Kept in step with",
        unfollow="Stop following",
        sync_now="Sync again",
        reading="Reading: {done} of {of} files",
        time_left="about {time} left",
        seconds="{count} s",
        minutes="{count} min",
        stop_reading="Stop reading",
        stopping="Stopping after this file…",
        reading_stopped="Stopped. What was read is stored; syncing again goes on from there.",
        reading_done="Done: {added} added, {updated} updated, {unchanged} unchanged, {removed} removed",
        failures="Could not be read ({count})",
        skipped="Skipped ({count})",
        search_documents="Search titles, sources, authors",
        since="From date",
        until="To date",
        date_hint="e.g. 2011-04",
        from_source="Source",
        documents="Documents",
        count_documents="Documents: {count}",
        title="Title",
        date="Date",
        passages="Passages",
        status="Status",
        stored="stored",
        with_copies="copies: {count}",
        preview="Preview",
        remove="Remove",
        remove_these="Remove the selected",
        select="Select {title}",
        select_page="Select all on this page",
        removed="Removed: {count}. Files in your folders stay, and are read again with the next sync.",
        undo="Undo",
        restored="Put back: {count}.",
        ask_these="Ask only the selected",
        ask_listed="Ask only those listed",
        none_selected="Select documents first.",
        none_match="No document matches.",
        pages="Page {page} of {pages}",
        previous="Previous",
        next="Next",
        sort="Sort by {name}",
        actions="Actions",
        search_figures="Search what is counted, or sentences",
        unit="Unit",
        any_unit="All units",
        no_unit="(no unit)",
        value="Value",
        what="What",
        sentence="Sentence",
        document="Document",
        conflicting="another document says otherwise",
        only_conflicting="Only contradicted ones",
        rivals_of="What the documents say of {what} ({unit})",
        series="Show over time",
        series_of="{what} ({unit}) over time",
        series_alone="No document of another date has a figure for the same thing.",
        close_series="Close",
        count_figures="Figures: {count}",
        no_figures="No figure matches.",
        too_many="One file holds up to {count} figures; filter them first, then export.",
        reading_figures="Reading the figures: {done} of {of} documents",
    ),
}

#: A question in each language, for a reader who does not know where to begin.
EXAMPLES: dict[Script, str] = {
    "zh-Hant": "全省各級組織部門培訓組工幹部多少人次？",
    "zh-Hans": "今年以来培训了多少组工干部？",
    "en": "How many cadres were trained?",
}

#: The languages by the names that they have for themselves.
LANGUAGES: dict[Script, str] = {"zh-Hant": "繁體", "zh-Hans": "简体", "en": "English"}


#: What page.js remembers the chosen language in.
LANGUAGE_COOKIE = "jianbao-language"


def reader_script(accept_language: str, chosen: str = "") -> Script:
    """The language for a browser: the one that was `chosen`, else the first of its Accept-Language header.

    >>> [reader_script(header) for header in ("zh-HK,en;q=0.8", "zh", "zh-Hant-TW", "de,zh-TW;q=0.5", "")]
    ['zh-Hant', 'zh-Hans', 'zh-Hant', 'en', 'en']
    """
    if script := next((name for name in WORDS if name == chosen), None):
        return script
    language, *rest = accept_language.split(",")[0].split(";")[0].strip().lower().split("-")
    if language != "zh":
        return "en"
    return "zh-Hant" if {"hant", "tw", "hk", "mo"} & set(rest) else "zh-Hans"
