"""A short run of each fuzz command; `python -m tests.bench.fuzz_formulas 600` runs for as long as it is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.bench.fuzz_documents import DOCUMENTS
from tests.bench.fuzz_formulas import FORMULAS
from tests.bench.fuzzing import Target, fuzz


@pytest.mark.parametrize("target", [DOCUMENTS, FORMULAS], ids=["documents", "formulas"])
def test_nothing_a_stranger_sends_ends_in_a_traceback_or_hangs(target: Target) -> None:
    few = replace(target, seeds=target.seeds[::8])  # all of them have tests of their own
    tried, failures = fuzz(few, most=400)
    assert not failures, "\n".join(failures)
    assert tried == 400
