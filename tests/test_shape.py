"""The house stays readable: small files, short functions, lazy imports, no machine's paths."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "parseq_tui").rglob("*.py"))
LONGEST_FILE = 450
LONGEST_FUNCTION = 60
HEAVY = ("torch", "diffusers", "transformers", "cv2", "av", "PIL")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_has_one_reason_to_change(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= LONGEST_FILE
    tree = ast.parse(text)
    if tree.body:
        assert ast.get_docstring(tree), f"{path.name} does not say what it owns"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, f"{node.name} is too long"


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
