"""*direct* mode: one call that holds the whole context."""

from __future__ import annotations

from harlm import events
from harlm.engine.call import Call, make
from harlm.engine.node import Node
from harlm.engine.outcome import Outcome, outcome_of
from harlm.engine.prompts import direct_messages, unfinished
from harlm.errors import LimitExceeded
from harlm.types import Task


async def answer_directly(task: Task, node: Node) -> Outcome:
    """Ask the root model once, with all documents in the prompt.

    If the budget does not cover that one call, the outcome is partial and has no text of the model.

    Raises:
        ModelError: as the model raises it; ``ContextOverflow`` if the context does not fit.
    """
    try:
        completion, _ = await make(
            node, Call(model=node.models.root, messages=direct_messages(task), role="root", is_last=True)
        )
    except LimitExceeded as limit:
        node.emit(
            events.LimitReached(limit=limit.limit, used=limit.used, allowed=limit.allowed, message=str(limit))
        )
        return Outcome(text=unfinished(str(limit), ""), status="partial", limit=limit)
    return outcome_of(completion.text.strip())
