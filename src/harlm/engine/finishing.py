"""How a node ends before its model finishes: one last call, paid for from the finishing reserve, turns what was
learned into an answer. If even that call cannot be made, what was learned is returned as it is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from harlm import events
from harlm.budget.finishing import FinishingPlan, plan_finish
from harlm.engine import prompts
from harlm.engine.call import Call, make
from harlm.engine.node import Node
from harlm.engine.replies import parse_reply
from harlm.engine.wordless import literal_in
from harlm.errors import LimitExceeded, ModelError
from harlm.types import Message, Observation, Task

_KEPT = 64  # newest replies of sub-calls that are kept
_SHOWN = 600  # characters of one reply
_LONGEST = 4_000  # characters of a prompt or a reply that are kept
_CHARACTERS = 24_000  # of all that was learned, before it is cut to what the reserve pays for
_LEAST = 100  # characters below which it is not cut further


class Learned:
    """What a node has found out: the output of its cells, the replies of its sub-calls, the model's prose.

    Attributes:
        exceptions: cells that ended with an exception.
    """

    def __init__(self) -> None:
        self._outputs: deque[str] = deque(maxlen=4)
        self._replies: deque[tuple[str, str]] = deque(maxlen=_KEPT)
        self._said = ""
        self.exceptions = 0

    @property
    def has_results(self) -> bool:
        """Whether a cell has printed anything, or a sub-call has replied."""
        return bool(self._outputs or self._replies)

    def printed(self, observations: Sequence[Observation]) -> None:
        """Keep the output of cells, and count those that raised an exception."""
        self.exceptions += sum(each.error is not None for each in observations)
        self._outputs.extend(each.output.strip() for each in observations if each.output.strip())

    def replied(self, prompt: str, reply: str) -> None:
        """Keep the reply of a sub-call."""
        self._replies.append((prompts.excerpt(prompt, _LONGEST), prompts.excerpt(reply, _LONGEST)))

    def said(self, prose: str) -> None:
        """Keep what the model wrote in addition to code; empty prose leaves the last one in place."""
        self._said = prose or self._said

    def take_over(self, other: Learned) -> None:
        """Add everything that ``other`` holds."""
        self._outputs.extend(other._outputs)
        self._replies.extend(other._replies)
        self.said(other._said)
        self.exceptions += other.exceptions

    def become(self, other: Learned) -> None:
        """Hold what ``other`` holds, and nothing else."""
        self._outputs.clear()
        self._replies.clear()
        self._said = ""
        self.take_over(other)

    def text(self, characters: int = _CHARACTERS) -> str:
        """All of it, cut to about ``characters``: prose, then output with the newest first, then replies."""
        parts = [part for part in (self._said, *reversed(self._outputs)) if part]
        parts += [prompts.learned_reply(*each, shown=_SHOWN) for each in self._replies]
        return prompts.excerpt("\n\n".join(parts), characters)


class Finishing:
    """The end of one node.

    Args:
        task, node: the node that will end, and its task. The finishing reserve is set aside here, before the
            node's first call.
        learned: filled by the node as it works.
    """

    def __init__(self, task: Task, node: Node, learned: Learned) -> None:
        self._task = task
        self._node = node
        self._model = node.models.root
        self.learned = learned
        plan = plan_finish(node.account, node.run.billing.price_of(self._model.name))
        self._plan: FinishingPlan | None = (
            plan if plan is not None and node.account.hold(plan.amounts) else None
        )

    async def text(self, limit: LimitExceeded) -> str:
        """The best answer that can still be given after ``limit`` was reached, as text."""
        self._node.emit(
            events.LimitReached(limit=limit.limit, used=limit.used, allowed=limit.allowed, message=str(limit))
        )
        return await self.last_reply(str(limit)) or self.unfinished(str(limit))

    def unfinished(self, reason: str) -> str:
        """The text of an answer that could not be made: the reason, and what was learned."""
        return prompts.unfinished(reason, self.learned.text())

    async def last_reply(self, reason: str) -> str | None:
        """The model's answer from what was learned; ``None`` if the model cannot be asked, or does not answer.

        Args:
            reason: why the node ends, as the beginning of a sentence.
        """
        node = self._node
        if self._plan is None or node.account.seconds_left <= 0:
            return None
        messages = self._fitting(reason, self._plan)
        last = Call(model=self._model, messages=messages, role="root", limit=self._plan.output, is_last=True)
        with node.account.finishing():
            try:
                completion, _ = await make(node, last)
            except (LimitExceeded, ModelError):
                return None
        return answer_in(completion.text)

    def _fitting(self, reason: str, plan: FinishingPlan) -> tuple[Message, ...]:
        """The last prompt, cut until the reserve covers it."""
        account = self._node.account
        counting = self._node.run.billing.counting_of(self._model.name)
        room = self._model.window - plan.output
        if account.limits_tokens or account.limits_money:
            room = min(room, plan.prompt)
        characters = _CHARACTERS
        while True:
            messages = prompts.finishing_messages(self._task, self.learned.text(characters), reason)
            if characters < _LEAST or counting.bound(counting.measure(messages)) <= room:
                return messages
            characters = characters * 2 // 3


def answer_in(reply: str) -> str | None:
    """The answer in a reply that was to be plain text; ``None`` if it holds code only. If it finishes with a literal, as
    in a REPL, that is the answer.
    """
    parsed = parse_reply(reply)
    if parsed.finish is not None and (value := literal_in(parsed.finish)) is not None:
        return value.strip() or None
    if parsed.cells and not parsed.prose.strip():
        return None
    return reply.strip() or None
