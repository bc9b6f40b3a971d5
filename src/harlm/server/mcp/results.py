"""What each tool gives: structured content, and the same as a text with its sources. All of it is bounded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from harlm.budget.estimate import Figures, RunEstimate
from harlm.types import Answer, Citation

LONGEST_ANSWER = 50_000
"""Characters of an answer, or of what is read at once: what coding agents take as the result of a tool."""

_MOST_SOURCES = 50
_LONGEST_QUOTE = 500  # characters


class Tellable(Protocol):
    """The result of a tool."""

    def as_text(self) -> str:
        """The result for a model to read."""
        ...


class SourceQuote(msgspec.Struct, frozen=True, kw_only=True):
    """A quote that stands verbatim at a place. ``line`` and ``page`` are null where the document has none."""

    place: str
    quote: str
    source: str
    line: int | None = None
    page: int | None = None

    def as_line(self) -> str:
        """The place and the quote on one line."""
        return f"- {self.place}: “{' '.join(self.quote.split())}”"


class AskResult(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a question.

    ``status`` is ok, partial or not_found; ``stopped_by`` says what ended a partial one. ``data`` follows the schema of the
    question. ``cost_usd`` is null if a price is unknown, ``confidence`` if nothing justifies a number.
    """

    answer: str
    status: str
    stopped_by: str = ""
    data: object = None
    sources: tuple[SourceQuote, ...] = ()
    confidence: float | None = None
    mode: str
    calls: int
    tokens: int
    cost_usd: float | None
    seconds: float
    run: str

    @classmethod
    def of(cls, answer: Answer, stopped_by: str = "") -> AskResult:
        """The result for an answer.

        Args:
            answer: whole or partial.
            stopped_by: what ended a partial one.
        """
        usage = answer.usage
        return cls(
            answer=cut(answer.text, LONGEST_ANSWER, f"`harlm runs show {answer.run_id}` prints the rest"),
            status=answer.status,
            stopped_by=stopped_by,
            data=answer.data,
            sources=quotes_of(answer.citations),
            confidence=answer.confidence,
            mode=answer.mode,
            calls=usage.calls,
            tokens=usage.input_tokens + usage.output_tokens,
            cost_usd=usage.cost_usd,
            seconds=round(answer.latency.wall_s, 3),
            run=answer.run_id,
        )

    def as_text(self) -> str:
        """See ``Tellable``."""
        lines = [f"PARTIAL ANSWER, stopped by: {self.stopped_by}\n"] if self.stopped_by else []
        lines.append(self.answer or "(no answer)")
        if self.sources:
            lines += ["\nSources:", *(each.as_line() for each in self.sources)]
        sure = "" if self.confidence is None else f" · confidence {self.confidence:.0%}"
        lines.append(
            f"\n{self.status} · {self.mode} · {self.calls:,} calls · {self.tokens:,} tokens · {dollars(self.cost_usd)} · "
            f"{self.seconds:.1f} s{sure} · run {self.run}"
        )
        return "\n".join(lines)


class FoundPassage(msgspec.Struct, frozen=True, kw_only=True):
    """A passage of a document: its name and lines, for ``harlm_read``, and the sentence in it that matches best."""

    place: str
    document: str
    start_line: int
    end_line: int
    score: float
    quote: str
    text: str


class SearchResult(msgspec.Struct, frozen=True, kw_only=True):
    """The passages that match best, best first."""

    corpus: str
    documents: int
    passages: tuple[FoundPassage, ...]

    def as_text(self) -> str:
        """See ``Tellable``."""
        if not self.passages:
            return f"Nothing in the {self.documents:,} documents of {self.corpus} has a word of the query."
        shown = (f"[{each.place}]\n{each.text}" for each in self.passages)
        return "\n\n".join(shown)


class LinesRead(msgspec.Struct, frozen=True, kw_only=True):
    """Lines of a document. ``next_line`` is where to read further, and null at the end."""

    corpus: str
    document: str
    start_line: int
    end_line: int
    lines: int
    text: str
    next_line: int | None = None
    left: str = ""

    def as_text(self) -> str:
        """See ``Tellable``."""
        head = f"[{self.document}:{self.start_line}-{self.end_line} of {self.lines:,} lines]"
        return f"{head}\n{self.text}{f'{chr(10)}[{self.left}]' if self.left else ''}"


class ModeEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """What a mode is expected to cost, and at worst. ``obstacle`` says why it cannot be used. Dollars are null if a price is unknown."""

    mode: str
    obstacle: str = ""
    expected_usd: float | None
    worst_usd: float | None
    calls: int
    tokens: int
    seconds: float


class EstimateResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a question would cost; nothing was spent. ``mode`` is the one that would be used."""

    mode: str
    tokens: int
    limit_usd: float | None
    beyond_limit: bool
    root: str
    sub: str
    modes: tuple[ModeEstimate, ...]

    @classmethod
    def of(cls, estimate: RunEstimate) -> EstimateResult:
        """The result for an estimate."""
        return cls(
            mode=estimate.chosen,
            tokens=estimate.tokens,
            limit_usd=_usd(estimate.limit_micros),
            beyond_limit=estimate.is_beyond_limit,
            root=estimate.root.name,
            sub=estimate.sub.name,
            modes=tuple(
                _mode(each.mode, each.obstacle, each.expected, each.worst) for each in estimate.modes
            ),
        )

    def as_text(self) -> str:
        """See ``Tellable``."""
        limit = "no limit" if self.limit_usd is None else f"limit {dollars(self.limit_usd)}"
        lines = [f"{self.tokens:,} tokens · {self.root} · {limit} · a run would use {self.mode}"]
        for each in self.modes:
            figures = (
                f"cannot be used: {each.obstacle}"
                if each.obstacle
                else f"{_sums(each)}; {each.calls:,} calls, about {each.seconds:.0f} s"
            )
            lines.append(f"- {each.mode}: {figures}")
        if self.beyond_limit:
            lines.append(
                "The expected cost is above the limit: a run would stop there with a partial answer."
            )
        return "\n".join(lines)


def _sums(each: ModeEstimate) -> str:
    if each.expected_usd is None or each.worst_usd is None:
        return dollars(None)
    return f"{dollars(each.expected_usd)}, at worst {dollars(each.worst_usd)}"


def _mode(mode: str, obstacle: str | None, expected: Figures, worst: Figures) -> ModeEstimate:
    return ModeEstimate(
        mode=mode,
        obstacle=obstacle or "",
        expected_usd=_usd(expected.micros),
        worst_usd=_usd(worst.micros),
        calls=expected.calls,
        tokens=expected.tokens,
        seconds=round(expected.seconds, 3),
    )


def _usd(micros: int | None) -> float | None:
    return None if micros is None else micros / 1_000_000


def quotes_of(citations: Sequence[Citation]) -> tuple[SourceQuote, ...]:
    """The first citations, each with the beginning of its quote."""
    return tuple(
        SourceQuote(
            place=each.place,
            quote=cut(each.quote, _LONGEST_QUOTE),
            source=each.source,
            line=each.line,
            page=each.page,
        )
        for each in citations[:_MOST_SOURCES]
    )


def dollars(usd: float | None) -> str:
    """A sum of money, such as ``$0.0123``."""
    return "price unknown" if usd is None else f"${usd:,.4f}" if usd < 0.1 else f"${usd:,.2f}"


def cut(text: str, most: int, advice: str = "") -> str:
    """The beginning of a text, with how much was left out and what to do about it."""
    if len(text) <= most:
        return text
    left = f"{len(text) - most:,} more characters"
    return f"{text[:most]}… [{left}{'; ' + advice if advice else ''}]"
