"""Fewer draws: the tests of a report look at what it says, and those of the statistics at how sure it is."""

from __future__ import annotations

import pytest

from harlm_bench import statistics


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "DRAWS", 400)
