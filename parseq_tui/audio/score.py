"""A MIDI file, read as what it says is played: the same questions that `hearing` answers about a sound.

Times come from the file's own tempo map, so beats and notes are exact. The format: Standard MIDI Files 1.0, RP-001
(MIDI Manufacturers Association, 1996). Whatever is wrong with a file is an AudioError that names it.

>>> score = read_score(Path("song.mid"))
>>> score.bpm, score.moments("beats")[:3], score.series("cc74", "filter", fps=24)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from parseq_tui.audio.heard import CONTROLLER, Event, point_per_frame
from parseq_tui.errors import AudioError
from parseq_tui.language.values import Floats
from parseq_tui.timeline.time_series import TimeSeries

MAX_BYTES = 20_000_000
LONGEST_SECONDS = 120 * 60.0
MAX_BEATS = 1_000_000
_RANGES = {"low": (0, 48), "mid": (48, 72), "high": (72, 128), "onsets": (0, 128), "loudness": (0, 128)}
"""Notes from C-1 to B2, C3 to B4, C5 on."""
_LENGTHS = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}
"""Kind of a channel's message → how many bytes follow."""


@dataclass(frozen=True, slots=True)
class Note:
    """One note: from one second to another, its number (60 is middle C) and how hard it is struck, up to 1."""

    start: float
    end: float
    number: int
    velocity: float


@dataclass(frozen=True, slots=True)
class Score:
    """What a MIDI file plays."""

    seconds: float
    bpm: float
    """The tempo it begins with."""
    beats: tuple[float, ...]
    notes: tuple[Note, ...]
    """Ordered by their start."""
    controllers: dict[int, tuple[tuple[float, float], ...]]
    """Number → (second, value up to 1), ascending."""

    def moments(self, event: Event) -> Floats:
        """Seconds of beats, of notes' beginnings, or of those in the low, mid or high range."""
        if event == "beats":
            return np.array(self.beats)
        low, high = _RANGES[event]
        return np.unique([note.start for note in self.notes if low <= note.number < high])

    def series(self, curve: str, alias: str, fps: float, offset: float = 0.0) -> TimeSeries:
        """A curve with one point per frame, in milliseconds; `cc1` is controller 1. Raises AudioError.

        Loudness and the ranges: the hardest note that sounds, up to 1; attack: the hardest that begins; pitch: hertz of
        the highest note that sounds, kept where there is none. Points stand as in `point_per_frame`.
        """
        count = max(1, int(np.ceil(self.seconds * fps)))
        return point_per_frame(self._per_frame(curve, count, fps), alias, fps, offset)

    def _per_frame(self, curve: str, count: int, fps: float) -> Floats:
        if (controller := CONTROLLER.fullmatch(curve)) is not None:
            return self._controller(int(controller[1]), count, fps)
        low, high = _RANGES.get(curve, (0, 128))
        values = np.zeros(count)
        for note in self.notes:
            if low <= note.number < high:
                first = min(count - 1, round(note.start * fps))
                last = first + 1 if curve == "attack" else max(first + 1, round(note.end * fps))
                loud = 440 * 2 ** ((note.number - 69) / 12) if curve == "pitch" else note.velocity
                values[first:last] = np.maximum(values[first:last], loud)
        if curve != "pitch":
            return values
        known = np.maximum.accumulate(np.where(values > 0, np.arange(count), 0))
        return np.asarray(values[known], np.float64)

    def _controller(self, number: int, count: int, fps: float) -> Floats:
        if number not in self.controllers:
            there = ", ".join(f"cc{known}" for known in sorted(self.controllers)) or "none"
            raise AudioError(f"the MIDI file does not move controller {number}", hint=f"controllers in it: {there}")
        changes = self.controllers[number]
        seconds = np.array([second for second, _ in changes])
        values = np.array([0.0, *(value for _, value in changes)])
        return np.asarray(values[np.searchsorted(seconds, np.arange(count) / fps + 1e-9, side="right")], np.float64)


def is_score(path: Path) -> bool:
    """Whether a file is MIDI, by how it begins; False for one that cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"MThd"
    except OSError:
        return False


def read_score(path: Path) -> Score:
    """Raises AudioError."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise AudioError(f"{path.name} is too large for a MIDI file", hint="sounds are .wav, .mp3, .ogg …")
        return _score(path.read_bytes())
    except (IndexError, ValueError, OSError) as error:
        raise AudioError(
            f"{path.name} cannot be read as MIDI: {error}", hint="export it again, as a .mid file"
        ) from error


def _score(content: bytes) -> Score:
    division = int.from_bytes(content[12:14], "big")
    if len(content) < 14 or not division:
        raise ValueError("it ends within its header")
    events: list[tuple[int, int, bytes]] = []
    position = 8 + int.from_bytes(content[4:8], "big")
    while position + 8 <= len(content):
        length = int.from_bytes(content[position + 4 : position + 8], "big")
        chunk = content[position + 8 : position + 8 + length]
        if content[position : position + 4] == b"MTrk":
            if len(chunk) < length:
                raise ValueError("it ends within a track")
            events += _track(chunk)
        position += 8 + length
    events.sort(key=lambda event: event[0])
    tempos = [(tick, int.from_bytes(data, "big")) for tick, kind, data in events if kind == 0xFF51 and len(data) == 3]
    second_of = _clock(division, tempos)
    end = events[-1][0] if events else 0
    if second_of(end) > LONGEST_SECONDS or end / division > MAX_BEATS:
        raise ValueError(f"it lasts longer than {LONGEST_SECONDS / 60:.0f} minutes")
    by_frames = division >= 0x8000
    beats = () if by_frames else tuple(second_of(tick) for tick in range(0, end + 1, division))
    bpm = 60e6 / tempos[0][1] if tempos and tempos[0][1] else 120.0
    return Score(second_of(end), bpm, beats, tuple(_notes(events, second_of)), _controllers(events, second_of))


def _track(chunk: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(tick, status or 0xFF00 + kind of meta event, data) of each event. Raises IndexError where it ends too early."""
    tick, status, position = 0, 0, 0
    while position < len(chunk):
        wait, position = _variable(chunk, position)
        tick += wait
        if chunk[position] >= 0x80:
            status = chunk[position]
            position += 1
        if status == 0xFF:
            kind = chunk[position]
            length, position = _variable(chunk, position + 1)
            yield tick, 0xFF00 + kind, chunk[position : position + length]
        elif status in (0xF0, 0xF7):
            length, position = _variable(chunk, position)
        elif status >> 4 in _LENGTHS:
            length = _LENGTHS[status >> 4]
            if position + length > len(chunk):
                raise IndexError("a message is cut off")
            yield tick, status, chunk[position : position + length]
        else:
            raise ValueError(f"a track holds {status:#x}, which is no message")
        position += length


def _variable(chunk: bytes, position: int) -> tuple[int, int]:
    """A number in seven bits a byte, and where it ends."""
    value = 0
    for place in range(position, position + 4):
        value = value << 7 | chunk[place] & 0x7F
        if chunk[place] < 0x80:
            return value, place + 1
    raise ValueError("a length has more than four bytes")


def _clock(division: int, tempos: Sequence[tuple[int, int]]) -> Callable[[int], float]:
    """Tick → second. Tempos are microseconds a quarter; without one, 120 a minute; SMPTE divisions know none."""
    if division >= 0x8000:
        rate = (256 - (division >> 8)) * (division & 0xFF)
        if not rate:
            raise ValueError("its division of time is 0")
        return lambda tick: tick / rate
    starts, seconds, speeds = [0], [0.0], [0.5 / division]
    for tick, microseconds in tempos:
        seconds.append(seconds[-1] + (tick - starts[-1]) * speeds[-1])
        starts.append(tick)
        speeds.append(microseconds / 1e6 / division)

    def second_of(tick: int) -> float:
        place = int(np.searchsorted(starts, tick, side="right")) - 1
        return seconds[place] + (tick - starts[place]) * speeds[place]

    return second_of


def _notes(events: Sequence[tuple[int, int, bytes]], second_of: Callable[[int], float]) -> list[Note]:
    sounding: dict[tuple[int, int], tuple[float, float]] = {}
    notes: list[Note] = []
    for tick, status, data in events:
        if status >> 4 not in (0x8, 0x9):
            continue
        key, now = (status & 0xF, data[0]), second_of(tick)
        if key in sounding:
            start, velocity = sounding.pop(key)
            notes.append(Note(start, now, data[0], velocity))
        if status >> 4 == 0x9 and data[1]:
            sounding[key] = now, data[1] / 127
    end = second_of(events[-1][0]) if events else 0.0
    notes += (Note(start, end, number, velocity) for (_, number), (start, velocity) in sounding.items())
    return sorted(notes, key=lambda note: (note.start, note.number))


def _controllers(
    events: Sequence[tuple[int, int, bytes]], second_of: Callable[[int], float]
) -> dict[int, tuple[tuple[float, float], ...]]:
    found: dict[int, list[tuple[float, float]]] = {}
    for tick, status, data in events:
        if status >> 4 == 0xB:
            found.setdefault(data[0], []).append((second_of(tick), data[1] / 127))
    return {number: tuple(changes) for number, changes in found.items()}
