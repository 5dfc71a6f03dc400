"""Every sentence that an error can bring to the page is there in its three languages, with its values as they are."""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from ingest.loaders import INSTEAD
from rag.text import CJK, Script, to_script
from ui.reasons import _PHRASES, _SENTENCES, told

ROOT = Path(__file__).resolve().parent.parent
#: What of these reaches the page; other errors (RuntimeError, TypeError, ValueError, DatabaseError) are mistakes of a
#: program.
KINDS = {
    "DocumentError", "EncoderError", "InputError", "LanguageModelError", "LibraryDamaged", "LibraryError",
    "LibraryMismatch", "Member", "Models", "Problem", "Reading", "WeightsError", "Work", "_Read", "_sorry",
}  # fmt: skip
#: Names of reasons that are made before they are given to an error or a report, and keys that they are sent under.
REASONS = {"error", "reason", "sentence"}
#: Values that are made of words elsewhere, by the file and the expression that they stand in.
PARTS = {
    ("ingest/records.py", "where"): ["{}, line {}"],
    ("ingest/records.py", "reason"): ["{}", "too deep or too large"],
    ("ingest/pdf.py", "where"): ["{}, page {},"],
    ("ingest/ocr.py", "what"): ["{} is a picture", "{} is a scan (page {} is a picture)"],
    ("ingest/loaders.py", "step"): [*sorted(set(INSTEAD.values())), "use one of {}"],
    ("ingest/folder.py", "step"): sorted(set(INSTEAD.values())),
    ("ingest/office.py", "kind"): ["Word document", "presentation"],
    ("rag/embeddings.py", "what"): ["The reranker {}", "The embedding model {}"],
    ("rag/embeddings.py", "step"): [
        "Unset JIANBAO_RERANKER or name another.",
        "Set JIANBAO_EMBEDDING to `local`, to a folder, or to a sentence-transformers name in reach.",
    ],
}
#: Functions that return the reason.
RETURNING = {"_binary", "_locked", "_not_wanted", "_without_text"}
#: Modules whose errors only the command line, a caller in Python or a program at the page's endpoints can meet.
ELSEWHERE = {"ui/api.py", "ui/cli.py", "ui/server.py", "ui/terminal.py", "rag/compare.py", "rag/evaluate.py"}
#: Sentences that only a mistaken program meets.
MISTAKES = (
    "The question is a ", "k is ", "scope is ", "The local encoder is not saved to ", "order is ",
    "the reader has been closed",
)  # fmt: skip
#: Traditional letters that the converter would write otherwise; Taiwan writes them like this.
BOTH = set("台")
VALUES = ("年報 (終稿).pdf", "{0}", "8", "a.b")
CHINESE: tuple[Script, ...] = ("zh-Hant", "zh-Hans")
_WORD = re.compile(r"[A-Za-z]{3,}")
#: Words that are the same in Chinese: names, formats, commands and settings.
KEPT = re.compile(
    r"`[^`]*`|JIANBAO_\w+(?:=none)?|jianbao (?:chat|doctor)(?: --repair)?(?: --library)?|jianbao|--library|pip install "
    r'(?:--\S+ )*(?:"[^"]*"|[\w.=-]*)|"(?:id|text)"|"\.\.\."|UTF-\d+|GB18030|Windows-1252|Big5|JSON|XML|PDF|PNG|JPEG'
    r"|DRM|Office|Word|Excel|PowerPoint|zip|E5S1|float32|sentence-transformers|xllamacpp|openai:gpt-5-mini|\.(?:gguf|docx?|xlsx?|pptx?|eml)\b|\\u0000"
)


def messages() -> Iterator[tuple[str, str]]:
    """Where each message stands, and itself with {} for its values."""
    for folder in ("rag", "ingest", "ui"):
        for file in sorted((ROOT / folder).glob("*.py")):
            place = file.relative_to(ROOT).as_posix()
            if place in ELSEWHERE:
                continue
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                for text in _given(node, place):
                    if " " in text and not text.startswith(MISTAKES) and text not in _PHRASES:
                        yield f"{place}:{getattr(node, 'lineno', 0)}", text


def _given(node: ast.AST, place: str) -> Iterator[str]:
    """The texts that an error is made with, or that become a reason of a file that is not read."""
    match node:
        case ast.Call(func=ast.Name(id=name)) if name in KINDS:
            for argument in (*node.args, *(word.value for word in node.keywords)):
                yield from _texts(argument, place)
        case ast.Assign(targets=[ast.Name(id=name)]) if name in REASONS:
            yield from _texts(node.value, place)
        case ast.Dict():
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value in REASONS:
                    yield from _texts(value, place)
        case ast.FunctionDef(name=name) if name in RETURNING:
            for inner in ast.walk(node):
                if isinstance(inner, ast.Return) and inner.value is not None:
                    yield from _texts(inner.value, place)


def _texts(node: ast.expr, place: str) -> Iterator[str]:
    """What a text can be, for all ways that its conditions come out."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.FormattedValue():
            yield from PARTS.get((place, ast.unparse(node.value)), ["{}"])
        case ast.JoinedStr():
            yield from map("".join, product(*(list(_texts(part, place)) for part in node.values)))
        case ast.IfExp():
            yield from _texts(node.body, place)
            yield from _texts(node.orelse, place)
        case ast.BinOp(op=ast.Add()):
            yield from map("".join, product(_texts(node.left, place), _texts(node.right, place)))


def test_the_messages_are_found() -> None:
    found = {message for _, message in messages()}
    assert len(found) > 150
    for one in (
        "{} took more than {} seconds to read; split it into smaller files.",
        "{} is protected with a password; save a copy without one and add that.",
        "{} is damaged within the archive; make the archive again.",
        "{}, page {}, is drawn from more than {} pieces; print it to a new PDF.",
        "not a kind of file that is read; save it as .docx",
    ):
        assert one in found


@pytest.mark.parametrize(("place", "message"), [*messages()])
def test_an_error_is_told_in_chinese_with_its_values(place: str, message: str) -> None:
    if message.endswith("are read at once."):  # ingest/folder.py goes on with what to do
        message += " Split it."
    parts = re.split(r"\{\}", message)
    values = [VALUES[index % len(VALUES)] for index in range(len(parts) - 1)]
    sentence = parts[0] + "".join(value + part for value, part in zip(values, parts[1:], strict=True))
    for script in CHINESE:
        said = told(sentence, script)
        assert said != sentence, f"{place}: no wording for {message!r}"
        for value in values:
            assert value in said
            said = said.replace(value, "", 1)
        assert re.search(f"[{CJK}]", said)
        assert not _WORD.search(KEPT.sub("", said)), said
    assert told(sentence, "en") == sentence


def test_every_value_of_a_sentence_is_told_once() -> None:
    for english, worded in (_SENTENCES | _PHRASES).items():
        told_values = sorted(int(number) for number in re.findall(r"(?<!\{)\{(\d)\}", worded))
        assert told_values == list(range(len(re.findall(r"\{\??\}", english)))), english


def test_the_wordings_keep_to_their_script_and_to_the_words_of_its_readers() -> None:
    for english, worded in (_SENTENCES | _PHRASES).items():
        assert not [letter for letter in worded if letter not in BOTH and to_script(letter, "zh-Hant") != letter], (
            worded
        )
        for word in ("文件夾", "服務器", "打印", "默認", "鏈接", "軟件", "內存", "字符", "“", "”"):
            assert word not in worded, worded
        if english in _PHRASES:
            continue
        simplified = told(re.sub(r"\{\??\}", "8", english), "zh-Hans")
        assert simplified == to_script(simplified, "zh-Hans")
        for word in (
            "档案", "资料", "伺服器", "记忆体", "程式", "字元", "列印", "磁碟", "连结", "取得", "辨", "笔", "「", "」",
        ):  # fmt: skip
            assert word not in simplified, simplified


@pytest.mark.parametrize(
    "name",
    [
        "{0}",
        "{",
        "(a",
        "`x`",
        "\\1",
        "no text; leave it out.",
        "a b.pdf is empty; copy",
        "<b>",
        "Ünïcode.pdf",
        "save it as draft.pdf",
        "Permission denied",
        "The reranker.pdf",
        "a, line 3",
        "two\nlines",
        "(" * 3000,
    ],
)
def test_a_name_comes_through_whatever_it_is(name: str) -> None:
    assert told(f"{name} is empty; copy or download it again.", "zh-Hant") == f"{name} 是空的；請重新複製或下載。"


def test_phrases_within_a_sentence_are_told_too() -> None:
    said = told("a.pdf cannot be read (Permission denied); check that it exists and is yours.", "zh-Hans")
    assert said == "无法读取 a.pdf（没有权限）；请确认文件存在，且您有权读取。"
    said = told(
        "set.jsonl, line 3 is not valid JSON (too deep or too large); write one JSON object on each line.", "zh-Hant"
    )
    assert said == "set.jsonl 第 3 行不是有效的 JSON（層次太深或太大）；請每行寫一個 JSON 物件。"
    said = told("a.wps is not a kind of file that can be read; save it as .docx.", "zh-Hant")
    assert said == "a.wps 不是可以讀取的檔案類型；請另存為 .docx。"


def test_a_sentence_that_is_not_ours_stays_as_it_is() -> None:
    for sentence in ("", "something else", "x" * 5000, "省長是誰？"):
        assert told(sentence, "zh-Hant") == sentence


@pytest.mark.parametrize(
    "part", [" is ", "a cannot be read (", "x cannot be loaded (y). ", "a, line b, page c, ", "(", "{0}", "\n; "]
)
def test_a_hostile_sentence_is_told_in_no_time(part: str) -> None:
    sentence = (part * 4000)[:4000]
    started = time.perf_counter()
    told(sentence, "zh-Hant")
    assert time.perf_counter() - started < 0.2
