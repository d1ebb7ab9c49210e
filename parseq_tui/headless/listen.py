"""`listen`: what a song says about time, shown or taken into a document."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from parseq_tui.audio.decode import read_recording
from parseq_tui.audio.heard import CONTROLLER, CURVES, EVENTS, Heard, Wish, is_curve, sound_beside, taken_in
from parseq_tui.audio.hearing import Hearing
from parseq_tui.audio.score import Score, is_score, read_score
from parseq_tui.errors import AudioError, UsageError
from parseq_tui.headless.typed import judged
from parseq_tui.session import Session
from parseq_tui.timeline.edits.base import checked_field
from parseq_tui.timeline.series_shaping import Shaping, shaped


def listen(arguments: argparse.Namespace) -> int:
    """Say what is heard; with a document, take it in and save."""
    wish = _wish(arguments)
    wanted = [_curve(text) for text in arguments.series]
    if arguments.document is None:
        if wish != Wish(every=wish.every):
            raise UsageError("only --series needs no document to go to", hint="parseq-tui listen SONG DOC …")
        heard = hear(arguments, EVENTS, wanted, arguments.fps or 20.0)
        print(heard.to_json() if arguments.json else "\n".join(in_words(arguments.sound, heard)))
        return 0
    if wish == Wish(every=wish.every) and not wanted:
        hint = "--keyframes beats, --series low, --tempo, --length, or --sound"
        raise UsageError("what shall the document get?", hint=hint)
    session = Session.open(arguments.document)
    events = (wish.keyframes,) if wish.keyframes else ()
    heard = hear(arguments, events, wanted, session.document.options.fps)
    edit = taken_in(heard, wish, session.document)
    session.apply(edit)
    session.save()
    if arguments.json:
        print(heard.to_json())
    else:
        print(f"{arguments.document}: {edit.label}")
    return 0


def _wish(arguments: argparse.Namespace) -> Wish:
    sound = ""
    if arguments.sound_too and arguments.document is not None:
        sound = sound_beside(arguments.sound, arguments.document)
    return Wish(arguments.keyframes or "", arguments.every, arguments.tempo, arguments.length, sound)


def hear(arguments: argparse.Namespace, events: tuple[str, ...], curves: list[tuple[str, str]], fps: float) -> Heard:
    """Only what was asked for: a series alone needs no beats. Raises AudioError."""
    hearing = _source(arguments, curves)
    offset = arguments.offset / 1000
    moments = {
        event: tuple(round(second + offset, 4) for second in hearing.moments(event).tolist())  # type: ignore[arg-type]
        for event in events
    }
    series = tuple(
        shaped(hearing.series(curve, alias, fps, offset), Shaping(smooth=arguments.smooth))  # type: ignore[arg-type]
        for curve, alias in curves
    )
    bpm = hearing.bpm if arguments.tempo or arguments.document is None else 0.0
    return Heard(round(hearing.seconds, 3), round(bpm, 3), moments, series)


def _source(arguments: argparse.Namespace, curves: list[tuple[str, str]]) -> Hearing | Score:
    """What answers: a MIDI file says itself what is played. Raises AudioError."""
    if is_score(arguments.sound):
        if arguments.sound_too:
            hint = f"leave --sound out, then: parseq-tui listen RECORDING {arguments.document or 'DOC'} --sound"
            raise AudioError("a MIDI file makes no sound by itself", hint=hint)
        if arguments.bpm or arguments.sensitivity != 1:
            print("a MIDI file says itself what is played: --bpm and --sensitivity are not used", file=sys.stderr)
        return read_score(arguments.sound)
    if controllers := [curve for curve, _ in curves if CONTROLLER.fullmatch(curve)]:
        hint = f"curves of a sound: {', '.join(CURVES)}"
        raise UsageError(f"{controllers[0]} is in MIDI files only", hint=hint)
    return Hearing(read_recording(arguments.sound), bpm=arguments.bpm, sensitivity=arguments.sensitivity)


def in_words(sound: Path, heard: Heard) -> list[str]:
    """A summary for a person."""
    beats = heard.moments["beats"]
    minutes, seconds = divmod(heard.seconds, 60)
    pulse = f"{heard.bpm:.2f} bpm, first beat at {beats[0]:.3f} s" if beats else "no pulse"
    counts = [f"{event} {len(heard.moments[event])}" for event in EVENTS]
    return [f"{sound.name}  {int(minutes)}:{seconds:05.2f}  {pulse}", "  ".join(counts)]


def _curve(text: str) -> tuple[str, str]:
    """`low` or `low=bass`: a curve, and the name of its series."""
    curve, _, alias = text.partition("=")
    if not is_curve(curve):
        hint = f"curves: {', '.join(CURVES)}; of a MIDI file also its controllers: cc1, cc74"
        raise UsageError(f"there is no curve called {curve!r}", hint=hint)
    with judged():
        return curve, checked_field(alias or curve)
