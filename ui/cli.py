"""The command `jianbao`. Results go to stdout, progress and errors to stderr.

Exit codes: 0 done; 1 a problem that the user can fix, told in one sentence; 2 wrong usage.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.errors import InputError, JianbaoError
from rag.settings import Settings
from ui.render import visible
from ui.terminal import one_line, print_answer, print_json, print_lines, print_report, progress, reading

if TYPE_CHECKING:
    from rag.store import Library

#: The addresses that are reached from this computer only.
LOOPBACK = ("127.0.0.1", "localhost", "::1")

app = typer.Typer(
    help="Answers questions about your own documents and shows the sentence each answer stands on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _path(text: str) -> Path:
    if not text:  # as from an unset shell variable; it would mean the current folder
        raise typer.BadParameter("the name is empty")
    return Path(text)


LibraryOption = Annotated[
    Path | None,
    typer.Option("--library", metavar="DIR", parser=_path, help="The library's folder (default: JIANBAO_LIBRARY)."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON value.")]
ScopeOption = Annotated[
    list[str] | None, typer.Option("--document", metavar="ID", help="Use only this document; may be given again.")
]
SinceOption = Annotated[
    str,
    typer.Option(
        metavar="DATE", help="Use only documents from this day, month or year on (2011-04-19, 2011-04, 2011)."
    ),
]
UntilOption = Annotated[str, typer.Option(metavar="DATE", help="Use only documents up to this day, month or year.")]
SourceOption = Annotated[
    str, typer.Option(metavar="NAME", help="Use only documents of sources with this in their name.")
]


@app.command()
def chat(
    paths: Annotated[list[Path] | None, typer.Argument(parser=_path, help="Files and folders to sync first.")] = None,
    library: LibraryOption = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; the default is reached from this machine only.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65535)] = 7860,
    mcp: Annotated[bool, typer.Option("--mcp", help="Let agents use the server too (MCP).")] = False,
    name: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A name that the page is opened under behind a proxy; may be repeated."),
    ] = None,
) -> None:
    """Serve the web page, after syncing PATHS."""
    from ingest import sync
    from ingest.sync import checked_paths
    from rag import Assistant
    from ui.desk import Desk
    from ui.server import serve

    checked_paths(paths or [])  # before a library is made
    with Assistant.open(library) as assistant:
        if paths:
            with reading() as tell:
                report = sync(paths, assistant, progress=tell)
            print_report(report, file=sys.stderr)
        local = assistant.settings.llm in ("local", "none") or assistant.settings.llm.endswith(".gguf")
        local = local and host in LOOPBACK and not name
        with Desk(assistant, local=local) as desk:
            if paths:
                desk.collection.follow(paths)
            serve(desk, host=host, port=port, mcp=mcp, names=name or ())


@app.command()
def ingest(
    paths: Annotated[list[Path], typer.Argument(parser=_path, help="Files and folders that the library shall match.")],
    library: LibraryOption = None,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until Ctrl-C, and follow every change.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make the library match these files and folders."""
    from ingest import sync
    from ingest.sync import checked_paths
    from ingest.watch import changes
    from rag import Assistant

    checked_paths(paths)  # before a library is made

    def run() -> dict[str, Any]:
        with reading() as tell:
            report = sync(paths, assistant, progress=tell)
        if as_json:
            print_json(report)
        else:
            print_report(report, file=sys.stdout)
        return report

    try:
        with Assistant.open(library) as assistant:
            if watch:
                for _ in changes(paths):
                    run()
            report = run()
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # another Ctrl-C would only break the way out
        if not watch:
            print(
                "jianbao: Interrupted; what is stored so far is whole. The same command goes on from there.",
                file=sys.stderr,
            )
        raise typer.Exit(130) from None
    named = {os.path.abspath(path.expanduser()) for path in paths}
    if any(failure["path"] in named for failure in report["failed"]):
        raise typer.Exit(1)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question, in Chinese or English.")],
    library: LibraryOption = None,
    document: ScopeOption = None,
    since: SinceOption = "",
    until: UntilOption = "",
    source: SourceOption = "",
    as_json: JsonOption = False,
) -> None:
    """Answer a question, with the sentences that the answer stands on."""
    from rag import AnswerReady, Assistant, TextAdded

    with Assistant.open(library) as assistant:
        streamed = ""
        scope = _scope(assistant.library, document, since, until, source)
        for event in assistant.stream(question, scope=scope):
            if isinstance(event, TextAdded) and not as_json and sys.stdout.isatty():
                print(visible(event.text), end="", flush=True)
                streamed += event.text
            elif isinstance(event, AnswerReady):
                if as_json:
                    print_json(event.answer.as_dict())
                else:
                    print_answer(event.answer, streamed=streamed)


@app.command()
def retrieve(
    question: Annotated[str, typer.Argument(help="The question, in Chinese or English.")],
    k: Annotated[int, typer.Option("-k", "--k", help="How many passages.", min=1)] = 5,
    library: LibraryOption = None,
    document: ScopeOption = None,
    since: SinceOption = "",
    until: UntilOption = "",
    source: SourceOption = "",
    as_json: JsonOption = False,
) -> None:
    """Print the passages most likely to answer a question, the best first."""
    from rag import Assistant

    with Assistant.open(library) as assistant:
        scope = _scope(assistant.library, document, since, until, source)
        passages = assistant.retrieve(question, k=k, scope=scope)
    if as_json:
        print_json([passage.as_dict() for passage in passages])
        return
    for passage in passages:
        print(
            f"{passage.rank}. [{passage.score:.3f}] {passage.document.id}  {passage.document.title}\n{passage.text}\n"
        )


@app.command()
def documents(
    library: LibraryOption = None,
    remove: Annotated[
        list[str] | None, typer.Option("--remove", metavar="ID", help="Take this document out; may be given again.")
    ] = None,
    more: Annotated[list[str] | None, typer.Argument(metavar="[ID...]", help="More ids for --remove.")] = None,
    since: SinceOption = "",
    until: UntilOption = "",
    source: SourceOption = "",
    as_json: JsonOption = False,
) -> None:
    """List what the library holds, or take documents out of it."""
    from rag.embeddings import Encoder
    from rag.store import Library

    settings = Settings.from_environment()
    if more and not remove:
        raise typer.BadParameter(f"{more[0]!r} is given without --remove.")
    if remove and (since or until or source):
        raise typer.BadParameter("--remove takes ids; list them with --since, --until and --source first.")
    with Library.open(library or settings.library, encoder=Encoder(settings).name) as opened:
        if remove:
            asked = [*remove, *(more or [])]
            if unknown := [id for id in asked if opened.path_of(id) is None]:
                raise InputError(
                    f"The library has no document {unknown[0]!r}; nothing was removed. "
                    "`jianbao documents` lists what it holds."
                )
            opened.remove(asked)
            print(f"Removed {len(asked)}.", file=sys.stderr)
        held = opened.documents()
        if (wanted := _scope(opened, None, since, until, source)) is not None:
            chosen = set(wanted)
            held = [document for document in held if document.id in chosen]
    if as_json:
        print_json([document.as_dict() for document in held])
        return
    for document in held:
        print(
            "  ".join(one_line(part) for part in (document.id, document.date, document.title, document.source) if part)
        )
    print(f"{len(held)} documents, {sum(document.chunks for document in held)} passages.", file=sys.stderr)


@app.command(name="eval")
def evaluate(
    questions: Annotated[Path | None, typer.Argument(help="A question set, JSON lines.")] = None,
    documents: Annotated[
        list[Path] | None, typer.Option("--documents", metavar="DOCS", help="Use a temporary library made of these.")
    ] = None,
    retrieval_only: Annotated[
        bool, typer.Option("--retrieval-only", help="Score retrieval alone; no model is used.")
    ] = False,
    limit: Annotated[int | None, typer.Option(help="Only the first N questions.", min=1)] = None,
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option(metavar="A.json B.json", help="Tell what changed between two runs saved with --json."),
    ] = None,
    library: LibraryOption = None,
    document: ScopeOption = None,
    since: SinceOption = "",
    until: UntilOption = "",
    source: SourceOption = "",
    as_json: JsonOption = False,
) -> None:
    """Score a question set: answers, refusals, retrieval and latency. Or compare two runs, question by question."""
    if compare:
        if questions or documents or retrieval_only or limit or library or document or since or until or source:
            raise typer.BadParameter("--compare reads two saved runs; beside it only --json has a meaning.")
        _compare(*compare, as_json=as_json)
        return
    if questions is None:
        raise typer.BadParameter("name a question set (QUESTIONS), or two saved runs (--compare A.json B.json).")
    from ingest import sync
    from rag import Assistant
    from rag.evaluate import evaluate as score
    from rag.evaluate import load_questions, report_lines

    asked = load_questions(questions)[:limit]
    try:
        with (
            tempfile.TemporaryDirectory(prefix="jianbao-eval-", ignore_cleanup_errors=True) as temporary,
            Assistant.open(temporary if documents else library) as assistant,
        ):
            if documents:
                with reading() as tell:
                    report = sync(documents, assistant, progress=tell)
                if report["failed"]:
                    raise InputError(report["failed"][0]["error"])
            if not retrieval_only:
                assistant.warm()
            report = score(
                assistant,
                asked,
                retrieval_only=retrieval_only,
                scope=_scope(assistant.library, document, since, until, source),
                progress=progress("Asking"),
            )
    except KeyboardInterrupt:
        print("jianbao: Interrupted; there are no scores. Take fewer questions with --limit N.", file=sys.stderr)
        raise typer.Exit(130) from None
    if as_json:
        print_json(report)
    else:
        print_lines(report_lines(report))


def _compare(first: Path, second: Path, *, as_json: bool) -> None:
    from rag.compare import compare, comparison_lines, load_report

    comparison = compare(load_report(first), load_report(second))
    if as_json:
        print_json(comparison)
    else:
        print_lines([f"A  {one_line(str(first))}", f"B  {one_line(str(second))}", "", *comparison_lines(comparison)])


@app.command()
def doctor(
    repair: Annotated[bool, typer.Option("--repair", help="Rebuild what can be rebuilt.")] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check the installation, the weights and the library."""
    from ui.doctor import examine

    findings = examine(Settings.from_environment(), library, repair=repair)
    if as_json:
        print_json([finding.as_dict() for finding in findings])
    else:
        for finding in findings:
            print(f"{'ok  ' if finding.ok else 'FAIL'} {finding.name}: {finding.detail}")
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def main() -> None:
    """The console script: errors that jianbao raises on purpose become one sentence and exit code 1."""
    try:
        app()
    except JianbaoError as error:
        print(f"jianbao: {error}", file=sys.stderr)
        sys.exit(1)
    except UnicodeEncodeError as error:
        # Bytes of an argument that were no text, or a terminal that has no such letter.
        letters = error.object[error.start : error.end]
        print(f"jianbao: {letters!a} is no {error.encoding}. Type it in UTF-8, or set PYTHONUTF8=1.", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(1)
    except OSError as error:
        print(f"jianbao: {error.strerror or error}. Check the disk that the output goes to.", file=sys.stderr)
        sys.exit(1)


def _scope(library: Library, ids: Sequence[str] | None, since: str, until: str, source: str) -> list[str] | None:
    """The ids of the only documents to be used; None for all of them."""
    if not (since or until or source):
        return list(ids) if ids else None
    found = library.select(since=since, until=until, source=source)
    found = [id for id in found if not ids or id in ids]
    if not found:
        raise InputError("No document is from that time and source. `jianbao documents` lists what the library holds.")
    if (since or until) and (undated := sum(not document.date for document in library.documents())):
        print(f"{undated} documents have no date and are left out.", file=sys.stderr)
    return found
