"""The frame cache as files: where a key lives, what it all takes, what may go. No pixels (those: render/cache.py)."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from parseq_tui.errors import DiskFull, RenderError

FULL = (errno.ENOSPC, errno.EDQUOT)
"""What a disk says that is full, or of which a user has had enough."""
_WAYS_OUT = {
    errno.EFBIG: "raise the limit on the size of files (ulimit -f), then render again: it goes on there",
    errno.EROFS: "the disk is mounted read-only: save the document elsewhere",
    errno.ENOTDIR: "a file stands where a folder must be: move it away",
}


@dataclass(frozen=True, slots=True)
class CacheUse:
    """What a cache takes, or what was removed from it."""

    frames: int
    bytes: int


class CacheFolder:
    """PNG files by frame key: `3f/3fa9….png`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.png"

    def __contains__(self, key: str) -> bool:
        return os.path.exists(self.path(key))  # a frame that one may not look at is made again, and storing it says why

    def use(self) -> CacheUse:
        """How many frames there are and how much they take."""
        sizes = [size for _, _, size in self._entries()]
        return CacheUse(len(sizes), sum(sizes))

    def prune(self, limit: int, keep: AbstractSet[str]) -> CacheUse:
        """Remove the longest unused frames until at most `limit` bytes are left, never one in `keep`.

        Returns what was removed.
        """
        entries = sorted(self._entries(), key=lambda entry: entry[1])
        total = sum(size for _, _, size in entries)
        removed = freed = 0
        for path, _, size in entries:
            if total - freed <= limit:
                break
            if path.stem in keep:
                continue
            path.unlink(missing_ok=True)
            removed, freed = removed + 1, freed + size
        return CacheUse(removed, freed)

    def touch(self, key: str) -> None:
        """Note that a frame was used, for `prune`."""
        try:
            os.utime(self.path(key))
        except FileNotFoundError:
            return  # whoever loads it next will notice, and says so

    def sweep(self) -> None:
        """Remove what a killed worker left half written. Only the holder of the folder's lock may do this."""
        for path in self.folder.glob("??/.*.tmp"):
            path.unlink(missing_ok=True)

    def _entries(self) -> Iterator[tuple[Path, float, int]]:
        for path in self.folder.glob("??/*.png"):
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            yield path, status.st_mtime, status.st_size


def unwritable(place: Path, error: OSError) -> RenderError:
    """What to tell somebody whose disk said no."""
    if error.errno in FULL:
        return DiskFull(
            f"there is no space left on the disk of {place}",
            hint="free some space (parseq-tui prune removes old frames), then render again: it goes on there",
        )
    way_out = _WAYS_OUT.get(error.errno or 0, "mend its permissions, or save the document elsewhere")
    return RenderError(f"{place} cannot be written: {error.strerror}", hint=way_out)
