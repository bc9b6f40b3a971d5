"""Looking past a possible end. A loop that a result may end (``if "yes" in reply: break``) is gone through twice: by the loop
itself, which waits for each result that may end it, and by a *look-ahead*, which takes for granted that it does not end, on
copies of what the loop changes. What the look-ahead asks, the loop finds asked already; the rest was asked for nothing.

How far the look-ahead may be in front starts small and grows with every round that did not end the loop, as TCP's window
does: what is wasted stays below what was needed plus the first window, and n rounds take O(log n) waits
(measured: ``docs/concepts/scheduler.md``).
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
"""Rounds in front of the loop at first."""


class Search:
    """One loop that a result may end.

    Args:
        outer: the search that the loop stands in.
        is_eager: whether there is no window.
    """

    def __init__(self, outer: Search | None, *, is_eager: bool) -> None:
        self.outer = outer
        self.is_over = False
        self._window: float = math.inf if is_eager else FIRST_WINDOW
        self._round = 0
        self._asked: defaultdict[Hashable, deque[Pending]] = defaultdict(deque)
        self._left: defaultdict[Hashable, deque[Pending]] = defaultdict(deque)
        self._advance = Pending()

    def may_start(self, number: int) -> bool:
        """Whether the look-ahead may begin round ``number`` now."""
        return number < self._round + self._window

    @property
    def advance(self) -> Pending:
        """There when the loop has come further."""
        return self._advance

    def survived(self, ready: ReadyQueue) -> None:
        """A round did not end the loop."""
        self._round += 1
        self._window += 1
        reached, self._advance = self._advance, Pending()
        reached.resolve(None, ready)

    def keep(self, key: Hashable, reply: Pending) -> None:
        """The look-ahead has asked something."""
        self._asked[key].append(reply)

    def leave(self, key: Hashable, reply: Pending) -> None:
        """The loop came first, and has asked something that the look-ahead will want to ask."""
        self._left[key].append(reply)

    def left(self, key: Hashable) -> Pending | None:
        """What the loop asked like this before the look-ahead came to it, once."""
        asked = self._left.get(key)
        return asked.popleft() if asked else None

    def take(self, key: Hashable) -> Pending | None:
        """What the look-ahead asked like this, once; here or further out."""
        asked = self._asked.get(key)
        if asked:
            return asked.popleft()
        return None if self.outer is None else self.outer.take(key)


def copied(frame: Frame, names: frozenset[str], changed: frozenset[str]) -> Frame:
    """The frame of a block, on copies of what it changes."""
    apart = frame.block(names)
    for name in changed & apart.names.keys():
        apart.names[name] = _copy(apart.names[name])
    return apart


def _copy(value: Any) -> Any:
    if isinstance(value, (list, dict, set, deque)):
        try:
            return copy.deepcopy(value)
        except Exception:  # noqa: BLE001 - it holds something that cannot be copied
            return copy.copy(value)
    return copy.copy(value) if getattr(type(value), "__module__", "") == "__main__" else value
