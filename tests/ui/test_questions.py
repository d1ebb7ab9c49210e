"""Questions answered by a key: at once when somebody caused them, patiently when they come by themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest

from parseq_tui.ui.questions import IDLE_SECONDS, READING_SECONDS, Questions


class FakeScreen:
    """Shows one menu and owns the timers, which fire when the test says so."""

    def __init__(self) -> None:
        self.idle = True
        self.shown = ""
        self.said = ""
        self.timers: list[Callable[[], None]] = []

    def show_menu(self, title: str, entries: object) -> None:
        self.shown = title

    def hide_menu(self) -> None:
        self.shown = ""

    def say_aside(self, text: str) -> None:
        self.said = text or self.said

    def set_timer(self, seconds: float, due: Callable[[], None]) -> None:
        self.timers.append(due)


class Room:
    def __init__(self) -> None:
        self.now = 100.0
        self.screen = FakeScreen()
        self.answered: list[str] = []
        self.questions = Questions(cast(Any, self.screen), clock=lambda: self.now)
        self.choices = [("r", "recover", lambda: self.answered.append("r"))]

    def wait(self, seconds: float) -> None:
        self.now += seconds
        due, self.screen.timers = self.screen.timers, []
        for timer in due:
            timer()


@pytest.fixture
def room() -> Room:
    return Room()


def test_a_question_that_was_caused_is_asked_at_once_and_any_key_leaves_it(room: Room) -> None:
    room.questions.ask("sure?", room.choices)
    assert room.screen.shown == "sure?"
    assert room.questions.takes("r")
    assert room.answered == ["r"]
    room.questions.ask("sure?", room.choices)
    assert room.questions.takes("j")
    assert (room.screen.shown, room.answered) == ("", ["r"])
    assert not room.questions.takes("j")


def test_a_question_that_comes_by_itself_waits_until_nobody_types(room: Room) -> None:
    room.questions.ask_when_idle("recover?", room.choices)
    room.wait(IDLE_SECONDS / 2)
    assert not room.questions.takes("r"), "typed before there was a question"
    room.wait(IDLE_SECONDS / 2)
    assert room.screen.shown == ""
    room.screen.idle = False  # a cell is being edited
    room.wait(IDLE_SECONDS)
    assert room.screen.shown == ""
    room.screen.idle = True
    room.wait(IDLE_SECONDS)
    assert room.screen.shown == "recover?"


def test_a_key_pressed_before_it_could_be_read_is_no_answer_and_it_comes_again(room: Room) -> None:
    room.questions.ask_when_idle("recover?", room.choices)
    room.wait(IDLE_SECONDS)
    room.now += READING_SECONDS / 2
    assert not room.questions.takes("r")
    assert (room.screen.shown, room.answered) == ("", [])
    room.wait(IDLE_SECONDS)
    assert room.screen.shown == "recover?"
    room.now += READING_SECONDS
    assert room.questions.takes("r")
    assert room.answered == ["r"]


def test_other_keys_leave_it_and_do_what_they_always_do(room: Room) -> None:
    room.questions.ask_when_idle("recover?", room.choices)
    room.wait(IDLE_SECONDS)
    room.now += READING_SECONDS
    assert not room.questions.takes("down")
    assert room.screen.shown == ""


def test_what_a_key_has_left_is_said(room: Room) -> None:
    room.questions.ask_when_idle("render 900 frames?", room.choices, left="not rendered")
    room.wait(IDLE_SECONDS)
    room.now += READING_SECONDS
    assert not room.questions.takes("down")
    assert room.screen.said == "not rendered"


@pytest.mark.parametrize(
    "typed", ["before it comes up", "before it is shown", "before it can be read", "when it was read"]
)
def test_what_is_asked_once_takes_no_key_of_somebody_who_works_already(room: Room, typed: str) -> None:
    if typed == "before it comes up":
        assert not room.questions.takes("down")
    room.questions.ask_when_idle("a tour?", room.choices, left="? is help", once=True)
    if typed in ("before it can be read", "when it was read"):
        room.wait(IDLE_SECONDS)
        room.now += READING_SECONDS if typed == "when it was read" else 0
    if typed != "before it comes up":
        assert not room.questions.takes("down")
    assert room.screen.said == "? is help"
    room.wait(IDLE_SECONDS)
    room.now += READING_SECONDS
    assert room.screen.shown == ""
    assert not room.questions.takes("r")
    assert room.answered == []
