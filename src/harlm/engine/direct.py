"""*direct* mode: one call that holds the whole context."""

from __future__ import annotations

from harlm.engine.outcome import Outcome, outcome_of
from harlm.engine.prompts import direct_messages
from harlm.engine.run import Run
from harlm.types import Task


async def answer_directly(task: Task, run: Run) -> Outcome:
    """Ask the root model once, with all documents in the prompt.

    Raises:
        ModelError: as the model raises it; ``ContextOverflow`` when the context does not fit.
    """
    completion, _ = await run.call(run.models.root, direct_messages(task), "root")
    return outcome_of(completion.text.strip())
