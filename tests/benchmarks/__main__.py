"""`python -m tests.benchmarks`: measures what is asked for and writes it to docs/bench.json, .md and .svg."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.benchmarks import answering, chart, encoders, measures, profiled, reading, searching, together

PARTS: dict[str, tuple[str, Callable[[argparse.Namespace], Any]]] = {
    "answering": ("Answering", lambda given: answering.measure(given.questions)),
    "profile": ("Where the time of a warm question goes", lambda given: profiled.measure()),
    "together": ("Asking at once", lambda given: together.measure()),
    "encoding": ("Encoding", lambda given: encoders.measure()),
    "reading": ("Reading documents in", lambda given: reading.measure(given.articles)),
    "searching": ("Retrieval by size of the library", lambda given: searching.measure(given.passages)),
}


def main() -> None:
    """Measures the parts that are named, all of them by default, and keeps what earlier runs found of the others."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"some of {', '.join(PARTS)}; all by default")
    parser.add_argument("--questions", type=int, help="at most so many of each set")
    parser.add_argument("--articles", type=int, default=600, help="how many articles are read in")
    parser.add_argument("--passages", type=int, nargs="+", default=searching.SIZES, help="sizes of libraries")
    parser.add_argument("--to", type=Path, default=Path("docs"), help="the folder that bench.json and bench.md go to")
    given = parser.parse_args()
    if unknown := set(given.parts) - PARTS.keys():
        parser.error(f"there is no part {sorted(unknown)[0]!r}; choose from {', '.join(PARTS)}")
    kept = given.to / "bench.json"
    found: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else {}
    for name in given.parts or PARTS:
        print(f"-- {name}", flush=True)
        started = time.perf_counter()
        result = PARTS[name][1](given)
        minutes = round((time.perf_counter() - started) / 60, 1)
        found[name] = {"machine": measures.machine(), "minutes": minutes, "result": result}
        given.to.mkdir(exist_ok=True)
        kept.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        (given.to / "bench.md").write_text(_page(found), encoding="utf-8")
        chart.draw(found, given.to / "bench.svg")
    print(_page(found))


def _page(found: Mapping[str, Any]) -> str:
    lines = ["# What `make bench` measured", ""]
    for name, (title, _) in PARTS.items():
        if name not in found:
            continue
        machine = found[name]["machine"]
        lines += [
            f"## {title}",
            "",
            f"{machine['processor']}, {machine['cores']} cores, {'with' if machine['vnni'] else 'without'} VNNI; "
            f"Python {machine['python']}, "
            + ", ".join(f"{package} {version}" for package, version in machine["packages"].items())
            + f"; {found[name]['minutes']} minutes.",
            "",
        ]
        result = dict(found[name]["result"])
        profile = result.pop("profile", "")
        if name == "answering":
            for set_, contenders in result.items():
                lines += [f"### {set_}", "", *_table(contenders), ""]
        else:
            lines += [*_table(result), ""]
        if profile:
            lines += ["```", *(line.rstrip() for line in profile.strip().splitlines()), "```", ""]
    return "\n".join(lines)


def _table(rows: Mapping[str, Any]) -> list[str]:
    """A table with a line for each row that is a mapping; plain values are told below it."""
    tabled = {name: row for name, row in rows.items() if isinstance(row, Mapping)}
    plain = {name: value for name, value in rows.items() if name not in tabled}
    lines: list[str] = []
    if tabled:
        columns = list(next(iter(tabled.values())))
        lines += [f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
        lines += [f"| {name} | {' | '.join(str(row[column]) for column in columns)} |" for name, row in tabled.items()]
        lines += [""] if plain else []
    if plain:
        lines += ["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in plain.items())]
    return lines


if __name__ == "__main__":
    main()
