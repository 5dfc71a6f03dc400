"""What the page gives away as files: the figures that are listed, a conversation, what was judged."""

from __future__ import annotations

import threading
from functools import partial
from typing import cast
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from rag.errors import JianbaoError
from rag.figure_table import Order, to_csv, to_xlsx
from ui.desk import Desk
from ui.i18n import LANGUAGE_COOKIE, reader_script
from ui.reasons import told
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
    router, making = APIRouter(prefix="/export"), threading.Lock()

    @router.get("/figures.{kind}")
    def figures(
        request: Request,
        kind: str,
        text: str = "",
        unit: str = "",
        since: str = "",
        until: str = "",
        source: str = "",
        conflicting: bool = False,
        order: str = "document",
        descending: bool = False,
    ) -> Response:
        if kind not in ("csv", "xlsx"):
            return _sorry("Figures are given as `csv` or `xlsx`; name one of these.", request)
        if not making.acquire(blocking=False):  # so many rows take memory, and who waits a thread of the page's
            return _sorry("Another file of figures is being made; try again in a moment.", request)
        try:
            search = partial(
                desk.figures.search, text, unit, since, until, source, conflicting=conflicting, descending=descending
            )
            total, _ = search(order=cast(Order, order), limit=0)
            if total > MOST:
                return _sorry(
                    f"One file holds up to {MOST} figures, and these are {total}; filter them first.", request
                )
            _, rows = search(order=cast(Order, order), limit=MOST)
            return _file(to_csv(rows) if kind == "csv" else to_xlsx(rows), "jianbao-figures", kind)
        except JianbaoError as error:
            return _sorry(str(error), request)
        finally:
            making.release()

    @router.get("/judged.jsonl")
    def judgements(request: Request) -> Response:
        try:
            judged = desk.conversations.as_question_set()
        except JianbaoError as error:
            return _sorry(str(error), request)
        return _file(judged.encode(), "jianbao-judged", "jsonl")

    @router.get("/{id}.{kind}")
    def conversation(request: Request, id: str, kind: str) -> Response:
        if kind not in ("md", "docx"):
            return _sorry("A conversation is given as `md` or `docx`; name one of these.", request)
        try:
            saved = desk.conversations.load(id)
            title = next((one.title for one in desk.conversations.list(limit=100_000) if one.id == id), "")
        except JianbaoError as error:
            return _sorry(str(error), request)
        content = to_markdown(saved, title).encode() if kind == "md" else to_docx(saved, title)
        return _file(content, title, kind)

    return router


def _file(content: bytes, name: str, kind: str) -> Response:
    safe = "".join(letter if letter.isalnum() else "-" for letter in name).strip("-") or "jianbao"
    named = f"attachment; filename=jianbao.{kind}; filename*=UTF-8''{quote(safe)}.{kind}"
    return Response(content, media_type=_TYPES[kind], headers={"Content-Disposition": named})


def _sorry(sentence: str, request: Request) -> Response:
    script = reader_script(request.headers.get("accept-language", ""), request.cookies.get(LANGUAGE_COOKIE, ""))
    return Response(told(sentence, script), status_code=404, media_type="text/plain; charset=utf-8")
