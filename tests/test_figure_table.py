"""The figures table holds every figure of the library's documents, however it came to be in step with them."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from rag import Assistant, Document, InputError, LibraryDamaged, LibraryError
from rag.figure_file import NAME
from rag.figure_rows import rows_of
from rag.figure_table import FigureTable, Order, Row
from rag.store import Entry, Library
from rag.types import Chunk
from tests.conftest import WordEncoder

TITLE = "創先爭優活動簡報第{}期"
APRIL = Document(
    "四月.txt",
    "全省各級組織部門培訓組工乾部8710人次，開展座談討論891次。投資3.5億元。",
    TITLE.format(138),
    "東北網",
    "2011-04-19",
)
OTHER_APRIL = Document(
    "四月改.txt", "全省各級組織部門培訓組工乾部8720人次。", TITLE.format(138), "省委组织部", "2011-04-19"
)
MAY = Document("五月.txt", "全省各级组织部门培训组工干部9001人次。", TITLE.format(139), "东北网", "2011-05-19")
ENGLISH = Document("english.txt", "Harbin trained 1,200 cadres, up 3.5% year-on-year.", "Report", "", "")


@pytest.fixture
def library(assistant: Assistant) -> Library:
    return assistant.library


@pytest.fixture
def open_table(tmp_path: Path) -> Iterator[Callable[..., FigureTable]]:
    """Opens tables, in the test's folder or in one of their own; closes them at the end."""
    opened: list[FigureTable] = []

    def open_(folder: Path = tmp_path) -> FigureTable:
        folder.mkdir(exist_ok=True)
        opened.append(FigureTable.open(folder))
        return opened[-1]

    yield open_
    for table in opened:
        table.close()


@pytest.fixture
def table(open_table: Callable[..., FigureTable]) -> FigureTable:
    return open_table()


def put(library: Library, *documents: Document, remove: tuple[str, ...] = ()) -> None:
    """Stores documents of one chunk each."""
    encoder = WordEncoder.__new__(WordEncoder)
    entries = [
        Entry(document, [Chunk(0, len(document.text), document.text)], encoder.encode_query(document.text)[None])
        for document in documents
    ]
    library.put(entries, remove=remove)


def rows(table: FigureTable) -> list[Row]:
    """All rows, without their numbers."""
    total, found = table.search(limit=10_000)
    assert total == len(found)
    return [replace(row, number=0) for row in found]


def texts(found: tuple[int, list[Row]]) -> list[str]:
    assert found[0] == len(found[1])
    return [row.text for row in found[1]]


def test_every_figure_of_the_briefing_is_a_row(library: Library, table: FigureTable, briefing: Document) -> None:
    put(library, briefing)
    table.update(library)
    assert rows(table) == list(rows_of(briefing))
    (row,) = table.search("8710", unit="人次")[1]
    assert (row.unit, row.value, row.date) == ("人次", Decimal(8710), "2011-04-19")
    assert "培訓組工乾部" in row.what
    assert briefing.text[row.start : row.end] == row.sentence
    assert briefing.text[row.figure_start : row.figure_end] == row.text == "8710人次"
    assert table.row(row.number) == row


def test_an_update_in_steps_is_the_same_as_one_from_scratch(
    library: Library, open_table: Callable[..., FigureTable], tmp_path: Path
) -> None:
    table = open_table()
    changed = replace(APRIL, text="全省各級組織部門培訓組工乾部8720人次。")
    steps: list[tuple[tuple[Document, ...], tuple[str, ...]]] = [
        ((APRIL, MAY), ()),
        ((OTHER_APRIL, ENGLISH), ()),
        ((changed,), (MAY.id,)),
        ((replace(ENGLISH, title="Another"), MAY), (OTHER_APRIL.id,)),
        ((OTHER_APRIL, APRIL), ()),
    ]
    for number, (documents, remove) in enumerate(steps):
        put(library, *documents, remove=remove)
        table.update(library)
        fresh = open_table(tmp_path / str(number))
        fresh.update(library)
        assert rows(table) == rows(fresh)
        assert table.units() == fresh.units()


def test_an_update_without_changes_reads_nothing(library: Library, table: FigureTable) -> None:
    put(library, APRIL, MAY)
    told: list[tuple[int, int]] = []
    table.update(library, lambda done, of: told.append((done, of)))
    assert told == [(1, 2), (2, 2)]
    before = table.search()
    table.update(library, lambda done, of: told.append((done, of)))
    assert len(told) == 2
    assert table.search() == before


@pytest.mark.parametrize("after", range(4))
def test_an_update_that_was_stopped_goes_on(
    after: int,
    library: Library,
    open_table: Callable[..., FigureTable],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("rag.figure_table.BATCH", 2)
    put(library, APRIL, OTHER_APRIL, MAY, ENGLISH)
    stop = threading.Event()
    table = open_table()
    table.update(library, lambda done, of: stop.set() if done > after else None, stop)
    assert len({row.document for row in rows(table)}) == after + 1
    told: list[tuple[int, int]] = []
    table.update(library, lambda done, of: told.append((done, of)))
    assert len(told) == 3 - after
    fresh = open_table(tmp_path / "fresh")
    fresh.update(library)
    assert rows(table) == rows(fresh)
    assert any(row.conflicting for row in rows(table))


def test_a_table_survives_being_closed(library: Library, open_table: Callable[..., FigureTable]) -> None:
    put(library, APRIL)
    table = open_table()
    table.update(library)
    before = table.search()
    table.close()
    table.close()
    with pytest.raises(LibraryError, match="closed"):
        table.search()
    assert open_table().search() == before


def test_removed_documents_vanish(library: Library, table: FigureTable) -> None:
    put(library, APRIL, OTHER_APRIL)
    table.update(library)
    (_, (row, *_)) = table.search(order="value", descending=True)
    library.remove([APRIL.id, OTHER_APRIL.id])
    table.update(library)
    assert table.search() == (0, [])
    assert table.search("8710") == (0, [])
    assert table.units() == []
    with pytest.raises(InputError, match="Search again"):
        table.series(row.number)


@pytest.mark.parametrize(
    "text", ["培訓組工乾部", "培训组工干部", "組工 培训", "CADRES harbin", "1,200", "1200", "８７１０"]
)
def test_both_scripts_widths_and_cases_find_the_same_rows(text: str, library: Library, table: FigureTable) -> None:
    put(library, APRIL, OTHER_APRIL, MAY, ENGLISH)
    table.update(library)
    expected = {
        "c": ["1,200", "3.5%"],
        "1": ["1,200", "3.5%"],
        "８": ["8710人次", "891次"],
    }.get(text[0].lower(), ["9001人次", "8710人次", "891次", "8720人次"])
    assert texts(table.search(text)) == expected


def test_rows_are_filtered_by_unit_time_source_and_document(library: Library, table: FigureTable) -> None:
    put(library, APRIL, OTHER_APRIL, MAY, ENGLISH)
    table.update(library)
    assert texts(table.search(unit="人次")) == ["9001人次", "8710人次", "8720人次"]
    assert texts(table.search(since="2011-05")) == ["9001人次"]
    assert texts(table.search(until="2011-04", unit="人次")) == ["8710人次", "8720人次"]
    assert texts(table.search(since="2011", until="2011", source="东北")) == [
        "9001人次",
        "8710人次",
        "891次",
        "3.5億元",
    ]
    assert texts(table.search(documents=[ENGLISH.id, APRIL.id], text="3.5")) == ["1,200", "3.5%", "3.5億元"]
    assert texts(table.search(documents=[])) == []
    assert table.units()[0] == ("人次", 3)
    assert sorted(table.units("3.5")) == [("", 1), ("%", 1), ("元", 1)]
    assert table.units(since="2011-05") == [("人次", 1)]


@pytest.mark.parametrize(
    ("order", "key"),
    [
        ("document", lambda row: (row.document, row.figure_start)),
        ("value", lambda row: row.value),
        ("unit", lambda row: row.unit),
        ("what", lambda row: row.what),
        ("date", lambda row: row.date),
    ],
)
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("text", ["", "培训"])
def test_rows_come_in_an_order_page_by_page(
    order: Order, key: Callable[[Row], str], descending: bool, text: str, library: Library, table: FigureTable
) -> None:
    put(library, APRIL, OTHER_APRIL, MAY, ENGLISH)
    table.update(library)
    total, found = table.search(text, order=order, descending=descending)
    assert [key(row) for row in found] == sorted(map(key, found), reverse=descending)
    pages = [table.search(text, order=order, descending=descending, limit=2, offset=at) for at in range(0, total, 2)]
    assert [row for _, page in pages for row in page] == found
    assert {count for count, _ in pages} == {total}


def test_what_is_no_date_or_order_is_refused(table: FigureTable) -> None:
    with pytest.raises(InputError, match="2011-04-19"):
        table.search(since="April")
    with pytest.raises(InputError, match="document, value"):
        table.search(order="size; DROP TABLE figures")  # type: ignore[arg-type]


def test_values_that_contradict_are_flagged_and_name_each_other(library: Library, table: FigureTable) -> None:
    put(library, APRIL, OTHER_APRIL, MAY)
    table.update(library)
    total, found = table.search(conflicting=True)
    assert total == 2
    assert {row.text for row in found} == {"8710人次", "8720人次"}
    assert [[rival.text for rival in table.rivals(row.number)] for row in found] == [
        [row.text] for row in reversed(found)
    ]
    assert all(row.conflicting == (row.text in ("8710人次", "8720人次")) for row in rows(table))
    put(library, replace(OTHER_APRIL, text=APRIL.text))
    table.update(library)
    assert table.search(conflicting=True)[0] == 0


def test_a_series_follows_a_figure_over_the_documents(library: Library, table: FigureTable) -> None:
    june = replace(
        MAY, id="六月.txt", title=TITLE.format(140), date="2011-06-19", text=MAY.text.replace("9001", "9500")
    )
    put(library, june, APRIL, MAY, ENGLISH)
    table.update(library)
    for start in ("8710", "9001", "9500"):
        (row, *_) = (row for row in table.search(start)[1] if row.unit == "人次")
        assert [point.text for point in table.series(row.number)] == ["8710人次", "9001人次", "9500人次"]
    (row,) = table.search(unit="次")[1]
    assert table.series(row.number) == [row]
    (row,) = table.search(unit="%")[1]
    assert table.series(row.number) == []  # its document has no date


@pytest.mark.parametrize("harm", ["not a database", "another version", "cut off"])
def test_a_file_of_no_use_is_made_anew(
    harm: str, library: Library, open_table: Callable[..., FigureTable], tmp_path: Path
) -> None:
    put(library, APRIL, MAY)
    table = open_table()
    table.update(library)
    before = rows(table)
    table.close()
    file = tmp_path / NAME
    if harm == "not a database":
        file.write_bytes(b"no database" * 1000)
    elif harm == "cut off":
        file.write_bytes(file.read_bytes()[:3000])
    else:
        connection = sqlite3.connect(file)
        connection.execute("PRAGMA user_version = 999")
        connection.close()
    again = open_table()
    again.update(library)
    assert rows(again) == before


def test_damage_that_is_met_later_is_mended_by_the_next_update(
    library: Library, open_table: Callable[..., FigureTable], tmp_path: Path
) -> None:
    put(library, APRIL, MAY)
    table = open_table()
    table.update(library)
    before = rows(table)
    table.close()
    file = tmp_path / NAME
    data = bytearray(file.read_bytes())
    data[8192:] = bytes(len(data) - 8192)
    file.write_bytes(data)
    harmed = open_table()
    with pytest.raises(LibraryDamaged, match="made again"):
        harmed.search("培训")
    harmed.update(library)
    assert rows(harmed) == before


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="cannot be made"):
        FigureTable.open(tmp_path / "nowhere")


def test_searches_go_on_while_documents_are_read(
    library: Library, table: FigureTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.figure_table.BATCH", 20)
    documents = [replace(APRIL, id=f"{number}.txt", date=f"2011-04-{number % 28 + 1:02}") for number in range(120)]
    put(library, *documents)
    totals: list[int] = []
    failed: list[BaseException] = []

    def search() -> None:
        try:
            while not done.is_set():
                total, found = table.search("培训", order="value", limit=1000)
                assert total == len(found)
                assert total % 2 == 0  # a document is there as a whole
                totals.append(total)
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    done = threading.Event()
    readers = [threading.Thread(target=search) for _ in range(2)]
    for reader in readers:
        reader.start()
    table.update(library)
    done.set()
    for reader in readers:
        reader.join()
    assert failed == []
    assert table.search("培训")[0] == 240


def test_closing_stops_an_update(library: Library, table: FigureTable) -> None:
    put(library, *(replace(APRIL, id=f"{number}.txt") for number in range(50)))
    closer = threading.Thread(target=table.close)
    told: list[int] = []

    def progress(done: int, of: int) -> None:
        told.append(done)
        if done == 3:
            closer.start()
            closer.join(0.2)  # it waits for the update
            assert closer.is_alive()

    table.update(library, progress)
    closer.join()
    assert told == [1, 2, 3]
