"""The house stays readable: small files, short functions, lazy imports, no machine's paths."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "parseq_tui").rglob("*.py"))
LONGEST_FILE = 450
LONGEST_FUNCTION = 60
_HOLDS_STATEMENTS = (ast.stmt, ast.excepthandler, ast.match_case)
HEAVY = ("torch", "diffusers", "transformers", "cv2", "av", "PIL")


def test_a_file_has_one_reason_to_change() -> None:
    assert [fault for path in SOURCES for fault in faults_of(path)] == []


def faults_of(path: Path) -> Iterator[str]:
    """What is too long in a file, or does not say what it is for. Functions stand in modules, classes and functions."""
    text, name = path.read_text(encoding="utf-8"), str(path.relative_to(ROOT))
    if text.count("\n") > LONGEST_FILE:
        yield f"{name} is too long"
    tree = ast.parse(text)
    if tree.body and not ast.get_docstring(tree):
        yield f"{name} does not say what it owns"
    nodes: list[ast.AST] = [tree]
    while nodes:
        node = nodes.pop()
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if is_function and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION:
            yield f"{node.name} in {name} is too long"
        nodes += [part for part in ast.iter_child_nodes(node) if isinstance(part, _HOLDS_STATEMENTS)]


def test_nothing_evaluates_or_unpickles_text() -> None:
    forbidden = re.compile(r"(?<![\w.])(eval|exec)\(|\bpickle\b(?!s)|yaml\.load\(|shell=True")
    for path in SOURCES:
        code = "\n".join(line.split("#")[0] for line in path.read_text(encoding="utf-8").splitlines())
        code = re.sub(r'"""[\s\S]*?"""', "", code).replace("from pickle import UnpicklingError", "")
        assert not forbidden.search(code), path
        loads = re.findall(r"torch\.load\(.*", code)
        assert all("weights_only=True" in load for load in loads), path


def imported_by(statement: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after this statement."""
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_importing_the_package_is_nearly_free() -> None:
    assert not imported_by("import parseq_tui") & {"numpy", "textual", "rich", *HEAVY}


def test_help_loads_no_numpy() -> None:
    assert not imported_by("import parseq_tui.cli") & {"numpy", "textual", "rich", *HEAVY}


def test_the_editor_loads_no_pixels() -> None:
    assert not imported_by("import parseq_tui.ui.app, parseq_tui.wiring") & set(HEAVY)


def test_documents_bake_without_a_user_interface() -> None:
    statement = "import parseq_tui.timeline.bake, parseq_tui.formats.native, parseq_tui.formats.frames"
    assert not imported_by(statement) & {"textual", "rich", "plotext", *HEAVY}
