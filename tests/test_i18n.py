"""The page speaks all of its languages, and each of them in its own script."""

from __future__ import annotations

import string
from dataclasses import asdict, fields

import pytest

from rag.text import Script, script_of
from ui.i18n import EXAMPLES, LANGUAGES, WORDS, Words

KEYS = [field.name for field in fields(Words)]


def _slots(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_every_language_is_spoken() -> None:
    assert set(WORDS) == set(EXAMPLES) == set(LANGUAGES) == {"zh-Hant", "zh-Hans", "en"}


@pytest.mark.parametrize("key", KEYS)
def test_no_word_is_missing_and_all_have_the_same_slots(key: str) -> None:
    texts = [asdict(words)[key] for words in WORDS.values()]
    assert all(text.strip() for text in texts)
    assert len({frozenset(_slots(text)) for text in texts}) == 1


@pytest.mark.parametrize("script", WORDS)
def test_each_language_is_written_in_its_own_script(script: Script) -> None:
    assert script_of("".join(asdict(WORDS[script]).values())) == script
    assert script_of(EXAMPLES[script]) == script
