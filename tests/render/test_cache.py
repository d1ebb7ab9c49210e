"""The cache gives back what was put in, or says that it cannot."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from parseq_tui.errors import DiskFull
from parseq_tui.render.cache import DamagedFrame, FrameCache
from parseq_tui.render.storage import CacheUse, unwritable

KEY = "3fa9" + "0" * 60
PICTURE = np.arange(8 * 6 * 3, dtype=np.uint8).reshape(6, 8, 3)


@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
def test_pixels_come_back_as_they_were(tmp_path_factory, image) -> None:
    cache = FrameCache(tmp_path_factory.mktemp("cache"))
    cache.store(KEY, image)
    assert np.array_equal(cache.load(KEY), image)


def test_the_recipe_travels_in_the_picture(tmp_path: Path) -> None:
    cache = FrameCache(tmp_path)
    path = cache.store(KEY, PICTURE, {"request": {"positive": "a cät"}, "pipeline": 1})
    assert path == tmp_path / "3f" / f"{KEY}.png"
    assert cache.recipe(KEY) == {"request": {"positive": "a cät"}, "pipeline": 1}


@pytest.mark.parametrize(
    ("harm", "said"),
    [("cut", "cannot be read"), ("empty", "cannot be read"), ("flip", "cached frame"), ("other", "is damaged")],
)
def test_damage_is_noticed_and_the_entry_goes(tmp_path: Path, harm: str, said: str) -> None:
    cache = FrameCache(tmp_path)
    path = cache.store(KEY, PICTURE)
    content = bytearray(path.read_bytes())
    if harm == "cut":
        del content[len(content) // 2 :]
    if harm == "empty":
        content.clear()
    if harm == "flip":
        content[-30] ^= 0xFF
    if harm == "other":
        cache.store("ab" + KEY[2:], PICTURE // 2)
        genuine = cache.path("ab" + KEY[2:]).read_bytes()
        content = bytearray(genuine[: genuine.index(b"IDAT") - 4] + bytes(content)[content.index(b"IDAT") - 4 :])
    path.write_bytes(content)
    with pytest.raises(DamagedFrame, match=said) as caught:
        cache.load(KEY)
    assert caught.value.key == KEY
    assert KEY not in cache


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DamagedFrame, match="3fa90000 is missing"):
        FrameCache(tmp_path).load(KEY)


def test_a_full_disk_says_what_to_do_and_leaves_nothing_behind(tmp_path: Path, monkeypatch) -> None:
    def no_space(self: Path, content: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", no_space)
    cache = FrameCache(tmp_path)
    with pytest.raises(DiskFull) as caught:
        cache.store(KEY, PICTURE)
    assert "free some space" in caught.value.hint
    assert KEY not in cache
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("number", "way_out"),
    [(errno.EFBIG, "ulimit -f"), (errno.EROFS, "read-only"), (errno.ENOTDIR, "move it away"), (errno.EACCES, "mend")],
)
def test_what_keeps_a_disk_from_being_written_has_its_own_way_out(number: int, way_out: str) -> None:
    told = unwritable(Path("cat.render"), OSError(number, os.strerror(number)))
    assert "cat.render cannot be written" in told.message
    assert way_out in told.hint


def test_half_written_files_are_swept(tmp_path: Path) -> None:
    cache = FrameCache(tmp_path)
    path = cache.store(KEY, PICTURE)
    left = path.with_name(f".{KEY}.123.tmp")
    left.write_bytes(b"half")
    cache.sweep()
    assert not left.exists()
    assert KEY in cache


def test_pruning_takes_the_longest_unused_and_spares_what_is_kept(tmp_path: Path) -> None:
    cache = FrameCache(tmp_path)
    keys = [f"{number:02x}" + "0" * 62 for number in range(4)]
    for age, key in enumerate(keys):
        os.utime(cache.store(key, PICTURE), (1000 + age, 1000 + age))
    cache.touch(keys[1])
    each = cache.use().bytes // 4
    removed = cache.prune(limit=2 * each, keep={keys[0]})
    assert removed == CacheUse(2, 2 * each)
    assert [key in cache for key in keys] == [True, True, False, False]


def test_what_is_kept_stays_even_past_the_limit(tmp_path: Path) -> None:
    cache = FrameCache(tmp_path)
    cache.store(KEY, PICTURE)
    assert cache.prune(limit=0, keep={KEY}) == CacheUse(0, 0)
    assert KEY in cache
