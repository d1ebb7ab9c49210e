"""Where things live: what travels with the program, and what a user keeps.

Owns every path that the user did not give. Nothing is created here: whoever writes makes the folder.
`PARSEQ_TUI_HOME` moves what a user keeps into one folder (tests, portable installs).
"""

from __future__ import annotations

import os
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
    if home := _home():
        return home / "config"
    from platformdirs import user_config_path

    return user_config_path("parseq-tui", appauthor=False)


def user_state() -> Path:
    """The folder of recovery journals and recent files of this user. May not exist."""
    if home := _home():
        return home / "state"
    from platformdirs import user_state_path

    return user_state_path("parseq-tui", appauthor=False)


def user_runtime() -> Path:
    """The folder of sockets of this user's running programs. May not exist."""
    if home := _home():
        return home / "run"
    # platformdirs warns where a system has no such folder; the state folder is as private
    text = os.environ.get("XDG_RUNTIME_DIR", "")
    return Path(text) / "parseq-tui" if text else user_state() / "run"


def settings_file() -> Path:
    """The user's settings and key overrides. May not exist."""
    return user_config() / "settings.toml"


def recovery_folder() -> Path:
    """Journals of unsaved work, one per document."""
    return user_state() / "recovery"


def recent_file() -> Path:
    """The list of recently opened documents, newest first."""
    return user_state() / "recent.txt"


def views_file() -> Path:
    """How documents were looked at last: widths, folds. May not exist."""
    return user_state() / "views.json"


def theme_folders() -> tuple[Path, ...]:
    """Where themes are looked for; a later folder overrides an earlier one."""
    return (bundled("themes"), user_config() / "themes")


def render_folder(document: Path) -> Path:
    """`NAME.render` beside the document: its frame cache and takes."""
    return document.with_name(document.stem + ".render")


def _home() -> Path | None:
    text = os.environ.get("PARSEQ_TUI_HOME", "")
    return Path(text).expanduser() if text else None
