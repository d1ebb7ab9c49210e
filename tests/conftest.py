"""Settings for all tests: a busy machine is no reason to fail, so property tests have no deadline.

`pytest --hypothesis-profile=thorough` looks for counterexamples twenty times as long.
"""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("house", deadline=None, max_examples=50)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile("house")
