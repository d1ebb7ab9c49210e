"""What could complete what is typed: the language's words in a formula, the commands' names on the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from parseq_tui.audio.heard import CURVES, EVENTS
from parseq_tui.language.completion import Completion, completions
from parseq_tui.timeline.document import Document
from parseq_tui.timeline.fields import FIELDS, OWN_FIELDS, field_named, is_declared
from parseq_tui.timeline.render_settings import SETTINGS
from parseq_tui.ui.commands import COMMANDS, find
from parseq_tui.ui.commands.application import LOCKS
from parseq_tui.ui.commands.registry import Context
from parseq_tui.ui.terminal.glyphs import KINDS
from parseq_tui.ui.view_state import column_at


def complete_cell(context: Context, text: str, cursor: int) -> Sequence[Completion]:
    """Proposals for the word before the cursor of a formula; `=` begins one in a value cell."""
    if column_at(context.document, context.view).part == "formula":
        return _formula_words(context.document, text, cursor)
    if text.startswith("="):
        words = _formula_words(context.document, text[1:], cursor - 1)
        return [replace(one, start=one.start + 1) for one in words]
    return ()


def _formula_words(document: Document, text: str, cursor: int) -> Sequence[Completion]:
    """What the language proposes, with what the document's own names mean."""
    names = (*document.managed_fields, *(series.alias for series in document.time_series))
    return [
        replace(one, help=_meaning(document, one.text)) if one.kind == "field" else one
        for one in completions(text, cursor, names)
    ]


def usage(text: str) -> str:
    """What may be typed behind a command's name, and what it does with it; "" before the name is complete."""
    name, space, _ = text.partition(" ")
    known = find(name) if space else None
    if known is None or not known.argument:
        return ""
    argument = known.argument[1:-1] if known.argument[0] == "[" and known.argument.count("[") == 1 else known.argument
    rows = " ROWS: chorus (a label), 8b..16b, zoom=1.5, zoom~sin." if "ROWS" in known.argument else ""
    return f"{argument}   {known.help}{rows}"


def complete_command(context: Context, text: str, cursor: int) -> Sequence[Completion]:
    """Names of commands: what is called exactly so, what begins so (an alias, a word of the name), what holds it.

    Behind a command that wants a field, and behind its `where`, the names of fields.
    """
    typed = text[:cursor]
    if " " in typed:
        return _settings_wanted(context, typed) or _fields_wanted(context, typed) or _choices_wanted(typed)
    found = sorted((rank, place, name) for place, name in enumerate(COMMANDS) if (rank := _likeness(name, typed)) < 3)
    return [Completion(name, 0, "keyword", COMMANDS[name].title) for _, _, name in found]


def _likeness(name: str, typed: str) -> int:
    """How well what was typed names a command: 0 exactly, 1 as a beginning, 2 somewhere inside, 3 not at all."""
    if find(typed) is COMMANDS[name]:
        return 0
    if any(word.startswith(typed) for word in (name, *name.split("."), *COMMANDS[name].aliases)):
        return 1
    return 2 if typed in name else 3


def _settings_wanted(context: Context, typed: str) -> Sequence[Completion]:
    """Names of render settings behind a command that wants one, then the values a setting may have."""
    command, *words = typed.split(" ")
    known = find(command)
    if known is None or not known.argument.startswith("SETTING") or not 1 <= len(words) <= 2:
        return ()
    start = len(typed) - len(words[-1])
    if len(words) == 1:
        found = [one for one in SETTINGS.values() if words[0] in one.name]
        found.sort(key=lambda one: not one.name.startswith(words[0]))
        return [Completion(one.name, start, "keyword", one.help) for one in found]
    setting = SETTINGS.get(words[0])
    if setting is None:
        return ()
    values = setting.choices or (("true", "false") if setting.kind is bool else ())
    now = context.document.render.get(setting.name, setting.default)
    return [
        Completion(value, start, "keyword", "as it is now" if value == str(now).lower() else "")
        for value in values
        if value.startswith(words[1])
    ]


_CHOICES: Mapping[str, Sequence[str]] = {
    "view.glyphs": (*KINDS, "auto"),
    "document.lock": LOCKS,
    "sound.keyframes": EVENTS,
    "sound.series": CURVES,
}
"""Commands that want one of a few words."""


def _choices_wanted(typed: str) -> Sequence[Completion]:
    name, _, word = typed.partition(" ")
    known = find(name)
    choices = _CHOICES.get(known.name, ()) if known is not None else ()
    return [Completion(one, len(name) + 1, "keyword", "") for one in choices if one.startswith(word)]


def _fields_wanted(context: Context, typed: str) -> Sequence[Completion]:
    *before, word = typed.split(" ")
    known = find(before[0])
    if known is None or not (len(before) == 1 or before[-1] in ("where", "and")):
        return ()
    document = context.document
    names: dict[str, None] = {}
    if "FIELD" in known.argument:
        names = dict.fromkeys((*document.managed_fields, *document.displayed_fields))
    if "SERIES" in known.argument:
        names |= dict.fromkeys(series.alias for series in document.time_series)
    if known.name == "document.fields":  # these are to be added
        names = dict.fromkeys(name for name in (*FIELDS, *OWN_FIELDS) if name not in names)
    start = len(typed) - len(word)
    found = [name for name in names if name.startswith(word)]
    found += [name for name in names if word in name and name not in found]
    return [Completion(name, start, "field", _meaning(document, name)) for name in found]


def _meaning(document: Document, name: str) -> str:
    """What a field or time series of the document is, in a few words."""
    series = next((one for one in document.time_series if one.alias == name), None)
    if series is not None and name not in document.managed_fields:
        return f"time series of {series.x.size:,} points"
    return field_named(name, document.dialect).meaning if is_declared(name) else "a number of your own"
