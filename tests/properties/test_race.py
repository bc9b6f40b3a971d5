"""Laws of a race that pays: whatever its branches do, nothing is overdrawn, lost or left running."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from harlm.branching.stopping import Threshold
from harlm.budget import Account, Caps
from harlm.engine.branches import branch_caps
from harlm.engine.outcome import outcome_of
from harlm.engine.racing import BranchOutcome, Entrant, Result, Stopping, comparable, race
from harlm.errors import CodeError, LimitExceeded
from harlm.types import Amounts
from tests.support.virtual_time import VirtualLoop


@dataclass(frozen=True)
class Plan:
    """What a branch does: calls of some seconds, each with a bound and a real use, one after another; then it answers, or
    fails if ``answer`` is empty.
    """

    calls: list[tuple[float, int, int]]
    answer: str
    confidence: float | None


plans = st.builds(
    Plan,
    calls=st.lists(
        st.tuples(st.floats(0, 3), st.integers(0, 60), st.integers(0, 60)).map(
            lambda call: (call[0], max(call[1:]), min(call[1:]))
        ),
        max_size=5,
    ),
    answer=st.sampled_from(["", "a", "b", "c"]),
    confidence=st.one_of(st.none(), st.floats(0, 1)),
)


def entrant(plan: Plan, account: Account, open_calls: set[object]) -> Entrant:
    async def run() -> BranchOutcome:
        for seconds, bound, used in plan.calls:
            with await account.reserve(Amounts(tokens=bound, calls=1)) as reservation:
                call = object()
                open_calls.add(call)
                try:
                    await asyncio.sleep(seconds)
                finally:
                    open_calls.discard(call)
                reservation.settle(Amounts(tokens=used, calls=1))
        if not plan.answer:
            raise CodeError("nothing was found")
        return comparable(outcome_of(plan.answer), plan.confidence)

    return Entrant(name=plan.answer, run=run)


@given(
    rows=st.lists(plans, min_size=1, max_size=5),
    tokens=st.integers(0, 400),
    calls=st.integers(0, 20),
    needs=st.lists(
        st.builds(Amounts, tokens=st.integers(0, 150), calls=st.integers(0, 6)), min_size=5, max_size=5
    ),
    waits=st.lists(st.one_of(st.floats(0, 5), st.just(float("inf"))), min_size=4, max_size=4),
)
def test_a_race_overdraws_nothing_and_leaves_nothing_open(
    rows: list[Plan], tokens: int, calls: int, needs: list[Amounts], waits: list[float]
) -> None:
    loop = VirtualLoop()
    root = Account(Caps(tokens=tokens, calls=calls), now=loop.clock)
    grants = branch_caps(root.prospect, needs[: len(rows)])
    purses = [root.purse(caps) for caps in grants]
    open_calls: set[object] = set()

    async def run() -> tuple[Result, int]:
        entrants = [entrant(plan, purse, open_calls) for plan, purse in zip(rows, purses, strict=False)]
        result = await race(entrants, Stopping(waits=tuple(waits), threshold=Threshold(0.5, 0.1, 100, "")))
        return result, len(asyncio.all_tasks()) - 1

    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        result, left = runner.run(run())
    assert (left, open_calls, result.late) == (0, set(), set())
    for purse, caps in zip(purses, grants, strict=True):
        assert purse.committed.tokens <= caps.tokens
        assert purse.committed.calls <= caps.calls
    assert root.committed.tokens == sum(purse.committed.tokens for purse in purses) <= tokens
    assert root.committed.calls == sum(purse.committed.calls for purse in purses) <= calls
    assert not any(root.reserved)
    assert not any(root.debt)
    _check_result(result)


def _check_result(result: Result) -> None:
    statuses = [lane.status for lane in result.lanes]
    assert statuses.count("won") == (result.winner is not None)
    assert ("cancelled" in statuses) <= (result.stopped_by in ("confidence", "agreement"))
    if result.winner is None:
        assert set(statuses) == {"failed"}, "every branch was tried"
        assert all(isinstance(lane.error, CodeError | LimitExceeded) for lane in result.lanes)
    elif result.stopped_by == "confidence":
        judged = result.outcome()
        assert judged.confidence is not None
        assert judged.confidence >= 0.5
