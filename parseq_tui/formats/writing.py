"""Document → the text of its file. What did not change is the text that was read; what did is written into it.

Only what differs from what was read is touched: a cell is one number in one line. New rows look like the rows around
them. A document that came from no file is written in the house's own layout: one line per keyframe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from parseq_tui import __version__
from parseq_tui.formats.exact_json import Member, container_end, discard_elements, members, skip_space
from parseq_tui.formats.flat_objects import rewritten_flat, spelled_like_flat
from parseq_tui.formats.json_text import INLINE, Layout, layout_of, rewritten, spelled, spelled_like
from parseq_tui.formats.parseq import SEED_ERA_VERSION, Grouping, grouping_of
from parseq_tui.formats.prompt_entries import write_prompts
from parseq_tui.formats.rows import cell_changes, row_object
from parseq_tui.formats.series_entries import write_series
from parseq_tui.formats.source import DocumentOrigin, RowOrigin, Source
from parseq_tui.formats.top_level import OPTION_KEYS, default_displayed, default_managed
from parseq_tui.timeline.document import Document, Options
from parseq_tui.timeline.keyframe import Keyframe

DERIVED_KEYS = ("rendered_frames", "rendered_frames_meta")
"""What exports add to a document. Computed from the rest, so a changed document is written without them."""


def document_text(document: Document) -> str:
    """The text of the document's file, without byte order mark."""
    origin = document.origin
    if not isinstance(origin, DocumentOrigin):
        return _fresh_text(document)
    if is_as_read(document):
        return origin.source.text if origin.source.written is None else origin.source.written
    return edited_text(document, origin)


def is_as_read(document: Document) -> bool:
    """Whether the document says exactly what its file says."""
    origin = document.origin
    if not isinstance(origin, DocumentOrigin) or document != origin.read:
        return False
    # Rows compare by what they say, and equal rows may come from elsewhere (a reload, a merge).
    return all(row.origin is was.origin for row, was in zip(document.keyframes, origin.read.keyframes, strict=True))


def edited_text(document: Document, origin: DocumentOrigin) -> str:
    """The file's text with everything that changed written into it."""
    text = origin.source.text
    start = skip_space(text, 0)
    skipped = {"keyframes": _skip_rows(origin), "rendered_frames": discard_elements}
    old = list(members(text, start, by_key=skipped))
    wanted = _wanted(document, origin)
    layout = layout_of(text, start, old) or INLINE
    kept = [member for member in old if member.key not in DERIVED_KEYS]
    parts: list[list[str]] = []
    for member in kept:
        head = text[member.key_start : member.value_start]
        if member.key == "keyframes":
            rows = rows_text(document, origin, member.value_start)
            rows[0] = head + rows[0]
            parts.append(rows)
        elif member.key in wanted:
            parts.append([head, rewritten(text, member.value_start, wanted.pop(member.key))])
        else:
            parts.append([text[member.key_start : member.value_end]])
    gaps = _gaps(text, start, old, kept, layout)
    for key, value in wanted.items():
        parts.append([f"{spelled(key)}{layout.colon}{spelled(value, layout)}"])
        gaps.append(layout.between)
    if origin.keyframes_span is None:
        parts.append([f'"keyframes"{layout.colon}{_fresh_rows(document, layout)}'])
        gaps.append(layout.between)
    end = container_end(text, old[-1] if old else None, start)
    closing = text[old[-1].value_end if old else start + 1 : end - 1]
    pieces = [text[: start + 1]]
    for gap, part in zip(gaps, parts, strict=True):
        pieces += (gap, *part)
    return "".join((*pieces, closing, text[end - 1 :]))  # once: it is megabytes


def _gaps(text: str, start: int, old: list[Member], kept: list[Member], layout: Layout) -> list[str]:
    """What stands before each kept member: its own gap, the bracket's for whoever comes first now."""
    before = [start + 1, *(member.value_end for member in old)]
    gaps = {member.key: text[position : member.key_start] for position, member in zip(before, old, strict=False)}
    found = [gaps[member.key] for member in kept]
    if found and kept[0] is not old[0]:
        found[0] = layout.opening
    return found


def _skip_rows(origin: DocumentOrigin) -> Callable[[str, int], tuple[None, int]]:
    def skip(text: str, start: int) -> tuple[None, int]:
        assert origin.keyframes_span is not None
        return None, origin.keyframes_span[1]

    return skip


def _wanted(document: Document, origin: DocumentOrigin) -> dict[str, Any]:
    """The top-level values that changed: key → what it shall be."""
    read, raw = origin.read, origin.raw
    grouping = grouping_of(document.dialect)
    wanted: dict[str, Any] = {}
    if document.name != read.name:
        wanted["meta"] = {**(raw.get("meta") or {}), "docName": document.name}
    if document.dialect == "2022" and document.managed_fields != read.managed_fields:
        # 2022 had no such list: the version keeps the document what it is.
        wanted["meta"] = {**(wanted.get("meta") or raw.get("meta") or {}), "version": SEED_ERA_VERSION}
    if document.options != read.options:
        wanted["options"] = {**(raw.get("options") or {}), **_options(document.options, read.options)}
    wanted |= _field_lists(document, origin)
    if document.prompts != read.prompts:
        wanted["prompts"] = write_prompts(document.prompts, grouping.write_formula, grouping.write_prompt)
    if document.time_series != read.time_series:
        wanted["timeSeries"] = [write_series(series) for series in document.time_series]
    if document.lock != read.lock:
        wanted["keyframeLock"] = document.lock
    if document.reverse != read.reverse:
        wanted["reverseRender"] = document.reverse
    if document.render != read.render:
        wanted["render"] = dict(document.render)
    return wanted


def _field_lists(document: Document, origin: DocumentOrigin) -> dict[str, list[str]]:
    """The lists of fields that the file must say otherwise, or must say now because its silence would mean another."""
    wanted: dict[str, list[str]] = {}
    managed, shown = origin.read.managed_fields, origin.read.displayed_fields
    if origin.raw.get("managedFields") is None:
        managed = default_managed(document.dialect, document.keyframes)
    if document.managed_fields != managed:
        wanted["managedFields"] = list(document.managed_fields)
    key = next((key for key in ("displayedFields", "displayFields") if origin.raw.get(key) is not None), None)
    if document.displayed_fields != (default_displayed(document.managed_fields) if key is None else shown):
        wanted[key or "displayedFields"] = list(document.displayed_fields)
    return wanted


def _options(options: Options, read: Options | None = None) -> dict[str, Any]:
    """The options that differ from `read`, under the file's names."""
    found = ((key, getattr(options, name), getattr(read, name, None)) for name, key in OPTION_KEYS.items())
    return {key: value for key, value, old in found if read is None or value != old}


def rows_text(document: Document, origin: DocumentOrigin, start: int) -> list[str]:
    """The text of the `keyframes` array that begins at `start`, in pieces."""
    text = origin.source.text
    rows = _in_file_order(document, origin)
    old = _old_rows(origin)
    between = text[old[0].end : old[1].start] if len(old) > 1 else None
    opening = text[start + 1 : old[0].start] if old else ""
    if between is None:
        between = "," + (opening if "\n" in opening else " ")
    assert origin.keyframes_span is not None
    end = origin.keyframes_span[1]
    closing = text[old[-1].end : end - 1] if old else ""
    grouping = grouping_of(document.dialect)
    out = ["[", opening]
    previous: RowOrigin | None = None
    template: RowOrigin | None = old[0] if old else None
    for place, row in enumerate(rows):
        here = row.origin if isinstance(row.origin, RowOrigin) and row.origin.source is origin.source else None
        if place:
            follows = here is not None and previous is not None and here.index == previous.index + 1
            out.append(text[previous.end : here.start] if follows and previous and here else between)
        out.append(_row_text(row, template, grouping))
        previous = here
        template = here or template
    return [*out, closing, "]"]


def _old_rows(origin: DocumentOrigin) -> list[RowOrigin]:
    """The file's rows in the file's order."""
    read = [row.origin for row in origin.read.keyframes if isinstance(row.origin, RowOrigin)]
    return sorted(read, key=lambda row: row.index)


def _in_file_order(document: Document, origin: DocumentOrigin) -> list[Keyframe]:
    """The rows in the order in which the file shall have them.

    By frame, as in the document; but in a file that is not sorted, rows stay where they are and new ones follow the row
    that is before them on the timeline.
    """
    if origin.sorted_rows:
        return list(document.keyframes)
    places: list[tuple[float, int, Keyframe]] = []
    last = -1.0
    for number, row in enumerate(document.keyframes):
        known = isinstance(row.origin, RowOrigin) and row.origin.source is origin.source
        last = float(row.origin.index) if known else last
        places.append((last, number, row))
    return [row for _, _, row in sorted(places, key=lambda place: place[:2])]


def _row_text(row: Keyframe, template: RowOrigin | None, grouping: Grouping) -> str:
    """A row: as it was read if it says the same, changed in place if it was read, else like its neighbour."""
    origin = row.origin
    if isinstance(origin, RowOrigin):
        text = origin.source.text
        if origin.says(row):
            return text[origin.start : origin.end]
        return _changed_row(row, origin, grouping)
    content = {key: _for_file(key, value, grouping) for key, value in row_object(row).items()}
    if template is None:
        return spelled(content)
    text = template.source.text
    return spelled_like_flat(text[template.start : template.end], content) or spelled_like(
        text, template.start, content
    )


def _changed_row(row: Keyframe, origin: RowOrigin, grouping: Grouping) -> str:
    text = origin.source.text
    changes = {
        key: value if value is None else _for_file(key, value, grouping) for key, value in cell_changes(row, origin)
    }
    plain = rewritten_flat(text[origin.start : origin.end], changes)
    if plain is not None:
        return plain
    content: dict[str, Any] = {member.key: member.value for member in members(text, origin.start)}
    added: dict[str, Any] = {}
    for key, value in changes.items():
        if value is None:
            content.pop(key, None)
        elif key in content:
            content[key] = value
        else:
            added[key] = value
    return rewritten(text, origin.start, _with_added(content, added))


def _with_added(content: dict[str, Any], added: dict[str, Any]) -> dict[str, Any]:
    """New cells stand beside the other half of their field, where that is, else at the end."""
    if not added:
        return content
    placed: dict[str, Any] = {}
    for key, value in content.items():
        placed[key] = value
        partner = f"{key}_i"
        if partner in added:
            placed[partner] = added[partner]
    return placed | {key: value for key, value in added.items() if key not in placed}


def _for_file(key: str, value: Any, grouping: Grouping) -> Any:
    return grouping.write_formula(value) if isinstance(value, str) and key.endswith("_i") else value


def _fresh_text(document: Document) -> str:
    """A document of our own, for people to read: one line per keyframe and per prompt."""
    grouping = grouping_of(document.dialect)
    prompts = write_prompts(document.prompts, grouping.write_formula, grouping.write_prompt)
    meta: dict[str, Any] = {"generated_by": "parseq-tui", "version": __version__}
    if document.name:
        meta["docName"] = document.name
    options = {key: value for key, value in _options(document.options).items() if value is not None}
    blocks: dict[str, str] = {
        "meta": spelled(meta),
        "options": spelled(options),
        "render": _lines({key: spelled(value) for key, value in document.render.items()}, "{}"),
        "managedFields": spelled(list(document.managed_fields)),
        "displayedFields": spelled(list(document.displayed_fields)),
        "prompts": _prompt_lines(prompts),
        "keyframes": _fresh_rows(document, INLINE),
        "timeSeries": spelled([write_series(series) for series in document.time_series]),
        "keyframeLock": spelled(document.lock),
        "reverseRender": spelled(document.reverse),
    }
    optional = {"render": document.render, "timeSeries": document.time_series, "reverseRender": document.reverse}
    shown = {key: block for key, block in blocks.items() if optional.get(key, True)}
    return "{\n" + ",\n".join(f"  {spelled(key)}: {block}" for key, block in shown.items()) + "\n}\n"


def _prompt_lines(prompts: Any) -> str:
    if not isinstance(prompts, Mapping) or "promptList" not in prompts:
        return spelled(prompts)
    entries = ",\n".join("      " + spelled(entry) for entry in prompts["promptList"])
    shown = {key: spelled(value) for key, value in prompts.items()}
    shown["promptList"] = f"[\n{entries}\n    ]" if entries else "[]"
    return _lines(shown, "{}")


def _lines(parts: Mapping[str, str], brackets: str) -> str:
    if not parts:
        return brackets
    return "{\n" + ",\n".join(f"    {spelled(key)}: {part}" for key, part in parts.items()) + "\n  }"


def _fresh_rows(document: Document, layout: Layout) -> str:
    grouping = grouping_of(document.dialect)
    rows = (_row_text(row, None, grouping) for row in document.keyframes)
    return "[\n    " + ",\n    ".join(rows) + "\n  ]"


def source_of(document: Document) -> Source | None:
    """The text the document was read from, if it was."""
    return document.origin.source if isinstance(document.origin, DocumentOrigin) else None
