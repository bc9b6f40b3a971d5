"""What the calls of a strategy are expected to cost and to take."""

from __future__ import annotations

from dataclasses import dataclass

from harlm.types import Forecast, ModelFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Calls of one size that do not wait for one another.

    Attributes:
        model: that answers them.
        calls: how many.
        input_tokens, output_tokens: of each.
    """

    model: ModelFacts
    calls: int
    input_tokens: int
    output_tokens: int

    @property
    def micros(self) -> int | None:
        """Micro-dollars of all of them; ``None`` if the price is unknown."""
        each = self.model.call_micros(self.input_tokens, self.output_tokens)
        return None if each is None else self.calls * each

    def seconds(self, concurrency: int) -> float:
        """Wall time, so many at once."""
        waves = -(-self.calls // max(1, concurrency))
        return waves * self.model.call_seconds(self.input_tokens, self.output_tokens)


def forecast(*steps: Calls, concurrency: int) -> Forecast:
    """The forecast of steps that follow one another."""
    micros: int | None = 0
    for step in steps:
        micros = None if micros is None or step.micros is None else micros + step.micros
    return Forecast(
        calls=sum(step.calls for step in steps),
        input_tokens=sum(step.calls * step.input_tokens for step in steps),
        output_tokens=sum(step.calls * step.output_tokens for step in steps),
        micros=micros,
        seconds=sum(step.seconds(concurrency) for step in steps),
        depth=sum(step.calls > 0 for step in steps),
    )
