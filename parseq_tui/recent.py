"""The documents opened last, newest first: one path per line in the user's state folder."""

from __future__ import annotations

from pathlib import Path

from parseq_tui.paths import recent_file

KEPT = 20


def recent_documents() -> list[Path]:
    """Those that still exist."""
    try:
        lines = recent_file().read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return []
    return [path for path in map(Path, lines) if path.is_absolute() and path.is_file()]


def remember(path: Path) -> None:
    """Put a document on top of the list. A list that cannot be written is not worth a word."""
    path = path.absolute()
    others = [other for other in recent_documents() if other != path]
    text = "".join(f"{one}\n" for one in [path, *others][:KEPT] if "\n" not in str(one))
    try:
        recent_file().parent.mkdir(parents=True, exist_ok=True)
        recent_file().write_text(text, "utf-8", "surrogateescape")
    except OSError:
        return
