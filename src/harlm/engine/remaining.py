"""What a node has left, for the model: in one line for its turns, and as ``budget()`` returns it. Knows units."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harlm.budget import UNLIMITED, Account
from harlm.types import Amounts

_COUNTS = UNLIMITED // 2  # more than this is left where nothing is limited


def left_in_words(account: Account) -> str:
    """What is left, such as ``$0.42, 12,000 tokens, 88 calls, 64 s``; empty where nothing is limited."""
    left = what_is_left(account)
    shown = {
        "usd_left": "${:,.4f}",
        "tokens_left": "{:,} tokens",
        "calls_left": "{:,} calls",
        "seconds_left": "{:,.0f} s",
    }
    return ", ".join(form.format(left[name]) for name, form in shown.items() if left[name] is not None)


def what_is_left(account: Account, unasked: Sequence[Amounts] = ()) -> dict[str, float | None]:
    """What can still be spent, beside what is kept for finishing; None where there is no limit.

    Args:
        unasked: set aside for calls that were made early and that nobody has asked for: a cell does not know of them.
    """
    left = Amounts(*map(sum, zip(account.left, *unasked, strict=True)))
    return {
        "tokens_left": _or_none(left.tokens),
        "usd_left": None if left.micros > _COUNTS else max(0, left.micros) / 1_000_000,
        "calls_left": _or_none(left.calls),
        "seconds_left": None if math.isinf(account.ends) else round(account.seconds_left, 3),
    }


def _or_none(amount: int) -> int | None:
    return None if amount > _COUNTS else max(0, amount)
