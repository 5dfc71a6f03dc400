"""The chat model: the one place that makes one, as LangChain's BaseChatModel.

`local` and .gguf files run in this process: xllamacpp serves the model on a loopback port behind a random key, and
LangChain talks to it as to any OpenAI-compatible server. `provider:model` goes through LangChain's `init_chat_model`.
This module knows nothing of prompts or documents.
"""

from __future__ import annotations

import math
import secrets
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag import models
from rag.errors import InputError, LanguageModelError
from rag.settings import Settings, available_cores

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import BaseMessage

#: Longest answer, in tokens. A list of ten names fits; an essay does not.
MAX_ANSWER_TOKENS = 192
CONTEXT_TOKENS = 4096

_starting = threading.Lock()
_servers: dict[Path, Any] = {}  # a server lives as long as somebody holds it


def chat_model(settings: Settings) -> BaseChatModel | None:
    """The chat model of the settings; None for `none`. A local model is started by the first call, then shared.

    Raises WeightsError when local weights are missing, InputError when the setting is not understood and
    LanguageModelError when the model cannot be started.
    """
    name = settings.llm
    if name == "none":
        return None
    if name == "local" or name.endswith(".gguf"):
        file = models.language_model_file(settings.cache) if name == "local" else Path(name).expanduser()
        if not file.is_file():
            raise InputError(
                f"There is no model file at {file}. Set JIANBAO_LLM to a .gguf file that exists, or to `local`."
            )
        with _starting:
            return _local_chat_model(file.resolve())
    if ":" not in name:
        raise InputError(
            f"JIANBAO_LLM={name!r} is not understood. Use `local`, `none`, a .gguf path or `provider:model`, "
            "such as openai:gpt-5-mini."
        )
    return _remote_chat_model(name)


def log_odds(settings: Settings, messages: Sequence[BaseMessage], yes: str) -> float | None:
    """How much likelier (natural logarithm of the ratio) the local model's reply begins with `yes` than with anything
    else; None for other models, which do not all report probabilities.
    """
    if settings.llm != "local" and not settings.llm.endswith(".gguf"):
        return None
    model = chat_model(settings)
    assert model is not None
    reply = model.bind(max_completion_tokens=1, top_logprobs=20).invoke(list(messages))
    content = (reply.response_metadata.get("logprobs") or {}).get("content") or []
    if not content:
        return None
    share = math.fsum(
        math.exp(choice["logprob"]) for choice in content[0]["top_logprobs"] if choice["token"].strip().startswith(yes)
    )
    share = min(max(share, 1e-6), 1 - 1e-6)
    return math.log(share / (1 - share))


def _remote_chat_model(name: str) -> BaseChatModel:
    from langchain.chat_models import init_chat_model

    try:
        model: BaseChatModel = init_chat_model(name, temperature=0, max_tokens=MAX_ANSWER_TOKENS)
    except Exception as error:  # ImportError, ValueError, or a provider's own type, such as for a missing key
        kind = InputError if isinstance(error, ImportError | ValueError) else LanguageModelError
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise kind(
            f"The language model {name!r} cannot be used ({reason}). "
            "Mend that, or set JIANBAO_LLM to another or to `none`."
        ) from error
    return model


@lru_cache(maxsize=2)
def _local_chat_model(file: Path) -> BaseChatModel:
    import httpx
    from langchain_openai import ChatOpenAI
    from pydantic import SecretStr

    key = secrets.token_urlsafe(24)
    server = _servers[file] = _start_server(file, key)
    return ChatOpenAI(
        model=file.stem,
        base_url=f"{server.listening_address}/v1",
        api_key=SecretStr(key),
        temperature=0,
        max_completion_tokens=MAX_ANSWER_TOKENS,
        max_retries=0,
        timeout=300,
        logprobs=True,
        stream_usage=False,
        # The machine's proxy settings are not for a server of this process.
        http_client=httpx.Client(trust_env=False),
        http_async_client=httpx.AsyncClient(trust_env=False),
        http_socket_options=(),
    )


def _start_server(file: Path, key: str) -> Any:
    try:
        import xllamacpp
    except ImportError as error:
        raise LanguageModelError(
            'The local language model needs xllamacpp. Run: pip install "jianbao[local]", '
            "or set JIANBAO_LLM to a server or to `none`."
        ) from error

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(file)
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.api_keys = [key]
    parameters.cors_origins = "http://127.0.0.1"
    parameters.ui = False
    parameters.endpoint_slots = False
    parameters.n_ctx = CONTEXT_TOKENS
    parameters.n_parallel = 1
    parameters.cache_prompt = True
    parameters.cache_ram_mib = 256
    parameters.verbosity = 0
    threads = available_cores()
    parameters.cpuparams.n_threads = threads
    parameters.cpuparams_batch.n_threads = threads
    try:
        return xllamacpp.Server(parameters)
    except Exception as error:  # xllamacpp raises plain RuntimeError and bare C++ exceptions
        raise LanguageModelError(
            f"The language model {file.name} could not be started ({str(error) or 'no reason given'}). "
            "It needs about 2 GB of free memory; run `jianbao doctor` to check its file."
        ) from error
