"""A gate that opens when the provider has read a prompt for the first time: from then on it serves the same beginning of
other prompts from its cache, for a fraction of the price.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class PrefixGate:
    """Closed until the first token of the first reply has arrived, or that call has ended."""

    def __init__(self) -> None:
        self._opened = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """Whether the prompt has been read, or will not be."""
        return self._opened.is_set()

    def open(self) -> None:
        """Note that a reply has begun or ended, or that none will come."""
        self._opened.set()

    async def opened(self) -> None:
        """Return once the gate is open."""
        await self._opened.wait()

    def listening(self, on_text: Callable[[str], None] | None) -> Callable[[str], None] | None:
        """What to call with a reply so far, in place of ``on_text``, so that its first token opens the gate."""
        if self.is_open:
            return on_text

        def first_token(text: str) -> None:
            self.open()
            if on_text is not None:
                on_text(text)

        return first_token
