"""The limits of an account."""

from __future__ import annotations

import math
from dataclasses import dataclass

from harlm.types import Amounts

UNLIMITED = 1 << 62
"""The cap of a currency that is not limited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """The limits of an account.

    Attributes:
        tokens: input and output tokens; ``UNLIMITED`` for no limit.
        micros: micro-dollars; ``UNLIMITED`` for no limit.
        calls: model requests; ``UNLIMITED`` for no limit.
        ends: the moment at which its time ends, by the ledger's clock; infinity for never.
        depth: the greatest depth of an account; the root has depth 0.
    """

    tokens: int = UNLIMITED
    micros: int = UNLIMITED
    calls: int = UNLIMITED
    ends: float = math.inf
    depth: int = UNLIMITED

    @property
    def amounts(self) -> Amounts:
        """The caps of tokens, micro-dollars and calls."""
        return Amounts(self.tokens, self.micros, self.calls)
