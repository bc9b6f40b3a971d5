"""*direct* mode: one call that holds the whole context."""

from __future__ import annotations

from harlm import events
from harlm.engine.outcome import Outcome, outcome_of
from harlm.engine.prompts import direct_messages, unfinished
from harlm.engine.run import Run
from harlm.errors import LimitExceeded
from harlm.types import Task


async def answer_directly(task: Task, run: Run) -> Outcome:
    """Ask the root model once, with all documents in the prompt. There is nothing to finish with where it cannot be asked.

    Raises:
        ModelError: as the model raises it; ``ContextOverflow`` when the context does not fit.
    """
    try:
        completion, _ = await run.call(run.models.root, direct_messages(task), "root", is_last=True)
    except LimitExceeded as limit:
        run.emit(
            events.LimitReached(limit=limit.limit, used=limit.used, allowed=limit.allowed, message=str(limit))
        )
        return Outcome(text=unfinished(str(limit), ""), status="partial", limit=limit)
    return outcome_of(completion.text.strip())
