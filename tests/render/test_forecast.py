"""What a render would cost is known before it starts, from a process of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from parseq_tui.errors import ParseqError, RenderError, SettingsError
from parseq_tui.paths import bundled
from parseq_tui.render.client import RenderClient
from parseq_tui.render.forecast import Forecast, forecast
from parseq_tui.render.forecast_process import pace
from parseq_tui.render.messages import FrameDone
from parseq_tui.render.take import Job, LineLog, Take
from parseq_tui.timeline.render_settings import resolve

EXAMPLE = bundled("examples") / "bouncy_cuts.json"


def take_of(folder: Path, name: str, seconds: list[float], **options: object) -> Take:
    """A finished take whose frames took so long."""
    take = Take(folder / "takes" / name)
    take.folder.mkdir(parents=True)
    job = Job(EXAMPLE.read_text(), "song.json", str(folder), {"engine": "test", **options})
    (take.folder / "job.json").write_text(job.to_json())
    log = LineLog(take.events_path)
    for frame, spent in enumerate(seconds):
        log.event(FrameDone(0.0, frame, frame + 1, len(seconds), "k", spent, spent == 0, 1.0, ""))
    log.close()
    return take


def wanted(**options: object) -> object:
    document = json.loads(EXAMPLE.read_text())
    return resolve(document.get("render", {}), {"engine": "test", **options})


def test_the_pace_is_that_of_frames_really_made(tmp_path: Path) -> None:
    take = take_of(tmp_path, "1", [2.0, 0.0, 4.0])
    assert pace([take], wanted()) == (3.0, True)  # type: ignore[arg-type]


def test_a_take_of_another_size_is_scaled_and_said_to_be_a_guess(tmp_path: Path) -> None:
    small = take_of(tmp_path, "1", [1.0], width=64, height=64, steps=4)
    big = wanted(width=128, height=64, steps=8)
    seconds, alike = pace([small], big)  # type: ignore[arg-type]
    assert (seconds, alike) == (4.0, False)
    same = take_of(tmp_path, "0", [9.0], width=128, height=64, steps=8)
    assert pace([small, same], big) == (9.0, True)  # type: ignore[arg-type]


def test_without_takes_there_is_no_pace() -> None:
    assert pace([], wanted()) == (None, True)  # type: ignore[arg-type]
    assert Forecast(10, 0).seconds is None
    assert Forecast(0, 10).seconds == 0
    assert Forecast(10, 5, 2.0).seconds == 20


@pytest.mark.slow
def test_frames_are_counted_by_another_process(tmp_path: Path) -> None:
    client = RenderClient(tmp_path / "song.json")
    take_of(client.folder, "1", [0.5])
    counted = forecast(client, EXAMPLE.read_text(), options={"engine": "test"}, frames=(0, 10))
    assert (counted.render, counted.reuse, counted.seconds) == (10, 0, 5.0)
    assert not (client.folder / "lock").exists(), "nothing was started"


@pytest.mark.slow
def test_what_would_stop_the_render_is_said_before_it_starts(tmp_path: Path) -> None:
    client = RenderClient(tmp_path / "song.json")
    with pytest.raises(SettingsError):
        forecast(client, EXAMPLE.read_text(), options={"steps": "many"})
    with pytest.raises(RenderError, match="no frames"):
        forecast(client, EXAMPLE.read_text(), options={"engine": "test"}, frames=(5000, 5001))
    with pytest.raises(ParseqError):
        forecast(client, "{", options={"engine": "test"})
