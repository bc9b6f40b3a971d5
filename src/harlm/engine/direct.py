"""*direct* mode: one call that holds the whole context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harlm import events
from harlm.engine.call import Call, make
from harlm.engine.node import Node
from harlm.engine.outcome import Outcome, outcome_of
from harlm.engine.prompts import direct_messages, unfinished
from harlm.engine.slices import in_slices
from harlm.engine.small import ask_what_it_is, form_read, is_small, turns_out_small
from harlm.engine.small_prompts import SMALL_SCHEMA, small_direct_messages
from harlm.errors import LimitExceeded, ModelError
from harlm.types import Completion, Message, Task


async def answer_directly(task: Task, node: Node) -> Outcome:
    """Ask the root model once, with all documents in the prompt.

    If the budget does not cover that one call, the outcome is partial and has no text of the model.

    Raises:
        ModelError: as the model raises it; ``ContextOverflow`` if the context does not fit.
    """
    try:
        return await ask_directly(task, node)
    except LimitExceeded as limit:
        node.emit(
            events.LimitReached(limit=limit.limit, used=limit.used, allowed=limit.allowed, message=str(limit))
        )
        return Outcome(text=unfinished(str(limit), ""), status="partial", ended_by=limit)


async def ask_directly(task: Task, node: Node) -> Outcome:
    """The outcome of one call with all documents in the prompt. A small model fills in a form, whose quote is checked;
    if a local server's model turns out to be small only after its reply, it is asked once more.

    Raises:
        LimitExceeded: the budget does not cover the call.
        ModelError: as the model raises it.
    """
    model = node.models.root
    await ask_what_it_is(node, model, task.context)
    uses_form = is_small(model)
    completion = await (_form(task, node) if uses_form else _reply(task, node))
    if await turns_out_small(node, model):
        try:
            completion, uses_form = await _form(task, node), True
        except (LimitExceeded, ModelError):
            pass  # the reply to the long rules is all there is
    text = completion.text.strip()
    if uses_form:
        text = await in_slices(form_read(text, task.context))
    is_unfinished = completion.stop != "end"
    return outcome_of(text, forced=is_unfinished)


async def _reply(task: Task, node: Node) -> Completion:
    return await _asked(node, direct_messages(task))


async def _form(task: Task, node: Node) -> Completion:
    return await _asked(node, small_direct_messages(task.context.documents, task.question), SMALL_SCHEMA)


async def _asked(
    node: Node, messages: Sequence[Message], schema: Mapping[str, object] | None = None
) -> Completion:
    call = Call(model=node.models.root, messages=messages, role="root", is_last=True, schema=schema)
    completion, _ = await make(node, call)
    return completion
