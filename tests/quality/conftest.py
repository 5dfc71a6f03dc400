"""The seed briefing in a library, with the real models."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ingest import sync
from rag import Assistant
from tests.conftest import SEEDS


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with Assistant.open(tmp_path_factory.mktemp("library")) as opened:
        sync(SEEDS, opened)
        opened.warm()
        yield opened
