"""The chart of what was measured: how long an answer takes, and how retrieval grows with the library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

TEAL, SAND, INK = "#0f766e", "#d6a867", "#44403c"


def draw(found: Mapping[str, Any], file: Path) -> None:
    """Writes the chart as SVG, with a panel for each set of questions and one for retrieval, of what there is."""
    sets = dict(found["answering"]["result"]) if "answering" in found else {}
    sizes = {
        int(size): row for size, row in found.get("searching", {}).get("result", {}).items() if isinstance(row, Mapping)
    }
    panels = len(sets) + bool(sizes)
    if not panels:
        return
    mpl.rcParams.update({"svg.hashsalt": "jianbao", "font.size": 9, "text.color": INK, "axes.edgecolor": "#a8a29e"})
    figure = Figure(figsize=(4.2 * panels, 2.6), layout="constrained")
    axes: Sequence[Axes] = list(figure.subplots(1, panels, squeeze=False)[0])
    for (name, contenders), panel in zip(sets.items(), axes, strict=False):
        _answers(panel, name, contenders)
    if sizes:
        _growth(axes[-1], sizes)
    figure.savefig(file, metadata={"Date": None}, transparent=False)


def _answers(panel: Axes, name: str, contenders: Mapping[str, Any]) -> None:
    """Bars from the question to the first word and on to the last; shorter is better."""
    names = [f"{who}\n{row['right']} right" for who, row in contenders.items()]
    firsts = [row["first token p50 s"] for row in contenders.values()]
    totals = [row["whole answer p50 s"] for row in contenders.values()]
    panel.barh(names, totals, color=SAND, label="whole answer")
    panel.barh(names, firsts, color=TEAL, label="first word")
    for at, (first, total) in enumerate(zip(firsts, totals, strict=True)):
        panel.text(total, at, f" {first:.1f} / {total:.1f} s", va="center")
    panel.set_xlim(0, max(totals) * 1.35)
    panel.invert_yaxis()
    panel.set_title(f"Seconds to an answer: {name}", fontsize=10, loc="left")
    panel.legend(frameon=False, loc="lower right")
    panel.spines[["top", "right"]].set_visible(False)


def _growth(panel: Axes, sizes: Mapping[int, Any]) -> None:
    """Retrieval at the median and for 19 of 20 questions, by the size of the library."""
    for column, colour, style in (("p95 ms", SAND, "--"), ("p50 ms", TEAL, "-")):
        panel.plot([*sizes], [row[column] for row in sizes.values()], style, color=colour, marker="o", label=column)
    panel.set_xscale("log")
    panel.set_ylim(bottom=0)
    panel.set_title("Retrieval by passages in the library", fontsize=10, loc="left")
    panel.legend(frameon=False)
    panel.spines[["top", "right"]].set_visible(False)
