from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable

import pytest

from harlm.branching.stopping import Threshold
from harlm.engine.outcome import Outcome, outcome_of
from harlm.engine.prefix import PrefixGate
from harlm.engine.racing import GRACE_S, BranchOutcome, Entrant, Result, Stopping, comparable, race
from harlm.errors import CodeError, LimitExceeded, ModelError, ModelUnavailable
from harlm.types import Answer
from tests.support.virtual_time import in_virtual_time, now

Run = Callable[[], Awaitable[BranchOutcome]]

HALF = Threshold(0.5, 0.1, 100, "")


class Track:
    """Branches of a race, and how they ended.

    Attributes:
        began: when each started, in seconds.
        ended: how each ended: ``answered``, ``cancelled``, ``failed``.
    """

    def __init__(self) -> None:
        self.began: dict[str, float] = {}
        self.ended: dict[str, str] = {}
        self._zero = now()

    def branch(
        self,
        name: str,
        seconds: float,
        result: str | Exception,
        confidence: float | None = None,
        accuracy: float = 0.5,
    ) -> Entrant:
        """A branch that answers, or fails, after some seconds."""

        async def run() -> BranchOutcome:
            self.began[name] = round(now() - self._zero, 3)
            try:
                await asyncio.sleep(seconds)
            except asyncio.CancelledError:
                self.ended[name] = "cancelled"
                raise
            if isinstance(result, Exception):
                self.ended[name] = "failed"
                raise result
            self.ended[name] = "answered"
            return comparable(outcome_of(result), confidence)

        return Entrant(name=name, run=run, accuracy=accuracy)


def statuses(result: Result) -> dict[str, str]:
    return {lane.entrant.name: lane.status for lane in result.lanes}


# -- stopping ------------------------------------------------------------------------------------------------


@in_virtual_time
async def test_the_first_answer_that_reaches_the_threshold_stops_the_race() -> None:
    track = Track()
    entrants = [
        track.branch("slow", 9, "a", 0.9),
        track.branch("sure", 3, "b", 0.9),
        track.branch("unsure", 1, "c", 0.2),
    ]
    result = await race(entrants, Stopping(waits=(0, 0), threshold=HALF))
    assert (result.outcome().outcome.text, result.stopped_by) == ("b", "confidence")
    assert statuses(result) == {"slow": "cancelled", "sure": "won", "unsure": "beaten"}
    assert track.ended == {"slow": "cancelled", "sure": "answered", "unsure": "answered"}
    assert result.seconds == pytest.approx(3, abs=1e-6)


@in_virtual_time
async def test_a_confidence_below_the_threshold_stops_nothing() -> None:
    track = Track()
    result = await race([track.branch("one", 1, "a", 0.49)], Stopping(threshold=HALF))
    assert result.stopped_by == "best"


@in_virtual_time
async def test_two_that_agree_stop_the_race() -> None:
    track = Track()
    entrants = [
        track.branch("a", 1, "Nineteen."),
        track.branch("b", 2, "Twenty"),
        track.branch("c", 3, 'nineteen [a.txt "19"]'),
        track.branch("d", 9, "Nineteen"),
    ]
    result = await race(entrants, Stopping(waits=(0, 0, 0)))
    assert result.stopped_by == "agreement"
    assert statuses(result) == {"a": "won", "b": "beaten", "c": "agreed", "d": "cancelled"}


@in_virtual_time
async def test_two_unlikely_ones_that_agree_do_not_stop_a_likely_one() -> None:
    for fits, stopped_by, won in ((0.6, "best", "fits"), (0.3, "agreement", "a")):
        track = Track()
        entrants = [
            track.branch("fits", 9, "Ada", accuracy=fits),
            track.branch("a", 1, "Bob", accuracy=0.4),
            track.branch("b", 2, "Bob", accuracy=0.4),
        ]
        result = await race(entrants, Stopping(waits=(0, 0)))
        assert (result.stopped_by, result.winner and result.winner.entrant.name) == (stopped_by, won)


@in_virtual_time
async def test_agreement_can_be_ruled_out() -> None:
    track = Track()
    entrants = [track.branch("a", 1, "x"), track.branch("b", 2, "x"), track.branch("c", 3, "x", 0.4)]
    result = await race(entrants, Stopping(waits=(0, 0), agreeing=0))
    assert (result.stopped_by, statuses(result)["c"]) == ("best", "won")


@in_virtual_time
async def test_parts_of_answers_and_answers_that_there_is_none_do_not_agree() -> None:
    for outcome in (Outcome(text="x", status="partial"), Outcome(text="x", status="not_found")):
        assert comparable(outcome).agrees_as == ""
    assert comparable(outcome_of([1, 2])).agrees_as == comparable(outcome_of([1, 2])).agrees_as != ""
    assert comparable(outcome_of("Il  a dit [a.md]: Été.")).agrees_as == "il a dit : ete"


@in_virtual_time
async def test_a_partial_answer_is_never_accepted_but_can_be_the_best() -> None:
    async def partial() -> BranchOutcome:
        return BranchOutcome(outcome=Outcome(text="half", status="partial"), confidence=0.99)

    entrants = [Entrant(name="partial", run=partial), Track().branch("broken", 1, CodeError("no such name"))]
    result = await race(entrants, Stopping(waits=(math.inf,), threshold=HALF))
    assert (result.stopped_by, result.outcome().outcome.text) == ("best", "half")


@in_virtual_time
async def test_the_best_of_all_is_the_surest_answer() -> None:
    track = Track()
    entrants = [track.branch("a", 1, "x", 0.2), track.branch("b", 2, "y", 0.4), track.branch("c", 3, "z")]
    result = await race(entrants, Stopping(waits=(0, 0), threshold=HALF))
    assert (result.stopped_by, statuses(result)["b"]) == ("best", "won")


# -- starting ------------------------------------------------------------------------------------------------


@in_virtual_time
async def test_the_next_branch_starts_when_the_last_one_is_late() -> None:
    track = Track()
    entrants = [track.branch(name, 10, name) for name in "abc"]
    await race(entrants, Stopping(waits=(2, 3)))
    assert track.began == {"a": 0, "b": 2, "c": 5}


@in_virtual_time
async def test_a_rejected_answer_or_a_failure_starts_the_next_branch() -> None:
    track = Track()
    entrants = [
        track.branch("a", 1, "x", 0.1),
        track.branch("b", 1, CodeError("no")),
        track.branch("c", 1, "z", 0.9),
    ]
    result = await race(entrants, Stopping(waits=(math.inf, math.inf), threshold=HALF))
    assert track.began == {"a": 0, "b": 1, "c": 2}
    assert statuses(result) == {"a": "beaten", "b": "failed", "c": "won"}


@in_virtual_time
async def test_branches_that_were_not_needed_are_not_started() -> None:
    track = Track()
    entrants = [track.branch("a", 1, "x", 0.9), track.branch("b", 1, "y")]
    result = await race(entrants, Stopping(waits=(2,), threshold=HALF))
    assert statuses(result) == {"a": "won", "b": "not started"}
    assert (track.began, result.lanes[1].seconds) == ({"a": 0}, 0.0)


@in_virtual_time
async def test_a_branch_that_is_refused_is_passed_over() -> None:
    track = Track()
    refused = Entrant(name="b", run=track.branch("b", 1, "y").run, refusal=lambda: "no money")
    result = await race(
        [track.branch("a", 3, "x"), refused, track.branch("c", 1, "z")], Stopping(waits=(1, 1))
    )
    assert track.began == {"a": 0, "c": 1}
    assert result.lanes[1].reason == "no money"


@in_virtual_time
async def test_the_others_wait_until_the_first_has_filled_the_cache() -> None:
    track, gate = Track(), PrefixGate()
    asyncio.get_running_loop().call_later(4, gate.open)
    entrants = [track.branch(name, 10, name) for name in "abc"]
    await race(entrants, Stopping(waits=(0, 1), prefix=gate))
    assert track.began == {"a": 0, "b": 4, "c": 5}


@in_virtual_time
async def test_a_first_branch_without_a_call_holds_up_nothing() -> None:
    track, gate = Track(), PrefixGate()
    result = await race([track.branch(name, 2, name) for name in "ab"], Stopping(waits=(0,), prefix=gate))
    assert track.began == {"a": 0, "b": 2}
    assert result.stopped_by == "best"


# -- failures and cancellation -------------------------------------------------------------------------------


@in_virtual_time
async def test_if_all_fail_the_error_with_a_partial_answer_is_raised() -> None:
    track = Track()
    limit = LimitExceeded("spent", limit="calls", used=3, allowed=3)
    entrants = [
        track.branch("a", 1, ModelUnavailable("down", model="m")),
        track.branch("b", 2, limit.anew(Answer(text="so far"))),
    ]
    result = await race(entrants, Stopping(waits=(0,)))
    assert (result.winner, result.stopped_by) == (None, "failure")
    with pytest.raises(LimitExceeded, match="spent"):
        result.outcome()
    with pytest.raises(ModelUnavailable, match="down"):
        (await race(entrants[:1], Stopping())).outcome()


@in_virtual_time
async def test_a_refused_key_ends_the_race_at_once() -> None:
    track = Track()
    entrants = [track.branch("a", 1, ModelError("no key", model="m", status=401)), track.branch("b", 9, "x")]
    with pytest.raises(ModelError, match="no key"):
        await race(entrants, Stopping(waits=(0,)))
    assert track.ended["b"] == "cancelled"


@in_virtual_time
async def test_an_error_of_our_own_is_raised_and_nothing_is_left_running() -> None:
    track, before = Track(), asyncio.all_tasks()
    with pytest.raises(ZeroDivisionError):
        await race(
            [track.branch("a", 1, ZeroDivisionError()), track.branch("b", 9, "x")], Stopping(waits=(0,))
        )
    assert track.ended["b"] == "cancelled"
    assert asyncio.all_tasks() == before


@in_virtual_time
async def test_cancelling_a_race_cancels_its_branches() -> None:
    track, before = Track(), asyncio.all_tasks()
    racing = asyncio.create_task(
        race([track.branch(name, 9, name) for name in "abc"], Stopping(waits=(0, 0), prefix=PrefixGate()))
    )
    await asyncio.sleep(1)
    racing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await racing
    assert track.ended == {"a": "cancelled"}
    assert asyncio.all_tasks() == before


@in_virtual_time
async def test_a_branch_that_does_not_end_is_waited_for_half_a_second() -> None:
    async def stubborn() -> BranchOutcome:
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            await asyncio.sleep(7)
        raise CodeError("too late")

    track = Track()
    entrants = [Entrant(name="stubborn", run=stubborn), track.branch("b", 1, "x", 0.9)]
    result = await race(entrants, Stopping(waits=(0,), threshold=HALF))
    assert result.seconds == pytest.approx(1 + GRACE_S, abs=1e-6)
    assert (len(result.late), statuses(result)["stubborn"]) == (1, "cancelled")
    await asyncio.wait(result.late)


@in_virtual_time
async def test_a_race_needs_branches_and_waits() -> None:
    with pytest.raises(ValueError, match="a race of 0 branches"):
        await race([], Stopping())
    with pytest.raises(ValueError, match="a race of 2 branches with 0 waits"):
        await race([Track().branch(name, 1, name) for name in "ab"], Stopping())
