"""What the page gives away as files: the figures that are listed, a conversation, what was judged."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Response

from rag.errors import JianbaoError
from rag.figure_table import to_csv, to_xlsx
from ui.desk import Desk
from ui.written import to_docx, to_markdown

#: Figures in one file at most.
MOST = 100_000
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "md": "text/markdown; charset=utf-8",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "jsonl": "application/jsonl; charset=utf-8",
}


def exports(desk: Desk) -> APIRouter:
    """The addresses under /export/. A request that cannot be met is answered with one sentence."""
    router = APIRouter(prefix="/export")

    @router.get("/figures.{kind}")
    def figures(
        kind: str,
        text: str = "",
        unit: str = "",
        since: str = "",
        until: str = "",
        source: str = "",
        conflicting: bool = False,
    ) -> Response:
        if kind not in ("csv", "xlsx"):
            return _sorry("Figures are given as csv or xlsx.")
        try:
            _, rows = desk.figures.search(text, unit, since, until, source, limit=MOST, conflicting=conflicting)
        except JianbaoError as error:
            return _sorry(str(error))
        return _file(to_csv(rows) if kind == "csv" else to_xlsx(rows), "jianbao-figures", kind)

    @router.get("/judged.jsonl")
    def judgements() -> Response:
        try:
            judged = desk.conversations.as_question_set()
        except JianbaoError as error:
            return _sorry(str(error))
        return _file(judged.encode(), "jianbao-judged", "jsonl")

    @router.get("/{id}.{kind}")
    def conversation(id: str, kind: str) -> Response:
        if kind not in ("md", "docx"):
            return _sorry("A conversation is given as md or docx.")
        try:
            saved = desk.conversations.load(id)
            title = next((one.title for one in desk.conversations.list(limit=100_000) if one.id == id), "")
        except JianbaoError as error:
            return _sorry(str(error))
        content = to_markdown(saved, title).encode() if kind == "md" else to_docx(saved, title)
        return _file(content, title, kind)

    return router


def _file(content: bytes, name: str, kind: str) -> Response:
    safe = "".join(letter if letter.isalnum() else "-" for letter in name).strip("-") or "jianbao"
    named = f"attachment; filename=jianbao.{kind}; filename*=UTF-8''{quote(safe)}.{kind}"
    return Response(content, media_type=_TYPES[kind], headers={"Content-Disposition": named})


def _sorry(sentence: str) -> Response:
    return Response(sentence, status_code=404, media_type="text/plain; charset=utf-8")
