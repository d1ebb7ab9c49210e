"""Settings for all tests: a busy machine is no reason to fail, so property tests have no deadline."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("house", deadline=None)
settings.load_profile("house")
