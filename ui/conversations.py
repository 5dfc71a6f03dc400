"""The conversations of the web page, kept in the library's folder (SQLite).

Each answer is kept with the surroundings of its quotes, so that it looks the same when its documents have changed or
gone. All text is data: none of it becomes SQL. It knows nothing of Gradio and makes no HTML.
"""

from __future__ import annotations

import builtins
import json
import logging
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from rag.errors import InputError, LibraryError, LibraryMismatch
from rag.evaluate import shortened
from rag.text import fold, script_of
from rag.types import Answer, Citation, Document, Figure, Seconds, Trace
from ui.render import visible

Verdict = Literal["", "up", "down"]

#: How many characters of a document are kept on each side of a quote.
AROUND = 400
#: The longest title that a question gives, in characters.
TITLE = 60
#: Raised when what is stored changes.
SCHEMA = 1

_TABLES = f"""
CREATE TABLE conversations (
    id TEXT PRIMARY KEY, scope TEXT NOT NULL, title TEXT NOT NULL, folded TEXT NOT NULL, changed TEXT NOT NULL);
CREATE TABLE exchanges (
    conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE, number INTEGER NOT NULL,
    title TEXT NOT NULL, folded TEXT NOT NULL, content TEXT NOT NULL,
    verdict TEXT NOT NULL, reason TEXT NOT NULL, saved TEXT NOT NULL, PRIMARY KEY (conversation, number));
PRAGMA user_version = {SCHEMA};
"""
_LIST = """
SELECT id, coalesce(nullif(title, ''),
        (SELECT title FROM exchanges WHERE conversation = conversations.id ORDER BY number LIMIT 1)),
    changed, (SELECT count(*) FROM exchanges WHERE conversation = conversations.id) AS held
FROM conversations
WHERE held > 0 AND NOT EXISTS (
    SELECT 1 FROM json_each(?) AS word WHERE NOT instr(conversations.folded, word.value) AND NOT EXISTS (
        SELECT 1 FROM exchanges WHERE conversation = conversations.id AND instr(exchanges.folded, word.value)))
ORDER BY changed DESC, conversations.rowid DESC LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Summary:
    """A conversation in the list. `changed`: the ISO time (UTC) of its last question; `exchanges`: how many it has."""

    id: str
    title: str
    changed: str
    exchanges: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a quote began in its document when it was quoted; what a restored citation has of the text is cut out."""

    offset: int


@dataclass(frozen=True, slots=True)
class Saved:
    """One question of a conversation and what became of it. `number` counts from 1.

    `text`: what had been written when it was stopped. `verdict` and `reason`: what the reader thought of it. `changed`:
    the ISO time (UTC) at which it was saved or judged; saving sets it.

    What `Conversations.load` gives has citations whose `document.text` is the quote with up to `AROUND` characters on
    each side, `start` and `end` being offsets into that, and an answer without passages. `origins` then says where the
    quotes stand in the whole documents: by the number of the citation, and by 0 for `quote`.
    """

    number: int
    question: str
    answer: Answer | None = None
    quote: Citation | None = None
    problem: str = ""
    stopped: bool = False
    verdict: Verdict = ""
    reason: str = ""
    changed: str = ""
    text: str = ""
    origins: Mapping[int, Origin] = field(default_factory=dict)


class Conversations:
    """The conversations of one library. Safe to use from several threads.

    Every method may raise LibraryError when the file cannot be used, and InputError for an `id` that is not there.
    """

    def __init__(self, file: Path, connection: sqlite3.Connection) -> None:
        self._file = file
        self._connection = connection
        self._lock = threading.Lock()

    @classmethod
    def open(cls, folder: Path) -> Conversations:
        """Opens `conversations.sqlite` in a library's folder, or makes an empty one.

        A damaged file is set aside beside it under another name and never deleted. Raises LibraryMismatch when a newer
        version of jianbao wrote the file.
        """
        file = folder / "conversations.sqlite"
        with _errors_named(file):
            folder.mkdir(parents=True, exist_ok=True)
            try:
                connection = _connect(file)
            except sqlite3.OperationalError:  # a lock, a full disk: nothing is wrong with what is stored
                raise
            except sqlite3.DatabaseError as error:
                _set_aside(file, error)
                connection = _connect(file)
        return cls(file, connection)

    def close(self) -> None:
        """Closes the file; a second call does nothing."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Conversations:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _transaction(self, id: str | None = None) -> Iterator[sqlite3.Connection]:
        """What is run within is committed together, or not at all. With an `id`, that conversation must be there."""
        with self._lock, _errors_named(self._file), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            there = "SELECT 1 FROM conversations WHERE id = ?"
            if id is not None and not self._connection.execute(there, (id,)).fetchone():
                raise InputError(f"The conversation {id[:40]!r} is not there; choose one from the list.")
            yield self._connection

    def begin(self, scope: Mapping[str, Any]) -> str:
        """Begins a conversation and returns its id, which cannot be guessed. `scope` is JSON, kept as it is given."""
        id = secrets.token_urlsafe(12)
        with self._transaction() as connection:
            connection.execute("INSERT INTO conversations VALUES (?, ?, '', '', ?)", (id, json.dumps(scope), _now()))
        return id

    def scope(self, id: str) -> dict[str, Any]:
        """The scope that was last given for a conversation."""
        with self._transaction(id) as connection:
            (scope,) = connection.execute("SELECT scope FROM conversations WHERE id = ?", (id,)).fetchone()
        with _content_named():
            return dict(json.loads(scope))

    def set_scope(self, id: str, scope: Mapping[str, Any]) -> None:
        """Gives a conversation another scope."""
        with self._transaction(id) as connection:
            connection.execute("UPDATE conversations SET scope = ? WHERE id = ?", (json.dumps(scope), id))

    def list(self, search: str = "", limit: int = 200) -> builtins.list[Summary]:
        """The conversations that have an exchange, the last asked in first, at most `limit` of them.

        `search`: words that must all stand in a conversation's titles, questions or answers, in any order, script,
        width and case.
        """
        words = json.dumps(fold(visible(search)).split())
        with self._transaction() as connection:
            return [Summary(*row) for row in connection.execute(_LIST, (words, limit))]

    def load(self, id: str) -> builtins.list[Saved]:
        """The exchanges of a conversation, in order."""
        select = "SELECT number, content, verdict, reason, saved FROM exchanges WHERE conversation = ? ORDER BY number"
        with self._transaction(id) as connection:
            rows = connection.execute(select, (id,)).fetchall()
        return [_restored(*row) for row in rows]

    def save(self, id: str, saved: Saved, *, instead: bool = True) -> int:
        """Keeps an exchange, instead of the one that has its number; returns its number.

        Unless `instead`, nothing is replaced: where its number is taken it becomes the last one. The answer's passages
        are not kept.
        """
        title = shortened(visible(saved.question), TITLE)
        words = fold(visible(f"{saved.question}\n{saved.answer.text if saved.answer else ''}"))
        more = (title, words, _content(saved), saved.verdict, visible(saved.reason), _now())
        with self._transaction(id) as connection:
            number = saved.number
            held = "SELECT max(number), max(number = ?) FROM exchanges WHERE conversation = ?"
            last, taken = connection.execute(held, (number, id)).fetchone()
            if taken and not instead:
                number = last + 1
            connection.execute("INSERT OR REPLACE INTO exchanges VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (id, number, *more))
            connection.execute("UPDATE conversations SET changed = ? WHERE id = ?", (_now(), id))
        return number

    def rename(self, id: str, title: str) -> None:
        """Gives a conversation a title of one line; with an empty one its first question is the title again."""
        line = shortened(visible(title))
        with self._transaction(id) as connection:
            connection.execute("UPDATE conversations SET title = ?, folded = ? WHERE id = ?", (line, fold(line), id))

    def delete(self, id: str) -> None:
        """Deletes a conversation, and its text from the file; one that is not there is gone already."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM conversations WHERE id = ?", (id,))
        with self._lock, _errors_named(self._file):  # the log still has the text
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def judge(self, id: str, number: int, verdict: Verdict, reason: str = "") -> None:
        """Keeps what the reader thinks of an exchange; an empty verdict takes it back."""
        if verdict not in ("", "up", "down"):
            raise InputError(f"The verdict {str(verdict)[:20]!r} is none; give `up`, `down` or nothing.")
        change = "UPDATE exchanges SET verdict = ?, reason = ?, saved = ? WHERE conversation = ? AND number = ?"
        with self._transaction(id) as connection:
            if not connection.execute(change, (verdict, visible(reason), _now(), id, number)).rowcount:
                raise InputError(f"Question {number} is no longer in this conversation; load the conversation again.")

    def as_question_set(self) -> str:
        """All judged exchanges as a question set for `jianbao eval`, one JSON object a line; empty when there are none.

        For an answer judged right, `answers` are its supported figures, null when it has none, and `relevant` the
        documents that it cites; for a refusal judged right `answers` is []. What was judged wrong has no known answer:
        `answers` is null, `note` the reader's reason, and `cited` names the documents, which may be the wrong ones.
        """
        select = (
            "SELECT number, content, verdict, reason, saved FROM exchanges JOIN conversations ON id = conversation "
            "WHERE verdict != '' ORDER BY conversations.rowid, number"
        )
        with self._transaction() as connection:
            rows = connection.execute(select).fetchall()
        return "".join(f"{_question(_restored(*row))}\n" for row in rows)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")


# -- the file ----------------------------------------------------------------------------------------------------------


@contextmanager
def _errors_named(file: Path) -> Iterator[None]:
    """What SQLite and the disk raise becomes a LibraryError with a sentence for the reader."""
    try:
        yield
    except UnicodeEncodeError as error:
        raise InputError("This is no id of a conversation; choose one from the list.") from error
    except sqlite3.IntegrityError:
        raise  # a mistake of ours, not of the disk
    except sqlite3.ProgrammingError as error:
        if "closed" not in str(error):
            raise
        raise LibraryError(f"The conversations {file} have been closed; start jianbao chat again.") from error
    except (sqlite3.OperationalError, OSError) as error:
        raise LibraryError(
            f"The conversations {file} cannot be used ({error}); check that the disk is not full and the file is yours."
        ) from error
    except sqlite3.DatabaseError as error:
        raise LibraryError(
            f"The conversations {file} are damaged ({error}); start jianbao chat again, which sets the file aside."
        ) from error


@contextmanager
def _content_named() -> Iterator[None]:
    """What does not have the form that `_content` gives was changed by something else."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise LibraryError(
            f"What is stored of a conversation cannot be read ({error!r}); delete it and begin a new one."
        ) from error


def _connect(file: Path) -> sqlite3.Connection:
    """The open file, with its tables. Raises sqlite3.DatabaseError when it is damaged or something else."""
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        named = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        tables = {row[0] for row in connection.execute(named)}
        if version > SCHEMA:
            raise LibraryMismatch(
                f"The conversations {file} were written by a newer version of jianbao; "
                "install that version, or move the file to another folder to begin anew."
            )
        if (version, tables) not in ((0, set()), (SCHEMA, {"conversations", "exchanges"})):
            raise sqlite3.DatabaseError("it was not made by jianbao")
        for (found,) in connection.execute("PRAGMA quick_check(1)"):
            if found != "ok":
                raise sqlite3.DatabaseError(found)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        if not tables:
            connection.executescript(f"BEGIN; {_TABLES} COMMIT;")
        return connection
    except BaseException:
        connection.close()
        raise


def _set_aside(file: Path, error: sqlite3.DatabaseError) -> None:
    aside = file.with_name(f"{file.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}")
    for suffix in ("-wal", "-shm", ""):  # a log that stayed would be played into the new file
        part = file.with_name(file.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    logging.warning("The conversations %s are damaged (%s) and were set aside as %s.", file, error, aside.name)


# -- an exchange as JSON -----------------------------------------------------------------------------------------------


def _content(saved: Saved) -> str:
    """JSON in ASCII, which holds any string, half a surrogate pair included."""

    def kept(citation: Citation, key: int) -> dict[str, Any]:
        text, start, end = citation.document.text, citation.start, citation.end
        offset = saved.origins[key].offset if key in saved.origins else start
        around = {"before": text[max(0, start - AROUND) : start], "after": text[end : end + AROUND]}
        return {**citation.as_dict(), **around, "start": offset, "end": offset + end - start}

    row: dict[str, Any] = {name: getattr(saved, name) for name in ("question", "problem", "stopped", "text")}
    row["quote"] = None if saved.quote is None else kept(saved.quote, 0)
    row["answer"] = None if saved.answer is None else saved.answer.as_dict()
    if saved.answer is not None:
        del row["answer"]["passages"]
        row["answer"]["citations"] = [kept(citation, citation.number) for citation in saved.answer.citations]
    return json.dumps(row)


def _restored(number: int, content: str, verdict: Verdict, reason: str, changed: str) -> Saved:
    origins: dict[int, Origin] = {}

    def cited(kept: dict[str, Any], key: int) -> Citation:
        origins[key] = Origin(kept["start"])
        start = len(kept["before"])
        document = Document(text=kept["before"] + kept["quote"] + kept["after"], **kept["document"])
        return Citation(kept["number"], kept["quote"], start, start + len(kept["quote"]), kept["page"], document)

    with _content_named():
        row = json.loads(content)
        if row["quote"] is not None:
            row["quote"] = cited(row["quote"], 0)
        if (answer := row["answer"]) is not None:
            answer["citations"] = tuple(cited(kept, kept["number"]) for kept in answer["citations"])
            answer["figures"] = tuple(Figure(**figure) for figure in answer["figures"])
            answer["seconds"] = Seconds(**answer["seconds"])
            answer["trace"] = Trace(**{**answer["trace"], "evidence": tuple(answer["trace"]["evidence"])})
            row["answer"] = Answer(passages=(), **answer)
        return Saved(number, verdict=verdict, reason=reason, changed=changed, origins=origins, **row)


def _question(saved: Saved) -> str:
    row: dict[str, Any] = {"question": saved.question, "answers": None}
    answer, right = saved.answer, saved.verdict == "up"
    if answer is not None and right:
        figures = [[figure.text] for figure in answer.figures if figure.supported]
        row["answers"] = [] if answer.refused else figures or None
    if answer is not None and not answer.refused:
        documents = dict.fromkeys(citation.document.id for citation in answer.citations)
        row["relevant" if right else "cited"] = list(documents)
    row |= {
        "kind": "judged right" if right else "judged wrong",
        "lang": script_of(saved.question),
        "note": saved.reason,
    }
    # Whoever reads a line at a time may also end one at U+2028, which JSON does not escape.
    return " ".join(visible(json.dumps(row, ensure_ascii=False)).splitlines())
