"""Summaries of long entries, which the sub-model writes in the background for the next view.

Decides when a summary is worth a call. The memory decides whether it is short enough and true to its source.
"""

from __future__ import annotations

import asyncio

from harlm.budget.pressure import NO_SPECULATION
from harlm.engine import prompts
from harlm.engine.call import Call, make
from harlm.engine.node import Node
from harlm.errors import LimitExceeded, ModelError
from harlm.types import Message

_WORTH_IT = 800  # tokens of the shortest entry that is summarised
_RATIO = 6  # how many times shorter than its entry a summary is asked to be
_AT_ONCE = 4  # calls in flight
_LONGEST = 60_000  # characters that are sent; of a longer entry the beginning and the end


class Summaries:
    """Has the summaries of one node written, if the setting ``memory.summaries`` is ``abstractive``.

    Args:
        node: pays for them.
        question: of its task, to which the summaries are fitted.
    """

    def __init__(self, node: Node, question: str) -> None:
        self._node = node
        self._question = question
        self._is_wanted = node.run.memory_settings.summaries == "abstractive"
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._writing: set[asyncio.Task[None]] = set()

    def order(self, handle: str, text: str, tokens: int) -> None:
        """Begin the summary of an entry that left the prompt, and return at once.

        Args:
            handle: of the entry.
            text: of the entry.
            tokens: of the text.
        """
        if self._is_wanted and tokens >= _WORTH_IT and self._node.account.pressure < NO_SPECULATION:
            task = asyncio.ensure_future(self._write(handle, text, tokens))
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    async def _write(self, handle: str, text: str, tokens: int) -> None:
        node, limit_tokens = self._node, tokens // _RATIO
        prompt = prompts.summary_prompt(
            prompts.excerpt(text, _LONGEST), self._question, node.run.goal, words=limit_tokens * 3 // 4
        )
        call = Call(
            model=node.models.sub,
            messages=[Message(role="user", content=prompt)],
            role="summary",
            limit=2 * limit_tokens,
        )
        async with self._slots:
            try:
                completion, _ = await make(node, call)
            except (ModelError, LimitExceeded):
                return  # the view keeps showing the extract that was made without a model
        node.run.memory.abstract(handle, completion.text, 2 * limit_tokens)

    async def close(self) -> None:
        """Cancel the summaries that are still being written."""
        for task in self._writing:
            task.cancel()
        await asyncio.gather(*self._writing, return_exceptions=True)
