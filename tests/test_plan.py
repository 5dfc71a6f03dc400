"""What a sync has to do, over all ways in which files can change places."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingest.plan import Key, plan

NAMES = [f"{letter}.txt" for letter in "abcde"]
FOLDERS = st.dictionaries(st.sampled_from(NAMES), st.sampled_from("123").map(lambda digit: (digit, ".txt")))


class Stored:
    """A library as `plan` sees it: what each file was read as, and which content is stored under which path."""

    def __init__(self) -> None:
        self.then: dict[str, Key] = {}
        self.documents: dict[str, Key] = {}
        self.embedded = 0

    def follow(self, now: dict[str, Key]) -> None:
        """Does what a plan says, as `ingest.sync` does."""
        todo = plan(now, self.then, self.documents)
        for path in todo.forget:
            self.documents.pop(path, None)
            self.then.pop(path, None)
        moved = {new: self.documents.pop(old) for old, new in todo.moves}
        for old, _ in todo.moves:
            self.then.pop(old, None)
        for new, content in moved.items():
            assert new not in self.documents, "two documents would share a path"
            self.documents[new], self.then[new] = content, content
        for path in todo.read:
            self.documents[path], self.then[path] = now[path], now[path]
            self.embedded += 1
        for copy, owner in todo.copies:
            assert self.documents[owner] == now[copy]
            assert copy not in self.documents, "a copy would be stored too"
            self.then[copy] = now[copy]


@given(st.lists(FOLDERS, max_size=6))
def test_after_each_plan_every_content_is_stored_once_and_every_file_is_known(folders: list[dict[str, Key]]) -> None:
    library = Stored()
    for now in folders:
        library.follow(now)
        assert library.then == now
        assert sorted(library.documents.values()) == sorted(set(now.values()))
        assert all(now[path] == content for path, content in library.documents.items())
        again = plan(now, library.then, library.documents)
        assert (again.forget, again.moves, again.read) == ([], [], [])


@given(FOLDERS, st.permutations(NAMES))
def test_files_that_change_names_among_themselves_are_not_read_again(now: dict[str, Key], names: list[str]) -> None:
    library = Stored()
    library.follow(now)
    before = library.embedded
    library.follow({names[NAMES.index(name)]: content for name, content in now.items()})
    assert library.embedded == before


def test_a_file_that_was_not_read_completely_is_read_again() -> None:
    key = ("1", ".txt")
    assert plan({"a.txt": key}, {}, ["a.txt"]).read == ["a.txt"]


def test_content_under_another_kind_of_name_is_read_anew() -> None:
    todo = plan({"a.md": ("1", ".md")}, {"a.txt": ("1", ".txt")}, ["a.txt"])
    assert (todo.forget, todo.moves, todo.read) == (["a.txt"], [], ["a.md"])


def test_the_last_copy_inherits_the_documents_of_a_file_that_has_changed() -> None:
    old, new = ("1", ".txt"), ("2", ".txt")
    todo = plan({"a.txt": new, "b.txt": old}, {"a.txt": old, "b.txt": old}, ["a.txt"])
    assert (todo.moves, todo.read, todo.copies) == ([("a.txt", "b.txt")], ["a.txt"], [])
