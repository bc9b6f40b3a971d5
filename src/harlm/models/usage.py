"""Estimated usage, for calls whose provider reports none."""

from __future__ import annotations

from collections.abc import Sequence

from harlm.tokens import estimate_tokens
from harlm.types import Message, Usage


def estimated_usage(messages: Sequence[Message], text: str) -> Usage:
    """The usage of a call that sent ``messages`` and returned ``text``. Tokens are estimated."""
    return Usage(
        calls=1,
        input_tokens=sum(estimate_tokens(message.content) for message in messages),
        output_tokens=estimate_tokens(text),
        cost_micros=None,
        estimated=True,
    )
