"""``harlm.types.proposal``."""

from __future__ import annotations

from typing import get_args

from harlm.types import STRATEGIES, Strategy


def test_every_strategy_is_listed_once() -> None:
    assert sorted(STRATEGIES) == sorted(get_args(Strategy))
