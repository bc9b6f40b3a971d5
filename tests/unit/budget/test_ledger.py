"""Accounts: reservations, refusals, the finishing reserve, debts and usage."""

from __future__ import annotations

import asyncio
import math

import pytest

from harlm.budget import UNLIMITED, Account, Caps
from harlm.errors import (
    CallLimit,
    CostLimit,
    DeadlineExceeded,
    DepthLimit,
    LimitExceeded,
    TokenLimit,
)
from harlm.types import Amounts, Usage
from tests.support.accounts import NOTHING, ONE_CALL, all_of, began
from tests.support.virtual_time import Clock

# -- paying ----------------------------------------------------------------------------------------------


async def test_a_reservation_counts_here_and_above_and_its_unused_part_is_free_again() -> None:
    root = Account(Caps(tokens=100))
    node = root.child().child()
    reservation = await node.reserve(Amounts(60, 7, 1))
    assert root.reserved == node.reserved == Amounts(60, 7, 1)
    assert (root.left.tokens, node.left.tokens) == (40, 40)
    reservation.settle(Amounts(25, 3, 1))
    assert all_of(root) == all_of(node) == (Amounts(25, 3, 1), NOTHING, NOTHING)
    assert node.left.tokens == 75


async def test_a_request_that_was_not_served_costs_nothing() -> None:
    account = Account(Caps(calls=1))
    (await account.reserve(Amounts(9, 9, 1))).refund()
    assert all_of(account) == (NOTHING, NOTHING, NOTHING)


async def test_an_unsettled_reservation_is_charged_in_full() -> None:
    account = Account()
    reservation = await account.reserve(Amounts(60, 7, 1))
    with pytest.raises(asyncio.CancelledError), reservation:
        raise asyncio.CancelledError
    assert not reservation.is_open
    assert all_of(account) == (Amounts(60, 7, 1), NOTHING, NOTHING)


async def test_a_reservation_is_settled_once() -> None:
    account = Account()
    with await account.reserve(Amounts(60, 7, 1)) as reservation:
        assert reservation.is_open
        reservation.settle(Amounts(1, 1, 1))
        with pytest.raises(ValueError, match="settled already"):
            reservation.settle(Amounts(1, 1, 1))
        with pytest.raises(ValueError, match="settled already"):
            reservation.refund()
    assert account.committed == Amounts(1, 1, 1)


async def test_a_cap_can_be_spent_to_the_last_unit() -> None:
    account = Account(Caps(tokens=10, micros=20, calls=1))
    (await account.reserve(Amounts(10, 20, 1))).settle(Amounts(10, 20, 1))
    assert account.left == NOTHING
    with pytest.raises(TokenLimit):
        await account.reserve(Amounts(tokens=1))


async def test_an_account_without_caps_has_no_limit() -> None:
    account = Account()
    await account.reserve(Amounts(10**12, 10**12, 10**6))
    assert min(account.left) > 10**18
    assert (account.seconds_left, account.seconds, account.pressure) == (math.inf, math.inf, 0.0)
    assert not account.limits_tokens
    assert not account.limits_money


def test_a_limit_of_the_parent_is_a_limit_of_the_child() -> None:
    root = Account(Caps(micros=5))
    assert (root.child().limits_money, root.child(Caps(tokens=3)).limits_tokens) == (True, True)
    assert not root.limits_tokens


# -- refusals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("caps", "spent", "want", "kind", "limit", "figures", "said"),
    [
        (
            Caps(tokens=1_000),
            Amounts(900, 0, 1),
            Amounts(tokens=101),
            TokenLimit,
            "tokens",
            (900, 1_000),
            "900 tokens of 1,000 tokens are used, and the next call may take 101 tokens; raise --max-tokens",
        ),
        (
            Caps(micros=1_000_000),
            Amounts(0, 750_000, 1),
            Amounts(micros=250_001),
            CostLimit,
            "usd",
            (0.75, 1.0),
            "$0.75 of $1 are used, and the next call may take $0.250001; raise --max-cost",
        ),
        (
            Caps(calls=3),
            Amounts(0, 0, 3),
            ONE_CALL,
            CallLimit,
            "calls",
            (3, 3),
            "3 calls of 3 calls are used, and the next call may take 1 calls; raise --max-calls",
        ),
    ],
    ids=["tokens", "money", "calls"],
)
@pytest.mark.parametrize("below", [False, True], ids=["the account's own", "one above"])
async def test_a_refusal_names_the_limit_the_usage_and_the_flag(
    caps: Caps,
    spent: Amounts,
    want: Amounts,
    kind: type[LimitExceeded],
    limit: str,
    figures: tuple[float, float],
    said: str,
    *,
    below: bool,
) -> None:
    root = Account(caps)
    (await root.reserve(spent)).settle(spent)
    account = root.child().child() if below else root
    with pytest.raises(kind) as caught:
        await account.reserve(want)
    assert str(caught.value) == said
    assert (caught.value.limit, caught.value.used, caught.value.allowed) == (limit, *figures)
    assert all_of(root) == (spent, NOTHING, NOTHING)


async def test_after_the_end_of_the_time_every_request_is_refused() -> None:
    clock = Clock(100.0)
    account = Account(Caps(ends=104.0), now=clock).child()
    assert account.seconds_left == account.seconds == 4.0
    clock.now = 104.5
    with pytest.raises(DeadlineExceeded) as caught:
        await account.reserve(NOTHING)
    assert str(caught.value) == "the time limit of 4 s has passed; raise --timeout"
    assert (caught.value.limit, caught.value.used, caught.value.allowed) == ("seconds", 4.5, 4.0)
    assert account.seconds_left == 0.0


def test_an_account_below_the_greatest_depth_is_refused() -> None:
    root = Account(Caps(depth=2))
    deepest = root.child().child()
    assert [each.depth for each in (root, deepest)] == [0, 2]
    with pytest.raises(DepthLimit) as caught:
        deepest.child()
    assert str(caught.value) == "depth 3 is greater than the allowed 2; raise --max-depth"
    assert (caught.value.limit, caught.value.used, caught.value.allowed) == ("depth", 3, 2)


def test_a_child_gets_no_more_depth_or_time_than_its_parent() -> None:
    clock = Clock(100.0)
    child = Account(Caps(depth=1, ends=105.0), now=clock).child(Caps(depth=9, ends=200.0))
    assert child.ends == 105.0
    with pytest.raises(DepthLimit):
        child.child()


async def test_a_cap_above_the_parents_gives_nothing_more() -> None:
    child = Account(Caps(tokens=50)).child(Caps(tokens=5_000))
    assert child.left.tokens == 50
    with pytest.raises(TokenLimit, match="0 tokens of 50 tokens are used"):
        await child.reserve(Amounts(tokens=51))


async def test_a_fan_out_cannot_spend_the_same_money_twice() -> None:
    root = Account(Caps(micros=100))
    children = [root.child() for _ in range(10)]
    granted = [await began(child.reserve(Amounts(micros=30))) for child in children]
    assert [each.done() for each in granted] == [True] * 3 + [False] * 7
    assert root.reserved.micros == 90
    for each in granted:
        each.cancel()


# -- what is left ----------------------------------------------------------------------------------------


async def test_left_is_the_room_now_and_prospect_the_room_without_open_reservations() -> None:
    root = Account(Caps(tokens=100, micros=50))
    node = root.child(Caps(tokens=80))
    sibling = root.child()
    await sibling.reserve(Amounts(30, 20, 1))
    (await node.reserve(Amounts(10, 0, 1))).settle(Amounts(10, 0, 1))
    root.hold(Amounts(5, 5, 0))
    assert node.left[:2] == (55, 25)  # of the root's 100 less 10, 30 and 5; of its 50 less 20 and 5
    assert node.prospect[:2] == (70, 45)  # of its own 80 less 10
    assert node.left.calls > UNLIMITED // 2


async def test_pressure_is_the_used_share_of_the_scarcest_currency_here_or_above() -> None:
    clock = Clock(100.0)
    root = Account(Caps(tokens=100, micros=1_000, ends=110.0), now=clock)
    node = root.child(Caps(calls=10))
    assert node.pressure == 0.0
    (await node.reserve(Amounts(40, 100, 1))).settle(Amounts(40, 100, 1))
    assert node.pressure == 0.4
    root.hold(Amounts(tokens=20))
    assert node.pressure == 0.5  # of the 80 that are not kept
    clock.now = 107.0
    assert node.pressure == pytest.approx(0.7)
    clock.now = 200.0
    assert node.pressure == 1.0


async def test_pressure_never_exceeds_one() -> None:
    account = Account(Caps(tokens=10))
    (await account.reserve(Amounts(tokens=10))).settle(Amounts(tokens=99))
    assert account.pressure == 1.0
    assert Account(Caps(tokens=0)).pressure == 0.0


# -- the finishing reserve -------------------------------------------------------------------------------


async def test_other_calls_cannot_use_the_finishing_reserve() -> None:
    root = Account(Caps(calls=3))
    node = root.child()
    assert node.hold(ONE_CALL)
    assert node.left.calls == root.left.calls == 2
    for _ in range(2):
        (await node.reserve(ONE_CALL)).settle(ONE_CALL)
    with pytest.raises(CallLimit):
        await node.reserve(ONE_CALL)
    with node.finishing():
        assert node.left.calls == node.prospect.calls == 1
        (await node.reserve(ONE_CALL)).settle(ONE_CALL)
    assert all_of(root) == (Amounts(calls=3), NOTHING, NOTHING)


async def test_the_last_call_does_not_wait_for_other_requests() -> None:
    root = Account(Caps(tokens=100))
    node = root.child()
    node.hold(Amounts(tokens=30))
    await root.reserve(Amounts(tokens=70))
    waits = await began(root.reserve(Amounts(tokens=10)))
    with node.finishing():
        reservation = await asyncio.wait_for(node.reserve(Amounts(tokens=30)), 1)
    assert reservation.from_hold.tokens == 30
    assert not waits.done()
    waits.cancel()


async def test_a_last_call_may_take_more_than_its_reserve_if_there_is_room() -> None:
    account = Account(Caps(tokens=100))
    account.hold(Amounts(tokens=30))
    with account.finishing():
        assert account.left.tokens == 100
        reservation = await account.reserve(Amounts(tokens=45))
        assert all_of(account) == (NOTHING, Amounts(tokens=45), NOTHING)
        assert reservation.from_hold.tokens == 30
        with pytest.raises(TokenLimit):
            await account.reserve(Amounts(tokens=101))


async def test_a_last_call_that_the_provider_refused_can_be_made_again() -> None:
    account = Account(Caps(calls=2))
    account.hold(ONE_CALL)
    await account.reserve(ONE_CALL)
    with account.finishing():
        for _ in range(5):
            (await account.reserve(ONE_CALL)).refund()
            assert account.held == ONE_CALL
        (await account.reserve(ONE_CALL)).settle(ONE_CALL)
    assert account.held == NOTHING


async def test_a_reserve_cannot_exceed_the_room() -> None:
    root = Account(Caps(tokens=100))
    node = root.child(Caps(tokens=40))
    assert not node.hold(Amounts(tokens=41))
    assert node.hold(Amounts(tokens=40))
    assert not root.hold(Amounts(tokens=61))
    assert node.hold(Amounts(tokens=10))  # in place of the 40
    assert (node.held.tokens, root.held.tokens) == (10, 10)
    assert root.hold(Amounts(tokens=90))
    assert root.held.tokens == 100


async def test_closing_an_account_frees_its_reserve_for_waiting_requests() -> None:
    root = Account(Caps(calls=2))
    node = root.child()
    node.hold(ONE_CALL)
    working = await root.reserve(ONE_CALL)
    waits = await began(root.reserve(ONE_CALL))
    node.close()
    assert (await waits).is_open
    assert root.held == NOTHING
    working.refund()


# -- bills beyond their bound ----------------------------------------------------------------------------


async def test_a_bill_beyond_its_bound_is_paid_if_it_fits() -> None:
    account = Account(Caps(tokens=100))
    (await account.reserve(Amounts(tokens=10))).settle(Amounts(tokens=60))
    assert account.committed.tokens == 60
    assert account.debt == NOTHING
    assert (await account.reserve(Amounts(tokens=40))).is_open


@pytest.mark.parametrize(
    ("caps", "bill", "kind", "limit", "said"),
    [
        (
            Caps(tokens=100),
            Amounts(130, 0, 1),
            TokenLimit,
            "tokens",
            "30 tokens beyond the limit of 100 tokens",
        ),
        (Caps(micros=100), Amounts(0, 150, 1), CostLimit, "usd", "$5e-05 beyond the limit of $0.0001"),
    ],
    ids=["tokens", "money"],
)
async def test_a_bill_that_does_not_fit_is_a_debt_and_closes_the_ledger(
    caps: Caps, bill: Amounts, kind: type[LimitExceeded], limit: str, said: str
) -> None:
    root = Account()
    node, sibling = root.child(caps), root.child()
    (await node.reserve(Amounts(50, 50, 1))).settle(bill)
    assert node.debt == Amounts(*(max(0, paid - cap) for paid, cap in zip(bill, caps.amounts, strict=True)))
    assert (root.debt, root.committed) == (NOTHING, bill)
    for account in (node, sibling, root):
        with pytest.raises(kind, match="a provider billed more than the request allowed") as caught:
            await account.reserve(ONE_CALL)
        assert said in str(caught.value)
        assert caught.value.limit == limit
    assert not sibling.hold(ONE_CALL)


async def test_a_debt_ends_every_wait() -> None:
    root = Account(Caps(tokens=100))
    working = await root.reserve(Amounts(tokens=90))
    waits = [await began(root.child().reserve(Amounts(tokens=20))) for _ in range(3)]
    working.settle(Amounts(tokens=101))
    for each in waits:
        with pytest.raises(LimitExceeded):
            await each


async def test_a_debt_is_the_greatest_overshoot() -> None:
    account = Account(Caps(tokens=100))
    first, second = [await account.reserve(Amounts(tokens=50)) for _ in range(2)]
    first.settle(Amounts(tokens=60))
    assert account.debt.tokens == 10  # beside the 50 that are under way
    second.settle(Amounts(tokens=20))
    assert (account.debt.tokens, account.committed.tokens) == (10, 80)
    with pytest.raises(LimitExceeded):
        await account.reserve(ONE_CALL)


# -- the books -------------------------------------------------------------------------------------------


async def test_usage_adds_up_over_the_tree_and_by_model() -> None:
    root = Account()
    nodes = [root.child(), root.child().child()]
    for number in range(700):  # more than are kept unsummed
        reservation = await nodes[number % 2].reserve(ONE_CALL)
        usage = Usage(calls=1, input_tokens=number, output_tokens=1, cost_micros=2)
        reservation.settle(Amounts(number + 1, 2, 1), f"model {number % 3}", usage)
    usage = root.usage
    assert (usage.calls, usage.cost_micros) == (700, 1_400)
    assert usage.input_tokens + usage.output_tokens == root.committed.tokens
    assert [usage.by_model[f"model {at}"].calls for at in range(3)] == [234, 233, 233]
    assert [node.usage.calls for node in nodes] == [350, 350]
    assert root.usage == usage


async def test_an_unknown_cost_makes_the_sum_unknown() -> None:
    account = Account()
    (await account.reserve(ONE_CALL)).settle(ONE_CALL, "a", Usage(calls=1, cost_micros=5))
    (await account.reserve(ONE_CALL)).settle(ONE_CALL, "b", Usage(calls=1, cost_micros=None))
    assert account.usage.cost_micros is None
    assert account.usage.by_model["a"].cost_micros == 5


# -- purses ----------------------------------------------------------------------------------------------


async def test_a_purse_is_at_the_same_depth_and_can_have_caps_of_its_own() -> None:
    account = Account(Caps(calls=9, depth=0))
    plain, capped = account.purse(), account.purse(Caps(calls=2))
    assert (plain.depth, capped.depth) == (0, 0)
    assert (plain.left.calls, capped.left.calls) == (9, 2)
    (await capped.reserve(Amounts(calls=2))).settle(Amounts(calls=2))
    with pytest.raises(CallLimit):
        await capped.reserve(ONE_CALL)
    assert (plain.left.calls, account.committed.calls) == (7, 2)
