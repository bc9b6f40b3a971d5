"""The budget that a node has left, for its model: one line for each turn, and the value of ``budget()``."""

from __future__ import annotations

import math
from collections.abc import Sequence

from harlm.budget import UNLIMITED, Account
from harlm.types import Amounts

_COUNTS = UNLIMITED // 2  # an amount above this means that there is no limit


def left_in_words(account: Account) -> str:
    """What is left, such as ``$0.4200, 12,000 tokens, 88 calls, 64 s``; empty if nothing is limited."""
    left = what_is_left(account)
    shown = {
        "usd_left": "${:,.4f}",
        "tokens_left": "{:,} tokens",
        "calls_left": "{:,} calls",
        "seconds_left": "{:,.0f} s",
    }
    return ", ".join(form.format(left[name]) for name, form in shown.items() if left[name] is not None)


def what_is_left(account: Account, unasked: Sequence[Amounts] = ()) -> dict[str, float | None]:
    """What can still be spent, without the finishing reserve: tokens, US dollars, calls and seconds.

    Args:
        account: of the node.
        unasked: amounts set aside for early calls that the cell has not asked for yet. They count as left,
            since the cell cannot know of them.

    Returns:
        each amount by its name, such as ``tokens_left``; ``None`` for one without a limit.
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


def limits_of(account: Account) -> dict[str, float]:
    """The limits of a run that are set, by the names that ``events.LimitReached`` uses."""
    caps = account.caps
    amounts = {
        "tokens": caps.tokens,
        "usd": caps.micros / 1_000_000,
        "calls": caps.calls,
        "seconds": account.seconds,
    }
    return {name: most for name, most in amounts.items() if most < UNLIMITED / 1_000_000}
