"""The finishing reserve: the part of a node's budget that is kept for its last call, which turns the node's
findings into an answer (theorem T11).

Decides the size of that call. Does not depend on its prompt.
"""

from __future__ import annotations

from dataclasses import dataclass

from harlm.budget.ledger import Account
from harlm.types import Amounts, Price

_PROMPT, _OUTPUT = 6_000, 1_500  # tokens, if the budget allows that much
_LEAST_PROMPT, _LEAST_OUTPUT = 200, 64  # tokens
_SHARE = 5  # at most a fifth of the remaining budget
_TIME_SHARE = 0.15  # of the time of a run, for the last call
_LONGEST_S = 2.0  # seconds; that share is not longer


@dataclass(frozen=True, slots=True)
class FinishingPlan:
    """The size of a node's last call, in tokens, and the amounts that are held for it."""

    prompt: int
    output: int
    amounts: Amounts


def plan_finish(account: Account, price: Price | None) -> FinishingPlan | None:
    """The last call that a budget is kept for: as large as is useful, at most a fifth of the remaining
    budget.

    Args:
        account: the node's account, before its first call.
        price: of the node's root model; ``None`` if it is unknown, and then no money is kept.

    Returns:
        The plan; ``None`` if the budget does not allow even the smallest last call.
    """
    room = account.left
    tokens = _PROMPT + _OUTPUT
    if account.limits_tokens:
        tokens = min(tokens, room.tokens // _SHARE)
    prompt, output = _divided(tokens)
    micros = 0
    if price is not None and account.limits_money:
        while (
            micros := price.bound_micros(prompt, output)
        ) * _SHARE > room.micros and prompt > _LEAST_PROMPT:
            prompt, output = _divided((prompt + output) * 3 // 4)
        micros = price.bound_micros(prompt, output)
    amounts = Amounts(prompt + output, micros, 1)
    fits = all(want <= left for want, left in zip(amounts, room, strict=True))
    return FinishingPlan(prompt, output, amounts) if fits else None


def working_seconds(seconds: float, slowest_call_s: float) -> float:
    """The part of ``seconds`` that is for work. The rest is for the last call, which is expected to take
    about as long as the slowest call of its kind so far.

    Args:
        seconds: the time that remains.
        slowest_call_s: the slowest call of the root model so far, in seconds; 0 if there was none.
    """
    reserve = max(min(_TIME_SHARE * seconds, _LONGEST_S), 1.5 * slowest_call_s)
    return seconds - min(reserve, 0.3 * seconds)


def _divided(tokens: int) -> tuple[int, int]:
    """The prompt and the output of a call of ``tokens`` tokens in all."""
    output = max(_LEAST_OUTPUT, tokens * _OUTPUT // (_PROMPT + _OUTPUT))
    return max(_LEAST_PROMPT, tokens - output), output
