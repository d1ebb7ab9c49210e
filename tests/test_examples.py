"""The examples: each explains itself, has no problem, and is drawn by the bundled model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import parseq_tui
from parseq_tui.formats import native
from parseq_tui.formats.checking import check_file
from parseq_tui.gallery import ORDER, Example, examples
from parseq_tui.timeline.bake import bake

LINE = 55
"""Columns for a summary in the editor's list of documents at 80 × 24."""
LABEL = 78
"""Columns for a label below the cell at 80 × 24, where a beginner first looks."""
SHOWN = [example for example in examples() if example.name != "blank"]


def named(example: Example) -> str:
    return example.name


def test_the_list_is_the_folder_in_the_order_to_read_it() -> None:
    assert tuple(example.name for example in examples()) == ORDER


@pytest.mark.parametrize("example", examples(), ids=named)
def test_a_line_says_what_it_shows(example: Example) -> None:
    assert example.summary.isprintable()
    assert 20 <= len(example.summary) <= LINE


@pytest.mark.parametrize("example", examples(), ids=named)
def test_it_opens_bakes_and_has_no_problem(example: Example) -> None:
    document = parseq_tui.load(example.path)
    table = bake(document)
    assert check_file(document, table) == []
    assert all(np.isfinite(table[field]).all() for field in document.managed_fields)
    assert native.dumps(document) == example.path.read_text(encoding="utf-8")


@pytest.mark.parametrize("example", SHOWN, ids=named)
def test_it_opens_with_a_comment_that_explains_it(example: Example) -> None:
    first, *_, last = rows = json.loads(example.path.read_text())["keyframes"]
    assert first["frame"] == 0
    assert len(first["info"].split()) >= 5
    assert max(len(row.get("info", "")) for row in rows) <= LABEL
    assert last["frame"] <= 400


def test_the_show_is_half_a_minute() -> None:
    table = bake(parseq_tui.load(SHOWN[0].path))
    assert SHOWN[0].name == "showcase"
    assert len(table["zoom"]) / 12 == 30


@pytest.mark.slow
def test_the_bundled_model_draws_them_all(tmp_path: Path) -> None:
    from parseq_tui.render import cache
    from parseq_tui.render.engine_shelf import EngineShelf
    from parseq_tui.render.messages import Ended
    from parseq_tui.render.take import Job, Take
    from parseq_tui.render.worker import StopSwitch, Worker

    shelf = EngineShelf()
    for example in SHOWN:
        for file in example.files:
            shutil.copy(file, tmp_path)
        take = Take(tmp_path / f"{example.name}.render" / "takes" / "one")
        (take.folder / "preview").mkdir(parents=True)
        job = Job(example.path.read_text(), example.path.name, str(tmp_path), {}, (0, 2))
        (take.folder / "job.json").write_text(job.to_json())
        Worker(take, StopSwitch(take.stop_path), shelf).run()
        end = take.tail().poll()[-1]
        assert isinstance(end, Ended)
        assert (end.outcome, end.message) == ("done", ""), example.name
        frames = cache.FrameCache(take.folder.parents[1] / "cache")
        for key in take.frame_keys().values():
            assert frames.load(key).std() > 10, example.name
    shelf.close()
