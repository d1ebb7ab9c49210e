"""Waves over the frame number: sine, square, saw, triangle and pulse."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from parseq_tui.language.declarations import function, number
from parseq_tui.language.moment import Moment
from parseq_tui.language.values import Numbers

CATEGORY = "oscillators"

_WAVE = (
    number("period", "p", help="length of one wave in frames (2b: two beats, 1s: one second)"),
    number("phase", "ps", help="frames the wave is ahead", default=0),
    number("amp", "a", help="amplitude: how far it swings from the centre", default=1),
    number("centre", "c", help="the value it swings around", default=0),
    number("limit", "li", help="periods after the active keyframe until it falls to 0; 0 is for ever", default=0),
    number("pulse", "pw", help="frames that a pulse stays on", default=5),
)


def _limited(moment: Moment, wave: Any, period: Numbers, limit: Numbers) -> Any:
    """The wave, and 0 (not the centre) once `limit` periods have passed since the active keyframe."""
    if isinstance(limit, float) and not limit > 0:
        return wave
    over = (np.asarray(limit) > 0) & (moment.frames - moment.active > limit * period)
    return np.where(over, 0.0, wave)


def _angle(moment: Moment, period: Numbers, phase: Numbers) -> Any:
    # Parseq adds the phase, whatever its documentation says
    return np.divide((moment.frames + phase) * math.pi * 2, period)


@function("sin", *_WAVE, category=CATEGORY, help="a sine wave", example="sin(period=2s, amp=0.5, centre=1)")
def sine(m: Moment, period: Numbers, phase: Numbers, amp: Numbers, centre: Numbers, limit: Numbers, _: Numbers) -> Any:
    return _limited(m, centre + np.sin(_angle(m, period, phase)) * amp, period, limit)


@function("sq", *_WAVE, category=CATEGORY, help="a square wave: half a period up, half down", example="sq(period=4b)")
def square(
    m: Moment, period: Numbers, phase: Numbers, amp: Numbers, centre: Numbers, limit: Numbers, _: Numbers
) -> Any:
    sign = np.where(np.sin(_angle(m, period, phase)) >= 0, 1.0, -1.0)
    return _limited(m, centre + sign * amp, period, limit)


@function("saw", *_WAVE, category=CATEGORY, help="a saw-tooth wave: rises, then drops", example="saw(period=2s)")
def saw(m: Moment, period: Numbers, phase: Numbers, amp: Numbers, centre: Numbers, limit: Numbers, _: Numbers) -> Any:
    return _limited(m, centre + np.divide(np.fmod(m.frames + phase, period) * amp, period), period, limit)


@function("tri", *_WAVE, category=CATEGORY, help="a triangle wave", example="tri(period=2s, amp=2)")
def triangle(
    m: Moment, period: Numbers, phase: Numbers, amp: Numbers, centre: Numbers, limit: Numbers, _: Numbers
) -> Any:
    wave = np.arcsin(np.sin(_angle(m, period, phase)))
    return _limited(m, centre + wave * (2 * amp) / math.pi, period, limit)


@function("pulse", *_WAVE, category=CATEGORY, help="on for pw frames of each period", example="pulse(period=1s, pw=3)")
def pulse(
    m: Moment, period: Numbers, phase: Numbers, amp: Numbers, centre: Numbers, limit: Numbers, width: Numbers
) -> Any:
    on = np.fmod(m.frames + phase, period) < width
    return _limited(m, centre + amp * np.where(on, 1.0, 0.0), period, limit)
