from __future__ import annotations

import pytest

from harlm.testing.contracts import EmbedderContract
from harlm.testing.contracts.missing import missing


class Mine(EmbedderContract):
    pass


def test_a_suite_without_its_part_says_which_fixture_it_needs() -> None:
    error = missing(Mine(), "embedder")
    assert isinstance(error, pytest.UsageError)
    assert str(error) == "Mine has no part to test; define its fixture 'embedder', which returns it"
