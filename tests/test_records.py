from __future__ import annotations

import json
from pathlib import Path

import pytest

from ingest.records import is_question_set, records
from rag.errors import DocumentError


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_records_keep_their_ids_and_what_they_say() -> None:
    written = [
        {"id": "a-1", "text": "甲\u2028乙\r\n", "title": "題", "source": "東北網", "date": "2011年4月19日"},
        {"id": 7, "text": "2023-08-16 18:24:57，正文：全省召开会议。", "title": None},
        {"id": "b/2", "text": "标题\n2011-04-19 来源：新华社\n1945年8月15日，…", "date": "n.d."},
    ]
    lines = "\n\n".join(json.dumps(record, ensure_ascii=False) for record in written)
    path = Path("set.jsonl")
    documents = records(lines + "\n", path)
    assert [(d.id, d.text, d.title, d.source, d.date) for d in documents] == [
        ("a-1", "甲\u2028乙\r\n", "題", "東北網", "2011-04-19"),
        ("7", "2023-08-16 18:24:57，正文：全省召开会议。", "", "", "2023-08-16"),
        ("b/2", "标题\n2011-04-19 来源：新华社\n1945年8月15日，…", "", "", ""),
    ]
    assert {document.path for document in documents} == {str(path)}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"id": "a", "text": "again"}', "already that of line 1"),
        ('{"id": "b"}', 'no "text"'),
        ('{"text": "b"}', 'no "id"'),
        ('{"id": "b", "text": " "}', 'empty "text"'),
        ('{"id": "", "text": "b"}', 'empty "id"'),
        ('{"id": "b", "text": 5}', '"text" is not a string'),
        ('{"id": true, "text": "b"}', '"id" is not a string'),
        ('{"id": "b", "text": "b", "title": []}', '"title" is not a string'),
        ('{"id": "b", "text": "\\ud800"}', "half of a pair"),
        ('["b"]', "not a JSON object"),
        ('{"id": "b",', "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("9" * 10_000, "not valid JSON"),
        ('{"question": "培训多少期？", "answers": []}', "jianbao eval"),
    ],
)
def test_a_bad_record_is_refused_with_its_line(line: str, reason: str) -> None:
    with pytest.raises(DocumentError) as caught:
        records(f'{{"id": "a", "text": "first"}}\n\n{line}\n', Path("folder/set.jsonl"))
    message = str(caught.value)
    assert message.startswith("set.jsonl, line 3")
    assert message.endswith(".")
    assert "\n" not in message
    assert reason in message


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("q.jsonl", '\n{"question": "多少？", "answers": []}\n', True),
        ("q.JSONL", '\ufeff{"question": "多少？"}', True),
        ("q.jsonl", '{"question": "多少？"}\n{"a": 1}'.encode("utf-16"), True),
        ("q.jsonl", '{"question": "培训了多少期？"}'.encode("gb18030"), True),
        ("d.jsonl", '{"id": "a", "text": "甲"}\n{"question": "多少？"}', False),
        ("d.jsonl", '{"id": "a", "text": "甲", "question": "多少？"}', False),
        ("q.txt", '{"question": "多少？"}', False),
        ("bad.jsonl", "{", False),
        ("bad.jsonl", b"\0\1\2", False),
        ("bad.jsonl", b"", False),
    ],
)
def test_question_sets_are_told_from_document_sets(
    name: str, content: str | bytes, expected: bool, tmp_path: Path
) -> None:
    assert is_question_set(write(tmp_path, name, content)) is expected


def test_a_missing_file_is_no_question_set(tmp_path: Path) -> None:
    assert not is_question_set(tmp_path / "gone.jsonl")
