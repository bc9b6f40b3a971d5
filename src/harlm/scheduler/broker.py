"""The calls of one cell: begun early if the scout foresees them, and *claimed* when the cell itself makes the
call.

Matches calls by function and arguments. Does not depend on how a call is made.

The k-th time that the cell makes the same call, it claims the k-th such call, whether the scout or the cell
began it. So a loop that makes the same call six times gets six replies, and a scout that is late begins no
call again.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from harlm.errors import CodeError, LimitExceeded
from harlm.guest.vocabulary import FORESEEN, READING, TOOL
from harlm.protocols import Foreseen
from harlm.scheduler.record import CallRecord, CellRecord
from harlm.types import Amounts, Usage

_REPLIES = 32 << 20  # characters of claimed replies that are kept for a scout that asks late
_MOST_REPLIES = 4_096  # of them
_AT_ONCE = 5_000  # calls that are recorded before other work gets a turn

_encode = msgspec.msgpack.Encoder(order="deterministic").encode


class Making(NamedTuple):
    """A call in progress.

    Attributes:
        value: its result.
        usage: returns its usage so far.
        set_aside: returns the amounts that it takes out of the budget so far: committed and reserved.
        critical_s: returns its own critical path in seconds; ``None`` if that is all the time it took.
    """

    value: Awaitable[object]
    usage: Callable[[], Usage]
    set_aside: Callable[[], Amounts] = Amounts
    critical_s: Callable[[], float | None] = lambda: None


Make = Callable[[str, Mapping[str, object], bool, int], Making]
"""Begins a call: function, arguments, whether it is early, and how many equal calls of the cell come before it. The refusal of
an early call must end nothing.
"""

Read = Callable[[str, Mapping[str, object]], Awaitable[object]]
"""Serves a function that calls no model."""


class Spent(NamedTuple):
    """What a call has taken so far.

    Attributes:
        usage: its usage.
        set_aside: the amounts that it takes out of the budget: committed and reserved.
    """

    usage: Usage
    set_aside: Amounts


_NONE = object()  # no value, or none any more


@dataclass(slots=True, eq=False)
class _Call:
    """A call. Of one that has ended only its value and a few figures stay: a cell may make a hundred thousand."""

    number: int
    function: str
    is_early: bool
    lane: _Lane
    task: asyncio.Future[object] | None  # None once it has a value, or its outcome is dropped
    making: Making | None  # None once it has ended
    began: float
    needs: tuple[int, ...] = ()
    ended: float | None = None
    is_claimed: bool = False
    value: object = _NONE
    failure: str = ""
    spent_in_all: Spent | None = None
    critical_s: float | None = None

    def spent(self) -> Spent:
        """What it has taken so far."""
        if self.spent_in_all is None:
            assert self.making is not None
            return Spent(self.making.usage(), self.making.set_aside())
        return self.spent_in_all

    def end(self, now: float) -> None:
        """Take the value and the figures of a call that has just ended."""
        self.ended = now
        if self.making is not None:
            self.spent_in_all, self.critical_s = self.spent(), self.making.critical_s()
            self.making = None
        # The error of a call that is never claimed counts as retrieved, or asyncio would log it.
        task = self.task
        if task is not None and task.done() and not task.cancelled() and task.exception() is None:
            self.value, self.task = task.result(), None

    def drop(self) -> None:
        """Forget the outcome."""
        self.value, self.task = _NONE, None


@dataclass(slots=True)
class _Lane:
    """All calls of one function with the same arguments, in the order in which they began.

    Attributes:
        calls: the calls.
        claimed: how many the cell has made.
        foreseen: how many the scout has foreseen.
    """

    calls: list[_Call] = field(default_factory=list)
    claimed: int = 0
    foreseen: int = 0


class Broker:
    """Begins, matches and records the calls of one cell. A ``harlm.protocols.Foresight`` for the cell's
    scout.

    Args:
        make: begins a call.
        read: serves functions that call no model and change nothing; ``None`` if there are none.
        may_foresee: whether a call of the scout may be made early; what may not is left to the cell.
        is_eager: whether the scout may foresee any number of calls that a result can make unnecessary.
        may_risk: whether such calls may be begun now.
        now: the clock, in seconds.
    """

    def __init__(
        self,
        make: Make,
        *,
        read: Read | None = None,
        may_foresee: Callable[[str, Mapping[str, object]], bool] = lambda *_: True,
        is_eager: bool = False,
        may_risk: Callable[[], bool] = lambda: True,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._make = make
        self._read = read
        self._may_foresee = may_foresee
        self.is_eager = is_eager
        self._may_risk = may_risk
        self._now = now
        self._began = now()
        self._calls: list[_Call] = []
        self._lanes: defaultdict[bytes, _Lane] = defaultdict(_Lane)
        self._by_foreseen: dict[int, int] = {}
        self._last_claimed: tuple[int, ...] = ()
        self._replied: deque[tuple[_Call, int]] = deque()
        self._reply_size = 0
        self._is_closed = False

    async def claim(self, function: str, arguments: Mapping[str, object]) -> object:
        """The result of a call that the cell makes.

        Raises:
            CodeError: the arguments are wrong.
            HarlmError: any other failure of the call.
        """
        lane = self._lanes[_key(function, arguments)]
        at = lane.claimed
        lane.claimed += 1
        if at < len(lane.calls):
            call = lane.calls[at]
        else:
            call = self._begin(lane, function, arguments, needs=self._last_claimed, is_early=False)
        call.is_claimed = True
        try:
            value = await _claimed(call)
        except LimitExceeded:
            if not call.is_early:
                raise
            # Only the early call was refused. Begin it again: the cell gets the result that it would get
            # without a scout.
            call.is_claimed = False
            call = lane.calls[at] = self._begin(
                lane, function, arguments, needs=call.needs, is_early=False, at=at
            )
            call.is_claimed = True
            value = await _claimed(call)
        self._last_claimed = (call.number,)
        self._keep_for_scout(call, value)
        return value

    def _keep_for_scout(self, call: _Call, value: object) -> None:
        """Keep a claimed reply, and drop the oldest ones if there are too many. A scout that is so late gets no
        reply to them.
        """
        size = len(value) if isinstance(value, str) else len(_encode(value))
        self._replied.append((call, size))
        self._reply_size += size
        while self._reply_size > _REPLIES or len(self._replied) > _MOST_REPLIES:
            oldest, size = self._replied.popleft()
            self._reply_size -= size
            oldest.drop()

    async def foresee(self, foreseen: Foreseen) -> object:
        """See ``harlm.protocols.Foresight``."""
        function, arguments = foreseen.function, foreseen.arguments
        if function == TOOL:
            return await _never()  # the cell alone calls it
        if function not in FORESEEN:
            if function not in READING or self._read is None:
                raise CodeError(f"{function} is left to the cell itself")
            return await self._read(function, arguments)
        is_risk = not foreseen.is_certain and not self._may_risk()
        if is_risk or not self._may_foresee(function, arguments):
            return await _never()  # the cell itself may make the call
        lane = self._lanes[_key(function, arguments)]
        at = lane.foreseen
        lane.foreseen += 1
        known = tuple(self._by_foreseen[each] for each in foreseen.needs if each in self._by_foreseen)
        if at < len(lane.calls):
            call = lane.calls[at]
            call.needs = known
        elif self._is_closed:
            return await _never()
        else:
            call = self._begin(lane, function, arguments, needs=known, is_early=True)
        self._by_foreseen[foreseen.number] = call.number
        return await _outcome(call)

    def retract(self, numbers: Sequence[int]) -> None:
        """See ``harlm.protocols.Foresight``. Of several equal calls only the last is cancelled, or another one would get its
        place, and with it its reply. One that has a reply already keeps it for the next equal call.
        """
        for each in sorted(numbers, reverse=True):
            number = self._by_foreseen.pop(each, None)
            if number is None:
                continue
            call = self._calls[number - 1]
            lane = call.lane
            lane.foreseen -= 1  # the next equal call that the scout foresees is this one
            is_last = bool(lane.calls) and lane.calls[-1] is call
            if (
                is_last
                and call.is_early
                and not call.is_claimed
                and call.task is not None
                and not call.task.done()
            ):
                lane.calls.pop()
                lane.foreseen = min(lane.foreseen, len(lane.calls))
                call.task.cancel()

    def _begin(
        self,
        lane: _Lane,
        function: str,
        arguments: Mapping[str, object],
        *,
        needs: tuple[int, ...],
        is_early: bool,
        at: int | None = None,
    ) -> _Call:
        making = self._make(function, arguments, is_early, len(lane.calls) if at is None else at)
        task = asyncio.ensure_future(making.value)
        number = len(self._calls) + 1
        call = _Call(number, function, is_early, lane, task, making, self._now(), needs)
        task.add_done_callback(lambda _: call.end(self._now()))
        self._calls.append(call)
        if at is None:
            lane.calls.append(call)
        return call

    @property
    def unclaimed(self) -> tuple[Spent, ...]:
        """What the calls that the cell has not claimed have taken."""
        return tuple(call.spent() for call in self._calls if not call.is_claimed)

    async def close(self) -> CellRecord:
        """Call when the cell has ended: cancels the calls that still run, waits for them, and returns the
        record.
        """
        self._is_closed = True
        running = [call.task for call in self._calls if call.task is not None and not call.task.done()]
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)
        records: list[CallRecord] = []
        for at in range(0, len(self._calls), _AT_ONCE):
            records += map(self._recorded, self._calls[at : at + _AT_ONCE])
            if len(self._calls) > _AT_ONCE:
                await asyncio.sleep(0)
        return CellRecord(calls=tuple(records))

    def _recorded(self, call: _Call) -> CallRecord:
        if call.ended is None:
            call.end(self._now())
        assert call.ended is not None
        ended, critical = call.ended, call.critical_s
        return CallRecord(
            number=call.number,
            function=call.function,
            needs=call.needs,
            is_early=call.is_early,
            is_claimed=call.is_claimed,
            began_s=call.began - self._began,
            seconds=ended - call.began,
            critical_s=ended - call.began if critical is None else critical,
            usage=call.spent().usage,
        )


async def _never() -> object:
    """The result of a call that is not made for the scout: it never arrives, and the scout ends with the
    cell.
    """
    return await asyncio.get_running_loop().create_future()


async def _claimed(call: _Call) -> object:
    """The result of a call that the cell makes. Of an error only the words are kept: the error itself holds the code
    that it came from, with the arguments of the call.
    """
    try:
        return await _outcome(call)
    except CodeError as error:
        call.task, call.failure = None, str(error)
        raise


async def _outcome(call: _Call) -> object:
    """The result of a call. The call continues if the waiting task is cancelled."""
    if call.value is not _NONE:
        return call.value
    if call.task is None:
        if call.failure:
            raise CodeError(call.failure)
        return await _never()
    # Not by a name of its own: an error would hold this frame, and through it the task, and through that itself.
    return call.task.result() if call.task.done() else await asyncio.shield(call.task)


def _key(function: str, arguments: Mapping[str, object]) -> bytes:
    """A digest by which equal calls are matched. The arguments themselves may be large, and are not kept."""
    return blake2b(_encode((function, arguments)), digest_size=16).digest()
