"""Answers as the fields of messages of LangChain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from harlm.compat.foreign import cited, facts_of
from harlm.types import Answer

KEPT = {"content", "additional_kwargs", "response_metadata", "usage_metadata"}
"""The fields of a message that an answer fills."""


def fields_of(answer: Answer, stop: Sequence[str] | None) -> dict[str, Any]:
    """The fields of the message that holds an answer, which ends before the first of the texts in ``stop``."""
    usage, text = answer.usage, answer.text
    for each in stop or ():
        text = text.partition(each)[0]
    return {
        "content": text,
        "additional_kwargs": {"citations": [cited(each) for each in answer.citations]},
        "response_metadata": facts_of(answer),
        "usage_metadata": {
            "input_tokens": usage.input_tokens,
            "output_tokens": usage.output_tokens,
            "total_tokens": usage.input_tokens + usage.output_tokens,
            "input_token_details": {
                "cache_read": usage.cached_tokens,
                "cache_creation": usage.cache_write_tokens,
            },
            "output_token_details": {"reasoning": usage.reasoning_tokens},
        },
    }


def pieces_of(fields: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The fields of the chunks of a message: a line each, the last one with everything else."""
    *lines, last = fields["content"].splitlines(keepends=True) or [""]
    yield from ({"content": line} for line in lines)
    yield {**fields, "content": last}
