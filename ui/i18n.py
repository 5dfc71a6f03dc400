"""Every word that the page says itself, in the three languages of its readers.

Two choices of language are made, and both are made elsewhere: the frame of the page follows the browser, an answer
follows its question. This module knows neither markup nor Gradio.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

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
        empty_how="請在終端機按 Ctrl-C 停止本頁，加入一個資料夾，再重新開啟：",
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
        unexpected="發生意外錯誤，詳情已寫入日誌。請再試一次；若仍失敗，請執行 jianbao doctor。",
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
        empty_how="请在终端按 Ctrl-C 停止本页，加入一个文件夹，再重新打开：",
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
        unexpected="发生意外错误，详情已写入日志。请再试一次；若仍失败，请运行 jianbao doctor。",
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
        new="Start over",
        welcome="You could ask",
        empty="The library holds no documents yet",
        empty_how="Stop this page with Ctrl-C in its terminal, add a folder, and start it again:",
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
        unexpected="An unexpected error occurred; the details are in the log. Please try again, and run "
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
    ),
}

#: A question in each language, for a reader who does not know where to begin.
EXAMPLES: dict[Script, str] = {
    "zh-Hant": "全省各級組織部門培訓組工幹部多少人次？",
    "zh-Hans": "今年以来培训了多少组工干部？",
    "en": "How many cadres were trained?",
}

# The names that Gradio's front end has for these languages; it takes a browser's language only if it knows it.
_BROWSER_NAMES: dict[str, Script] = {"zh-TW": "zh-Hant", "zh-CN": "zh-Hans", "en": "en"}


def translations() -> dict[str, dict[str, str]]:
    """The words by browser language and key, as `gradio.I18n` takes them."""
    return {name: asdict(WORDS[script]) for name, script in _BROWSER_NAMES.items()}


def reader_script(accept_language: str) -> Script:
    """The language for a browser, from its Accept-Language header: the first entry decides.

    >>> [reader_script(header) for header in ("zh-HK,en;q=0.8", "zh", "zh-Hant-TW", "de,zh-TW;q=0.5", "")]
    ['zh-Hant', 'zh-Hans', 'zh-Hant', 'en', 'en']
    """
    language, *rest = accept_language.split(",")[0].split(";")[0].strip().lower().split("-")
    if language != "zh":
        return "en"
    return "zh-Hant" if {"hant", "tw", "hk", "mo"} & set(rest) else "zh-Hans"
