"""Answers as responses of LlamaIndex."""

from __future__ import annotations

from typing import Any

from harlm.compat.foreign import cited, facts_of, not_installed
from harlm.types import Answer

try:
    from llama_index.core.base.llms.types import ChatMessage, ChatResponse, CompletionResponse
except ImportError as error:
    raise not_installed("llama_index", "llama-index-core>=0.14") from error


def completion_of(answer: Answer, delta: str | None = None) -> Any:
    """The response to a prompt; ``delta`` is what is new in it, for one that is streamed."""
    return CompletionResponse(text=answer.text, delta=delta, **_facts(answer))


def message_of(answer: Answer, delta: str | None = None) -> Any:
    """The response to a conversation, likewise."""
    message = ChatMessage(role="assistant", content=answer.text)
    return ChatResponse(message=message, delta=delta, **_facts(answer))


def _facts(answer: Answer) -> dict[str, Any]:
    """What is known of an answer besides its text: as ``raw``, and the tokens as callbacks count them."""
    usage = answer.usage
    tokens = {"prompt_tokens": usage.input_tokens, "completion_tokens": usage.output_tokens}
    tokens["total_tokens"] = usage.input_tokens + usage.output_tokens
    raw = {**facts_of(answer), "citations": [cited(each) for each in answer.citations], "usage": tokens}
    return {"raw": raw, "additional_kwargs": tokens}
