"""An answer as the JSON object that ``--format json`` prints. Its fields are a promise to users."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from harlm.types import (
    Answer,
    Citation,
    Compression,
    Early,
    Latency,
    MemoryUse,
    Mode,
    ReadingCost,
    Route,
    Status,
    TierUse,
    Usage,
)


class UsageReport(msgspec.Struct, frozen=True, kw_only=True):
    """The usage of all calls of a run. ``cost_usd`` is null if the price of a call is unknown."""

    calls: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    cost_usd: float | None
    estimated: bool
    by_model: Mapping[str, UsageReport] = {}
    early: EarlyReport | None = None


class EarlyReport(msgspec.Struct, frozen=True, kw_only=True):
    """Calls that were made before a cell made them itself; calls that it never made are wasted. Part of
    the usage.
    """

    made: int
    claimed: int
    wasted: int
    wasted_tokens: int
    wasted_usd: float | None


class ReadingReport(msgspec.Struct, frozen=True, kw_only=True):
    """The input tokens of a run, and the least that a question of its class needs; ``ratio`` is null if
    that is 0.
    """

    growth: str
    tokens_read: int
    least_tokens: int
    ratio: float | None


class SandboxReport(msgspec.Struct, frozen=True, kw_only=True):
    """The isolation tier of model-written code; null if no code ran. ``warning`` is null if the tier
    isolates code.
    """

    tier: str | None
    warning: str | None


class MemoryReport(msgspec.Struct, frozen=True, kw_only=True):
    """The use of memory. ``misses`` are accesses that no tier served; ``saved_usd`` is null if a price is
    unknown; ``provider_cached`` is the share of the input tokens that the provider served from its own cache.
    """

    hot: TierUse
    warm: TierUse
    cold: TierUse
    misses: int
    hit_rate: float | None
    recomputed: int
    rehydrated: int
    compression: Compression | None
    kept: int
    probed: int
    reused: int
    saved_tokens: int
    saved_usd: float | None
    provider_cached: float | None


class AnswerReport(msgspec.Struct, frozen=True, kw_only=True):
    """One answer. ``confidence`` is the probability that it is right, and null if nothing justifies a number."""

    answer: str
    data: object
    citations: tuple[Citation, ...]
    citations_dropped: int
    confidence: float | None
    confidence_reasons: tuple[str, ...]
    status: Status
    mode: Mode
    route: Route | None
    usage: UsageReport
    latency: Latency
    reading: ReadingReport | None
    memory: MemoryReport
    sandbox: SandboxReport
    run: str


def report_of(answer: Answer) -> AnswerReport:
    """The JSON object for an answer."""
    return AnswerReport(
        answer=answer.text,
        data=answer.data,
        citations=answer.citations,
        citations_dropped=answer.citations_dropped,
        confidence=answer.confidence,
        confidence_reasons=answer.confidence_reasons,
        status=answer.status,
        mode=answer.mode,
        route=answer.route,
        usage=msgspec.structs.replace(_usage(answer.usage), early=_early(answer.usage.early)),
        latency=answer.latency,
        reading=None if answer.reading is None else _reading(answer.reading),
        memory=_memory(answer.memory, answer.usage),
        sandbox=SandboxReport(tier=answer.sandbox, warning=answer.warning),
        run=answer.run_id,
    )


def _reading(reading: ReadingCost) -> ReadingReport:
    return ReadingReport(
        growth=reading.growth,
        tokens_read=reading.tokens_read,
        least_tokens=reading.least_tokens,
        ratio=None if reading.ratio is None else round(reading.ratio, 3),
    )


def _memory(memory: MemoryUse, usage: Usage) -> MemoryReport:
    return MemoryReport(
        hot=memory.hot,
        warm=memory.warm,
        cold=memory.cold,
        misses=memory.misses,
        hit_rate=None if memory.hit_rate is None else round(memory.hit_rate, 4),
        recomputed=memory.recomputed,
        rehydrated=memory.rehydrated,
        compression=memory.compression,
        kept=memory.kept,
        probed=memory.probed,
        reused=memory.reused,
        saved_tokens=memory.saved_tokens,
        saved_usd=None if memory.saved_micros is None else memory.saved_micros / 1_000_000,
        provider_cached=round(usage.cached_tokens / usage.input_tokens, 4) if usage.input_tokens else None,
    )


def _early(early: Early) -> EarlyReport:
    return EarlyReport(
        made=early.made,
        claimed=early.claimed,
        wasted=early.wasted,
        wasted_tokens=early.wasted_tokens,
        wasted_usd=None if early.wasted_micros is None else early.wasted_micros / 1_000_000,
    )


def _usage(usage: Usage) -> UsageReport:
    return UsageReport(
        calls=usage.calls,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cached_tokens=usage.cached_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        cost_usd=usage.cost_usd,
        estimated=usage.estimated,
        by_model={name: _usage(each) for name, each in usage.by_model.items()},
    )
