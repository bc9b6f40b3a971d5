"""A row of the results of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from harlm.batch.purse import BATCH
from harlm.batch.questions import BatchQuestion
from harlm.executors.runs import RunFailure, RunOutcome
from harlm.types import Amounts, Answer, Status

RowStatus = Status | Literal["failed", "stopped"]
"""How a question of a batch ended: as its answer says; ``failed``; or ``stopped`` with the whole batch, so that it is taken up again."""

_STOPPING = frozenset({BATCH, "stop"})  # limits that end the whole batch
_FINAL = frozenset({"ok", "not_found"})


class RowCitation(msgspec.Struct, frozen=True, kw_only=True):
    """A verified citation: a quote, and where it stands."""

    place: str
    quote: str


class BatchRow(msgspec.Struct, frozen=True, kw_only=True):
    """How one question of a batch ended.

    Attributes:
        id, question: of the question.
        status: see ``RowStatus``.
        answer: the text of the answer, or of the partial one; empty if there is none.
        data: the value of the answer, if it has one.
        confidence: see ``harlm.Answer``.
        citations: verified ones.
        cost_usd: dollars that its run has cost; ``None`` if a price is unknown.
        tokens, calls: input and output tokens, and requests.
        seconds: wall time of the run.
        run: the id of the stored run; empty if it did not begin.
        documents: a digest of the documents that were asked about.
        error: what ended the run; ``None`` if it has its answer.
        given: the fields of its row that HARLM does not know.
    """

    id: str
    question: str
    status: str
    answer: str = ""
    data: object = None
    confidence: float | None = None
    citations: tuple[RowCitation, ...] = ()
    cost_usd: float | None = 0.0
    tokens: int = 0
    calls: int = 0
    seconds: float = 0.0
    run: str = ""
    documents: str = ""
    error: RunFailure | None = None
    given: Mapping[str, object] = {}

    @property
    def is_final(self) -> bool:
        """Whether the question has its answer, so that it is not asked again."""
        return self.status in _FINAL

    @property
    def has_stopped(self) -> bool:
        """Whether the whole batch ended with it."""
        return self.status == "stopped"

    @property
    def paid(self) -> Amounts:
        """What its run took from the budget of the batch."""
        return Amounts(self.tokens, round((self.cost_usd or 0.0) * 1_000_000), self.calls)


def row_of(asked: BatchQuestion, outcome: RunOutcome, documents: str) -> BatchRow:
    """The row of a question whose run has ended; ``documents`` as in the row."""
    answer, failure = outcome.answer or Answer(text=""), outcome.failure
    status: RowStatus = answer.status
    if failure is not None:
        status = "stopped" if failure.limit in _STOPPING else "failed"
    return BatchRow(
        id=asked.id,
        question=asked.question,
        status=status,
        answer=answer.text,
        data=answer.data,
        confidence=answer.confidence,
        citations=tuple(RowCitation(place=each.place, quote=each.quote) for each in answer.citations),
        cost_usd=answer.usage.cost_usd,
        tokens=answer.usage.input_tokens + answer.usage.output_tokens,
        calls=answer.usage.calls,
        seconds=round(answer.latency.wall_s, 3),
        run=outcome.run,
        documents=documents,
        error=failure,
        given=asked.given,
    )
