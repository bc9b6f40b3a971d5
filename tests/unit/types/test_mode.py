from __future__ import annotations

from typing import get_args

from harlm.types import MODES, STATUSES, STRATEGIES, BuiltInStrategy, Mode, Status


def test_every_mode_strategy_and_status_is_listed_once_and_in_order() -> None:
    assert get_args(Mode) == MODES
    assert get_args(BuiltInStrategy) == STRATEGIES
    assert get_args(Status) == STATUSES
