"""Answers of a type that the caller chose: what the model is told, whether a value follows the schema, and the one question
that turns a finished answer into such a value.

A value is kept as JSON here, and built into the caller's type where the answer leaves HARLM.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from harlm import events
from harlm.engine import prompts
from harlm.engine.call import Call, make
from harlm.engine.node import Node
from harlm.engine.outcome import Outcome, as_text
from harlm.engine.replies import parse_not_found
from harlm.errors import LimitExceeded, ModelError, SchemaMismatch
from harlm.typed import fitted, form_of
from harlm.types import Message, OutputSchema, Task

_SHOWN = 20_000  # characters of an answer that is to be put into the form
_MOST_REFUSALS = 3
"""How often a node is told that its answer does not follow the schema, before the answer is put into the form by a question of
its own."""


def schema_text(json_schema: Mapping[str, object]) -> str:
    """A schema, as a prompt shows it."""
    return json.dumps(json_schema, ensure_ascii=False, separators=(",", ":"))


def repl_rules(schema: OutputSchema) -> str:
    """What a root model is told about the type of its answer."""
    return prompts.TYPED_FINISH.format(schema=schema_text(schema.json_schema))


def direct_rules(schema: OutputSchema) -> str:
    """What a model that answers in one call is told about the type of its answer."""
    return prompts.TYPED_REPLY.format(schema=schema_text(form_of(schema.json_schema)))


class Fitting:
    """Whether the values that one node finishes with follow the schema of its task.

    Args:
        schema: the schema; ``None`` takes every value.
    """

    def __init__(self, schema: OutputSchema | None) -> None:
        self._schema = schema
        self._refusals = 0

    def reason_against(self, value: object, *, is_last_turn: bool) -> str:
        """What the model is told of a value that does not follow the schema; empty if it does, or if nothing would be gained
        by asking the model again.
        """
        if self._schema is None or is_last_turn or self._refusals >= _MOST_REFUSALS:
            return ""
        if isinstance(value, str) and parse_not_found(value) is not None:
            return ""
        found = fitted(value, self._schema)
        return "" if found.is_right else prompts.NOT_OF_TYPE.format(faults=found.faults)

    def refuse(self) -> None:
        """Record that the model was told of a reason."""
        self._refusals += 1


async def in_form(outcome: Outcome, task: Task, node: Node) -> Outcome:
    """The outcome with a value that follows the schema of the task.

    An answer that does not is put into the form by one call. An outcome that a limit or a failure has ended, or that found
    nothing, gets no value of the schema, unless it holds one already.
    """
    schema = task.schema
    if schema is None or outcome.status == "not_found":
        return outcome
    value: object = outcome.text if outcome.data is None else outcome.data
    found = fitted(value, schema)
    if found.is_right:
        return _with(outcome, found.value)
    if outcome.ended_by is not None:
        return replace(outcome, data=None)
    try:
        said = await _asked_again(value, found.faults, schema, task, node)
    except LimitExceeded as limit:
        return replace(outcome, data=None, status="partial", ended_by=limit)
    except ModelError as error:
        said = ""
        node.emit(events.Noted(message=f"{error}; the answer keeps the form that it has"))
    later = fitted(said, schema) if said else found
    if later.is_right:
        return _with(outcome, later.value)
    nearest = found if isinstance(later.value, str) else later
    mismatch = SchemaMismatch(
        f"the answer does not follow the schema {schema.name}: {nearest.faults}. `partial` of this error holds the best attempt; ask "
        "for fewer fields, allow null where the text may say nothing, or use a stronger model",
        faults=nearest.faults,
    )
    if isinstance(nearest.value, str):
        return replace(outcome, data=None, text=nearest.value, status="partial", ended_by=mismatch)
    return replace(_with(outcome, nearest.value), status="partial", ended_by=mismatch)


def fits(value: object, schema: OutputSchema) -> bool:
    """Whether JSON-like data follows a schema as it is."""
    try:
        schema.build(value)
    except ValueError:
        return False
    return True


def _with(outcome: Outcome, value: object) -> Outcome:
    return replace(outcome, data=value, text=value if isinstance(value, str) else as_text(value))


async def _asked_again(value: object, faults: str, schema: OutputSchema, task: Task, node: Node) -> str:
    """The reply of the root model that is to put an answer into the form; empty for the built-in model, which writes no JSON.

    Raises:
        LimitExceeded: the budget does not cover the call.
        ModelError: as the model raises it.
    """
    if node.run.facts_of(node.models.root).is_local:
        return ""
    answer = value if isinstance(value, str) else as_text(value)
    form = form_of(schema.json_schema)
    prompt = prompts.put_into_form(
        prompts.excerpt(task.question, _SHOWN), prompts.excerpt(answer, _SHOWN), schema_text(form), faults
    )
    call = Call(
        model=node.models.root,
        messages=[Message(role="user", content=prompt)],
        role="root",
        is_last=True,
        schema=form,
    )
    return (await make(node, call))[0].text
