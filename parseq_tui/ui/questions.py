"""Questions that one key answers, shown where menus are. No key that was typed before a question could be read is taken
for its answer.

A question somebody has just caused (leaving with unsaved work) is asked at once. One that comes by itself (work that
was left behind, a render that was measured meanwhile) waits until nothing is being typed; a key right after it appears
was not meant for it and goes where it was meant to go, and the question comes again later.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from parseq_tui.ui.widgets.menu import MenuEntry

IDLE_SECONDS = 0.7
"""So long no key must have come before a question comes by itself."""
READING_SECONDS = 0.5
"""A key this soon after such a question is not an answer."""
Answer = Callable[[], None]
Choices = Sequence[tuple[str, str, Answer]]
"""(key, what it does, what to do)."""


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    choices: Choices
    patient: bool
    """It came by itself: any other key than an answer leaves it and does what it always does."""
    left: str = ""
    """What is said when another key than an answer leaves it."""
    once: bool = False
    """It is asked of nobody who has pressed a key already: what `left` says must do."""


class Asked(Protocol):
    """The screen on which is asked."""

    @property
    def idle(self) -> bool:
        """Whether nothing is being typed or chosen there."""

    def show_menu(self, title: str, entries: Sequence[MenuEntry]) -> None: ...
    def hide_menu(self) -> None: ...
    def say_aside(self, text: str) -> None:
        """Say something unless there is something else to say."""

    def set_timer(self, delay: float, callback: Callable[[], None]) -> object: ...


class Questions:
    """The questions of one screen: one at a time."""

    def __init__(self, screen: Asked, clock: Callable[[], float] = time.monotonic) -> None:
        self._screen = screen
        self._clock = clock
        self._open: Question | None = None
        self._shown_at = 0.0
        self._last_key = clock()
        self._touched = False
        """Whether anybody has pressed a key yet."""
        self._waiting: list[Question] = []
        self._scheduled = False

    def ask(self, text: str, choices: Choices) -> None:
        """Ask now. Escape, or any key that is no answer, leaves things as they are."""
        self._show(Question(text, choices, patient=False))

    def ask_when_idle(self, text: str, choices: Choices, *, left: str = "", once: bool = False) -> None:
        """Ask as soon as nobody is typing; `once`: not at all if somebody types before that, or has typed already."""
        self._waiting.append(Question(text, choices, patient=True, left=left, once=once))
        if self._touched:
            self._give_up_late_ones()
        self._schedule()

    def takes(self, key: str) -> bool:
        """A key was pressed. True if it was for the question that is open, and nobody else's business."""
        now = self._clock()
        question, self._open, self._last_key = self._open, None, now
        self._touched = True
        self._give_up_late_ones()
        if question is None:
            return False
        self._screen.hide_menu()
        unread = question.patient and now - self._shown_at < READING_SECONDS
        if unread and not question.once:
            self._waiting.insert(0, question)
            self._schedule()
            return False
        for answer, _, act in question.choices:
            if key == answer and not unread:
                act()
                return True
        self._screen.say_aside(question.left)
        return not unread and (not question.patient or key == "escape")

    def _give_up_late_ones(self) -> None:
        """Somebody types who does not wait to be asked."""
        for question in [each for each in self._waiting if each.once]:
            self._waiting.remove(question)
            self._screen.say_aside(question.left)

    def _show(self, question: Question) -> None:
        self._open, self._shown_at = question, self._clock()
        self._screen.show_menu(question.text, [MenuEntry(key, title) for key, title, _ in question.choices])

    def _schedule(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._screen.set_timer(IDLE_SECONDS, self._due)

    def _due(self) -> None:
        self._scheduled = False
        if not self._waiting:
            return
        if self._open is None and self._screen.idle and self._clock() - self._last_key >= IDLE_SECONDS:
            self._show(self._waiting.pop(0))
        if self._waiting:
            self._schedule()
