"""`eval`, `plot`, `functions`: the language and a document's curves, in a terminal without the editor."""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import sys
import textwrap
from collections.abc import Sequence

import numpy as np

from parseq_tui.errors import FormulaError, UsageError, did_you_mean
from parseq_tui.formats import native
from parseq_tui.language.diagnostics import Diagnostic, format_diagnostic
from parseq_tui.language.evaluate import evaluate_example, evaluate_over
from parseq_tui.language.registry import FUNCTIONS, VARIABLES, Function, Variable
from parseq_tui.timeline.bake import bake
from parseq_tui.ui.drawing.plot import plot_text
from parseq_tui.ui.drawing.series import sampled

EXAMPLE_FRAMES = 80


def evaluate(arguments: argparse.Namespace) -> int:
    """One value per frame, one per line."""
    try:
        values = evaluate_over(arguments.expression, arguments.frames, fps=arguments.fps, bpm=arguments.bpm)
    except FormulaError as error:
        problem = Diagnostic("error", error.message, error.hint, error.kind, text=arguments.expression, span=error.span)
        print(format_diagnostic(problem), file=sys.stderr)
        return 1
    plain = values.tolist() if isinstance(values, np.ndarray) else values
    if arguments.json:
        print(json.dumps([None if isinstance(v, float) and not math.isfinite(v) else v for v in plain]))
        return 0
    for frame, value in enumerate(plain):
        print(f"{frame}\t{value!r}" if isinstance(value, float) else f"{frame}\t{value}")
    return 0


def plot(arguments: argparse.Namespace) -> int:
    """Curves of a document: the fields and time series named, or the fields it displays."""
    document = native.load(arguments.document)
    table = bake(document)
    wanted = arguments.fields or [name for name in document.displayed_fields if name in table][:8]
    columns = {**table.columns, **{series.alias: sampled(series, table) for series in document.time_series}}
    unknown = [name for name in wanted if name not in columns]
    if unknown:
        raise UsageError(
            f"{arguments.document} has no field or series {', '.join(unknown)}", hint=f"it has {', '.join(columns)}"
        )
    first, stop = arguments.frames or (None, None)
    rates = table.fps, table.bpm
    begin = 0 if first is None else max(0, first.frame(*rates) - table.first_frame)
    end = table.frame_count if stop is None else min(table.frame_count, stop.frame(*rates) - table.first_frame)
    if begin >= end:
        raise UsageError(
            "there is nothing to draw in these frames",
            hint=f"the document has frames {table.first_frame}:{table.first_frame + table.frame_count}",
        )
    width, height = shutil.get_terminal_size()
    curves = {name: columns[name][begin:end] for name in wanted}
    marks = [row.frame for row in document.keyframes if begin <= row.frame - table.first_frame < end]
    first_shown = table.first_frame + begin
    for line in plot_text(curves, width, max(12, height - 4), x0=first_shown, marks=marks, color=_colored()):
        print(line)
    for problem in table.diagnostics:
        print(format_diagnostic(problem), file=sys.stderr)
    return 1 if table.errors else 0


def functions(arguments: argparse.Namespace) -> int:
    """The language's documentation: a list, or one entry with its parameters and the curve of its example."""
    entries = _entries()
    if arguments.name is None:
        _list(entries, as_json=arguments.json)
        return 0
    entry = FUNCTIONS.get(arguments.name) or VARIABLES.get(arguments.name)
    if entry is None:
        hint = did_you_mean(arguments.name, [*FUNCTIONS, *VARIABLES], otherwise="`parseq-tui functions` lists them")
        raise UsageError(f"the language has no {arguments.name!r}", hint=hint)
    if arguments.json:
        print(json.dumps(_as_json(entry), ensure_ascii=False, indent=1))
        return 0
    _explain(entry)
    return 0


def _entries() -> list[Function | Variable]:
    """Each once, by category, in the order they were declared."""
    entries: list[Function | Variable] = [*dict.fromkeys(FUNCTIONS.values()), *VARIABLES.values()]
    return sorted(entries, key=lambda entry: (isinstance(entry, Variable), entry.category))


def _list(entries: Sequence[Function | Variable], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([_as_json(entry) for entry in entries], ensure_ascii=False, indent=1))
        return
    category = ""
    for entry in entries:
        heading = f"{'variables' if isinstance(entry, Variable) else 'functions'}: {entry.category}"
        if heading != category:
            print(f"{'' if not category else chr(10)}{heading}")
            category = heading
        _say(f"  {entry.name:24} {entry.help}", indent=27)
    print("\n`parseq-tui functions NAME` shows parameters, an example and its curve.", file=sys.stderr)


def _as_json(entry: Function | Variable) -> dict[str, object]:
    described: dict[str, object] = {
        "name": entry.name,
        "kind": "variable" if isinstance(entry, Variable) else "function",
        "category": entry.category,
        "signature": entry.signature(),
        "help": entry.help,
        "example": entry.example,
    }
    if isinstance(entry, Function):
        described["aliases"] = list(entry.aliases)
        described["parameters"] = [
            {"names": list(parameter.names), "kind": parameter.kind, "help": parameter.help}
            for parameter in entry.parameters
        ]
    return described


def _explain(entry: Function | Variable) -> None:
    _say(entry.signature(), indent=len(entry.name) + 1)
    _say(f"  {entry.help}", indent=2)
    if isinstance(entry, Function):
        if entry.aliases:
            _say(f"  also called {', '.join(entry.aliases)}", indent=2)
        for parameter in entry.parameters:
            others = f" (or {', '.join(parameter.names[1:])})" if len(parameter.names) > 1 else ""
            _say(f"  {parameter!s:28} {parameter.help}{others}", indent=31)
    print(f"\nexample: {entry.example}")
    for line in _example_curve(entry):
        print(line)


def _say(text: str, *, indent: int) -> None:
    """A line; on a terminal that is too narrow for it several, none of which breaks a word. A script gets it whole."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else max(80, len(text))
    for line in textwrap.wrap(text, width, subsequent_indent=" " * indent, break_on_hyphens=False):
        print(line)


def _example_curve(entry: Function | Variable) -> list[str]:
    """The example over some frames of a made-up timeline; words if it is not a curve."""
    try:
        values = evaluate_example(entry.example, EXAMPLE_FRAMES)
    except FormulaError as error:
        return [f"  (needs a document around it: {error.message})"]
    if not isinstance(values, np.ndarray):
        return [f"  {values[0]}"]
    if not np.isfinite(values).any():
        return ["  (no number here: it needs a document around it)"]
    width = min(shutil.get_terminal_size().columns, 100)
    return plot_text({entry.example: values}, width, 12, color=_colored())


def _colored() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
