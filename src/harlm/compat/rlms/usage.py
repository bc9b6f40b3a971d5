"""Usage as the reference package ``rlms`` reports it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harlm.types import Usage


@dataclass(frozen=True, slots=True)
class ModelUsageSummary:
    """The usage of one model; ``total_cost`` is in dollars, ``None`` if its price is unknown."""

    total_calls: int
    total_input_tokens: int
    total_output_tokens: int
    total_cost: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Without what is not known."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name)) is not None}


@dataclass(frozen=True, slots=True)
class UsageSummary:
    """The usage of each model, by the provider's own name of it, and of the whole tree of calls."""

    model_usage_summaries: Mapping[str, ModelUsageSummary]
    total_cost: float | None = None
    total_input_tokens: int = 0
    total_output_tokens: int = 0

    def to_dict(self) -> dict[str, Any]:
        """As the reference writes it: without a cost that is not known."""
        models = {name: each.to_dict() for name, each in self.model_usage_summaries.items()}
        cost = {} if self.total_cost is None else {"total_cost": self.total_cost}
        return {"model_usage_summaries": models, **cost}


def usage_summary(usage: Usage) -> UsageSummary:
    """The usage of a run."""
    models = {}
    for name, each in usage.by_model.items():
        sums = (each.calls, each.input_tokens, each.output_tokens, each.cost_usd)
        models[name.partition("/")[2] or name] = ModelUsageSummary(*sums)
    return UsageSummary(models, usage.cost_usd, usage.input_tokens, usage.output_tokens)
