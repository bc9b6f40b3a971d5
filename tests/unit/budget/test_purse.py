"""Every purse, as the accounts of runs use it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.batch.purse import BatchPurse
from harlm.budget import Account, Caps
from harlm.budget.purse import Purse
from harlm.errors import LimitExceeded
from harlm.types import Amounts

CAP = 1_000
PURSES: dict[str, Callable[[], Purse]] = {
    "an account": lambda: Account(Caps(micros=CAP)),
    "of a batch": lambda: BatchPurse(Caps(micros=CAP)),
}


@pytest.mark.parametrize("make", PURSES.values(), ids=PURSES)
@given(bills=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), max_size=20))
async def test_runs_together_never_pay_more_than_the_purse_holds(
    make: Callable[[], Purse], bills: list[tuple[int, int]]
) -> None:
    purse, paid = make(), 0
    for bound, bill in bills:
        run = Account(Caps(micros=CAP), purse=purse)
        try:
            reserved = await run.reserve(Amounts(micros=bound))
        except LimitExceeded:
            assert paid + bound > CAP
            continue
        reserved.settle(Amounts(micros=min(bound, bill)))
        paid += min(bound, bill)
    assert paid <= CAP
