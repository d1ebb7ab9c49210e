"""Documents as strangers write them: hypothesis strategies for texts in every layout, with keys nobody knows."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

FIELDS = ("zoom", "angle", "seed", "strength")

numbers = st.one_of(
    st.integers(-1000, 1000),
    st.floats(-1e6, 1e6, allow_nan=False, allow_infinity=False),
    st.sampled_from([0.1, 1e-7, 1.5e300, -0.0]),
)
words = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=12)
unknown = st.recursive(
    st.none() | st.booleans() | numbers | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
unknown_key = words.map(lambda word: "x_" + word)
formulas = st.sampled_from(["S", "L", "C", "sin(p=10)", "S+f*0.1", "10-5-2", "broken(", "f # a comment"])


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    frames = sorted(draw(st.sets(st.integers(0, 500), min_size=2, max_size=6)))
    found = []
    for frame in frames:
        row: dict[str, Any] = {"frame": frame}
        for name in draw(st.lists(st.sampled_from(FIELDS), unique=True)):
            if draw(st.booleans()):
                row[name] = draw(numbers)
            if draw(st.booleans()):
                row[f"{name}_i"] = draw(formulas)
        if draw(st.booleans()):
            row["info"] = draw(words)
        if draw(st.booleans()):
            row[draw(unknown_key)] = draw(unknown)
        items = list(row.items())
        found.append(dict(draw(st.permutations(items))))
    return found if draw(st.booleans()) else draw(st.permutations(found))


@st.composite
def prompts(draw: st.DrawFn) -> Any:
    def entry() -> dict[str, Any]:
        return {
            "name": draw(words),
            "positive": draw(words),
            "negative": draw(words),
            "allFrames": draw(st.booleans()),
            "from": draw(st.integers(0, 100)),
            "to": draw(st.integers(0, 100)),
            "overlap": {"type": "none", "inFrames": 0, "outFrames": 0, "custom": "prompt_weight_1"},
            draw(unknown_key): draw(unknown),
        }

    shape = draw(st.sampled_from(["v0", "v1", "v2"]))
    if shape == "v0":
        return {"positive": draw(words), "negative": draw(words)}
    entries = [entry() for _ in range(draw(st.integers(1, 3)))]
    if shape == "v1":
        return entries
    return {"format": "v2", "enabled": draw(st.booleans()), "promptList": entries, "commonPrompt": entry()}


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """The decoded content of a document file."""
    content: dict[str, Any] = {
        "meta": {"generated_by": draw(st.sampled_from(["parseq-tui", "sd_parseq"])), "version": "1"},
        "options": {"output_fps": draw(st.sampled_from([20, 24, "30", 29.97])), "bpm": 140},
        "managedFields": list(FIELDS),
        "keyframes": draw(rows()),
        "prompts": draw(prompts()),
        "render": {"mode": "txt2img", "mine": draw(unknown)},
    }
    for _ in range(draw(st.integers(0, 2))):
        content[draw(unknown_key)] = draw(unknown)
    return dict(draw(st.permutations(list(content.items()))))


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A document file's text: indented or not, odd spaces, CRLF, a byte order mark."""
    text = _laid_out(draw(documents()), draw)
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return draw(st.sampled_from(["", "\ufeff"])) + text + draw(st.sampled_from(["", "\n", " \n\n"]))


def _laid_out(value: Any, draw: st.DrawFn) -> str:
    if draw(st.booleans()):
        layout = draw(st.sampled_from([{"indent": 2}, {"indent": "\t"}, {"indent": None}, {"separators": (",", ":")}]))
        return json.dumps(value, ensure_ascii=draw(st.booleans()), **layout)
    space = st.sampled_from(["", " ", "  ", "\n", "\n  "])

    def shown(part: Any) -> str:
        if isinstance(part, dict):
            members = [f"{json.dumps(key)}{draw(space)}:{draw(space)}{shown(inner)}" for key, inner in part.items()]
            return "{" + draw(space) + f"{draw(space)},{draw(space)}".join(members) + draw(space) + "}"
        if isinstance(part, list):
            return "[" + draw(space) + f",{draw(space)}".join(map(shown, part)) + draw(space) + "]"
        if isinstance(part, float) and part == int(part) and abs(part) < 1e6:
            return draw(st.sampled_from([str(part), f"{part:.3f}", f"{part:.2e}"]))
        return json.dumps(part)

    return shown(value)
