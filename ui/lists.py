"""The markup of what the page lists: conversations, documents, failures, figures, and a chart of one.

Pure functions from values to HTML, by the rules of `ui.render`: everything from outside goes through `escape`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import PurePath
from urllib.parse import urlencode

from rag.figure_table import Row
from rag.store import DocumentInfo
from rag.text import Script, script_of, to_script
from ui.collection import PAGE, Work
from ui.conversations import Summary
from ui.i18n import Words
from ui.reasons import told
from ui.render import action, escape, exact

# --- conversations


def conversations(listed: Sequence[Summary], current: str, words: Words, script: Script, *, searched: bool) -> str:
    """The list of conversations, the current one marked."""
    if not listed:
        return f'<p class="jb-note" lang="{script}">{escape(words.no_such_talks if searched else words.no_talks)}</p>'
    items = "".join(
        f'<li><button type="button" class="jb-talk" data-to="talk" data-do="resume" data-name="{exact(one.id)}"'
        f"{' aria-current=true' if one.id == current else ''}><span>{escape(one.title)}</span>"
        f"<small>{escape(one.changed[:10])}</small></button></li>"
        for one in listed
    )
    return f'<ul class="jb-talks" lang="{script}" aria-label="{escape(words.talks)}">{items}</ul>'


def conversation_tools(current: str, words: Words, script: Script, *, any_judged: bool) -> str:
    """What can be done with the current conversation, which page.js has the browser remember; nothing with none."""
    if not current:
        return '<i hidden data-conversation=""></i>'
    judged = (
        f'<a class="jb-link" href="export/judged.jsonl" download>{escape(words.export_judged)}</a>'
        if any_judged
        else ""
    )
    name = escape(words.new_name)
    return (
        f'<div class="jb-tools" lang="{script}" data-conversation="{escape(current)}">'
        f'<details><summary class="jb-link">{escape(words.rename)}</summary><span class="jb-form" data-form>'
        f'<input type="text" maxlength="120" aria-label="{name}" placeholder="{name}">'
        f"{action('rename', words.save, to='talk', look='jb-button')}</span></details>"
        f'<a class="jb-link" href="export/{escape(current)}.md" download>{escape(words.export)} Markdown</a>'
        f'<a class="jb-link" href="export/{escape(current)}.docx" download>{escape(words.export)} Word</a>{judged}'
        f'<details><summary class="jb-link">{escape(words.delete)}</summary>'
        f"{action('delete', words.delete_sure, to='talk', look='jb-button jb-danger')}</details></div>"
    )


# --- documents


def documents(
    listed: Sequence[DocumentInfo],
    total: int,
    words: Words,
    script: Script,
    *,
    page: int,
    order: str,
    descending: bool,
    filtered: bool,
) -> str:
    """One page of the list of documents, with what can be done with one or with those selected."""
    if not listed:
        return f'<p class="jb-note" lang="{script}">{escape(words.none_match if filtered else words.empty)}</p>'
    heads = "".join(
        _head(name, label, order, descending=descending, to="shelf", words=words)
        for name, label in (
            ("title", words.title),
            ("date", words.date),
            ("source", words.from_source),
            ("chunks", words.passages),
        )
    )
    rows = "".join(_document(info, words) for info in listed)
    ask_listed = action("ask_listed", words.ask_listed, to="shelf", look="jb-button") if filtered else ""
    return (
        f'<div class="jb-list" lang="{script}"><div class="jb-tools"><span class="jb-count">'
        f"{escape(words.count_documents.format(count=f'{total:,}'))}</span>"
        f"{action('ask_these', words.ask_these, to='shelf', look='jb-button')}{ask_listed}"
        f"{action('remove_these', words.remove_these, to='shelf', look='jb-button')}</div>"
        f'<div class="jb-scroll" tabindex="0" role="region" aria-label="{escape(words.documents)}">'
        '<table class="jb-table"><thead><tr><th><input type="checkbox" data-all '
        f'aria-label="{escape(words.select_page)}"></th>{heads}<th>{escape(words.status)}</th>'
        f'<th><span class="jb-unseen">{escape(words.actions)}</span></th></tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
        f"{_pager(page, total, words, to='shelf')}</div>"
    )


def _document(info: DocumentInfo, words: Words) -> str:
    title = info.title or info.id
    status = words.with_copies.format(count=len(info.copies)) if info.copies else words.stored
    return (
        f'<tr><td><input type="checkbox" data-id="{exact(info.id)}" '
        f'aria-label="{escape(words.select.format(title=title))}"></td>'
        f'<th scope="row" lang="{script_of(title)}"><bdi>{escape(title)}</bdi>'
        f'<small><bdi>{escape(info.id)}</bdi></small></th><td class="jb-nowrap">{escape(info.date)}</td>'
        f"<td><bdi>{escape(info.source)}</bdi></td>"
        f'<td class="jb-number">{info.chunks:,}</td><td>{escape(status)}</td><td class="jb-nowrap">'
        f"{action('preview', words.preview, to='shelf', name=info.id, about=title)}"
        f"{action('remove', words.remove, to='shelf', name=info.id, about=title)}</td></tr>"
    )


def folders(paths: Sequence[str], words: Words, script: Script) -> str:
    """The folders that the library is kept in step with."""
    if not paths:
        return ""
    items = "".join(
        f"<li><bdi>{escape(path)}</bdi> {action('unfollow', words.unfollow, to='shelf', name=path)}</li>"
        for path in paths
    )
    return f'<div lang="{script}"><h3>{escape(words.folders)}</h3><ul class="jb-paths">{items}</ul></div>'


def removal(count: int, words: Words, script: Script) -> str:
    """What was just removed, and the way back."""
    said = escape(words.removed.format(count=count))
    undo = action("undo", words.undo, to="shelf")
    return f'<div class="jb-scope" role="status" lang="{script}"><span>{said}</span>{undo}</div>'


def work(state: Work, failures: Sequence[Mapping[str, str]], words: Words, script: Script) -> str:
    """How a sync goes or went, and what could not be read, with the reason."""
    parts = []
    if state.running:
        parts.append(_running(state, words))
    elif state.problem:
        parts.append(f'<p class="jb-problem" role="alert">{escape(told(state.problem, script))}</p>')
    elif state.stopped:
        parts.append(f'<p role="status">{escape(words.reading_stopped)}</p>')
    elif state.report is not None:
        counts = {name: state.report[name] for name in ("added", "updated", "unchanged", "removed")}
        parts.append(f'<p role="status">✓ {escape(words.reading_done.format(**counts))}</p>')
        if state.report["skipped"]:
            skipped = [(one["path"], one["reason"]) for one in state.report["skipped"]]
            parts.append(_reasons(words.skipped, skipped, script))
    if failures:
        parts.append(_reasons(words.failures, [(one["path"], one["error"]) for one in failures], script, opened=True))
    return f'<div class="jb-work" lang="{script}">{"".join(parts)}</div>' if parts else ""


def _running(state: Work, words: Words) -> str:
    step = state.step
    done, of = (step.files, step.of_files) if step else (0, 0)
    share = step.bytes / step.of_bytes if step and step.of_bytes else 0.0
    said = words.reading.format(done=done, of=of or "…")
    left = step.seconds_left if step else None
    if left is not None and not state.stopping:
        time = (
            words.seconds.format(count=math.ceil(left))
            if left < 100
            else words.minutes.format(count=math.ceil(left / 60))
        )
        said += f" · {words.time_left.format(time=time)}"
    file = PurePath(step.path).name if step else ""
    stop = (
        f"<span>{escape(words.stopping)}</span>"
        if state.stopping
        else action("stop", words.stop_reading, to="shelf", look="jb-button")
    )
    return (
        f'<p role="status" aria-live="off">{escape(said)}</p>'
        f'<progress max="1" value="{share:.4f}" aria-label="{escape(words.adding)}"></progress>'
        f'<p class="jb-note"><bdi>{escape(file)}</bdi></p><p>{stop}</p>'
    )


def _reasons(label: str, found: Sequence[tuple[str, str]], script: Script, *, opened: bool = False) -> str:
    """Paths with why they are not read; most reasons have the name of the file, which is not said twice."""
    items = ""
    for path, reason in found[:200]:
        name, said = PurePath(path).name, told(reason, script)
        before, named, rest = said.partition(name) if name in said else ("", name, f" {said}")
        items += f'<li title="{escape(path)}">{escape(before)}<b><bdi>{escape(named)}</bdi></b>{escape(rest)}</li>'
    return (
        f"<details{' open' if opened else ''}><summary>{escape(label.format(count=len(found)))}</summary>"
        f'<ul class="jb-reasons">{items}</ul></details>'
    )


# --- figures


def figures(
    rows: Sequence[Row], total: int, words: Words, script: Script, *, page: int, order: str, descending: bool
) -> str:
    """One page of the table of figures."""
    if not rows:
        return f'<p class="jb-note" lang="{script}">{escape(words.no_figures)}</p>'
    heads = "".join(
        _head(name, label, order, descending=descending, to="figures", words=words)
        for name, label in (
            ("value", words.value),
            ("unit", words.unit),
            ("what", words.what),
            ("document", words.document),
            ("date", words.date),
        )
    )
    body = "".join(_figure(row, words, script) for row in rows)
    return (
        f'<div class="jb-list" lang="{script}"><div class="jb-tools"><span class="jb-count">'
        f"{escape(words.count_figures.format(count=f'{total:,}'))}</span></div>"
        f'<div class="jb-scroll" tabindex="0" role="region" aria-label="{escape(words.figures_tab)}">'
        f'<table class="jb-table jb-numbers"><thead><tr>{heads}<th>{escape(words.sentence)}</th></tr></thead>'
        f"<tbody>{body}</tbody></table></div>{_pager(page, total, words, to='figures')}</div>"
    )


def _figure(row: Row, words: Words, script: Script) -> str:
    flag = (
        action(
            "rivals",
            f"⚠ {words.conflicting}",
            to="figures",
            name=str(row.number),
            look="jb-link jb-flag",
            about=row.text,
        )
        if row.conflicting
        else ""
    )
    begin, stop = row.figure_start - row.start, row.figure_end - row.start
    sentence = (
        f"{escape(row.sentence[:begin])}<mark>{escape(row.sentence[begin:stop])}</mark>{escape(row.sentence[stop:])}"
    )
    return (
        f'<tr><th scope="row" class="jb-nowrap">{escape(row.text)}{flag}</th>'
        f"<td>{escape(shown_unit(row.unit, script))}</td>"
        f'<td lang="{script_of(row.what)}">{escape(row.what)}<br>'
        f"{action('series', words.series, to='figures', name=str(row.number), about=row.what)}</td>"
        f'<td lang="{script_of(row.title)}"><bdi>{escape(row.title or row.document)}</bdi></td>'
        f'<td class="jb-nowrap">{escape(row.date)}</td><td class="jb-sentence" lang="{script_of(row.sentence)}">'
        f"{sentence}<br>"
        f"{action('open', words.open_document, to='figures', name=str(row.number), about=row.text)}</td></tr>"
    )


def shown_unit(unit: str, script: Script) -> str:
    """A unit, which is kept in simplified script, as its reader writes it."""
    return to_script(unit, script) if script == "zh-Hant" else unit


def series(rows: Sequence[Row], words: Words, script: Script, *, rivals: bool = False) -> str:
    """One thing's figures over time, the oldest first: a chart, and the same as a table. Of `rivals` only the table."""
    if not rows:
        return ""
    row = rows[-1]
    heading = words.rivals_of if rivals else words.series_of
    title = escape(heading.format(what=row.what, unit=shown_unit(row.unit, script) or words.no_unit))
    body = "".join(
        f'<tr><th scope="row" class="jb-nowrap">{escape(one.date)}</th><td class="jb-number">{escape(one.text)}</td>'
        f"<td><bdi>{escape(one.title or one.document)}</bdi></td></tr>"
        for one in rows
    )
    alone = len({one.date for one in rows}) < 2
    note = f'<p class="jb-note">{escape(words.series_alone)}</p>' if alone else _chart(rows, title)
    chart = "" if rivals else note
    return (
        f'<section class="jb-series" lang="{script}"><div class="jb-tools"><h3 tabindex="-1">{title}</h3>'
        f"{action('close_series', words.close_series, to='figures')}</div>{'' if rivals else chart}"
        f'<table class="jb-table"><thead><tr><th>{escape(words.date)}</th><th>{escape(words.value)}</th>'
        f"<th>{escape(words.document)}</th></tr></thead><tbody>{body}</tbody></table></section>"
    )


def _chart(rows: Sequence[Row], title: str) -> str:
    """A line over time in SVG. `title` is markup already."""
    points = [(_day(row.date), _number(row.value), row) for row in rows]
    known = [(day, value, row) for day, value, row in points if value is not None]
    if len(known) < 2:
        return ""
    width, height, left, bottom, top, right = 720, 260, 80, 34, 24, 40
    days, values = [day for day, _, _ in known], [value for _, value, _ in known]
    low, high = min(0.0, *values), max(0.0, *values)
    span, reach = (max(days) - min(days)) or 1, (high - low) or 1.0

    def x(day: float) -> float:
        return left + (width - left - right) * (day - min(days)) / span

    def y(value: float) -> float:
        return height - bottom - (height - bottom - top) * (value - low) / reach

    line = " ".join(f"{x(day):.1f},{y(value):.1f}" for day, value, _ in known)
    dots = "".join(
        f'<circle cx="{x(day):.1f}" cy="{y(value):.1f}" r="4"/>'
        f'<text class="jb-value" x="{x(day):.1f}" y="{y(value) - 9:.1f}">{escape(row.text)}</text>'
        for day, value, row in known
    )
    ticks = "".join(
        f'<line x1="{left}" x2="{width - right}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
        f'<text class="jb-tick" x="{left - 8}" y="{y(value) + 4:.1f}">{value:,.6g}</text>'
        for value in sorted({low, (low + high) / 2, high})
    )
    ends = "".join(
        f'<text class="jb-day" x="{x(day):.1f}" y="{height - 10}">{escape(row.date)}</text>'
        for day, _, row in {known[0][0]: known[0], known[-1][0]: known[-1]}.values()
    )
    return (
        f'<svg class="jb-chart" viewBox="0 0 {width} {height}" role="img" aria-label="{title}">{ticks}'
        f'<polyline points="{line}"/>{dots}{ends}</svg>'
    )


def _day(day: str) -> int:
    """Days since the year 1 of an ISO day, month or year."""
    return date.fromisoformat((day + "-01-01")[:10]).toordinal()


def _number(value: object) -> float | None:
    try:
        number = float(Decimal(str(value)))
    except (InvalidOperation, ValueError):
        return None
    return number if math.isfinite(number) else None


def exports(words: Words, script: Script, choice: Mapping[str, object]) -> str:
    """Links to the figures that are listed, as files."""
    query = escape(urlencode({name: value for name, value in choice.items() if value}))
    return (
        f'<div class="jb-tools" lang="{script}">'
        f'<a class="jb-button" href="export/figures.csv?{query}" download>{escape(words.export)} CSV</a>'
        f'<a class="jb-button" href="export/figures.xlsx?{query}" download>{escape(words.export)} Excel</a></div>'
    )


# --- parts of tables


def _head(name: str, label: str, order: str, *, descending: bool, to: str, words: Words) -> str:
    sorted_ = f' aria-sort="{"descending" if descending else "ascending"}"' if name == order else ""
    sign = (" ↓" if descending else " ↑") if name == order else ""
    said = escape(words.sort.format(name=label))
    return (
        f'<th scope="col"{sorted_}><button type="button" class="jb-link" data-to="{to}" data-do="sort" '
        f'data-name="{name}" aria-label="{said}">{escape(label)}{sign}</button></th>'
    )


def _pager(page: int, total: int, words: Words, *, to: str) -> str:
    pages = max(1, math.ceil(total / PAGE))
    if pages == 1:
        return ""
    before = action("page", words.previous, to=to, name=str(page - 1), look="jb-button") if page > 1 else ""
    after = action("page", words.next, to=to, name=str(page + 1), look="jb-button") if page < pages else ""
    said = escape(words.pages.format(page=f"{page:,}", pages=f"{pages:,}"))
    return f'<nav class="jb-tools" aria-label="{said}">{before}<span>{said}</span>{after}</nav>'


def notice(text: str, script: Script) -> str:
    """One of our own sentences about what the reader asked for and cannot have."""
    return f'<p class="jb-note" role="alert" lang="{script}">{escape(told(text, script))}</p>'
