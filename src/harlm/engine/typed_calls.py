"""Calls of cells whose value must follow a schema: asked for in words and by the endpoint's own means, checked, and asked for
once more if it is wrong.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from harlm.engine import prompts
from harlm.engine.typed_answers import schema_text
from harlm.errors import CodeError
from harlm.typed import SchemaFault, fitted, form_of, schema_of_text
from harlm.types import Message, OutputSchema

Ask = Callable[[Sequence[Message], Mapping[str, object]], Awaitable[str]]
"""Makes a call: its messages, and the schema that the endpoint is asked to enforce. Returns the reply."""

_SHOWN = 300  # characters of a reply in an error


def schema_in(function: str, text: str | None) -> OutputSchema | None:
    """The schema that a cell passed to a function; ``None`` if it passed none.

    Raises:
        CodeError: it cannot be used.
    """
    if text is None:
        return None
    try:
        return schema_of_text(text)
    except SchemaFault as fault:
        raise CodeError(f"{function}: the schema cannot be used: {fault}") from fault


async def typed_value(function: str, prompt: str, schema: OutputSchema, ask: Ask) -> object:
    """The value of a call, which follows the schema.

    Raises:
        CodeError: two replies did not.
    """
    form = form_of(schema.json_schema)
    question = f"{prompt}\n\n{prompts.TYPED_QUERY.format(schema=schema_text(form))}"
    messages = [Message(role="user", content=question)]
    reply = await ask(messages, form)
    found = fitted(reply, schema)
    if found.is_right:
        return found.value
    messages += [
        Message(role="assistant", content=reply),
        Message(role="user", content=prompts.TYPED_AGAIN.format(faults=found.faults)),
    ]
    again = await ask(messages, form)
    found = fitted(again, schema)
    if found.is_right:
        return found.value
    raise CodeError(
        f"{function}: two replies did not follow the schema. The second: {found.faults}. It begins: {again[:_SHOWN]!r}"
    )
