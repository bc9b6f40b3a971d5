"""Counts calls, tokens, money and runs as metrics."""

from __future__ import annotations

from collections.abc import Callable

from opentelemetry.metrics import Meter

from harlm import events
from harlm.tracing.otel import names
from harlm.tracing.otel.errors import call_error
from harlm.tracing.status import CANCELLED
from harlm.types import Usage

_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_TOKENS = tuple(4**power for power in range(14))
_DOLLARS = tuple(0.0001 * 4**power for power in range(10))
_Attributes = dict[str, str]


class RunMetrics:
    """Measures the calls of a run, and the run as a whole. A ``TraceSink``.

    Args:
        meter: makes the instruments.
        convention: the names to use.
    """

    def __init__(self, meter: Meter, convention: names.Convention) -> None:
        self._durations = meter.create_histogram(
            convention.duration,
            unit="s",
            description="Seconds of a call to a model, with its retries.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._count_tokens = _by_type(meter, convention) if convention.tokens else _apart(meter, convention)
        self._runs = meter.create_histogram(
            names.RUN_DURATION,
            unit="s",
            description="Seconds of a run.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._costs = meter.create_histogram(
            names.RUN_COST,
            unit="{USD}",
            description="Dollars of a run.",
            explicit_bucket_boundaries_advisory=_DOLLARS,
        )
        self._calls: dict[int, tuple[str, float]] = {}  # the model of each call in flight, and when it began
        self._began = 0.0

    def emit(self, event: events.Event) -> None:
        """Take in one event."""
        match event:
            case events.RunStarted(ts=began):
                self._began = began
            case events.CallStarted():
                self._calls[event.call] = event.model, event.ts
            case events.CallFinished() | events.CallFailed():
                self._call_ended(event)
            case events.Answered(answer=answer):
                self._run_ended(event, {names.STATUS: answer.status, names.MODE: answer.mode})
                if answer.usage.cost_usd is not None:
                    self._costs.record(answer.usage.cost_usd, {names.MODE: answer.mode})
            case events.Failed():
                self._run_ended(event, {names.STATUS: "failed", names.ERROR_TYPE: event.type})

    def _call_ended(self, event: events.CallFinished | events.CallFailed) -> None:
        model, began = self._calls.pop(event.call, ("", 0.0))
        if not began:
            return
        attributes: _Attributes = {
            names.OPERATION: names.CHAT,
            names.PROVIDER: names.provider_of(model),
            names.REQUEST_MODEL: names.model_of(model),
        }
        if isinstance(event, events.CallFinished):
            self._count_tokens(event.usage, attributes)
            self._durations.record(event.latency_s, attributes)
        else:
            kind = CANCELLED if event.error == CANCELLED else call_error(event)
            self._durations.record(max(0.0, event.ts - began), {**attributes, names.ERROR_TYPE: kind})

    def _run_ended(self, event: events.Event, attributes: _Attributes) -> None:
        if self._began:
            self._runs.record(max(0.0, event.ts - self._began), attributes)
        self._began = 0.0
        self._calls.clear()


def _by_type(meter: Meter, convention: names.Convention) -> Callable[[Usage, _Attributes], None]:
    """Records tokens in one histogram, with what they are as an attribute."""
    tokens = meter.create_histogram(
        str(convention.tokens),
        unit="{token}",
        description="Tokens of a call, by their type.",
        explicit_bucket_boundaries_advisory=_TOKENS,
    )

    def count(usage: Usage, attributes: _Attributes) -> None:
        tokens.record(usage.input_tokens, {**attributes, names.TOKEN_TYPE: "input"})
        tokens.record(usage.output_tokens, {**attributes, names.TOKEN_TYPE: "output"})

    return count


def _apart(meter: Meter, convention: names.Convention) -> Callable[[Usage, _Attributes], None]:
    """Adds tokens up in a counter for each type."""
    counters = {
        kind: meter.create_counter(name, unit="{token}", description=f"Tokens of calls: {kind}.")
        for kind, name in convention.token_counters
    }

    def count(usage: Usage, attributes: _Attributes) -> None:
        amounts = {
            "input": usage.input_tokens,
            "output": usage.output_tokens,
            "cache_read": usage.cached_tokens,
            "cache_write": usage.cache_write_tokens,
            "reasoning": usage.reasoning_tokens,
        }
        for kind, counter in counters.items():
            if amounts[kind]:
                counter.add(amounts[kind], {**attributes, names.MODALITY: "text"})

    return count
