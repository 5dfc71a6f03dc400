"""Documents that nobody here wrote: manuals, and the samples that other readers of these formats are tested with.

`make samples` fetches them. Many were made to break a reader: none may harm ours, and what is whole has to be read.
"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest

from ingest.loaders import one_line
from ingest.reader import Reader
from rag.errors import DocumentError

SAMPLES = Path(__file__).parents[2] / ".samples"
FORMATS = ("csv", "docx", "epub", "html", "pdf", "pptx", "xlsx")
#: Seconds that one file may take; the longest is a scan of some pages.
SECONDS = 120
#: What is said of a file without text and of one with a password, which nobody can read.
SAID = {"without text": "holds no text", "locked": "with a password"}
pytestmark = [
    pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not here; fetch them with: make samples"),
    pytest.mark.timeout(1800),
]


@pytest.mark.parametrize("suffix", FORMATS)
def test_samples_of_others_are_read_or_refused_in_a_sentence(suffix: str) -> None:
    files = sorted(path for path in SAMPLES.rglob(f"*.{suffix}") if path.is_file() and not path.is_symlink())
    assert len(files) >= 5
    outcome: Counter[str] = Counter()
    characters = 0
    started = time.monotonic()
    with Reader(seconds=SECONDS) as reader:
        for file in files:
            try:
                loaded = reader.read(file)
            except DocumentError as error:
                sentence = str(error)
                assert sentence == one_line(sentence)
                assert file.name in sentence
                kind = next((name for name, words in SAID.items() if words in sentence), "refused")
                outcome[kind] += 1
                if kind == "refused":
                    print(f"  {file.relative_to(SAMPLES)}: {sentence}")
            else:
                outcome["read"] += 1
                characters += sum(len(document.text) for document in loaded.documents)
    counts = ", ".join(f"{count} {kind}" for kind, count in outcome.most_common())
    print(f"{suffix}: {len(files)} files ({counts}), {characters:,} characters, {time.monotonic() - started:.0f} s")
    assert outcome["read"] >= 0.6 * len(files)
    assert outcome["refused"] <= 0.05 * len(files)
