"""The interface of the reference package ``rlms``: only ``from rlm import RLM`` changes, to ``from harlm.compat.rlms import RLM``."""

from harlm.compat.rlms.errors import (
    BudgetExceededError,
    CancellationError,
    ErrorThresholdExceededError,
    TimeoutExceededError,
    TokenLimitExceededError,
)
from harlm.compat.rlms.results import RLMChatCompletion
from harlm.compat.rlms.rlm import RLM
from harlm.compat.rlms.usage import ModelUsageSummary, UsageSummary

__all__ = [
    "RLM",
    "BudgetExceededError",
    "CancellationError",
    "ErrorThresholdExceededError",
    "ModelUsageSummary",
    "RLMChatCompletion",
    "TimeoutExceededError",
    "TokenLimitExceededError",
    "UsageSummary",
]
