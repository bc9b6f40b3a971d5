"""Looks past a possible end of a loop. A loop that a result may end (``if "yes" in reply: break``) is
followed twice: by the loop itself, which waits for each result that may end it, and by a *look-ahead*, which
assumes that the loop does not end and works on copies of what the loop changes. The loop then finds that its
calls have been asked for already; other calls are wasted.

The same goes for everything that takes items until a result says that it is enough: ``next`` over a filter,
``any``, ``takewhile``. A round is then one item.

The number of rounds that the look-ahead may be ahead starts small and grows with every round that did not end
the loop, as TCP's window does. The number of its calls may not exceed what the loop has made by more than the
first window either, since rounds differ. So the waste stays below what was needed plus the first window, and n
rounds take O(log n) waits (``docs/design/scheduler.md``).
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Callable, Hashable

from .pending import Pending, ReadyQueue

FIRST_WINDOW = 2
"""How many rounds, and how many calls, the look-ahead may be ahead of the loop at first."""


class Search:
    """One loop that a result may end.

    Args:
        outer: the search that the loop is inside of, if any.
        ready: where a look-ahead that may go on continues.
        is_eager: whether the look-ahead may go ahead without limit.
        last: an earlier search through the same iterator, whose look-ahead may have made calls that this one
            needs.

        skips: whether the look-ahead leaves out what a reply decides, since it may change how the loop continues.

    Attributes:
        outer: as given.
        skips: as given.
        has_ended: whether the loop has ended.
        is_over: whether what looks ahead never continues.
    """

    def __init__(
        self,
        outer: Search | None,
        ready: ReadyQueue,
        *,
        is_eager: bool,
        last: Search | None = None,
        skips: bool = False,
    ) -> None:
        self.outer = outer
        self.skips = skips
        self.has_ended = False
        self.is_over = False
        self._ready = ready
        self._room: float = math.inf if is_eager else FIRST_WINDOW
        self._survived = 0
        self._started = 0
        self._needed = 0
        self._made = 0
        self._asked: defaultdict[Hashable, deque[Pending]] = defaultdict(deque)
        self._last = last
        self._left: defaultdict[Hashable, deque[Pending]] = defaultdict(deque)
        self._advance = Pending()
        self._is_awaited = False
        self._postponed: deque[tuple[Pending, Callable[[], Pending]]] = deque()

    def may_start(self) -> bool:
        """Whether the look-ahead may begin its next round now."""
        return self._started < 2 * self._survived + self._room and self.may_ask()

    def may_ask(self) -> bool:
        """Whether the look-ahead may make more calls now."""
        return not self.has_ended and self._made < max(2 * self._needed, self._room)

    def may_go_on(self) -> bool:
        """Whether the look-ahead may run on inside a round."""
        return self.may_ask()

    def started(self) -> None:
        """Note that the look-ahead begins a round."""
        self._started += 1

    @property
    def advance(self) -> Pending:
        """Arrives, as ``None``, when the loop has gone on."""
        self._is_awaited = True
        return self._advance

    def survived(self) -> None:
        """Note that a round did not end the loop."""
        self._survived += 1
        self._tell()

    def postpone(self, ask: Callable[[], Pending], *, is_text: bool = True) -> Pending:
        """Make a call of the look-ahead as soon as it may ask more; returns the reply, which is a str if ``is_text``."""
        reply = Pending(is_text=is_text)
        self._postponed.append((reply, ask))
        return reply

    def _tell(self) -> None:
        """Let the look-ahead continue, once the loop has done what it is about to do."""
        if self._is_awaited:
            self._is_awaited = False
            reached, self._advance = self._advance, Pending()
            reached.resolve(None, self._ready)
        if self._postponed:
            self._ready.add(self._ask_postponed)

    def _ask_postponed(self) -> None:
        while self._postponed and self.may_ask():
            reply, ask = self._postponed.popleft()
            reply.resolve(ask(), self._ready)

    def keep(self, key: Hashable, reply: Pending, *, is_new: bool = True) -> None:
        """Note a call of the look-ahead that the loop has not made yet."""
        self._asked[key].append(reply)
        if not is_new:
            return
        search: Search | None = self
        while search is not None:
            search.count(is_needed=False, is_new=True)
            search = search.outer

    def leave(self, key: Hashable, reply: Pending) -> None:
        """Note a call that the loop asked for itself, because it was there before the look-ahead."""
        self._left[key].append(reply)

    def left(self, key: Hashable) -> Pending | None:
        """The reply to an equal call that the loop asked for itself, each reply once; ``None`` if there is
        none.
        """
        asked = self._left.get(key)
        return asked.popleft() if asked else None

    def take(self, key: Hashable, ahead_of: Search | None = None) -> Pending | None:
        """The reply to an equal call that this look-ahead or an outer one asked for, each reply once;
        ``None`` if there is none.

        Args:
            key: the call, which the loop makes now.
            ahead_of: the search that the loop itself looks ahead of, if any.
        """
        found: Pending | None = None
        is_needed = True
        search: Search | None = self
        while search is not None:
            is_needed = is_needed and (ahead_of is None or search is not ahead_of.outer)
            found = search.pop(key) if found is None else found
            if is_needed:
                search.count(is_needed=True, is_new=found is None)
            search = search.outer
        return found

    def pop(self, key: Hashable) -> Pending | None:
        """The reply to an equal call of the look-ahead, each reply once; ``None`` if there is none."""
        asked = self._asked.get(key)
        if asked is None:
            return self.spare(key)
        reply = asked.popleft()
        if not asked:
            del self._asked[key]
        return reply

    def end(self) -> None:
        """Note that the loop has ended. What its look-ahead made and it did not need stays for a next search."""
        self.has_ended = True
        if self._last is None:
            return
        fewer, more = sorted((self._asked, self._last.unused), key=len)
        for key, replies in fewer.items():
            more[key].extend(replies)
        self._asked, self._last = more, None

    @property
    def unused(self) -> defaultdict[Hashable, deque[Pending]]:
        """The replies to calls that the look-ahead made and the loop has not."""
        return self._asked

    def spare(self, key: Hashable) -> Pending | None:
        """The reply to an equal call of the last look-ahead, each reply once; ``None`` if there is none."""
        return None if self._last is None else self._last.pop(key)

    def count(self, *, is_needed: bool, is_new: bool) -> None:
        """Note a call: whether the loop makes it, and whether it is made for the first time."""
        self._made += is_new
        if is_needed:
            self._needed += 1
            self._tell()
