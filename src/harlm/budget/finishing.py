"""The finishing reserve: what a node keeps for the one call that turns what it has learned into an answer (theorem T11).
Knows how large that call may be; refuses to know what it says.
"""

from __future__ import annotations

from dataclasses import dataclass

from harlm.budget.ledger import Account
from harlm.types import Amounts, Price

_PROMPT, _OUTPUT = 6_000, 1_500  # tokens, where there is enough
_LEAST_PROMPT, _LEAST_OUTPUT = 200, 64
_SHARE = 5  # a fifth of what is there, at most
_WORTH_A_SECOND = 0.15  # of the time of a run, for finishing
_LONGEST_S = 2.0


@dataclass(frozen=True, slots=True)
class FinishingPlan:
    """The size of a node's last call, in tokens, and what is held for it."""

    prompt: int
    output: int
    amounts: Amounts


def plan_finish(account: Account, price: Price | None) -> FinishingPlan | None:
    """The largest last call that is worth keeping money for; None where none can be afforded.

    Args:
        account: of the node, before its first call.
        price: of its root model.
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
    is_there = all(want <= left for want, left in zip(amounts, room, strict=True))
    return FinishingPlan(prompt, output, amounts) if is_there else None


def working_seconds(seconds: float, slowest_call_s: float) -> float:
    """How much of ``seconds`` is for working: the rest is for the last call, which takes about as long as the slowest of its
    kind so far.
    """
    reserve = max(min(_WORTH_A_SECOND * seconds, _LONGEST_S), 1.5 * slowest_call_s)
    return seconds - min(reserve, 0.3 * seconds)


def _divided(tokens: int) -> tuple[int, int]:
    """Prompt and output of a call of so many tokens."""
    output = max(_LEAST_OUTPUT, tokens * _OUTPUT // (_PROMPT + _OUTPUT))
    return max(_LEAST_PROMPT, tokens - output), output
