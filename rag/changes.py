"""What a clause says of a number in it: whether it grew or fell, and compared with what. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.figures import Found

_CLAUSE = re.compile(r"[,;:!?()。、\n]|\.(?![0-9])")
# How far before a figure a word may stand that tells of it, in characters; a Chinese verb stands right before it.
_REACH, _NEAR = 30, 9
_LISTED = re.compile(r"(?a:\s?(?:[、,和及与/]|以及|and)\s?(?:and\s)?)")
_BASIS = re.compile(
    r"(?P<year>同比|[比较](?:上|去|上一)年|[上去]年同期|year[- ]o(?:n|ver)[- ]year|\byoy\b|from a year (?:earlier|ago))"
    r"|环比|[比较]上(?:个?月|一?季度)|(?:month|quarter)[- ]on[- ](?:month|quarter)|\bqoq\b|from the previous month"
)
_DIRECTION = re.compile(
    r"(?P<down>负增长|下降|减少|回落|下滑|降低|下跌|下调|缩减|缩小|收窄|萎缩|[降跌减]幅|削减|[降跌减](?=[了至到约近超逾达低为]*\s?\Z)|"
    r"(?a:\b(?:down|fell|falls?|fallen|dropp?(?:s|ed|ing)?|declin\w{1,3}|decreas\w{1,3}|reduc\w{1,4}|lower\w{0,3}|shr[aiu]nk)\b"
    r"(?!\sfrom)))|增长|增加|上升|提高|提升|上涨|[增涨升]幅|增速|上调|回升|攀升|飙升|扩大|新增|[增涨升](?=[了至到约近超逾达高为]*\s?\Z)|"
    r"(?a:\b(?:up(?!\sto)|rose|rises?|risen|increas\w{1,3}|grew|grows?|grown|growing|growth|gain\w{0,3}|climb\w{0,3}|higher)\b(?!\sfrom))"
)
_CHANGE_AFTER = re.compile(
    r"(?a:\s(?:[a-z-]+\s)?(?:(?P<down>decrease|decline|drop|fall|reduction|cut)|increase|rise|growth|gain)\b)"
)


def _before(folded: str, start: int, end: int) -> str:
    """The part of the clause before an offset, no further than another figure and `_REACH` characters."""
    gap = folded[max(start, end - _REACH) : end]
    breaks = [match.end() for match in _CLAUSE.finditer(gap)]
    return gap[breaks[-1] :] if breaks else gap


def direction_before(folded: str, at: int, start: int = 0) -> int:
    """1 when the clause says before an offset that something grew, -1 that it fell, else 0."""
    gap = _before(folded, start, at)
    words = list(_DIRECTION.finditer(gap))
    near = words and len(gap) - words[-1].end() <= (_NEAR if not words[-1][0].isascii() else _REACH)
    return (-1 if words[-1]["down"] else 1) if near else 0


def in_clause(folded: str, found: Found, previous: Found | None) -> tuple[int, str]:
    """Direction and basis of a number."""
    start = previous.end if previous else 0
    gap = _before(folded, start, found.start)
    after = folded[found.end : found.end + _REACH + 10]
    stop = _CLAUSE.search(after)
    after = after[: stop.start()] if stop else after
    direction = direction_before(folded, found.start, start)
    if not direction and (change := _CHANGE_AFTER.match(after)):
        direction = -1 if change["down"] else 1
    bases = list(_BASIS.finditer(gap)) or [match for match in _BASIS.finditer(after) if match[0].isascii()][:1]
    basis = "" if not bases else "同比" if bases[-1]["year"] else "环比"
    listed = previous and previous.unit == found.unit and _LISTED.fullmatch(folded, start, found.start)
    if previous and listed:  # 分别增长3.5%和4.2%
        direction, basis = direction or previous.direction, basis or previous.basis
    return direction, basis
