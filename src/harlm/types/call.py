"""A call that was paid for, as it is kept."""

from __future__ import annotations

from dataclasses import dataclass

from harlm.types.usage import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidCall:
    """A model call with its reply.

    Attributes:
        key: the name of the call, made of all that it asked.
        model: that replied, as the reply named it.
        text: the whole reply.
        usage: what it took.
        created: seconds since the epoch.
    """

    key: str
    model: str
    text: str
    usage: Usage
    created: float
