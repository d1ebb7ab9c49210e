"""Renders from the editor: counted first, asked about when they are long, paused, their cache kept small."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from editor_flow import flow, press, rows, until
from test_render_pane import FakeWorker
from textual.pilot import Pilot

from parseq_tui.errors import RenderError
from parseq_tui.paths import bundled
from parseq_tui.render.client import Job, RenderClient, Take
from parseq_tui.render.forecast import Forecast
from parseq_tui.render.messages import Ended
from parseq_tui.ui.actions.renders import RenderActions, farewell, in_words, megabytes
from parseq_tui.ui.questions import READING_SECONDS
from parseq_tui.ui.screens.editor import EditorScreen
from parseq_tui.ui.widgets.status_bar import TitleBar


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return Path(shutil.copy(bundled("examples") / "bouncy_cuts.json", tmp_path / "song.json"))


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What would have been started."""
    calls: list[object] = []

    def start(self: RenderClient, jobs: list[Job], linger: float) -> list[Take]:
        calls.extend(job.frames for job in jobs)
        return [Take(self.folder / "takes" / "20261122-091803")]

    monkeypatch.setattr(RenderClient, "start_jobs", start)
    return calls


def counting(monkeypatch: pytest.MonkeyPatch, answer: Forecast | RenderError) -> None:
    def counted(*arguments: object, **named: object) -> Forecast:
        if isinstance(answer, RenderError):
            raise answer
        return answer

    monkeypatch.setattr("parseq_tui.ui.actions.renders.forecast", counted)


def shown(screen: EditorScreen) -> str:
    return "\n".join(rows(screen))


def test_a_short_render_says_what_it_does_and_starts(
    document: Path, monkeypatch: pytest.MonkeyPatch, started: list[object]
) -> None:
    counting(monkeypatch, Forecast(12, 116, 0.5))

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "space", "r", "a")
        await until(pilot.app, lambda: bool(started))
        assert "12 frames to render, 116 from the cache, about 00:06" in rows(screen)[-1]

    flow(document, steps)


def test_a_long_render_asks_first_and_no_key_typed_before_starts_it(
    document: Path, monkeypatch: pytest.MonkeyPatch, started: list[object]
) -> None:
    counting(monkeypatch, Forecast(100, 28, 7.0))

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "space", "r", "s", "y")
        await until(pilot.app, lambda: "100 frames to render, 28 from the cache, about 11:40" in shown(screen))
        assert not started
        await until(pilot.app, lambda: "do not render" in shown(screen))
        assert "counting the frames" not in shown(screen)
        await asyncio.sleep(READING_SECONDS)
        await press(pilot, screen, "y")
        assert started == [(0, 1)]

    flow(document, steps)


def test_a_document_without_a_file_is_given_one_first(document: Path, started: list[object]) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        screen.session.path = None
        await press(pilot, screen, "space", "r", "a")
        assert rows(screen)[-1].startswith(":w bouncy-cuts.json")
        assert not started

    flow(document, steps)


def test_what_stands_in_the_way_is_said_and_nothing_starts(
    document: Path, monkeypatch: pytest.MonkeyPatch, started: list[object]
) -> None:
    counting(monkeypatch, RenderError("there is no model called x", hint="known: tiny"))

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        screen.desk.run_line("forecast")
        await until(pilot.app, lambda: "there is no model called x; known: tiny" in rows(screen)[-1])
        assert not started

    flow(document, steps)


def test_old_frames_are_cleared_with_their_sizes_shown(document: Path) -> None:
    cache = document.parent / "song.render" / "cache" / "3f"
    cache.mkdir(parents=True)
    for number in range(4):
        (cache / f"3f{number}.png").write_bytes(b"x" * 500_000)

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        screen.desk.run_line("prune")
        await until(pilot.app, lambda: "4 frames in the cache, 2.0 MB" in shown(screen))
        await asyncio.sleep(READING_SECONDS)
        await press(pilot, screen, "o")
        await until(pilot.app, lambda: "2 frames deleted, 1.0 MB free" in rows(screen)[-1])
        screen.desk.run_line("prune 0")
        await until(pilot.app, lambda: not list(cache.glob("*.png")))
        screen.desk.run_line("prune much")
        await until(pilot.app, lambda: "no number of megabytes" in rows(screen)[-1])

    flow(document, steps)


def test_a_document_without_a_file_is_rendered_as_soon_as_it_has_one(
    document: Path, monkeypatch: pytest.MonkeyPatch, started: list[object]
) -> None:
    counting(monkeypatch, Forecast(3, 0, 2.0))
    monkeypatch.chdir(document.parent)

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        screen.session.path = None
        await press(pilot, screen, "f5", "escape")
        screen.desk.run_line("w other")
        await until(pilot.app, lambda: Path("other.json").exists() and screen.session.path is not None)
        assert not started, "the name was not given for the render"
        screen.session.path = None
        await press(pilot, screen, "f5", "enter")
        await until(pilot.app, lambda: started == [None])
        assert screen.session.path == Path("bouncy-cuts.json") and screen.session.path.exists()

    flow(document, steps)


def test_without_a_render_pausing_says_so(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        await press(pilot, screen, "space", "r", "z")
        assert "nothing is being rendered" in rows(screen)[-1]

    flow(document, steps)


def test_how_a_render_ended_is_said_to_who_does_not_look_at_it(
    document: Path, monkeypatch: pytest.MonkeyPatch, started: list[object]
) -> None:
    counting(monkeypatch, Forecast(3, 0, 2.0))
    worker = FakeWorker(RenderClient(document), "20261122-091803", running=False)
    worker.say(Ended(1.0, "failed", 0, 0, 1.0, "", "the cache is a file", "remove it"))

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        assert "the render failed" not in shown(screen), "it ended before"
        await press(pilot, screen, "f5")
        await until(pilot.app, lambda: "the render failed: the cache is a file; remove it" in shown(screen))
        await press(pilot, screen, "space", "r", "r")
        screen.say("")
        worker.say(Ended(2.0, "done", 3, 0, 1.0, "song.mp4"))
        screen.pictures.set_client(RenderClient(document), worker.take.name)
        await until(pilot.app, lambda: "finished" in shown(screen))
        assert "Space r r shows them" not in shown(screen), "it is seen"

    flow(document, steps, size=(80, 24))


def test_forecasts_and_sizes_in_words() -> None:
    assert in_words(Forecast(0, 400)) == "nothing to render: all 400 frames are in the cache"
    assert in_words(Forecast(0, 1)) == "nothing to render: the frame is in the cache"
    assert in_words(Forecast(4, 0, 0.01)) == "4 frames to render, less than a second"
    assert in_words(Forecast(1, 0, 2.0, False)) == "1 frame to render, about 00:02 (guessed from another size or steps)"
    assert "shows after the first frames" in in_words(Forecast(3, 0))
    assert (megabytes(340_000_000), megabytes(200_000)) == ("340 MB", "0.2 MB")


def test_what_is_rendered_stands_in_the_title_however_wide_it_is(
    document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = "rendering 60/128, 00:04 left"
    monkeypatch.setattr(RenderActions, "state", property(lambda self: words))

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        bar, whole = screen.query_one(TitleBar), rows(screen)[0].split()
        for width in range(62, 84):
            await pilot.resize_terminal(width, 24)
            await until(pilot.app, lambda: bar.size.width == width)
            title = rows(screen)[0]
            assert title.rstrip().endswith(words)
            assert all(word in whole for word in title.split()), "no word is cut"

    flow(document, steps, size=(120, 24))


def test_new_seeds_are_those_of_no_take_before(document: Path) -> None:
    offsets: list[object] = []

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        for count in (1, 2, 3):
            wish = screen.renders._wish("all", is_draft=False, new_seeds=True)
            assert wish is not None
            offsets.append(wish.options["seed_offset"])
            (wish.client.folder / "takes" / str(count)).mkdir(parents=True)

    flow(document, steps)
    assert len({0, *offsets}) == 4


def test_a_long_question_is_read_whole_on_a_narrow_screen(document: Path) -> None:
    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        text = in_words(Forecast(1234, 5678))
        screen.questions.ask(text, [("y", "render", lambda: None), ("n", "do not render", lambda: None)])
        await pilot.pause()
        words = " ".join(" ".join(rows(screen)[-6:]).split())
        assert f"{text} Esc leaves" in words
        assert "y render" in words and "n do not render" in words

    flow(document, steps, size=(64, 20))


def test_who_leaves_a_render_is_told_how_to_find_it_again(document: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(document.parent)
    words = farewell(document.with_name("my \x1b[2Jsong.json"))
    assert words is not None and "\x1b" not in words.plain
    assert farewell(None) is None
    said: list[object] = []

    async def steps(pilot: Pilot[int], screen: EditorScreen) -> None:
        monkeypatch.setattr(EditorScreen, "is_rendering", lambda self: True)
        monkeypatch.setattr(screen.app, "exit", lambda *args, message=None: said.append(message))
        await press(pilot, screen, "ctrl+q")
        assert [str(each) for each in said] == ["the render goes on; follow it: parseq-tui attach song.json"]
        monkeypatch.setattr(RenderClient, "pausing", lambda self: True)
        await press(pilot, screen, "ctrl+q")
        assert str(said[-1]) == "the render is paused; let it go on: parseq-tui resume song.json"

    flow(document, steps)
