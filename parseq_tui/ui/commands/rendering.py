"""Commands on the settings of a render: what the document's `render` object holds."""

from __future__ import annotations

from parseq_tui.errors import SettingsError
from parseq_tui.timeline.edits import SetRenderSetting
from parseq_tui.timeline.render_settings import SETTINGS, resolve, setting_from_text
from parseq_tui.ui.commands.registry import Change, Context, Do, Effect, Say, command


@command("render.settings", "Render settings", "Model, size, steps, mode, input, sound…: see and change them.",
         group="render", aliases=("settings.render",))  # fmt: skip
def render_settings(context: Context, argument: str) -> Effect:
    return Do("render.settings")


@command("render.set", "Set a render setting…", "steps 12, mode video, audio song.ogg; default takes it back.",
         group="render", edits=True, argument="SETTING VALUE", aliases=("setting",))  # fmt: skip
def set_render_setting(context: Context, argument: str) -> Effect:
    name, _, text = argument.partition(" ")
    text = text.strip()
    if name in SETTINGS and not text:
        return Say(f"{name} is {shown(getattr(resolve(context.document.render), name))}: {SETTINGS[name].help}")
    try:
        value = None if text == "default" else setting_from_text(name, text)
    except SettingsError as error:
        return Say(f"{error.message}; {error.hint}", "warning")
    return Change(SetRenderSetting(name, value), say=f"{name}: {shown(value) if text != 'default' else 'the default'}")


def shown(value: object) -> str:
    """A setting's value as it is written."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)
