"""What DSPy calls to have a request answered: its ``Engine`` and ``AsyncEngine``, over HARLM."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from harlm.client import HARLM
from harlm.compat.dspy.responses import asked_now, events_of, response_of


class HarlmEngine:
    """Answers one request of DSPy after the other, or many at once."""

    def __init__(self, client: HARLM) -> None:
        self._client = client

    def complete(self, request: Any) -> Any:
        """The response to a request; errors are HARLM's, which DSPy wraps."""
        asked = asked_now(request)
        return response_of(asked, self._client.ask(asked.question, asked.context, schema=asked.schema))

    def stream(self, request: Any) -> Iterator[Any]:
        """The response as events: all at once, since an answer is checked before it is shown."""
        yield from events_of(self.complete(request))

    def close(self) -> None:
        """Nothing is open between calls."""


class AsyncHarlmEngine:
    """The same for asyncio. A call that is cancelled ends its run."""

    def __init__(self, client: HARLM) -> None:
        self._client = client

    async def complete(self, request: Any) -> Any:
        """As ``HarlmEngine.complete``."""
        asked = asked_now(request)
        return response_of(asked, await self._client.aask(asked.question, asked.context, schema=asked.schema))

    async def stream(self, request: Any) -> AsyncIterator[Any]:
        """As ``HarlmEngine.stream``."""
        for event in events_of(await self.complete(request)):
            yield event

    async def aclose(self) -> None:
        """Nothing is open between calls."""
