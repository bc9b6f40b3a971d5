"""The errors of the reference package ``rlms``, made of HARLM's. All others are HARLM's own: ``harlm.HarlmError``."""

from __future__ import annotations

from harlm.errors import LimitExceeded


class RLMStopped(Exception):
    """A limit ended the completion.

    Attributes:
        partial_answer: the text that was found until then; ``None`` if there is none.
    """

    def __init__(self, stopped: LimitExceeded) -> None:
        super().__init__(str(stopped))
        self.partial_answer = stopped.partial.text if stopped.partial else None


class BudgetExceededError(RLMStopped):
    """``max_budget`` is spent; ``spent`` and ``budget`` are dollars."""

    def __init__(self, stopped: LimitExceeded) -> None:
        super().__init__(stopped)
        self.spent, self.budget = stopped.used, stopped.allowed


class TimeoutExceededError(RLMStopped):
    """``max_timeout`` has passed; ``elapsed`` and ``timeout`` are seconds."""

    def __init__(self, stopped: LimitExceeded) -> None:
        super().__init__(stopped)
        self.elapsed, self.timeout = stopped.used, stopped.allowed


class TokenLimitExceededError(RLMStopped):
    """``max_tokens`` are used; ``tokens_used`` and ``token_limit`` count input and output."""

    def __init__(self, stopped: LimitExceeded) -> None:
        super().__init__(stopped)
        self.tokens_used, self.token_limit = int(stopped.used), int(stopped.allowed)


class CancellationError(RLMStopped):
    """The user stopped the completion."""


class ErrorThresholdExceededError(RLMStopped):
    """Never raised, since HARLM has no ``max_errors``: it is here for the code that catches it."""


_BY_LIMIT = {"usd": BudgetExceededError, "seconds": TimeoutExceededError, "tokens": TokenLimitExceededError}


def stopped_by(limit: LimitExceeded) -> Exception:
    """The error of the reference for a limit; HARLM's own if the reference has no such limit."""
    kind = _BY_LIMIT.get(limit.limit)
    return limit if kind is None else kind(limit)
