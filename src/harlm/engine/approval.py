"""Whether a cell may run, by the user's word. Without it no code of a model runs, not even ahead of a cell."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable

from harlm.threads import alone
from harlm.types import Observation, PendingCell

Approve = Callable[[PendingCell], bool | Awaitable[bool]]
"""Says whether a cell may run. One that is not async runs in a thread."""

REFUSED = "The user did not allow this cell to run, so none of it ran. Do it in another way, or finish with what you have."


class Approval:
    """Asks the user about cells, one at a time.

    Args:
        approve: is given each cell before it runs; false refuses it.
    """

    def __init__(self, approve: Approve) -> None:
        self._approve = approve
        self._one_at_a_time = asyncio.Lock()

    async def refusal(self, cell: PendingCell) -> Observation | None:
        """What the model sees of a cell that may not run; ``None`` if it may.

        Raises:
            Exception: as the user's function raises it, which ends the run.
        """
        async with self._one_at_a_time:
            if inspect.iscoroutinefunction(self._approve):
                allowed = await self._approve(cell)
            else:
                allowed = await alone(lambda: self._approve(cell))
                if inspect.isawaitable(allowed):
                    allowed = await allowed
        return None if allowed else Observation(error=REFUSED)
