from __future__ import annotations

import pytest

from harlm.scheduler.effort import Effort, TooComplex


def test_effort_is_spent_once() -> None:
    effort = Effort(3)
    effort.spend(2)
    effort.spend(1)
    with pytest.raises(TooComplex):
        effort.spend(1)
