"""Clocks that only tests move, and event loops that run by them: an hour takes a millisecond and ends the
same every time.

``Clock`` is the clock. ``VirtualLoop`` turns it forward when every task waits; ``ManualLoop`` leaves it to
the test.
"""

from __future__ import annotations

import asyncio
import random
import selectors
from collections import deque
from collections.abc import Callable, Coroutine
from functools import partial, wraps
from types import SimpleNamespace
from typing import Any, ParamSpec
from unittest.mock import patch

from harlm.models.wrappers import Breaker, Limiter, hedging, layers, retrying

P = ParamSpec("P")


class Clock:
    """A clock that shows ``now``, in seconds, when it is called, as ``time.monotonic`` does. Set ``now`` to
    move it.
    """

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class _Selector(selectors.SelectSelector):
    """Turns the clock forward instead of waiting, and by a nanosecond each time, since real clocks never
    stand still.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "every task waits, and no timer will wake one"
        self._clock.now += max(0.0, timeout) + 1e-9
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop that turns its clock forward to the next timer when no task can run."""

    def __init__(self) -> None:
        self.clock = Clock(1000.0)
        super().__init__(_Selector(self.clock))

    def time(self) -> float:
        """The time of the clock."""
        return self.clock()


class ManualLoop(asyncio.SelectorEventLoop):
    """A loop whose clock only the test moves.

    Args:
        tick: the precision of the loop's timers, in seconds. Some fire early and some late, as the timers of
            uvloop do, which are rounded to the millisecond.
    """

    def __init__(self, *, tick: float) -> None:
        self.clock = Clock()
        self._tick = tick
        super().__init__()

    def time(self) -> float:
        """The time of the clock, rounded to a tick."""
        return round(self.clock() / self._tick) * self._tick

    @property
    def is_calm(self) -> bool:
        """Whether no task could run now."""
        ready: deque[object] = getattr(self, "_ready")  # noqa: B009 - asyncio has no public way to ask
        return not ready


def now() -> float:
    """The time of the running loop."""
    return asyncio.get_running_loop().time()


def in_virtual_time(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run a test in a ``VirtualLoop`` whose clock the call layers use as well."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        random.seed(0)  # of the jitter
        loop = VirtualLoop()
        clock = SimpleNamespace(monotonic=loop.clock)
        with (
            patch.object(retrying, "time", clock),
            patch.object(hedging, "time", clock),
            patch.object(layers, "Limiter", partial(Limiter, now=loop.clock)),
            patch.object(layers, "Breaker", partial(Breaker, now=loop.clock)),
            asyncio.Runner(loop_factory=lambda: loop) as runner,
        ):
            runner.run(test(*args, **kwargs))

    return run
