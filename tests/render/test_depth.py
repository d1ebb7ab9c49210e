"""Depth maps: near things move more than far ones, and a frame's key holds what its map shows."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from frame_json import film
from stand_ins import table_of

from parseq_tui.errors import ModelNotFound, VideoError
from parseq_tui.render.cache import FrameCache
from parseq_tui.render.dependencies import key_frames
from parseq_tui.render.depth import DepthMaps, DepthNetwork, open_depth
from parseq_tui.render.inputs import StillInput
from parseq_tui.render.loop import Tweens, move
from parseq_tui.render.motion import Spatial
from parseq_tui.render.plan import Edges, plan_frames, plan_warnings
from parseq_tui.render.take import Job, Take
from parseq_tui.render.worker import StopSwitch, Worker
from parseq_tui.timeline.document import Options
from parseq_tui.timeline.render_settings import resolve
from parseq_tui.video.images import encode_png

EDGES = Edges("replicate", "bilinear")
RIGHT = Spatial(-20.0, 0.0, 0.0, 0.0, 0.0, 0.0, 70.0, 1.0, depth=0)
COLUMNS = {"translation_z": [0, 1, 2, 3], "strength": 0.6}


def halves(path: Path) -> Path:
    """A map whose upper half is far (black) and whose lower half is near (white)."""
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[32:] = 255
    path.write_bytes(encode_png(picture))
    return path


def maps(path: Path) -> DepthMaps:
    return DepthMaps(StillInput(halves(path)))


def test_distances_are_further_where_the_map_is_dark(tmp_path: Path) -> None:
    distance = maps(tmp_path / "depth.png").distance(0, np.zeros((16, 32, 3), np.uint8))
    assert distance.shape == (16, 32)
    assert distance[0].min() > distance[-1].max() >= 1
    assert distance[0].max() <= 2


def test_near_things_move_more(tmp_path: Path) -> None:
    bar = np.zeros((64, 64, 3), np.uint8)
    bar[:, 30:32] = 255
    moved = move(bar, (RIGHT,), EDGES, maps(tmp_path / "depth.png"))
    far, near = (int(np.argmax(moved[row, :, 0])) for row in (4, 60))
    assert near - 30 > far - 30 > 0


@pytest.mark.parametrize("depth", [None, "depth.png"])
def test_motion_in_space_names_the_map_of_its_frame(depth: str | None) -> None:
    settings = resolve({"engine": "test", "depth": depth})
    plans = plan_frames(table_of(4, COLUMNS), settings, Options(), "native")
    assert [plan.motions[0].depth for plan in plans[1:]] == [None if depth is None else index for index in (1, 2, 3)]


def test_a_key_holds_what_the_map_shows() -> None:
    settings = resolve({"engine": "test", "depth": "depth.mp4"})
    plans = plan_frames(table_of(4, COLUMNS, cadence=2), settings, Options(), "native")
    keys = key_frames(plans, "engine", str, lambda index: "the same").frames
    changed = key_frames(plans, "engine", str, lambda index: "other" if index == 3 else "the same").frames
    assert [frame for frame in keys if keys[frame] != changed[frame]] == [3]


def test_without_depth_and_grey_keys_are_those_of_before() -> None:
    plans = plan_frames(table_of(4, COLUMNS), resolve({"engine": "test"}), Options(), "native")
    recipes = key_frames(plans, "engine", str).recipes.values()
    assert all("grayscale" not in recipe and "depth" not in str(recipe) for recipe in recipes)


def test_a_missing_map_is_named(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=r"the depth map nowhere\.png does not exist"):
        open_depth("nowhere.png", tmp_path, None)


def test_maps_that_move_nothing_are_mentioned() -> None:
    table = table_of(3, {"angle": [0, 1, 2]})
    (warning,) = plan_warnings(table, resolve({"depth": "depth.png"}), "native")
    assert "no effect in 2d" in warning.message


def test_a_folder_of_maps_and_a_video_follow_the_timeline(tmp_path: Path) -> None:
    (tmp_path / "maps").mkdir()
    for number in range(3):
        picture = np.zeros((8, 8, 3), np.uint8)
        picture[: 1 + number] = 255
        (tmp_path / "maps" / f"{number}.png").write_bytes(encode_png(picture))
    opened = open_depth("maps", tmp_path, None)
    assert opened is not None
    frame = np.zeros((8, 8, 3), np.uint8)
    near = [int((opened.distance(index, frame)[:, 0] == 1).sum()) for index in (0, 1, 2, 9)]
    assert near == [1, 2, 3, 3]
    assert len({opened.content(index) for index in range(3)}) == 3
    assert opened.content(2) == opened.content(9)


class Eyes:
    """Looks at pictures and remembers which."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def distance(self, index: int, image: np.ndarray) -> np.ndarray:
        self.seen.append(int(image[0, 0, 0]))
        return np.ones(image.shape[:2])


def test_between_diffused_frames_the_depth_of_the_newer_one_counts_for_both() -> None:
    settings = resolve({"engine": "test", "depth": "depth.mp4"})
    table = table_of(6, {"translation_z": [0, 1, 2, 3, 4, 5], "strength": 0.6}, cadence=3)
    plans = plan_frames(table, settings, Options(), "native")
    pictures = {frame: np.full((8, 8, 3), 10 * frame, np.uint8) for frame in (0, 3)}
    eyes = Eyes()
    tweens = Tweens(pictures, eyes)
    for plan in plans:
        tweens.shown(plan)
    # frame 0 moves to 1 and 2 by its own depth, to 3 and 4 by that of frame 3; 3 moves to 4 and 5
    assert eyes.seen == [0, 0, 30, 30, 30, 30]


@pytest.mark.slow
class TestNetworks:
    @pytest.fixture(scope="class")
    def folder(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        """A tiny Depth Anything with random weights."""
        import torch
        from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config

        torch.manual_seed(0)
        stages = [f"stage{number}" for number in (1, 2, 3, 4)]
        backbone = Dinov2Config(
            hidden_size=16,
            num_hidden_layers=4,
            num_attention_heads=2,
            image_size=56,
            patch_size=14,
            out_features=stages,
            reshape_hidden_states=False,
            apply_layernorm=True,
        )
        config = DepthAnythingConfig(
            backbone_config=backbone,
            reassemble_hidden_size=16,
            patch_size=14,
            neck_hidden_sizes=[8, 8, 8, 8],
            fusion_hidden_size=8,
            head_hidden_size=8,
            reassemble_factors=[4, 2, 1, 0.5],
        )
        place = tmp_path_factory.mktemp("models") / "depth"
        DepthAnythingForDepthEstimation(config).save_pretrained(place)
        size = {"size": {"height": 56, "width": 56}, "keep_aspect_ratio": True, "ensure_multiple_of": 14}
        (place / "preprocessor_config.json").write_text(json.dumps(size))
        return place

    def test_a_network_looks_at_the_picture(self, folder: Path) -> None:
        network = open_depth(str(folder), folder, None, "cpu")
        assert isinstance(network, DepthNetwork)
        noisy = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
        one, again, other = (network.distance(0, image) for image in (noisy, noisy, noisy[::-1].copy()))
        assert one.shape == (48, 64)
        assert 1 <= one.min() < one.max() <= 2
        np.testing.assert_array_equal(one, again)
        assert not np.array_equal(one, other)

    def test_a_film_is_moved_by_what_it_sees(self, folder: Path, tmp_path: Path) -> None:
        text = film(4, cadence=2, depth=str(folder), space="3d")
        document = json.loads(text)
        for number, frame in enumerate(document["rendered_frames"]):
            frame["translation_z"] = frame["rotation_3d_y"] = float(number)
        flat = {**document, "render": {**document["render"], "depth": None}}
        shown = []
        for name, content in (("deep", document), ("flat", flat)):
            take = Take(tmp_path / f"{name}.render" / "takes" / "one")
            (take.folder / "preview").mkdir(parents=True)
            (take.folder / "job.json").write_text(Job(json.dumps(content), "film.json", str(tmp_path)).to_json())
            assert Worker(take, StopSwitch(take.stop_path)).run() == "done", take.summary().message
            shown.append(FrameCache(take.render_folder / "cache").load(take.frame_keys()[3]))
        assert not np.array_equal(*shown)

    def test_its_weights_are_in_the_key(self, folder: Path, tmp_path: Path) -> None:
        other = tmp_path / "other"
        shutil.copytree(folder, other)
        content = DepthNetwork(folder).content(0)
        assert DepthNetwork(other).content(7) == content
        weights = other / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-1] + b"!")
        assert DepthNetwork(other).content(0) != content

    def test_folders_that_are_no_model_say_so(self, tmp_path: Path) -> None:
        (tmp_path / "config.json").write_text("{}")
        with pytest.raises(ModelNotFound, match=r"no \.safetensors"):
            open_depth(str(tmp_path), tmp_path, None)
        (tmp_path / "model.safetensors").write_bytes(b"no weights")
        network = open_depth(str(tmp_path), tmp_path, None, "cpu")
        assert network is not None
        with pytest.raises(ModelNotFound, match="cannot be loaded"):
            network.distance(0, np.zeros((8, 8, 3), np.uint8))
