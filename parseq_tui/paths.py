"""Where things live: what travels with the program, and what a user keeps."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def bundled(name: str) -> Path:
    """A folder that travels with the program ("themes", "examples", "models").

    In an installed wheel it lies in the package; in a checkout themes and examples lie beside it.
    """
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def user_config() -> Path:
    """The folder of settings, key maps and themes of this user. May not exist."""
    from platformdirs import user_config_path

    return user_config_path("parseq-tui", appauthor=False)


def user_state() -> Path:
    """The folder of recovery journals and recent files of this user. May not exist."""
    from platformdirs import user_state_path

    return user_state_path("parseq-tui", appauthor=False)


def render_folder(document: Path) -> Path:
    """`NAME.render` beside the document: its frame cache and takes."""
    return document.with_name(document.stem + ".render")
