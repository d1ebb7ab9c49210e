"""Settings for all tests: a busy machine is no reason to fail, so property tests have no deadline.

They try the same examples in every run: what holds today does not fail tomorrow by chance, for somebody who changed
something else.

The garbage collector leaves alone what was there before the first test (torch and its kin, a third of a million
objects): walking it again and again was a third of the tests' processor time.

`pytest --hypothesis-profile=thorough` looks for counterexamples twenty times as long, for others each time.
"""

from __future__ import annotations

import gc

from hypothesis import settings

settings.register_profile("house", deadline=None, max_examples=50, derandomize=True)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile("house")


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 50)  # every editor that was under test leaves a hundred thousand objects
