"""Summaries that the sub-model writes beside the run, of long entries, for the next view. Knows when one is worth a call; whether it
is short and true is the memory's to say.
"""

from __future__ import annotations

import asyncio

from harlm.budget.pressure import NO_SPECULATION
from harlm.engine import prompts
from harlm.engine.call import Call, make
from harlm.engine.node import Node
from harlm.errors import LimitExceeded, ModelError
from harlm.types import Message

_WORTH_IT = 800  # tokens of an entry
_RATIO = 6
_AT_ONCE = 4
_LONGEST = 60_000  # characters that are sent; of a longer entry its beginning and its end


class Summaries:
    """Writes them for one node; none unless the settings ask for it.

    Args:
        node: pays for them.
        question: of its task.
    """

    def __init__(self, node: Node, question: str) -> None:
        self._node = node
        self._question = question
        self._is_wanted = node.run.memory_settings.summaries == "abstractive"
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._writing: set[asyncio.Task[None]] = set()

    def order(self, handle: str, text: str, tokens: int) -> None:
        """An entry went out of sight; nobody waits for its summary."""
        if self._is_wanted and tokens >= _WORTH_IT and self._node.account.pressure < NO_SPECULATION:
            task = asyncio.ensure_future(self._write(handle, text, tokens))
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    async def _write(self, handle: str, text: str, tokens: int) -> None:
        node, most = self._node, tokens // _RATIO
        prompt = prompts.summary_prompt(
            prompts.excerpt(text, _LONGEST), self._question, node.run.goal, words=most * 3 // 4
        )
        call = Call(
            model=node.models.sub,
            messages=[Message(role="user", content=prompt)],
            role="summary",
            limit=2 * most,
        )
        async with self._slots:
            try:
                completion, _ = await make(node, call)
            except (ModelError, LimitExceeded):
                return  # what is left out by rule stays in view
        node.run.memory.abstract(handle, completion.text, 2 * most)

    async def close(self) -> None:
        """The node has ended."""
        for task in self._writing:
            task.cancel()
        await asyncio.gather(*self._writing, return_exceptions=True)
