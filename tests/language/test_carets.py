"""The one caret printer: what is wrong stands above its carets."""

from __future__ import annotations

from parseq_tui.errors import Span
from parseq_tui.language.diagnostics import Diagnostic, format_diagnostic


def test_the_caret_stands_under_its_character_behind_wide_ones() -> None:
    text = 'S * info_match("日本語") + sni(3)'
    start = text.index("sni")
    problem = Diagnostic("error", "unknown", text=text, span=Span(start, start + 3))
    _, line, carets = format_diagnostic(problem).split("\n")
    assert carets == " " * (line.index("sni") + 3) + "^^^", "three characters before it take two columns each"


def test_a_wide_character_has_two_carets_and_a_mark_on_another_none() -> None:
    text = "e\u0301 + 日"
    problem = Diagnostic("error", "means nothing", text=text, span=Span(5, 6))
    *_, carets = format_diagnostic(problem).split("\n")
    assert carets == "    " + " " * 4 + "^^"
