"""Messages of LlamaIndex as a question and its context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harlm.compat.foreign import refuse_options
from harlm.conversations import ChatTurn, task_of
from harlm.errors import ConfigError


def asked_by(messages: str | Sequence[Any], options: Mapping[str, object]) -> tuple[str, Mapping[str, str]]:
    """The question of messages, or of one prompt, and the rest of them as its context.

    Raises:
        ConfigError: the messages hold no text or other content, or an option is not one of HARLM's.
    """
    refuse_options("HarlmLLM", options)
    if isinstance(messages, str):
        asked = task_of([ChatTurn("user", messages)])
    else:
        asked = task_of([_turn(message) for message in messages])
    return asked.question, asked.context


def _turn(message: Any) -> ChatTurn:
    role = str(getattr(message.role, "value", message.role))
    if odd := sorted({each.block_type for each in message.blocks if each.block_type != "text"}):
        raise ConfigError(f"a message of the role {role} holds {', '.join(odd)}; HARLM reads text")
    return ChatTurn(role, message.content or "")
