"""Sounds and sampled curves taken into the document from the editor.

Listening needs sound libraries, which the editor does not load: a process of its own listens (`parseq-tui listen`).
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from parseq_tui.audio.heard import Heard, Wish, sound_beside, taken_in
from parseq_tui.errors import AudioError, EditError, ParseqError, counted
from parseq_tui.formats import csv, native
from parseq_tui.timeline.edits import AddTimeSeries, Edit, SetRates, SetRenderSetting
from parseq_tui.timeline.series_shaping import Shaping, shaped
from parseq_tui.timeline.time_series import TimeSeries
from parseq_tui.ui.workbench import Workbench

TIMEOUT_SECONDS = 300.0
_RANGE = re.compile(r"(keep|limit|scale)=(-?[\d.]+)\.\.(-?[\d.]+)\Z")


class SoundActions:
    """What a screen can do about sounds."""

    def __init__(self, screen: Workbench) -> None:
        self._screen = screen

    def do(self, action: str, argument: str) -> bool:
        """Carry out a command about sounds; False if it is none. Raises ParseqError."""
        if action == "sound.keyframes":
            event, every, path = _keyframes_wanted(argument)
            self._listen(path, [], Wish(event, every))
        elif action == "sound.series":
            curve, _, path = argument.partition(" ")
            fps = self._screen.session.document.options.fps
            self._listen(path, ["--series", curve, "--fps", repr(fps)], Wish())
        elif action == "sound.tempo":
            self._listen(argument, [], Wish(tempo=True))
        elif action == "sound.length":
            self._listen(argument, [], Wish(length=True))
        elif action == "sound.heard":
            self._hear(argument)
        elif action == "sound.tap":
            self._tap()
        elif action == "series.import":
            self._work(self._import(argument))
        else:
            return False
        return True

    def _listen(self, name: str, options: list[str], wish: Wish) -> None:
        path = self._path(name)
        self._screen.say(f"listening to {path.name}…")
        self._work(self._take_in(path, options, wish))

    async def _take_in(self, path: Path, options: list[str], wish: Wish) -> None:
        try:
            heard = await asyncio.to_thread(listen, path, options)
        except ParseqError as error:
            self._screen.desk.tell(error)
            return
        document = self._screen.session.document
        made: list[Edit] = []

        def edit() -> Edit:
            made.append(taken_in(heard, wish, document))
            return made[0]

        def told() -> None:
            self._show(*(series.alias for series in heard.series))
            self._screen.say(f"{made[0].label}, from {path.name}")

        self._screen.change_beside(f"Take in {path.name}", edit, told)

    def _hear(self, name: str) -> None:
        """Raises AudioError, EditError."""
        from parseq_tui.audio.score import is_score

        path, document = self._path(name), self._screen.session.path
        if not path.is_file():
            raise AudioError(f"there is no sound file {path}")
        if is_score(path):
            raise AudioError("a MIDI file makes no sound by itself", hint="name the recording of it")
        sound = str(path) if document is None else sound_beside(path, document)
        self._screen.session.apply(SetRenderSetting("audio", sound))
        self._screen.say(f"videos are heard with {path.name} from the next render on")

    async def _import(self, argument: str) -> None:
        try:
            name, alias, shaping = _import_wanted(argument)
            path = self._path(name)
            text = (await asyncio.to_thread(native.read_text, path))[0]
            series = await asyncio.to_thread(_series, text, alias, path, shaping)
            self._screen.session.apply(AddTimeSeries(series))
        except ParseqError as error:
            self._screen.desk.tell(error)
            return
        self._show(series.alias)
        self._screen.say(f"{counted(len(series.x), 'point')}: formulas read them as {series.alias}")

    def _show(self, *names: str) -> None:
        """Among the curves, from now on."""
        view = self._screen.desk.view
        self._screen.desk.look(replace(view, plotted=tuple(dict.fromkeys((*view.plotted, *names)))))

    def _tap(self) -> None:
        from parseq_tui.ui.screens.tap import TapScreen

        def tapped(bpm: float | None) -> None:
            if bpm is not None:
                self._screen.apply(SetRates(bpm=bpm))

        self._screen.app.push_screen(TapScreen(), tapped)

    def _path(self, name: str) -> Path:
        """A file, as seen from the document's folder; without a name the document's sound. Raises AudioError."""
        session = self._screen.session
        name = name.strip() or session.document.render.get("audio") or ""
        if not name:
            raise AudioError(
                "no sound file is named", hint="write one behind the command, or once and for all: :setting audio FILE"
            )
        document = session.path
        folder = Path.cwd() if document is None else document.parent
        return folder / Path(name).expanduser()

    def _work(self, work: Coroutine[Any, Any, None]) -> None:
        self._screen.run_worker(work, name="sound", exit_on_error=False)


def _series(text: str, alias: str, path: Path, shaping: Shaping) -> TimeSeries:
    """A file's curve. May be long: not for an event loop. Raises ParseqError."""
    series = shaped(csv.read_series(text, alias or _as_name(path.stem), path=path), shaping)
    if not len(series.x):
        raise EditError("nothing is left of this series", hint="keep=LEAST..GREATEST drops every point")
    return series


def listen(path: Path, options: list[str], run: Callable[..., Any] = subprocess.run) -> Heard:
    """What a process of its own hears. Takes seconds: not for an event loop. Raises AudioError."""
    command = [sys.executable, "-P", "-m", "parseq_tui", "listen", str(path), *options, "--json"]
    try:
        ended = run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT_SECONDS, check=False)
        if ended.returncode:
            message, _, hint = ended.stderr.decode(errors="replace").strip().partition("\n")
            raise AudioError(message.removeprefix("error: "), hint=hint.strip())
        return Heard.from_json(ended.stdout)
    except (OSError, ValueError, KeyError, TypeError, subprocess.TimeoutExpired) as error:
        raise AudioError(f"{path.name} could not be listened to", hint="parseq-tui listen FILE says more") from error


def _keyframes_wanted(argument: str) -> tuple[str, int, str]:
    """`beats 4 song.ogg`: the event, every how many, the file, which the document's own sound stands in for."""
    event, _, rest = argument.partition(" ")
    number, _, path = rest.strip().partition(" ")
    if number.isdecimal():
        return event, max(1, int(number)), path
    return event, 1, rest


def _import_wanted(argument: str) -> tuple[str, str, Shaping]:
    """`FILE [NAME] [smooth=5] [abs] [keep=0..1] …`. Raises EditError."""
    steps: dict[str, Any] = {}
    words = argument.split()
    while len(words) > 1:
        word = words[-1]
        bounds = _RANGE.match(word)
        if word == "abs":
            steps["absolute"] = True
        elif word.startswith("smooth=") and word[7:].isdecimal():
            steps["smooth"] = int(word[7:])
        elif bounds is not None:
            steps[bounds[1]] = _bounds(bounds[2], bounds[3])
        else:
            break
        words.pop()
    alias = words.pop() if len(words) > 1 and "." not in words[-1] else ""
    return " ".join(words), alias, Shaping(**steps)


def _bounds(low: str, high: str) -> tuple[float, float]:
    try:
        return float(low), float(high)
    except ValueError as error:
        raise EditError(f"{low}..{high} are no bounds", hint="write 0..1") from error


def _as_name(stem: str) -> str:
    """A file's name as the name of a series: letters, digits and _."""
    name = re.sub(r"\W+", "_", stem, flags=re.ASCII).strip("_")
    return name if name and not name[0].isdigit() else f"ts_{name}"
