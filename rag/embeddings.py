"""Texts to vectors: the one place that loads sentence-transformers.

Every text is put into simplified script first, so that both scripts of a sentence have the same vector. Nothing is
loaded when this module is imported; `Encoder.load` is called when a vector is first needed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rag import models
from rag.errors import EncoderError, WeightsError
from rag.settings import Settings, available_cores
from rag.text import simplify

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder, SentenceTransformer

Vectors = npt.NDArray[np.float32]

#: Sentences whose vectors are kept for the next question: 31 MB with 384 dimensions.
RECENT = 20_000


class Encoder:
    """A sentence-transformers model, loaded on first use. Vectors have length 1: a dot product is the cosine.

    Encoders of one process that read the same files share one model.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._recent: dict[str, Vectors] = {}
        self._recent_lock = threading.Lock()

    @property
    def name(self) -> str:
        """What a library remembers: two encoders with different names make vectors that cannot be compared."""
        return models.ENCODER if self._settings.embedding == "local" else self._settings.embedding

    @cached_property
    def model(self) -> SentenceTransformer:
        """The loaded model.

        Raises WeightsError when the local weights are missing, EncoderError when a named model cannot be loaded.
        """
        if self._settings.embedding == "local":
            return _shared(load_local, models.encoder_folder(self._settings.cache))
        return _shared(_load_named, self._settings.embedding)

    def load(self) -> SentenceTransformer:
        """The model, loaded once even when several threads ask for it first."""
        with _loading_one:
            return self.model

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        dimensions = self.load().get_embedding_dimension()
        if dimensions is None:
            raise EncoderError(
                f"The encoder {self.name} does not say how long its vectors are. Name another in JIANBAO_EMBEDDING."
            )
        return int(dimensions)

    def encode_query(self, question: str) -> Vectors:
        """The vector of a question, shape (dimensions,)."""
        vector = self.load().encode_query(simplify(question), normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vector, dtype=np.float32)

    def encode_documents(self, texts: Sequence[str]) -> Vectors:
        """The vectors of passages, shape (len(texts), dimensions)."""
        if not texts:
            return np.zeros((0, self.dimensions), dtype=np.float32)
        vectors = self.load().encode_document(
            [simplify(text) for text in texts], normalize_embeddings=True, show_progress_bar=False
        )
        return np.asarray(vectors, dtype=np.float32)

    def encode_sentences(self, sentences: Sequence[str]) -> Vectors:
        """As `encode_documents`, for what many questions come upon: vectors of the last RECENT sentences are kept."""
        if not sentences:
            return self.encode_documents([])
        with self._recent_lock:
            vectors = {text: self._recent.pop(text) for text in dict.fromkeys(sentences) if text in self._recent}
            self._recent |= vectors  # as the last ones
        fresh = [text for text in dict.fromkeys(sentences) if text not in vectors]
        vectors |= zip(fresh, self.encode_documents(fresh), strict=True)
        with self._recent_lock:
            self._recent |= {text: vectors[text] for text in fresh}
            while len(self._recent) > RECENT:
                self._recent.pop(next(iter(self._recent)))
        return np.stack([vectors[text] for text in sentences])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text by the encoder's own tokenizer, special ones included; no more than the model reads."""
        if not texts:
            return []
        mask = self.load().preprocess([simplify(text) for text in texts])["attention_mask"]
        return [int(count) for count in mask.sum(dim=1)]


#: Held while a model is loaded.
_loading_one = threading.RLock()


@lru_cache(maxsize=1)
def _shared(load: Callable[[Any], SentenceTransformer], source: Path | str) -> SentenceTransformer:
    """The model that was loaded last, or another one: a second copy of the weights would take 300 MB."""
    return load(source)


def load_local(folder: Path, *, threads: int | None = None) -> SentenceTransformer:
    """The local encoder of a folder made by `models.encoder_folder`, as a SentenceTransformer of three modules."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling

    try:
        module = _onnx_module(folder, threads or available_cores())
    except Exception as error:  # onnxruntime and tokenizers raise bare types of their own
        raise WeightsError(
            f"The local encoder in {folder} cannot be read ({_first_line(error)}). Run: jianbao doctor --repair"
        ) from error
    return SentenceTransformer(
        modules=[module, Pooling(module.dimensions, "mean"), Normalize()],
        prompts={"query": "query: ", "document": "passage: "},
        device="cpu",
    )


def load_cross_encoder(name: str) -> CrossEncoder:
    """A reranker by its sentence-transformers name or folder. Raises EncoderError when it cannot be loaded."""
    from sentence_transformers import CrossEncoder

    with _loading(f"The reranker {name!r}", "Unset JIANBAO_RERANKER or name another."):
        model: CrossEncoder = CrossEncoder(name, trust_remote_code=False, model_kwargs={"use_safetensors": True})
    return model


def _load_named(name: str) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    step = "Set JIANBAO_EMBEDDING to `local`, to a folder, or to a sentence-transformers name in reach."
    with _loading(f"The embedding model {name!r}", step):
        return SentenceTransformer(name, trust_remote_code=False, model_kwargs={"use_safetensors": True})


@contextmanager
def _loading(what: str, step: str) -> Iterator[None]:
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, ValueError, RuntimeError, KeyError, SafetensorError) as error:
        raise EncoderError(f"{what} cannot be loaded ({_first_line(error)}). {step}") from error


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _onnx_module(folder: Path, threads: int) -> Any:
    """The transformer as a sentence-transformers module that runs in onnxruntime.

    One text a call, `threads` calls at once: no padding, and no text's vector depends on its neighbours in the batch
    (8-bit activations share one scale a call). Measured against one call of two threads: a quarter faster.
    """
    import onnxruntime
    import torch
    from sentence_transformers.base.modules import InputModule
    from tokenizers import Tokenizer

    class OnnxTransformer(InputModule):
        def __init__(self) -> None:
            super().__init__()  # type: ignore[no-untyped-call]
            self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self.max_seq_length = 512
            self.tokenizer.enable_truncation(self.max_seq_length)
            self.tokenizer.enable_padding(pad_id=1, pad_token="<pad>")  # noqa: S106 - a token of text
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            options.log_severity_level = 3
            self.session = onnxruntime.InferenceSession(
                str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
            )
            self.dimensions = int(self.session.get_outputs()[0].shape[2])
            self.pool = ThreadPoolExecutor(threads, thread_name_prefix="encoder")

        def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **_: Any) -> dict[str, Any]:
            encodings = self.tokenizer.encode_batch_fast([(prompt or "") + str(text) for text in inputs])
            return {
                "input_ids": torch.from_numpy(np.array([encoding.ids for encoding in encodings])),
                "attention_mask": torch.from_numpy(np.array([encoding.attention_mask for encoding in encodings])),
            }

        def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
            ids, mask = features["input_ids"].numpy(), features["attention_mask"].numpy()
            lengths = mask.sum(axis=1)
            states = np.zeros((*ids.shape, self.dimensions), dtype=np.float32)

            def run(row: int) -> None:
                length = int(lengths[row])
                feed = {"input_ids": ids[row : row + 1, :length], "attention_mask": mask[row : row + 1, :length]}
                states[row, :length] = self.session.run(None, feed)[0][0]

            if len(ids) == 1:
                run(0)
            else:
                list(self.pool.map(run, range(len(ids))))
            features["token_embeddings"] = torch.from_numpy(states)
            return features

        def save(self, output_path: str, *_: Any, **__: Any) -> None:
            raise EncoderError(
                f"The local encoder is not saved to {output_path}; it is assembled again from its package."
            )

    return OnnxTransformer()
