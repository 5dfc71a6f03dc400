from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from rag import Settings


def test_every_variable_is_read() -> None:
    assert Settings.from_environment(
        {
            "JIANBAO_LIBRARY": "/data/library",
            "JIANBAO_LLM": "openai:gpt-5",
            "JIANBAO_EMBEDDING": "BAAI/bge-m3",
            "JIANBAO_RERANKER": "BAAI/bge-reranker-v2-m3",
            "JIANBAO_CACHE": "/data/cache",
            "LIBRARY": "/not/this",
        }
    ) == Settings(
        library=Path("/data/library"),
        llm="openai:gpt-5",
        embedding="BAAI/bge-m3",
        reranker="BAAI/bge-reranker-v2-m3",
        cache=Path("/data/cache"),
    )


def test_without_variables_everything_is_local_and_in_the_users_folders() -> None:
    settings = Settings.from_environment({})
    assert (settings.llm, settings.embedding, settings.reranker) == ("local", "local", "")
    assert settings.library == Path(platformdirs.user_data_dir("jianbao")) / "library"
    assert settings.cache == Path(platformdirs.user_cache_dir("jianbao"))
    assert settings == Settings(library=settings.library)


@pytest.mark.parametrize("nothing", ["", " ", "\n"])
def test_an_empty_variable_counts_as_unset(nothing: str) -> None:
    names = ("LIBRARY", "LLM", "EMBEDDING", "RERANKER", "CACHE")
    assert Settings.from_environment({f"JIANBAO_{name}": nothing for name in names}) == Settings.from_environment({})


def test_spaces_around_a_value_are_no_part_of_it() -> None:
    assert Settings.from_environment({"JIANBAO_LLM": " none\n"}).llm == "none"


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = Settings.from_environment({"JIANBAO_LIBRARY": "~/書庫", "JIANBAO_CACHE": "~"})
    assert (settings.library, settings.cache) == (tmp_path / "書庫", tmp_path)


def test_the_home_of_somebody_unknown_is_taken_as_it_is_written() -> None:
    settings = Settings.from_environment({"JIANBAO_LIBRARY": "~nobody-of-this-name/library"})
    assert settings.library == Path("~nobody-of-this-name/library")


def test_the_environment_of_the_process_is_the_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JIANBAO_LIBRARY", str(tmp_path))
    monkeypatch.setenv("JIANBAO_LLM", "none")
    assert (Settings.from_environment().library, Settings.from_environment().llm) == (tmp_path, "none")


def test_reading_the_settings_makes_no_folder(tmp_path: Path) -> None:
    Settings.from_environment({"JIANBAO_LIBRARY": f"{tmp_path}/a", "JIANBAO_CACHE": f"{tmp_path}/b"})
    assert list(tmp_path.iterdir()) == []
