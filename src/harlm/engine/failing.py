"""How a node ends when a model or the sandbox fails in the middle of it: with what it had found, and the reason.

A model that failed is not asked again. If the sandbox failed, the model still turns what was learned into an answer.
"""

from __future__ import annotations

from harlm import events
from harlm.engine.finishing import Finishing
from harlm.engine.node import Node
from harlm.engine.outcome import Ended, Outcome
from harlm.errors import LimitExceeded, ModelError, SandboxFailure, SchemaMismatch
from harlm.types import Answer


async def ended_by_failure(error: ModelError | SandboxFailure, node: Node, finishing: Finishing) -> Outcome:
    """The partial outcome of a node that ``error`` has ended.

    Args:
        error: the failure. What a child of the node had found by then, as its partial answer, is kept too.
        node: the node.
        finishing: knows what was learned.
    """
    reason = str(error).rstrip(".")
    if error.partial is not None:
        finishing.learned.replied("a child", error.partial.text)
    text = None
    if isinstance(error, SandboxFailure):
        node.emit(events.Noted(message=f"{reason}; answering from what was found so far"))
        text = await finishing.last_reply(reason)
    return Outcome(text=text or finishing.unfinished(reason), status="partial", ended_by=error)


def with_partial(error: Ended, answer: Answer) -> Ended:
    """The error that ended a node, with the node's partial answer in place of any other."""
    if isinstance(error, LimitExceeded):
        return error.anew(answer)
    error.partial = answer
    return error


def partial_in(error: BaseException) -> Answer | None:
    """The partial answer that an error carries; ``None`` if it carries none."""
    return (
        error.partial
        if isinstance(error, LimitExceeded | ModelError | SandboxFailure | SchemaMismatch)
        else None
    )
