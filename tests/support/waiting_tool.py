"""A tool that waits until its call is cancelled."""

from __future__ import annotations

import asyncio

from harlm.tools import FunctionTool, tool


class WaitingTool:
    """A tool ``waits``.

    Attributes:
        tool: the tool.
        began, ended: set once a call has begun, and once it has ended.
    """

    def __init__(self) -> None:
        self.began, self.ended = asyncio.Event(), asyncio.Event()

        @tool
        async def waits() -> None:
            self.began.set()
            try:
                await asyncio.sleep(60)
            finally:
                self.ended.set()

        self.tool: FunctionTool = waits
