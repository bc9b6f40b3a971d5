"""What cells leave outside their REPL: their events, what was learned from them, the records of their calls.

While a cell runs before the end of its reply, it is open whether it counts. Until that is decided its effects wait, in
order, and then happen or do not.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from harlm.errors import CodeError

Effect = Callable[[], None]


def nothing() -> None:
    """The effect that most cells have that do not count."""


class Effects:
    """The effects of one node's cells."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Effect, Effect]] = []
        self._decision: asyncio.Future[bool] | None = None  # None while all cells count

    @property
    def are_held(self) -> bool:
        """Whether it is open if the running cell counts."""
        return self._decision is not None

    def happen(self, effect: Effect, otherwise: Effect = nothing) -> None:
        """Have an effect at once, or as soon as the cell counts.

        Args:
            effect: of a cell that counts.
            otherwise: what happens in its place if the cell does not count.
        """
        if self.are_held:
            self._waiting.append((effect, otherwise))
        else:
            effect()

    async def decided(self) -> None:
        """Wait until the running cell counts.

        Raises:
            CodeError: it does not.
        """
        if self._decision is not None and not await asyncio.shield(self._decision):
            raise CodeError("the reply of this cell was made again")

    def hold(self) -> None:
        """From now on cells run of which it is open if they count."""
        self._decision = asyncio.get_running_loop().create_future()

    def keep(self) -> None:
        """The cells count: what waited happens now, and what follows happens at once."""
        self._decide(counts=True)

    def drop(self) -> None:
        """The cells do not count, and have ended."""
        self._decide(counts=False)

    def _decide(self, *, counts: bool) -> None:
        waiting, self._waiting = self._waiting, []
        decision, self._decision = self._decision, None
        if decision is not None:
            decision.set_result(counts)
        for effect, otherwise in waiting:
            (effect if counts else otherwise)()
