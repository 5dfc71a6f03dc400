"""The same encoder in the forms in which people run it: plain torch, half precision, onnxruntime, and ours."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Transformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from ingest.loaders import load
from rag import Settings, models
from rag.e5 import Checkpoint, write_onnx
from rag.embeddings import Encoder, load_local
from rag.text import simplify
from tests.benchmarks.measures import in_turns
from tests.conftest import SEEDS


def plain_encoder(folder: Path) -> SentenceTransformer:
    """The checkpoint as anybody would load it: a BertModel in float32. `folder` is where its files are written."""
    checkpoint = Checkpoint(models.encoder_source())
    config = BertConfig(
        vocab_size=checkpoint.vocabulary_size,
        hidden_size=checkpoint.hidden,
        num_hidden_layers=checkpoint.layers,
        num_attention_heads=checkpoint.heads,
        intermediate_size=checkpoint.intermediate,
        max_position_embeddings=checkpoint.positions,
        type_vocab_size=checkpoint.types,
        layer_norm_eps=1e-12,
        pad_token_id=checkpoint.vocabulary.padding,
    )
    model = BertModel(config, add_pooling_layer=False)
    model.load_state_dict(_state_of(checkpoint))
    model.save_pretrained(folder)
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_file=str(models.encoder_folder(Settings.from_environment().cache) / "tokenizer.json"),
        pad_token="<pad>",
        model_max_length=512,
    )
    tokenizer.save_pretrained(folder)
    modules = [Transformer(str(folder)), Pooling(checkpoint.hidden, "mean"), Normalize()]
    return SentenceTransformer(modules=modules, device="cpu", prompts={"query": "query: ", "document": "passage: "})


def _state_of(checkpoint: Checkpoint) -> dict[str, torch.Tensor]:
    hidden = checkpoint.hidden
    state: dict[str, Any] = {
        "embeddings.word_embeddings.weight": checkpoint.matrix("emb.word", hidden),
        "embeddings.position_embeddings.weight": checkpoint.vector("emb.pos").reshape(-1, hidden),
        "embeddings.token_type_embeddings.weight": checkpoint.vector("emb.type").reshape(-1, hidden),
        "embeddings.LayerNorm.weight": checkpoint.vector("emb.ln.w"),
        "embeddings.LayerNorm.bias": checkpoint.vector("emb.ln.b"),
    }
    products = {
        "q": "attention.self.query",
        "k": "attention.self.key",
        "v": "attention.self.value",
        "ao": "attention.output.dense",
        "fi": "intermediate.dense",
        "fo": "output.dense",
    }
    for layer in range(checkpoint.layers):
        for short, name in products.items():
            columns = checkpoint.intermediate if short == "fo" else hidden
            state[f"encoder.layer.{layer}.{name}.weight"] = checkpoint.matrix(f"l{layer}.{short}.w", columns)
            state[f"encoder.layer.{layer}.{name}.bias"] = checkpoint.vector(f"l{layer}.{short}.b")
        for short, name in {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}.items():
            state[f"encoder.layer.{layer}.{name}.weight"] = checkpoint.vector(f"l{layer}.{short}.w")
            state[f"encoder.layer.{layer}.{name}.bias"] = checkpoint.vector(f"l{layer}.{short}.b")
    return {name: torch.from_numpy(np.array(values)) for name, values in state.items()}


def passages(count: int) -> list[str]:
    """Passages of 300 characters of the seed briefing."""
    text = load(SEEDS / "briefing-138.txt").documents[0].text
    starts = range(0, len(text) - 300, 35)
    return [text[start : start + 300] for start in starts][:count]


def measure(rounds: int = 3, count: int = 48) -> dict[str, Any]:
    """Passages a second of each form, and the lowest cosine of its vectors with those of plain torch."""
    texts = passages(count)
    simplified = [simplify(text) for text in texts]
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        plain = plain_encoder(folder / "plain")
        half = plain_encoder(folder / "half").to(torch.bfloat16)
        write_onnx(Checkpoint(models.encoder_source()), folder / "model.onnx", precision="float32")
        source = models.encoder_folder(Settings.from_environment().cache)
        (folder / "tokenizer.json").write_bytes((source / "tokenizer.json").read_bytes())
        onnx = load_local(folder)
        ours = Encoder(Settings.from_environment())
        forms: dict[str, Callable[[Sequence[str]], Any]] = {
            "torch float32": lambda some: plain.encode_document(list(some), show_progress_bar=False),
            "torch bfloat16": lambda some: half.encode_document(list(some), show_progress_bar=False),
            "onnxruntime float32": lambda some: onnx.encode_document(list(some), show_progress_bar=False),
            "jianbao int8": ours.encode_documents,
        }
        expected = plain.encode_document(simplified, show_progress_bar=False)
        cosines = {name: float((encode(simplified) * expected).sum(axis=1).min()) for name, encode in forms.items()}
        taken = in_turns({name: partial(encode, simplified) for name, encode in forms.items()}, rounds)
    return {
        name: {
            "passages a second": round(count / taken[name], 1),
            "times torch float32": round(taken["torch float32"] / taken[name], 2),
            "lowest cosine": round(cosines[name], 4),
        }
        for name in forms
    }
