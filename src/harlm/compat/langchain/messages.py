"""Messages of LangChain as a question and its context."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from harlm.compat.foreign import refuse_options
from harlm.conversations import ChatTurn, over, task_of, task_over
from harlm.errors import ConfigError
from harlm.loading import load

_ROLES = {"human": "user", "ai": "assistant"}


def asked_by(messages: Sequence[Any], options: Mapping[str, object], documents: object) -> tuple[str, object]:
    """The question of messages, and its context: the documents if there are any, else the conversation.

    Raises:
        ConfigError: the messages hold no text or other content, or an option is not one of HARLM's.
        ContextError: the documents cannot be read.
    """
    refuse_options("ChatHarlm", options)
    turns = [_turn(message) for message in messages]
    if documents is None:
        asked = task_of(turns)
        return asked.question, asked.context
    asked = task_over(turns)
    return asked.question, documents if asked.is_alone else over(asked, load(documents))


def _turn(message: Any) -> ChatTurn:
    role = message.role if message.type == "chat" else _ROLES.get(message.type, message.type)
    blocks = [] if isinstance(message.content, str) else message.content
    if odd := sorted(
        {each["type"] for each in blocks if not isinstance(each, str) and each["type"] != "text"}
    ):
        raise ConfigError(f"a message of the role {role} holds {', '.join(odd)}; HARLM reads text")
    calls = getattr(message, "tool_calls", None)
    return ChatTurn(role, f"{message.text}\n{json.dumps(calls, default=str)}" if calls else str(message.text))
