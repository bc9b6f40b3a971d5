"""Looks past a possible end of a loop. A loop that a result may end (``if "yes" in reply: break``) is
followed twice: by the loop itself, which waits for each result that may end it, and by a *look-ahead*, which
assumes that the loop does not end and works on copies of what the loop changes. The loop then finds that its
calls have been asked for already; other calls are wasted.

The number of rounds that the look-ahead may be ahead starts small and grows with every round that did not end
the loop, as TCP's window does: the waste stays below what was needed plus the first window, and n rounds take
O(log n) waits (``docs/design/scheduler.md``).
"""

from __future__ import annotations

import copy
import math
from collections import defaultdict, deque
from collections.abc import Hashable
from typing import Any

from .frames import Frame
from .pending import Pending, ReadyQueue

FIRST_WINDOW = 2
"""How many rounds the look-ahead may be ahead of the loop at first."""


class Search:
    """One loop that a result may end.

    Args:
        outer: the search that the loop is inside of, if any.
        is_eager: whether the look-ahead may go ahead without limit.

    Attributes:
        outer: as given.
        has_ended: whether the loop has ended.
    """

    def __init__(self, outer: Search | None, *, is_eager: bool) -> None:
        self.outer = outer
        self.has_ended = False
        self._window: float = math.inf if is_eager else FIRST_WINDOW
        self._round = 0
        self._asked: defaultdict[Hashable, deque[Pending]] = defaultdict(deque)
        self._left: defaultdict[Hashable, deque[Pending]] = defaultdict(deque)
        self._advance = Pending()

    def may_start(self, number: int) -> bool:
        """Whether the look-ahead may begin round ``number``, counted from 0, now."""
        return number < self._round + self._window

    @property
    def advance(self) -> Pending:
        """Arrives, as ``None``, when the loop has survived another round."""
        return self._advance

    def survived(self, ready: ReadyQueue) -> None:
        """Note that a round did not end the loop."""
        self._round += 1
        self._window += 1
        reached, self._advance = self._advance, Pending()
        reached.resolve(None, ready)

    def keep(self, key: Hashable, reply: Pending) -> None:
        """Note a call that the look-ahead asked for."""
        self._asked[key].append(reply)

    def leave(self, key: Hashable, reply: Pending) -> None:
        """Note a call that the loop asked for itself, because it was there before the look-ahead."""
        self._left[key].append(reply)

    def left(self, key: Hashable) -> Pending | None:
        """The reply to an equal call that the loop asked for itself, each reply once; ``None`` if there is
        none.
        """
        asked = self._left.get(key)
        return asked.popleft() if asked else None

    def take(self, key: Hashable) -> Pending | None:
        """The reply to an equal call that this look-ahead or an outer one asked for, each reply once;
        ``None`` if there is none.
        """
        asked = self._asked.get(key)
        if asked:
            return asked.popleft()
        return None if self.outer is None else self.outer.take(key)


def copied(frame: Frame, names: frozenset[str], changed: frozenset[str]) -> Frame:
    """A separate frame for a look-ahead.

    Args:
        frame: of the loop.
        names: the names that the loop uses.
        changed: the names of the objects that it changes, which are copied.
    """
    separate = frame.block(names)
    for name in changed & separate.names.keys():
        separate.names[name] = _copy(separate.names[name])
    return separate


def _copy(value: Any) -> Any:
    if isinstance(value, (list, dict, set, deque)):
        try:
            return copy.deepcopy(value)
        except Exception:  # noqa: BLE001 - a part of it cannot be copied
            return copy.copy(value)
    return copy.copy(value) if getattr(type(value), "__module__", "") == "__main__" else value
