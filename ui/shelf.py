"""The tab of the library: adding files and folders, and what is there: listed, filtered, opened, removed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import gradio as gr

from rag.errors import InputError, JianbaoError
from rag.text import Script
from ui import lists, render
from ui.collection import ALL, Choice, Order, clamped
from ui.desk import Desk
from ui.i18n import WORDS
from ui.parts import QUIET, Pressed, bus, date_box, html, in_turn
from ui.session import Session
from ui.talk import TalkTab
from ui.viewer import Opened, view


@dataclass(frozen=True, slots=True)
class Shown:
    """What of the list is shown, and the document that is open."""

    choice: Choice = ALL
    order: Order = "title"
    descending: bool = False
    page: int = 1
    opened: Opened | None = None


class ShelfTab:
    """Builds the tab inside a `gr.Tab`."""

    def __init__(self, desk: Desk, script: Script, talk: TalkTab) -> None:
        self.desk, self.script, self.said, self.talk = desk, script, WORDS[script], talk
        said = self.said
        self.shown = gr.State(Shown())
        self.bus = bus("shelf")
        with gr.Row(elem_id="jb-shelf", equal_height=False):
            with gr.Column(scale=2, min_width=260, elem_id="jb-adding"):
                self.files = gr.File(label=said.add_files, file_count="multiple", elem_id="jb-files", height=150)
                self.folder = gr.UploadButton(said.upload_folder, file_count="directory", elem_id="jb-folder")
                if desk.local:
                    self.path = gr.Textbox(label=said.path, placeholder=said.path_hint, elem_id="jb-path")
                    self.add = gr.Button(said.add_path, elem_id="jb-add")
                self.again = gr.Button(said.sync_now, elem_id="jb-again")
                self.work = html(elem_id="jb-work")
                self.folders = html(elem_id="jb-folders")
            with gr.Column(scale=6, min_width=320, elem_id="jb-held"):
                with gr.Row(elem_id="jb-filters"):
                    self.text = gr.Textbox(label=said.search_documents, elem_id="jb-find", scale=3)
                    self.since = date_box(said.since, said.date_hint, "jb-since")
                    self.until = date_box(said.until, said.date_hint, "jb-until")
                    self.source = gr.Textbox(label=said.from_source, elem_id="jb-source")
                self.notice = html(elem_id="jb-notice")
                self.list = html(elem_id="jb-documents")
                self.opened = html(elem_id="jb-opened")
        self.timer = gr.Timer(0.4, active=False)
        self.outputs = [
            self.list, self.notice, self.work, self.folders, self.opened, self.shown, self.timer, talk.header,
        ]  # fmt: skip
        self._listen()

    def _listen(self) -> None:
        boxes = [self.text, self.since, self.until, self.source]
        gr.on(
            [box.change for box in boxes],
            self._filtered,
            [*boxes, self.shown],
            self.outputs,
            **in_turn("shelf", trigger_mode="always_last"),
        )
        self.files.upload(self._uploaded, [self.files, self.shown], [self.files, *self.outputs], **QUIET)
        self.folder.upload(self._uploaded, [self.folder, self.shown], [self.folder, *self.outputs], **QUIET)
        if self.desk.local:
            gr.on(
                [self.path.submit, self.add.click],
                self._followed,
                [self.path, self.shown],
                [self.path, *self.outputs],
                **QUIET,
            )
        self.again.click(self._again, [self.shown], self.outputs, **QUIET)
        self.timer.tick(self.refresh, [self.shown], self.outputs, **in_turn("shelf"))
        talk_outputs = [self.talk.scope, self.talk.tabs, self.talk.chat]
        acting = self.bus.submit(self._act, [self.shown, self.talk.session], [*self.outputs, *talk_outputs], **QUIET)
        acting.then(fn=None, js="() => jianbao.look()", **QUIET)

    # -- what the page shows -----------------------------------------------------------------------------------------

    def refresh(self, shown: Shown) -> list[Any]:
        """Values for `outputs`: everything anew; the timer goes on as long as documents are read."""
        collection, work = self.desk.collection, self.desk.collection.work
        removed = collection.can_undo
        notice = lists.removal(removed, self.said, self.script) if removed else ""
        try:
            failures, folders = collection.failures, collection.folders
        except JianbaoError as error:
            failures, folders, notice = [], [], lists.notice(str(error), self.script) + notice
        return [
            self._list(shown),
            notice,
            lists.work(work, failures, self.said, self.script),
            lists.folders(folders, self.said, self.script) if self.desk.local else "",
            view(self.desk, shown.opened, self.script, to="shelf") if shown.opened else "",
            shown,
            gr.Timer(active=work.running),
            self.talk.head(),
        ]

    def _list(self, shown: Shown) -> str:
        try:
            total, listed = self.desk.collection.page(
                shown.choice, order=shown.order, descending=shown.descending, page=shown.page
            )
        except JianbaoError as error:
            return lists.notice(str(error), self.script)
        return lists.documents(
            listed,
            total,
            self.said,
            self.script,
            page=clamped(shown.page, total),
            order=shown.order,
            descending=shown.descending,
            filtered=bool(shown.choice),
        )

    def _noticed(self, shown: Shown, error: JianbaoError) -> list[Any]:
        """Values for `outputs` that only say what is wrong."""
        shown_values = [gr.skip() for _ in self.outputs]
        shown_values[1] = lists.notice(str(error), self.script)
        return shown_values

    # -- adding ------------------------------------------------------------------------------------------------------

    def _uploaded(self, files: Sequence[str] | None, shown: Shown) -> list[Any]:
        def begin() -> None:
            self.desk.collection.take_in(files or [])
            self.desk.collection.start([self.desk.collection.uploads], later=True)

        return [None, *self._begun(begin, shown)]

    def _followed(self, path: str, shown: Shown) -> list[Any]:
        try:
            paths = self.desk.collection.follow([path])
            self.desk.collection.start(paths, later=True)
        except JianbaoError as error:
            return [path, *self._noticed(shown, error)]
        return ["", *self.refresh(shown)]

    def _again(self, shown: Shown) -> list[Any]:
        return self._begun(self.desk.collection.again, shown)

    def _begun(self, begin: Callable[[], object], shown: Shown) -> list[Any]:
        try:
            begin()
        except JianbaoError as error:
            return self._noticed(shown, error)
        return self.refresh(shown)

    # -- what is there -----------------------------------------------------------------------------------------------

    def _filtered(self, text: str, since: str, until: str, source: str, shown: Shown) -> list[Any]:
        choice = Choice(text.strip(), since.strip(), until.strip(), source.strip())
        shown = replace(shown, choice=choice, page=1)
        values: list[Any] = [gr.skip() for _ in self.outputs]
        values[0], values[1], values[5] = self._list(shown), "", shown
        return values

    def _act(self, shown: Shown, session: Session, event: gr.EventData) -> list[Any]:
        """What a button of the markup asks for."""
        pressed, collection, restored = Pressed(event), self.desk.collection, 0
        try:
            match pressed.do:
                case "sort" if pressed.name in ("title", "date", "source", "chunks"):
                    descending = not shown.descending if pressed.name == shown.order else pressed.name == "date"
                    shown = replace(shown, order=cast(Order, pressed.name), descending=descending, page=1)
                case "page":
                    shown = replace(shown, page=int(pressed.name))
                case "preview":
                    shown = replace(shown, opened=Opened(pressed.name, 0, 0))
                case "more" if shown.opened:
                    shown = replace(shown, opened=replace(shown.opened, around=int(pressed.name)))
                case "close":
                    shown = replace(shown, opened=None)
                case "remove":
                    collection.remove([pressed.name])
                case "remove_these":
                    collection.remove(self._selected(pressed))
                case "undo":
                    restored = collection.undo()
                case "unfollow":
                    collection.unfollow(pressed.name)
                case "stop":
                    collection.stop()
                case "ask_these":
                    return self._asked(session, Choice(ids=self._selected(pressed)), shown)
                case "ask_listed":
                    collection.scope(shown.choice)
                    return self._asked(session, shown.choice, shown)
        except JianbaoError as error:
            values = self.refresh(shown)  # some of it may have been done
            values[1] = lists.notice(str(error), self.script) + values[1]  # beside the way back, if there is one
            return [*values, *[gr.skip()] * 3]
        documents_changed = pressed.do in ("remove", "remove_these", "undo")
        talk, values = session.talk, self.refresh(shown)
        if restored:
            values[1] = render.status(self.script, self.said.restored.format(count=restored)) + values[1]
        return [
            *values,
            self.talk.scoped(talk) if documents_changed else gr.skip(),
            gr.skip(),
            self.talk.conversation(talk) if documents_changed and not talk.exchanges else gr.skip(),
        ]

    def _selected(self, pressed: Pressed) -> tuple[str, ...]:
        if not pressed.ids:
            raise InputError(self.said.none_selected)
        return pressed.ids

    def _asked(self, session: Session, choice: Choice, shown: Shown) -> list[Any]:
        """Restricts the conversation to a choice, and goes there."""
        talk = self.talk.restrict(session, choice)
        return [*self.refresh(shown), self.talk.scoped(talk), gr.Tabs(selected="ask"), gr.skip()]
