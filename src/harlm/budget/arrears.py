"""What earlier attempts at a run have paid, until the ledger of this attempt counts it.

A reply that an earlier attempt paid for is counted when the run gets to it again, so that a resumed run sees the same pressure as
the first time. The rest (calls in vain, retries, requests whose end is unknown) is counted before anything new is paid for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from harlm.types import Usage


class Arrears:
    """Bills of earlier attempts.

    Args:
        bills: the model's full name and the usage of each request.
    """

    def __init__(self, bills: Sequence[tuple[str, Usage]] = ()) -> None:
        self._bills = list(bills)
        self._counted: Counter[tuple[int, int, int | None]] = Counter()

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._bills)

    def take(self, usage: Usage) -> None:
        """One of the bills is counted by its reply."""
        if self._bills:
            self._counted[_amounts(usage)] += 1

    def rest(self) -> list[tuple[str, Usage]]:
        """The bills that no reply has counted; there are none afterwards."""
        bills, self._bills = self._bills, []
        left = []
        for model, usage in bills:
            if self._counted[_amounts(usage)]:
                self._counted[_amounts(usage)] -= 1
            else:
                left.append((model, usage))
        return left


def _amounts(usage: Usage) -> tuple[int, int, int | None]:
    return usage.input_tokens, usage.output_tokens, usage.cost_micros
