"""Back-pressure: callers wait while a store cannot keep up with what it is given."""

from __future__ import annotations

import asyncio
from typing import Protocol

_LOOK_S = 0.01  # between two looks whether a store has caught up


class Behind(Protocol):
    """A store that may not keep up."""

    @property
    def is_behind(self) -> bool:
        """Whether callers should wait before they give it more."""
        ...


class StoreRoom:
    """Lets callers wait until a store can take more. However many wait, one of them looks.

    Args:
        store: what is waited for.
    """

    def __init__(self, store: Behind) -> None:
        self._store = store
        self._looking = asyncio.Lock()

    async def wait(self) -> None:
        """Return when the store can take more."""
        if not self._store.is_behind:
            return
        async with self._looking:
            while self._store.is_behind:  # noqa: ASYNC110 - the thread that writes sets no event of this loop
                await asyncio.sleep(_LOOK_S)
