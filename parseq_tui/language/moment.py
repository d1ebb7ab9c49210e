"""What a formula can see: the document around it, the keyframes of its field, and the frames it is evaluated at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NoReturn

import numpy as np
from numpy.typing import NDArray

from parseq_tui.errors import EvaluationProblem, FormulaError
from parseq_tui.language.values import Floats, Numbers, Scalar

Rules = Literal["native", "parseq", "2022"]


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """A sampled curve: `y` at positions `x`, in frames or milliseconds."""

    x: Floats
    y: Floats
    milliseconds: bool = False
    reached: Floats = field(init=False, repr=False)
    """The furthest position up to each point: of points out of order, the first that lies far enough counts."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "reached", np.maximum.accumulate(self.x) if len(self.x) else self.x)


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """The rows of the document and their labels, for `info_match` and its relatives."""

    frames: Floats
    """Frame of every row, ascending."""
    texts: tuple[str | None, ...] = ()
    """The label of every row."""
    found: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    """Pattern → which rows match, filled as patterns are met."""


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """The document as its formulas see it."""

    fps: float = 20.0
    bpm: float = 140.0
    cadence: float = 1.0
    first_frame: float = 0.0
    final_frame: float = 0.0
    labels: Labels = field(default_factory=lambda: Labels(np.empty(0)))
    series: Mapping[str, Series] = field(default_factory=dict)
    columns: Mapping[str, Floats] = field(default_factory=dict)
    """Fields that have been computed: one value per frame from first_frame on."""
    rules: Rules = "native"
    random_seed: int = 0

    @property
    def as_parseq(self) -> bool:
        """Whether Parseq's quirks are kept (LANGUAGE §16: Q10, Q11, Q12, Q17, Q18)."""
        return self.rules != "native"

    @property
    def frames_per_beat(self) -> float:
        """60 fps / bpm, in the order in which Parseq computes it; infinite at 0 bpm."""
        return float(np.divide(self.fps * 60, self.bpm))


@dataclass(frozen=True, eq=False)
class Points:
    """The keyframes that define a field, in frame order. In a prompt: all rows' frames, and no values."""

    x: Floats
    y: Floats

    @cached_property
    def on_whole_frames(self) -> Floats:
        """The keyframes that a frame can meet exactly."""
        on_frame = self.x == np.floor(self.x)
        return self.x if on_frame.all() else self.x[on_frame]

    @cached_property
    def cache(self) -> dict[str, Any]:
        """What interpolators precompute for these points."""
        return {}

    def active_at(self, frames: Floats) -> Floats:
        """The active keyframe of each frame: the latest keyframe met so far, 0 before any."""
        if not len(self.on_whole_frames):
            return np.zeros(len(frames))
        index = np.searchsorted(self.on_whole_frames, frames, side="right") - 1
        return np.where(index >= 0, self.on_whole_frames[np.maximum(index, 0)], 0.0)


class Failure(Exception):
    """Inside the evaluator: `error` happens at `frame`. Never leaves the language package."""

    def __init__(self, error: FormulaError, frame: float) -> None:
        super().__init__(error.message)
        self.error = error
        self.frame = frame


class Site:
    """One call in a formula and what it remembers while its run lasts."""

    __slots__ = ("kept", "seed_text")

    def __init__(self, seed_text: str) -> None:
        self.kept: Any = None
        self.seed_text = seed_text
        """Seeds a random function that is given no seed: the same document always gives the same curve."""


@dataclass(eq=False)
class Run:
    """One formula in force over consecutive frames of a field (or in a prompt), and what it remembers meanwhile."""

    around: Surroundings
    points: Points
    name: str = ""
    """The field; "" outside any."""
    default: float = 0.0
    """The field's default value."""
    in_prompt: bool = False
    half: str = ""
    """The half of the prompt, "positive" or "negative"; "" in an overlap weight and in fields."""
    stated_at: int = 0
    """Frame of the row that states the formula."""
    history: list[Scalar] = field(default_factory=list)
    """Raw results of the field from the first frame on, for formulas that look back."""
    sites: dict[int, Site] = field(default_factory=dict)
    ordinals: dict[int, int] = field(default_factory=dict)
    last_node: int = 0
    """The syntax node that ran last (only kept where Parseq's `recompute_if` needs it)."""

    def site(self, node: object) -> Site:
        """What the call at this syntax node remembers."""
        site = self.sites.get(id(node))
        if site is None:
            ordinal = self.ordinals.get(id(node), 0)
            site = self.sites[id(node)] = Site(f"{self.around.random_seed}/{self.name}/{ordinal}")
        return site

    def forget(self) -> None:
        """Every call begins anew."""
        self.sites.clear()


class Moment:
    """The frames at which an expression is being evaluated: all of a run, some of them, or a single one.

    `frames` and `active` are float64 arrays of one length, or plain floats for a single frame.
    """

    __slots__ = ("_before", "active", "frames", "row", "run")

    def __init__(self, run: Run, frames: Numbers, active: Numbers, before: NDArray[np.int64] | None = None) -> None:
        self.run = run
        self.frames = frames
        self.active = active
        """The active keyframe at each frame."""
        self.row = 0
        """When stepping frame by frame: how many frames of the run came before."""
        self._before: Any = before

    @property
    def around(self) -> Surroundings:
        """The document."""
        return self.run.around

    @property
    def count(self) -> int | None:
        """How many frames; None for a single one."""
        return len(self.frames) if isinstance(self.frames, np.ndarray) else None

    def only(self, chosen: NDArray[Any]) -> Moment:
        """The frames chosen by a mask or index array."""
        assert isinstance(self.frames, np.ndarray) and isinstance(self.active, np.ndarray)
        before = None if self._before is None else self._before[chosen]
        return Moment(self.run, self.frames[chosen], self.active[chosen], before)

    @property
    def before(self) -> Any:
        """Index of the last defined keyframe at or before each frame; −1 before the first."""
        if self._before is None or not isinstance(self.frames, np.ndarray):
            self._before = np.searchsorted(self.run.points.x, self.frames, side="right") - 1
        return self._before

    def fail(self, message: str, kind: str, hint: str = "", where: Any = None) -> NoReturn:
        """Ends the evaluation with an error at the first frame of `where` (default: of all)."""
        self.refuse(EvaluationProblem(message, kind=kind, hint=hint), where)

    def refuse(self, error: FormulaError, where: Any = None) -> NoReturn:
        """Ends the evaluation with this error at the first frame of `where` (default: of all)."""
        raise Failure(error, self.first(where))

    def first(self, where: Any = None) -> float:
        """The first frame at which `where` holds."""
        if not isinstance(self.frames, np.ndarray):
            return float(self.frames)
        if where is None or np.ndim(where) == 0:
            return float(self.frames[0])
        return float(self.frames[int(np.argmax(where))])

    def require(self, holds: Any, message: str, kind: str, hint: str = "") -> None:
        """Fails at the first frame where `holds` is false."""
        if not np.all(holds):
            self.fail(message, kind, hint, np.logical_not(holds))


MAX_DISTINCT = 500
"""Different texts that one argument may have over all frames."""


def each_distinct(moment: Moment, texts: Any, answer: Callable[[str, Moment], Any]) -> Any:
    """`answer(text, frames that have this text)`, put together for all frames of `moment`."""
    if isinstance(texts, str):
        return answer(texts, moment)
    places: dict[str, list[int]] = {}
    for place, text in enumerate(texts.tolist()):
        places.setdefault(text, []).append(place)
    if len(places) > MAX_DISTINCT:
        moment.fail(f"this text takes more than {MAX_DISTINCT} different values", "too-many-texts", "use fewer")
    result = np.empty(len(texts))
    for text, chosen in places.items():
        result[chosen] = answer(text, moment.only(np.array(chosen)))
    return result
