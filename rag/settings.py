"""Settings as plain values, read from the environment. Nothing here loads, opens or creates anything."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are and which models are used.

    library: folder of the library (JIANBAO_LIBRARY)
    llm: `local`, `none`, a .gguf path, or `provider:model` for LangChain (JIANBAO_LLM)
    embedding: `local`, or a sentence-transformers name or folder (JIANBAO_EMBEDDING)
    reranker: empty, or a sentence-transformers CrossEncoder name or folder (JIANBAO_RERANKER)
    cache: where local weights are assembled, about 1.2 GB (JIANBAO_CACHE)
    """

    library: Path
    llm: str = "local"
    embedding: str = "local"
    reranker: str = ""
    cache: Path = Path(platformdirs.user_cache_dir("jianbao"))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """The settings of this process; an empty variable counts as unset."""

        def read(name: str, default: str) -> str:
            return environment.get(f"JIANBAO_{name}", "").strip() or default

        def folder(name: str, default: str) -> Path:
            return Path(os.path.expanduser(read(name, default)))

        return cls(
            library=folder("LIBRARY", os.path.join(platformdirs.user_data_dir("jianbao"), "library")),
            llm=read("LLM", "local"),
            embedding=read("EMBEDDING", "local"),
            reranker=read("RERANKER", ""),
            cache=folder("CACHE", platformdirs.user_cache_dir("jianbao")),
        )


def available_cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux only
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
