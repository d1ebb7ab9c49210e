"""Keeps the editor's memory to what is in use.

Loading and baking a large document frees as much as it keeps. By default the C library holds on to that, and the larger
the blocks that were freed, the more it holds; a document of 10,000 rows of 40 fields would cost 20 MB for nothing.
"""

from __future__ import annotations

import ctypes
import gc
from functools import cache
from typing import Any, Final

_MAPPED_FROM: Final = 256 * 1024
"""Blocks of so many bytes are the system's own again as soon as they are freed."""
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
"""The C library's numbers for its settings (malloc.h)."""


@cache
def _library() -> Any:
    """The C library, where it is one that knows of these things (glibc); None elsewhere."""
    try:
        library = ctypes.CDLL(None)
        return library if hasattr(library, "malloc_trim") and hasattr(library, "mallopt") else None
    except (OSError, TypeError):
        return None


def keep_little() -> None:
    """Call this before anything large is loaded."""
    if (library := _library()) is not None:
        library.mallopt(_M_MMAP_THRESHOLD, _MAPPED_FROM)
        library.mallopt(_M_ARENA_MAX, 1)  # what one thread frees another can use


def give_back_freed() -> None:
    """Give back what is free now. Milliseconds; may run in any thread."""
    if (library := _library()) is not None:
        library.malloc_trim(0)


def settle(*, replaced: bool) -> None:
    """Call this when a document is shown. What is there never dies: keep the collector from walking it on every key.

    `replaced`: another document was shown before, which is garbage now. Without one, only what came after the modules
    and the document were loaded is looked through (`gc.freeze` then): all of it would take longer than painting.
    """
    if replaced:
        gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.enable()
    give_back_freed()
