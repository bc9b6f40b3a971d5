"""*direct* mode: one call that holds the whole context."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from harlm import events
from harlm.engine.call import Call, make
from harlm.engine.node import Node
from harlm.engine.outcome import Outcome, outcome_of
from harlm.engine.prompts import direct_messages, unfinished
from harlm.engine.slices import in_slices
from harlm.engine.small import ask_what_it_is, form_read, is_small, turns_out_small
from harlm.engine.small_prompts import FORM_TOKENS, small_direct_messages, small_schema
from harlm.engine.typed_answers import direct_rules
from harlm.errors import LimitExceeded, ModelError
from harlm.types import Completion, Task


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
    if a local server's model turns out to be small only after its reply, it is asked once more. A form that does not end is
    asked for in words.

    Raises:
        LimitExceeded: the budget does not cover the call.
        ModelError: as the model raises it.
    """
    model = node.models.root
    await ask_what_it_is(node, model, task.context)
    uses_form = is_small(model) and task.schema is None
    completion = await (_form(task, node) if uses_form else _reply(task, node))
    if await turns_out_small(node, model) and task.schema is None:
        with suppress(LimitExceeded, ModelError):  # then the reply to the long rules is all there is
            completion, uses_form = await _form(task, node), True
    if uses_form and completion.stop == "length":  # the model repeats itself, or the server knows no forms
        with suppress(LimitExceeded, ModelError):
            completion, uses_form = await _reply(task, node), False
    text = completion.text.strip()
    if uses_form:
        text = await in_slices(form_read(text, task.context))
    return outcome_of(text, forced=completion.stop != "end")


async def _reply(task: Task, node: Node) -> Completion:
    rules = "" if task.schema is None else direct_rules(task.schema)
    return await _asked(
        node, Call(model=node.models.root, messages=direct_messages(task, rules), role="root")
    )


async def _form(task: Task, node: Node) -> Completion:
    documents = task.context.documents
    call = Call(
        model=node.models.root,
        messages=small_direct_messages(documents, task.question),
        role="root",
        limit=FORM_TOKENS,
        schema=small_schema(documents),
    )
    return await _asked(node, call)


async def _asked(node: Node, call: Call) -> Completion:
    completion, _ = await make(node, replace(call, is_last=True))
    return completion
