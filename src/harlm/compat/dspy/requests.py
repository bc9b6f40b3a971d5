"""A request of DSPy as a question of HARLM, and the text of the answer as DSPy's adapters read it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harlm.compat.dspy.fields import read_fields
from harlm.compat.dspy.outputs import marked, schema_of_outputs, without_places
from harlm.compat.foreign import refuse_options
from harlm.conversations import ChatTurn, task_of
from harlm.errors import ConfigError
from harlm.types import Answer


@dataclass(frozen=True, slots=True)
class AskedRequest:
    """A question with its context, the JSON Schema of its answer if it has one, and the fields that are marked in the text of it."""

    question: str
    context: Mapping[str, str]
    schema: Mapping[str, Any] | None
    outputs: Sequence[str]

    def shown(self, answer: Answer) -> str:
        """The text of an answer."""
        if self.schema is None:
            text = without_places(answer.text, answer.citations)
            return marked({self.outputs[0]: text}) if self.outputs else text
        data = answer.data if isinstance(answer.data, dict) else {}
        text = marked(data) if self.outputs else json.dumps(data, ensure_ascii=False)
        return without_places(text, answer.citations)


def asked_by(request: Any, annotations: Mapping[str, Any]) -> AskedRequest:
    """The question of a ``dspy.lm15.Request``; ``annotations`` are the types of the output fields, as far as they are known.

    Raises:
        ConfigError: the messages hold no text or other content, or a setting of the call is not one of HARLM's.
    """
    config, empty = request.config, type(request.config)()
    given = {name: getattr(config, name) for name in config.__slots__}
    changed = {name: value for name, value in given.items() if value != getattr(empty, name)}
    refuse_options("HarlmLM", {**changed, "tools": request.tools or None, "response_format": None})
    system = [ChatTurn("system", _text(request.system))] if request.system is not None else []
    asked = read_fields([*system, *(ChatTurn(each.role, _text(each.parts)) for each in request.messages)])
    task, schema = task_of(asked.turns), schema_of_outputs(config.response_format, asked.outputs, annotations)
    return AskedRequest(task.question, task.context, schema, asked.outputs)


def _text(content: Any) -> str:
    parts = [content] if isinstance(content, str) else content
    if odd := sorted({each.type for each in parts if not isinstance(each, str) and each.type != "text"}):
        raise ConfigError(f"a message holds {', '.join(odd)}; HARLM reads text")
    return "\n".join(each if isinstance(each, str) else each.text for each in parts)
