"""The errors that tell a caller which limit a request has met, how much is used, and which flag raises the
limit.

Builds errors from figures. Does not decide what is refused: the ledger does.
"""

from __future__ import annotations

from harlm.budget.caps import UNLIMITED
from harlm.errors import CallLimit, CostLimit, DeadlineExceeded, DepthLimit, LimitExceeded, TokenLimit
from harlm.types import Amounts

_KINDS: tuple[tuple[str, str, type[LimitExceeded], int], ...] = (
    ("tokens", "--max-tokens", TokenLimit, 1),
    ("usd", "--max-cost", CostLimit, 1_000_000),
    ("calls", "--max-calls", CallLimit, 1),
)
"""Name, flag, error, and units of an amount per unit shown, in the order of ``Amounts``."""

BATCH = "batch"
"""The limit of a refusal by the budget of a whole batch."""


def spent(at: int, caps: Amounts, committed: Amounts, held: Amounts, want: Amounts) -> LimitExceeded:
    """The refusal of a request that can never fit.

    Args:
        at: the scarce currency, as an index into ``Amounts``.
        caps, committed, held: of the account that has no room.
        want: the amounts that the request may use.
    """
    name, flag, kind, unit = _KINDS[at]
    allowed, used, kept = caps[at] / unit, committed[at] / unit, held[at] / unit
    kept_too = f" and {_shown(name, kept)} kept for the answer" if kept else ""
    return kind(
        f"{_shown(name, used)} of {_shown(name, allowed)} are used{kept_too}, and the next call may take "
        f"{_shown(name, want[at] / unit)}; raise {flag}",
        limit=name,
        used=used,
        allowed=allowed,
    )


def in_debt(caps: Amounts, committed: Amounts, debt: Amounts) -> LimitExceeded:
    """The refusal of every request after a bill beyond its bound did not fit.

    Args:
        caps, committed, debt: of the account that is in debt.
    """
    at = next(at for at in range(3) if debt[at])
    name, _, kind, unit = _KINDS[at]
    allowed, used = caps[at] / unit, committed[at] / unit
    return kind(
        f"a provider billed more than the request allowed, {_shown(name, debt[at] / unit)} beyond the limit of "
        f"{_shown(name, allowed)}, so nothing more is spent",
        limit=name,
        used=used,
        allowed=allowed,
    )


def out_of_time(used_s: float, allowed_s: float) -> DeadlineExceeded:
    """The refusal of a request whose time has ended."""
    return DeadlineExceeded(
        f"the time limit of {max(allowed_s, 0.0):.3g} s has passed; raise --timeout",
        limit="seconds",
        used=used_s,
        allowed=allowed_s,
    )


def too_deep(depth: int, allowed: int) -> DepthLimit:
    """The refusal of an account at ``depth``."""
    return DepthLimit(
        f"depth {depth} is greater than the allowed {allowed}; raise --max-depth",
        limit="depth",
        used=depth,
        allowed=allowed,
    )


def refused_by_batch(error: LimitExceeded) -> LimitExceeded:
    """The refusal of a request that the budget of the whole batch cannot pay for."""
    return type(error)(
        f"the budget of the batch: {error}", limit=BATCH, used=error.used, allowed=error.allowed
    )


def _shown(name: str, amount: float) -> str:
    if amount >= UNLIMITED / 1e6:
        return "no limit"
    return f"${amount:.6g}" if name == "usd" else f"{amount:,.0f} {name}"
