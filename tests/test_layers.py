from __future__ import annotations

import ast
import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import rag
from rag import errors
from tests.conftest import ROOT

PACKAGES = ("rag", "ingest", "ui")
SOURCES = sorted(source for package in PACKAGES for source in (ROOT / package).rglob("*.py"))


def imports(source: Path) -> Iterator[str]:
    """The modules that a source file imports, wherever in the file, by their full names."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source} has a relative import"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importers(module: str) -> list[str]:
    """The source files that import a module or a part of it."""
    return [
        str(source.relative_to(ROOT))
        for source in SOURCES
        if any(name == module or name.startswith(f"{module}.") for name in imports(source))
    ]


@pytest.mark.parametrize(
    ("package", "may_import"), [("rag", {"rag"}), ("ingest", {"ingest", "rag"}), ("ui", {"ui", "ingest", "rag"})]
)
def test_imports_go_one_way(package: str, may_import: set[str]) -> None:
    found = {
        name.split(".")[0]
        for source in SOURCES
        if source.is_relative_to(ROOT / package)
        for name in imports(source)
        if name.split(".")[0] in (*PACKAGES, "tests")
    }
    assert package in found
    assert found <= may_import


IMPORTERS = [
    ("chromadb", "rag/vectors.py"),
    ("sqlite3", "rag/catalog.py rag/figure_file.py ui/conversations.py"),
    ("sentence_transformers", "rag/embeddings.py"),
    ("torch", "rag/embeddings.py"),
    ("onnxruntime", "rag/embeddings.py"),
    ("onnx", "rag/e5.py"),
    ("xllamacpp", "rag/llm.py"),
    ("langchain_openai", "rag/llm.py"),
    ("langchain.chat_models.init_chat_model", "rag/llm.py"),
    ("opencc", "rag/text.py"),
    ("rapidocr", "ingest/ocr.py"),
    ("pypdfium2", "ingest/pdf.py"),
    ("PIL", "ingest/ocr.py"),
    ("docx", "ingest/office.py ui/written.py"),
    ("pptx", "ingest/office.py"),
    ("openpyxl", "ingest/tables.py rag/figure_export.py"),
    ("defusedxml", "ingest/books.py"),
    ("gradio", "ui/api.py ui/app.py ui/numbers.py ui/parts.py ui/shelf.py ui/talk.py"),
    ("mcp", "ui/api.py"),
    ("typer", "ui/cli.py"),
]


@pytest.mark.parametrize(("outside", "where"), IMPORTERS)
def test_each_outside_thing_is_imported_where_it_belongs(outside: str, where: str) -> None:
    assert importers(outside) == where.split()


def test_markup_is_parsed_in_three_places_each_with_its_own_precautions() -> None:
    # Tag by tag and never as a tree, without entities in an Office part, and row by row out of a sheet.
    assert importers("lxml") == ["ingest/office.py", "ingest/tables.py", "ingest/web.py"]


def test_importing_everything_but_the_page_loads_no_model_makes_no_folder_and_sets_no_variable(tmp_path: Path) -> None:
    program = """
import json, os, sys
from pathlib import Path

before = dict(os.environ)
modules = sys.argv[1:]
for module in modules:
    __import__(module)
print(json.dumps({
    "loaded": sorted(set(sys.modules)),
    "changed": sorted(name for name in {*before, *os.environ} if before.get(name) != os.environ.get(name)),
}))
"""
    modules = [
        ".".join(source.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for source in SOURCES
        if "gradio" not in {name.split(".")[0] for name in imports(source)}  # its blocks are the page's base
    ]
    assert {"rag", "ingest", "ui", "ui.cli", "rag.embeddings", "rag.llm", "rag.store"} <= set(modules)
    home = tmp_path / "home"
    home.mkdir()
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("JIANBAO_", "XDG_", "HF_", "COV_"))
    }
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, *modules],
        env={**environment, "HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    found = json.loads(run.stdout)
    models = "chromadb sentence_transformers transformers torch onnx onnxruntime tokenizers xllamacpp langchain_openai"
    assert {*models.split(), "gradio"} & set(found["loaded"]) == set()
    assert found["changed"] == []
    assert [path for path in tmp_path.rglob("*") if path != home] == []


def test_the_public_names_are_sorted_and_exist() -> None:
    assert rag.__all__ == sorted(rag.__all__)
    assert len(rag.__all__) == len(set(rag.__all__))
    for name in rag.__all__:
        assert hasattr(rag, name), name


def test_the_package_page_names_every_public_name() -> None:
    page = inspect.getdoc(rag)
    assert page is not None
    kinds_of_error = {name for name, _ in inspect.getmembers(errors, inspect.isclass)} - {"JianbaoError"}
    for name in {*rag.__all__} - kinds_of_error - {"Event", "Settings"}:
        assert re.search(rf"\b{name}\b", page), name


def test_the_tree_of_exceptions_in_the_docstring_is_the_tree_of_classes() -> None:
    drawn: dict[str, str] = {}
    branch: list[tuple[int, str]] = []
    assert errors.__doc__ is not None
    for line in errors.__doc__.splitlines():
        if found := re.match(r"( *(?:\+- )?)([A-Z]\w+(?:Error|Locked|Mismatch|Damaged))\b", line):
            depth, name = len(found[1]), found[2]
            branch = [(indent, parent) for indent, parent in branch if indent < depth]
            drawn[name] = branch[-1][1] if branch else "Exception"
            branch.append((depth, name))
    real = {
        name: kind.__base__.__name__
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, Exception) and kind.__base__
    }
    assert drawn == real
    assert len(drawn) > 5


def test_every_error_that_can_be_raised_is_public_and_has_a_docstring() -> None:
    for name, kind in vars(errors).items():
        if isinstance(kind, type):
            assert getattr(rag, name) is kind
            assert name in rag.__all__
            assert kind.__doc__


def test_every_module_says_what_it_is() -> None:
    for source in SOURCES:
        assert ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))), source
