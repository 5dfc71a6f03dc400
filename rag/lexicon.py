"""The lexical index of a library: which words stand in which chunks (SQLite's FTS5).

It holds the words' positions but not the texts, so that whoever removes a chunk has to bring its text. A chunk is known
by its number. Changes belong within a transaction of the catalog.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rag.catalog import TABLES, Catalog
from rag.errors import LibraryError
from rag.text import tokens


class Lexicon:
    """The words of a catalog's chunks. Safe to use from several threads."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def matching(self, words: Sequence[str], k: int, scope: Sequence[str] | None = None) -> list[int]:
        """Numbers of the k chunks that match any of the words best (BM25), the best first; only from `scope`."""
        query = " OR ".join(f'"{token}"' for word in words for token in tokens(word))
        if not query:
            return []
        statement = "SELECT rowid FROM lexicon WHERE lexicon MATCH ?"
        parameters: list[Any] = [query]
        if scope is not None:
            statement += (
                " AND rowid IN (SELECT chunks.number FROM chunks JOIN documents ON documents.number = chunks.document"
                " WHERE documents.id IN (SELECT value FROM json_each(?)))"
            )
            parameters.append(json.dumps(list(scope)))
        return [row[0] for row in self._catalog.rows(statement + " ORDER BY rank LIMIT ?", *parameters, k)]

    def document_frequencies(self, words: Iterable[str]) -> dict[str, int]:
        """In how many chunks each word stands; words that stand in none are left out."""
        asked = json.dumps(list(words))
        return dict(
            self._catalog.rows("SELECT term, doc FROM vocabulary WHERE term IN (SELECT value FROM json_each(?))", asked)
        )

    def add(self, texts: Iterable[tuple[int, str]]) -> None:
        """Takes in chunks: their numbers, with the texts that they are found by."""
        self._catalog.execute_many("INSERT INTO lexicon (rowid, words) VALUES (?, ?)", _with_words(texts))

    def remove(self, texts: Iterable[tuple[int, str]]) -> None:
        """Takes chunks out; the texts are those that they were added with."""
        self._catalog.execute_many(
            "INSERT INTO lexicon (lexicon, rowid, words) VALUES ('delete', ?, ?)", _with_words(texts)
        )

    def empty(self) -> None:
        """Makes the index anew, without any chunk."""
        self._catalog.execute("DROP TABLE vocabulary")
        self._catalog.execute("DROP TABLE lexicon")
        for statement in TABLES.strip().splitlines()[-2:]:
            self._catalog.execute(statement)

    def problems(self) -> list[str]:
        """Where the index and the catalog differ, in plain sentences."""
        live = {row[0] for row in self._catalog.rows("SELECT number FROM chunks")}
        try:
            self._catalog.rows("INSERT INTO lexicon (lexicon) VALUES ('integrity-check')")
            listed = {row[0] for row in self._catalog.rows("SELECT rowid FROM lexicon")}
        except LibraryError:
            return ["The lexical index is damaged."]
        if listed != live:
            return [f"The lexical index and the catalog differ in {len(listed ^ live)} passages."]
        return []


def _with_words(texts: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    return ((number, " ".join(tokens(text))) for number, text in texts)
