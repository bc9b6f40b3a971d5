"""How a node ends when its budget does: one last call, paid for by the finishing reserve, that makes an answer of what was
learned; where even that cannot be made, what was learned itself. Knows words; the figures come from the budget.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from harlm import events
from harlm.budget.finishing import Finish, plan_finish
from harlm.engine import prompts
from harlm.engine.run import Run
from harlm.errors import LimitExceeded, ModelError
from harlm.types import Message, Observation, Task

_KEPT = 64  # replies of sub-calls
_SHOWN = 600  # characters of one reply
_CHARACTERS = 24_000  # of all that was learned, before it is cut to what the reserve pays for
_LEAST = 100  # characters that are left of it at least


class Learned:
    """What a node has found out so far: what its cells printed, and what its sub-calls replied."""

    def __init__(self) -> None:
        self._outputs: deque[str] = deque(maxlen=4)
        self._replies: deque[tuple[str, str]] = deque(maxlen=_KEPT)
        self._said = ""

    def printed(self, observations: Sequence[Observation]) -> None:
        """Take what cells printed."""
        self._outputs.extend(each.output.strip() for each in observations if each.output.strip())

    def replied(self, prompt: str, reply: str) -> None:
        """Take the reply of a sub-call."""
        self._replies.append((prompt, reply))

    def said(self, prose: str) -> None:
        """Take what the model wrote besides code."""
        self._said = prose or self._said

    def text(self, characters: int = _CHARACTERS) -> str:
        """All of it in so many characters; the newest output is kept before what is older."""
        parts = [part for part in (self._said, *reversed(self._outputs)) if part]
        parts += [prompts.learned_reply(*each, shown=_SHOWN) for each in self._replies]
        return prompts.excerpt("\n\n".join(parts), characters)


class Finishing:
    """The end of one node.

    Args:
        task, run: of the node. The reserve is set aside here, before the node's first call.
    """

    def __init__(self, task: Task, run: Run) -> None:
        self._task = task
        self._run = run
        self._model = run.models.root
        self.learned = Learned()
        plan = plan_finish(run.account, run.shared.till.price_of(self._model.name))
        self._plan: Finish | None = plan if plan is not None and run.account.hold(plan.amounts) else None

    async def text(self, limit: LimitExceeded) -> str:
        """The answer as far as it got."""
        self._run.emit(
            events.LimitReached(limit=limit.limit, used=limit.used, allowed=limit.allowed, message=str(limit))
        )
        return await self._last_reply(limit) or prompts.unfinished(str(limit), self.learned.text())

    async def _last_reply(self, limit: LimitExceeded) -> str | None:
        """What the model makes of what was learned; None where it cannot be asked any more."""
        run = self._run
        if self._plan is None or run.account.seconds_left <= 0:
            return None
        messages = self._fitting(str(limit), self._plan)
        with run.account.finishing():
            try:
                completion, _ = await run.call(
                    self._model, messages, "root", limit=self._plan.output, is_last=True
                )
            except (LimitExceeded, ModelError):
                return None
        return completion.text.strip() or None

    def _fitting(self, limit: str, plan: Finish) -> tuple[Message, ...]:
        """The last prompt, cut until the reserve pays for it."""
        account = self._run.account
        counting = self._run.shared.till.counting_of(self._model.name)
        room = self._model.window - plan.output
        if account.limits_tokens or account.limits_money:
            room = min(room, plan.prompt)
        characters = _CHARACTERS
        while True:
            messages = prompts.finishing_messages(self._task, self.learned.text(characters), limit)
            if characters < _LEAST or counting.bound(counting.measure(messages)) <= room:
                return messages
            characters = characters * 2 // 3


async def within(seconds: float, work: asyncio.Task[Observation]) -> Observation | None:
    """What ``work`` comes to within ``seconds``; None, and it is cancelled, where it takes longer."""
    try:
        done, _ = await asyncio.wait({work}, timeout=None if seconds == float("inf") else max(0.0, seconds))
    finally:  # whoever waits may be cancelled as well
        if not work.done():
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
    return work.result() if done else None
