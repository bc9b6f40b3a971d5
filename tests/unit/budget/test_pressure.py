from __future__ import annotations

from harlm.budget import Account, Caps
from harlm.budget.pressure import ECONOMY, FINISH, NO_SPECULATION
from harlm.types import Amounts


async def test_a_spent_budget_passes_the_three_shares_in_their_order() -> None:
    account = Account(Caps(calls=100))
    passed: list[tuple[int, str]] = []
    shares = {"economy": ECONOMY, "no speculation": NO_SPECULATION, "finish": FINISH}
    for calls in range(1, 101):
        reservation = await account.reserve(Amounts(calls=1))
        reservation.settle(Amounts(calls=1))
        for name in [name for name, share in shares.items() if account.pressure >= share]:
            passed.append((calls, name))
            del shares[name]
    assert passed == [(70, "economy"), (85, "no speculation"), (95, "finish")]
