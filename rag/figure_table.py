"""The figures table of a library: every figure of all documents, to be searched, sorted, compared and followed in time.

It lies in a file of its own beside the catalog and holds nothing that cannot be read again from the documents.
`FigureTable.update` brings it in step with the library, document by document, and may be stopped at any moment. It
knows nothing of questions, models or pages.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from rag.errors import InputError, LibraryDamaged
from rag.figure_export import COLUMNS, to_csv, to_xlsx
from rag.figure_file import FigureFile, Writer
from rag.figure_pairs import contradictions, key_of, measure_of, series_of, tells_enough
from rag.figure_rows import Row, rows_of, what_of
from rag.store import Library, text_sha256
from rag.text import compact, fold

__all__ = ["COLUMNS", "FigureTable", "Order", "Row", "to_csv", "to_xlsx", "what_of"]

Order = Literal["document", "value", "unit", "what", "date"]
#: Rows in one transaction, and rows of one thing that are compared with each other at most.
BATCH, MOST_COMPARED = 2_000, 200

_ROWS = (
    "SELECT figures.number, documents.id, documents.title, documents.source, documents.date, figures.text,"
    " figures.value, figures.upper, figures.approximate, figures.unit, figures.what, sentences.text, sentences.start,"
    " figures.start, figures.page, figures.conflicting FROM figures"
    " JOIN documents ON documents.number = figures.document JOIN sentences ON sentences.number = figures.sentence"
    " WHERE figures.number IN (SELECT value FROM json_each(?))"
)
_COUNT = "SELECT count(*) FROM figures"
_HELD = "figures.sentence IN (SELECT sentence FROM temp.held)"
_ORDERS = {
    "document": "documents.id {0}, figures.start {0}",
    "value": "figures.amount {0}, figures.number {0}",
    "unit": "figures.unit {0}, figures.number {0}",
    "what": "figures.what {0}, figures.number {0}",
    "date": "documents.date {0}, documents.number {0}, figures.start {0}",
}
_DAY = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")

#: A condition in SQL and its values.
_Condition = tuple[str, list[Any]]
#: What is stored of a document: id, digest, title, source, folded source and day; and its rows.
_Entry = tuple[tuple[str, ...], list[Row]]


class FigureTable:
    """An open figures table. Use `FigureTable.open`; close it, or use it in a `with` block.

    Safe to use from several threads: what is read is what the last transaction left, while an update goes on. All that
    reads raises LibraryDamaged when the file is damaged, and `update` then makes it anew; LibraryError when the file
    cannot be used.
    """

    def __init__(self, file: FigureFile) -> None:
        self._file = file
        self._closing = threading.Event()
        self._updating = threading.Lock()
        self._held: tuple[Any, ...] = ()  # what the sentences in temp.held meet, and the state of the file

    @classmethod
    def open(cls, folder: Path) -> FigureTable:
        """Opens the table in a library's folder, which this process owns; an empty one where none is of use.

        Raises LibraryError when the folder cannot be used.
        """
        return cls(FigureFile.open(folder))

    def close(self) -> None:
        """Stops an update and closes the file; a second call does nothing."""
        self._closing.set()
        with self._updating:
            self._file.close()

    def __enter__(self) -> FigureTable:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- reading -----------------------------------------------------------------------------------------------------

    def search(
        self,
        text: str = "",
        unit: str = "",
        since: str = "",
        until: str = "",
        source: str = "",
        documents: Sequence[str] | None = None,
        order: Order = "document",
        descending: bool = False,
        limit: int = 50,
        offset: int = 0,
        conflicting: bool = False,
    ) -> tuple[int, list[Row]]:
        """How many rows there are, and some of them in an order; what is empty holds for all.

        Each word of `text` must stand in the figure's sentence, in either script. `since` and `until` are ISO days,
        months or years, both included; a document without a date is in no span. `source` is a part of a source's name,
        `documents` their ids. `conflicting`: only rows that another document contradicts. Raises InputError for what is
        no date or no order.
        """
        if order not in _ORDERS:
            raise InputError(f"order is {order!r}. Give one of {', '.join(_ORDERS)}.")
        with self._file.snapshot():
            where, values = self._where(text, unit, since, until, source, documents, conflicting)
            only_text = where == f"WHERE {_HELD}"
            counted = "SELECT coalesce(sum(figures), 0) FROM temp.held" if only_text else f"{_COUNT} {where}"
            total = int(self._file.rows(counted, values)[0][0])
            joined = "JOIN documents ON documents.number = figures.document" if order in ("document", "date") else ""
            by = _ORDERS[order].format("DESC" if descending else "ASC")
            chosen = ["SELECT figures.number FROM figures", joined, where, "ORDER BY", by, "LIMIT ? OFFSET ?"]
            numbers = self._file.rows(" ".join(chosen), [*values, limit, offset])
            return total, self._read([number for (number,) in numbers])

    def units(
        self,
        text: str = "",
        since: str = "",
        until: str = "",
        source: str = "",
        documents: Sequence[str] | None = None,
        conflicting: bool = False,
    ) -> list[tuple[str, int]]:
        """The units of the rows that `search` finds, with how many rows each has, the most frequent first."""
        with self._file.snapshot():
            where, values = self._where(text, "", since, until, source, documents, conflicting)
            counted = ["SELECT unit, count(*) FROM figures", where, "GROUP BY unit ORDER BY count(*) DESC, unit"]
            return [(unit, count) for unit, count in self._file.rows(" ".join(counted), values)]

    def row(self, number: int) -> Row:
        """One row. Raises InputError when its document has gone or was read anew."""
        if not (found := self._read([number])):
            raise InputError(f"There is no figure {number} any more: its document has changed. Search again.")
        return found[0]

    def series(self, row_number: int) -> list[Row]:
        """The row of a number with those that tell the same thing in other dated documents, by date: a line to draw.

        See `rag.figure_pairs.series_of`; a row whose words tell too little is alone. Raises what `row` raises.
        """
        row = self.row(row_number)
        return series_of(row, self._of_ending(*_key(row)))

    def rivals(self, row_number: int) -> list[Row]:
        """The rows of other documents that contradict the row of a number, by date. Raises what `row` raises."""
        row = self.row(row_number)
        group = self._of_key(*_key(row))
        against = contradictions(group).get(row_number, set()) if row.conflicting else set()
        return sorted((other for other in group if other.number in against), key=lambda other: other.date)

    def _where(
        self,
        text: str,
        unit: str,
        since: str,
        until: str,
        source: str,
        documents: Sequence[str] | None,
        conflicting: bool,
    ) -> _Condition:
        """The condition on figures, and its values."""
        for name, value in (("since", since), ("until", until)):
            if value and not _DAY.fullmatch(value):
                raise InputError(f"{name} is {value!r}. Give a day, month or year as in 2011-04-19, 2011-04 or 2011.")
        of_documents: list[_Condition] = []
        if since or until:
            of_documents.append(("date != '' AND date >= ?", [since]))
        if until:
            of_documents.append(("substr(date, 1, ?) <= ?", [len(until), until]))
        if source:
            of_documents.append(("instr(folded, ?)", [fold(source)]))
        if documents is not None:
            of_documents.append(("id IN (SELECT value FROM json_each(?))", [json.dumps(list(documents))]))
        chosen, values = _all_of(of_documents)
        within = [(" ".join(["document IN (SELECT number FROM documents", chosen, ")"]), values)] if chosen else []
        if words := [compact(word) for word in fold(text).split()]:
            self._hold([*(("instr(folded, ?)", [word]) for word in words), *within])
            within = [(_HELD, [])]
        if unit:
            within.append(("figures.unit = ?", [fold(unit)]))
        if conflicting:
            within.append(("figures.number IN (SELECT number FROM figures WHERE conflicting)", []))
        return _all_of(within)

    def _hold(self, conditions: Sequence[_Condition]) -> None:
        """Puts the sentences that meet conditions into a table, where the next page finds them."""
        where, values = _all_of(conditions)
        state = (where, *values, self._file.rows("PRAGMA data_version")[0][0])
        if state == self._held:
            return
        self._held = ()
        self._file.rows("DELETE FROM temp.held")
        self._file.rows(" ".join(["INSERT INTO temp.held SELECT sentence, figures FROM searched", where]), values)
        self._held = state

    def _of_key(self, ending: str, measure: str, key: str) -> list[Row]:
        """Rows of one key, as many as can be compared; none for an empty ending, whose words tell too little."""
        chosen = "SELECT number FROM figures WHERE ending = ? AND ending != '' AND measure = ? AND key = ? LIMIT ?"
        return self._read([n for (n,) in self._file.rows(chosen, [ending, measure, key, MOST_COMPARED])])

    def _of_ending(self, ending: str, measure: str, key: str) -> list[Row]:
        """Rows whose keys end alike, those of a key first, as many as can be compared."""
        chosen = (
            "SELECT number FROM figures WHERE ending = ? AND ending != '' AND measure = ?"
            " ORDER BY key != ?, number LIMIT ?"
        )
        return self._read([n for (n,) in self._file.rows(chosen, [ending, measure, key, MOST_COMPARED])])

    def _read(self, numbers: Sequence[int]) -> list[Row]:
        """The rows of these numbers, in this order; those that are gone are left out."""
        found = {row[0]: _row(row) for row in self._file.rows(_ROWS, [json.dumps(list(numbers))])}
        return [found[number] for number in numbers if number in found]

    # -- keeping in step ---------------------------------------------------------------------------------------------

    def update(
        self,
        library: Library,
        progress: Callable[[int, int], object] | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        """Reads the figures of documents that are new or have changed, and drops those that are gone.

        `progress` is told how many of these documents are done, and of how many. Once `stop` is set the rest is left to
        the next update, and so it is after a crash. A second update waits for the first. Raises what the library
        raises, and LibraryError when the file cannot be written.
        """

        def stopped() -> bool:
            return self._closing.is_set() or (stop is not None and stop.is_set())

        with self._updating:
            try:
                self._keep_in_step(library, progress, stopped)
            except LibraryDamaged:
                if not self._file.damaged:  # but the library is
                    raise
                self._file.make_anew()
                self._held = ()
                self._keep_in_step(library, progress, stopped)

    def _keep_in_step(
        self, library: Library, progress: Callable[[int, int], object] | None, stopped: Callable[[], bool]
    ) -> None:
        known = dict(self._file.rows("SELECT id, sha256 FROM documents"))
        wanted: dict[str, str] = {}
        for path in dict.fromkeys(info.path for info in library.documents()):
            wanted |= library.documents_of(path)
        gone = [id for id in known if id not in wanted]
        for at in range(0, len(gone), 50):
            if not stopped():
                with self._file.transaction() as writer:
                    _delete(writer, gone[at : at + 50])
        waiting: list[_Entry] = []
        changed = sorted(id for id, sha256 in wanted.items() if known.get(id) != sha256)
        for done, id in enumerate(changed, start=1):
            if stopped():
                break
            waiting += _entries(library, id)
            if done == len(changed) or sum(1 + len(rows) for _, rows in waiting) >= BATCH:
                self._write(waiting)
                waiting = []
            if progress:
                progress(done, len(changed))
        self._write(waiting)
        while not stopped() and self._compare_touched():
            pass

    def _write(self, entries: Sequence[_Entry]) -> None:
        """Stores documents with their rows, in the place of those with the same ids."""
        with self._file.transaction() as writer:
            _delete(writer, [about[0] for about, _ in entries])
            for entry in entries:
                _insert(writer, *entry)

    def _compare_touched(self) -> bool:
        """Compares anew some of the keys whose rows have changed; whether there were any."""
        keys = self._file.rows("SELECT ending, measure, key FROM touched LIMIT 200")
        flagged: list[int] = []
        for key in keys:
            group = self._of_key(*key)
            if 1 < len(group) < MOST_COMPARED:
                flagged += contradictions(group)
        with self._file.transaction() as writer:
            of_key = "ending = ? AND ending != '' AND measure = ? AND key = ?"
            unflag = " ".join(["UPDATE figures SET conflicting = 0 WHERE conflicting AND", of_key])
            writer.executemany(unflag, keys)
            writer.executemany("UPDATE figures SET conflicting = 1 WHERE number = ?", ((n,) for n in flagged))
            writer.executemany("DELETE FROM touched WHERE ending = ? AND measure = ? AND key = ?", keys)
        return bool(keys)


def _entries(library: Library, id: str) -> list[_Entry]:
    """A document to be stored; none when it has gone meanwhile."""
    if (document := library.document(id)) is None:
        return []
    about = (id, text_sha256(document), document.title, document.source, fold(document.source), document.as_of)
    return [(about, list(rows_of(document)))]


def _insert(writer: Writer, about: Sequence[str], rows: Sequence[Row]) -> None:
    owner = writer.execute(
        "INSERT INTO documents (id, sha256, title, source, folded, date) VALUES (?, ?, ?, ?, ?, ?)", about
    ).lastrowid
    counts = Counter(row.start for row in rows)
    sentences: dict[int, int | None] = {}
    for start, text in {row.start: row.sentence for row in rows}.items():
        number = writer.execute("INSERT INTO sentences VALUES (NULL, ?, ?, ?)", (owner, start, text)).lastrowid
        writer.execute("INSERT INTO searched VALUES (?, ?, ?, ?)", (number, owner, counts[start], compact(text)))
        sentences[start] = number
    writer.executemany(
        "INSERT INTO figures (document, sentence, start, page, text, value, upper, amount, approximate, unit, what,"
        " ending, measure, key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((owner, sentences[row.start], *_columns(row)) for row in rows),
    )
    _touch(writer, owner)


def _delete(writer: Writer, ids: Iterable[str]) -> None:
    for id in ids:
        for (number,) in writer.execute("SELECT number FROM documents WHERE id = ?", (id,)).fetchall():
            _touch(writer, number)
            writer.execute("DELETE FROM figures WHERE document = ?", (number,))
            writer.execute(
                "DELETE FROM searched WHERE sentence IN (SELECT number FROM sentences WHERE document = ?)", (number,)
            )
            writer.execute("DELETE FROM sentences WHERE document = ?", (number,))
            writer.execute("DELETE FROM documents WHERE number = ?", (number,))


def _touch(writer: Writer, document: int | None) -> None:
    """Remembers that what this document tells has to be compared anew with what others tell."""
    writer.execute(
        "INSERT OR IGNORE INTO touched SELECT ending, measure, key FROM figures WHERE document = ? AND ending != ''",
        (document,),
    )


def _all_of(conditions: Sequence[_Condition]) -> _Condition:
    """Conditions joined to one, and the values of all; nothing for none."""
    if not conditions:
        return "", []
    joined = " AND ".join(condition for condition, _ in conditions)
    return f"WHERE {joined}", [value for _, values in conditions for value in values]


def _key(row: Row) -> tuple[str, str, str]:
    """Under what a row is compared with others: the last letters of its key, its measure, and the key.

    The first is empty for a row whose words tell too little to be compared.
    """
    key = key_of(row.what)
    return key[-4:] if tells_enough(key) else "", measure_of(row.unit), key


def _columns(row: Row) -> tuple[Any, ...]:
    """A row's columns from `start` on."""
    upper = None if row.upper is None else f"{row.upper:f}"
    figure = (row.figure_start, row.page, row.text, f"{row.value:f}", upper, float(row.value), row.approximate)
    return (*figure, row.unit, row.what, *_key(row))


def _row(stored: Sequence[Any]) -> Row:
    number, document, title, source, date, text, value, upper, approximate, unit, what, *place = stored
    sentence, start, at, page, conflicting = place
    return Row(
        number,
        document,
        title,
        source,
        date,
        text,
        Decimal(value),
        None if upper is None else Decimal(upper),
        bool(approximate),
        unit,
        what,
        sentence,
        start,
        start + len(sentence),
        at,
        at + len(text),
        page,
        bool(conflicting),
    )
