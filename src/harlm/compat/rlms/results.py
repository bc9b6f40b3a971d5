"""What the reference package ``rlms`` returns, made of an ``Answer``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harlm.compat.rlms.usage import UsageSummary
from harlm.types import Answer


@dataclass(frozen=True, slots=True)
class RLMChatCompletion:
    """The answer to one prompt, in ``execution_time`` seconds. ``answer`` is HARLM's own, with citations, status and run."""

    root_model: str
    prompt: object
    response: str
    usage_summary: UsageSummary
    execution_time: float
    metadata: Mapping[str, Any] | None = None
    error: str | None = None
    answer: Answer | None = field(default=None, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """As the reference writes it: without ``answer``, and without what is not known."""
        names = ("root_model", "prompt", "response", "execution_time", "metadata", "error")
        known = {name: value for name in names if (value := getattr(self, name)) is not None}
        return {**known, "usage_summary": self.usage_summary.to_dict()}
