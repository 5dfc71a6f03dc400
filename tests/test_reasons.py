"""Every sentence that an error can bring to the page is there in its three languages, with its values as they are."""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.text import CJK, to_script
from ui.reasons import _TEMPLATES, told

ROOT = Path(__file__).resolve().parent.parent
#: What of these reaches the page; other errors are mistakes of a program.
KINDS = {
    "DocumentError", "EncoderError", "InputError", "LanguageModelError", "LibraryDamaged", "LibraryError",
    "LibraryMismatch", "Models", "Reading", "WeightsError", "Work",
}  # fmt: skip
#: Modules whose errors only the command line, a caller in Python or a program at the page's endpoints can meet.
ELSEWHERE = {"ui/api.py", "ui/cli.py", "ui/server.py", "ui/terminal.py", "rag/compare.py", "rag/evaluate.py"}
#: Sentences that only a mistaken program meets.
MISTAKES = (
    "The question is a ", "k is ", "scope is ", "The local encoder is not saved to ", "order is ",
)  # fmt: skip
VALUES = ("年報 (終稿).pdf", "{0}", "8", "a.b")
_WORD = re.compile(r"[A-Za-z]{3,}")
#: Words that are the same in Chinese: names, formats, commands and settings.
KEPT = re.compile(
    r"`[^`]*`|JIANBAO_\w+(?:=none)?|jianbao (?:chat|doctor)(?: --repair)?(?: --library)?|jianbao|--library|pip install "
    r'(?:--\S+ )*(?:"[^"]*"|[\w.=-]*)|"(?:id|text)"|"\.\.\."|UTF-\d+|GB18030|Windows-1252|Big5|JSON|XML|PDF|PNG|JPEG'
    r"|DRM|Office|Word|Excel|PowerPoint|zip|E5S1|float32|sentence-transformers|xllamacpp|openai:gpt-5-mini|\.(?:gguf|xlsx|eml)|\\u0000"
)


def messages() -> Iterator[tuple[str, str]]:
    """Where each message stands, and itself with {} for its values."""
    for folder in ("rag", "ingest", "ui"):
        for file in sorted((ROOT / folder).glob("*.py")):
            place = file.relative_to(ROOT).as_posix()
            if place in ELSEWHERE:
                continue
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                for text in _given(node):
                    if " " in text and not text.startswith(MISTAKES):
                        yield f"{place}:{getattr(node, 'lineno', 0)}", text


def _given(node: ast.AST) -> Iterator[str]:
    """The texts that an error is made with, or that become a reason of a file that is not read."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KINDS:
        for argument in (*node.args, *(word.value for word in node.keywords)):
            yield from _texts(argument)
    elif isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == "reason" for one in node.targets):
        yield from _texts(node.value)


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.Constant) else "{}" for part in node.values]
        yield "".join(map(str, parts))


def test_the_messages_are_found() -> None:
    assert len(list(messages())) > 120


@pytest.mark.parametrize(("place", "message"), [*messages()])
def test_an_error_is_told_in_chinese_with_its_values(place: str, message: str) -> None:
    message = message.removeprefix("{} Split").strip()
    if message.endswith("are read at once."):  # ingest/folder.py goes on with what to do
        message += " Split it."
    parts = re.split(r"\{\}", message)
    values = [VALUES[index % len(VALUES)] for index in range(len(parts) - 1)]
    sentence = parts[0] + "".join(value + part for value, part in zip(values, parts[1:], strict=True))
    for script in ("zh-Hant", "zh-Hans"):
        said = told(sentence, script)
        assert said != sentence, f"{place}: no wording for {message!r}"
        for value in values:
            assert value in said
            said = said.replace(value, "", 1)
        assert re.search(f"[{CJK}]", said)
        assert not _WORD.search(KEPT.sub("", said)), said
    assert told(sentence, "en") == sentence


def test_the_wordings_keep_to_their_script() -> None:
    for english, worded in _TEMPLATES.items():
        count = english.count("{}")
        filled = english.replace("{}", "8")
        assert {int(number) for number in re.findall(r"(?<!\{)\{(\d)\}", worded)} == set(range(count)), english
        simplified = told(filled, "zh-Hans")
        assert simplified == to_script(simplified, "zh-Hans")
        for word in ("檔案", "档案", "资料夹", "伺服器", "记忆体", "程式", "字元", "列印", "磁碟"):
            assert word not in simplified, simplified


@pytest.mark.parametrize(
    "name", ["{0}", "{", "(a", "`x`", "\\1", "no text; leave it out.", "a b.pdf is empty; copy", "<b>", "Ünïcode.pdf"]
)
def test_a_name_comes_through_whatever_it_is(name: str) -> None:
    assert told(f"{name} is empty; copy or download it again.", "zh-Hant") == f"{name} 是空的；請重新複製或下載。"


def test_phrases_within_a_sentence_are_told_too() -> None:
    said = told("a.pdf cannot be read (Permission denied); check that it exists and is yours.", "zh-Hans")
    assert said == "无法读取 a.pdf（没有权限）；请确认文件存在，且您有权读取。"
    said = told(
        "set.jsonl, line 3 is not valid JSON (too deep or too large); write one JSON object on each line.", "zh-Hant"
    )
    assert said == "set.jsonl 第 3 行 不是有效的 JSON（層次太深或太大）；請每行寫一個 JSON 物件。"
    said = told("a.wps is not a kind of file that can be read; save it as .docx.", "zh-Hant")
    assert said == "a.wps 不是可以讀取的檔案類型；請另存為 .docx。"


def test_a_sentence_that_is_not_ours_stays_as_it_is() -> None:
    for sentence in ("", "something else", "x" * 5000, "省長是誰？"):
        assert told(sentence, "zh-Hant") == sentence


def test_a_hostile_sentence_is_told_in_no_time() -> None:
    sentence = " is ".join(["a cannot be read ("] * 200)[:4000]
    started = time.perf_counter()
    told(sentence, "zh-Hant")
    assert time.perf_counter() - started < 0.2
