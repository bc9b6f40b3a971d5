"""Requests of DSPy with the types of the signature that is being answered, and answers as its responses."""

from __future__ import annotations

from typing import Any

from harlm.compat.dspy.requests import AskedRequest, asked_by
from harlm.compat.foreign import cited, facts_of, not_installed
from harlm.types import Answer

try:
    import dspy
    from dspy.lm15 import Message, Response, TextPart, Usage
    from dspy.lm15 import response_to_events as events_of
except ImportError as error:
    raise not_installed("dspy", "dspy>=3.4") from error

__all__ = ["asked_now", "events_of", "response_of"]


def asked_now(request: Any) -> AskedRequest:
    """The question of a request. The types of its output fields are those of the innermost module that is running.

    Raises:
        ConfigError: as ``asked_by``.
    """
    running = reversed(dspy.settings.caller_modules or ())
    signature = next((each.signature for each in running if hasattr(each, "signature")), None)
    outputs = {} if signature is None else signature.output_fields
    return asked_by(request, {name: field.annotation for name, field in outputs.items()})


def response_of(asked: AskedRequest, answer: Answer) -> Any:
    """The response that holds an answer."""
    used = answer.usage
    usage = Usage(
        input_tokens=used.input_tokens, output_tokens=used.output_tokens, cache_read_tokens=used.cached_tokens,
        cache_write_tokens=used.cache_write_tokens, reasoning_tokens=used.reasoning_tokens,
    )  # fmt: skip
    message = Message.assistant([TextPart(asked.shown(answer))])
    facts = {**facts_of(answer), "citations": [cited(each) for each in answer.citations]}
    return Response(answer.run_id, "harlm/auto", message, "stop", usage, provider_data=facts)
