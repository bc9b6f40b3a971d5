"""A paid call, as the journal stores it."""

from __future__ import annotations

from dataclasses import dataclass

from harlm.types.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidCall:
    """A model call with its reply.

    Attributes:
        key: a digest of everything that the call sent; equal calls have equal keys.
        model: the model that replied, as the reply names it.
        text: the whole reply.
        usage: the tokens and cost of the call.
        created: seconds since the epoch.
    """

    key: str
    model: str
    text: str
    usage: Usage
    created: float
