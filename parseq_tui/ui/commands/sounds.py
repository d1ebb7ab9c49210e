"""Commands that take music and sampled curves into the document."""

from __future__ import annotations

from parseq_tui.audio.heard import CURVES, EVENTS, is_curve
from parseq_tui.timeline.edits import RemoveTimeSeries
from parseq_tui.ui.commands.registry import Ask, Change, Context, Do, Effect, Say, command


@command("sound.keyframes", "Keyframes on a sound…",
         "Rows on a song's beats, its onsets, or onsets of low, mid or high: beats 4 song.ogg is every fourth beat.",
         group="sound", edits=True, argument="EVENT [EVERY] [FILE]", aliases=("listen",))  # fmt: skip
def sound_keyframes(context: Context, argument: str) -> Effect:
    event = argument.partition(" ")[0]
    if event not in EVENTS:
        return Say(f"{event!r} is nothing to listen for: write one of {', '.join(EVENTS)}, then the file", "warning")
    return Do("sound.keyframes", argument)


@command("sound.series", "Time series of a sound…",
         "A curve of a song that formulas read by its name, or by one of yours (low=bass): loudness, low, mid, high, "
         "attack, pitch; of a MIDI file also its controllers (cc74=filter).",
         group="sound", edits=True, argument="CURVE[=NAME] [FILE]")  # fmt: skip
def sound_series(context: Context, argument: str) -> Effect:
    curve = argument.partition(" ")[0].partition("=")[0]
    if not is_curve(curve):
        known = f"{', '.join(CURVES)}, of MIDI also cc1 … cc127"
        return Say(f"{curve!r} is no curve of a sound: write one of {known}; then the file", "warning")
    return Do("sound.series", argument)


def _of_a_sound(context: Context, name: str, argument: str) -> Effect:
    """Done with the file that is named, else with the document's sound; it has none: a file is asked for."""
    return Do(name, argument) if argument or context.document.render.get("audio") else Ask(f"{name} ")


@command("sound.tempo", "Tempo of a sound…", "The document gets the beats per minute (bpm) of a song.",
         group="sound", edits=True, argument="[FILE]")  # fmt: skip
def sound_tempo(context: Context, argument: str) -> Effect:
    return _of_a_sound(context, "sound.tempo", argument)


@command("sound.length", "As long as a sound…",
         "A last row where the song ends, so that the video lasts as long; it never gets shorter.",
         group="sound", edits=True, argument="[FILE]")  # fmt: skip
def sound_length(context: Context, argument: str) -> Effect:
    return _of_a_sound(context, "sound.length", argument)


@command("sound.heard", "Hear a sound with the video…",
         "The song becomes the document's own audio: its videos are heard with it, and these commands need no file.",
         group="sound", edits=True, argument="FILE")  # fmt: skip
def sound_heard(context: Context, argument: str) -> Effect:
    return Do("sound.heard", argument)


@command("sound.tap", "Tap the tempo", "Tap any key to the music; Enter takes the beats per minute.",
         group="sound", edits=True, aliases=("tap",))  # fmt: skip
def tap_tempo(context: Context, argument: str) -> Effect:
    return Do("sound.tap")


@command("series.import", "Import a time series…",
         "A CSV file of frame, value; its name, and smooth=5 abs keep=0..1 limit=0..1 scale=0..1 may follow.",
         group="sound", edits=True, argument="FILE [NAME]")  # fmt: skip
def import_series(context: Context, argument: str) -> Effect:
    return Do("series.import", argument)


def _no_series(context: Context) -> str | None:
    return None if context.document.time_series else "the document has no time series"


@command("series.remove", "Remove a time series…", "Formulas that read it then fail.", group="sound", edits=True,
         argument="SERIES", why_not=_no_series)  # fmt: skip
def remove_series(context: Context, argument: str) -> Effect:
    return Change(RemoveTimeSeries(argument))
