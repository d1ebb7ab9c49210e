"""What the tests of the renderer share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture
def quiet() -> Iterator[None]:
    """The libraries' own advice and progress bars are kept away: warnings are errors here."""
    from parseq_tui.render.engines.devices import quiet_libraries

    with quiet_libraries():
        yield
