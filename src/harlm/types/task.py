"""The task, the mode that is chosen for it, and its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Literal

from harlm.types.context import Context
from harlm.types.memory import MemoryUse
from harlm.types.usage import Usage

Mode = Literal["direct", "repl", "full"]
"""How a task is solved: one call, a REPL without sub-models, or a REPL with them."""

MODES: tuple[Mode, ...] = ("direct", "repl", "full")

Growth = Literal["constant", "logarithmic", "linear", "factorable pairs", "arbitrary pairs"]
"""How the tokens that an exact answer needs grow with the text: a slice that code can find; the place where
something changes in ordered text; every atom; every pair of atoms, judged from what was learned of each;
every pair, read together.
"""

Status = Literal["ok", "partial", "not_found"]
"""``ok``: the model finished. ``partial``: an answer was forced at the last turn. ``not_found``: the model
says that the context does not hold the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A question over a context.

    Attributes:
        question: what is asked.
        context: what it is asked about.
        mode: a mode that the caller insists on, or ``auto`` to let the router choose.
    """

    question: str
    context: Context
    mode: Mode | Literal["auto"] = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The router's choice for a task, with how sure it is of each mode and why."""

    mode: Mode
    probabilities: Mapping[Mode, float]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A quote that stands verbatim at the place named. Made only by code that has checked it.

    Attributes:
        source: the document's name.
        start, end: the quote, in characters of the document's text: ``text[start:end] == quote``.
        line, page: as in ``Place``.
        place: source and label together: ``docs/tls.md:41``, ``report.pdf:p12``, ``data.csv:row 88``.
        quote: what stands there.
    """

    source: str
    start: int
    end: int
    line: int | None
    page: int | None
    place: str
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Where the time of a run went.

    Attributes:
        wall_s: seconds from question to answer.
        critical_path_s: what would remain with unlimited concurrency: calls that were in flight side by side
            count as the longest of them.
        parallelism: seconds spent in calls, added up, over the seconds during which any call was in flight.
    """

    wall_s: float
    critical_path_s: float
    parallelism: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingCost:
    """How much was read, beside the least that any exact method has to read for such a question (theorem T1).

    Attributes:
        growth: the class of the question: how its need grows with the text, by its wording.
        tokens_read: tokens of input, over all calls; rules and transcripts included.
        least_tokens: the bound of the class, for this text and window.
    """

    growth: Growth
    tokens_read: int
    least_tokens: int

    @property
    def ratio(self) -> float | None:
        """Tokens read over the bound; None where nothing need be read."""
        return self.tokens_read / self.least_tokens if self.least_tokens else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a run returns.

    Attributes:
        text: the answer, with places in square brackets where the model cited.
        data: the value that the model finished with, when it was not a string.
        citations: every one checked: its quote occurs at its place.
        citations_dropped: how many the model gave that could not be verified, and were removed.
        confidence: None: nothing here measures it yet, and a number would be invented.
        status: see ``Status``.
        mode: the mode that produced the answer.
        route: the router's choice; None where the caller chose.
        usage: over the whole tree.
        latency: of the whole run.
        reading: what was read, beside what had to be.
        memory: what was remembered and reused.
        sandbox: the isolation tier that model-written code ran under; None when no code ran.
        run_id: the name of the stored run.
    """

    text: str
    data: object = None
    citations: tuple[Citation, ...] = ()
    citations_dropped: int = 0
    confidence: float | None = None
    status: Status = "ok"
    mode: Mode = "direct"
    route: Route | None = None
    usage: Usage = field(default_factory=Usage)
    latency: Latency = field(
        default_factory=lambda: Latency(wall_s=0.0, critical_path_s=0.0, parallelism=0.0)
    )
    reading: ReadingCost | None = None
    memory: MemoryUse = field(default_factory=lambda: MemoryUse())
    sandbox: str | None = None
    run_id: str = ""

    def __str__(self) -> str:
        return self.text

    @property
    def response(self) -> str:
        """``text`` under the name that the reference RLM gives it."""
        return self.text

    @property
    def warning(self) -> str | None:
        """What a reader of this answer must know about how it was made; None when there is nothing."""
        if self.sandbox != "s0":
            return None
        return (
            "model-written code ran on tier s0, which protects from accidents only: "
            "it could read this user's files and use the network"
        )

    def _repr_html_(self) -> str:
        """The answer and its sources for a notebook. All text is escaped: it came from a model."""
        rows = "".join(
            f"<li><code>{escape(cited.place)}</code> <q>{escape(cited.quote)}</q></li>"
            for cited in self.citations
        )
        cost = "unknown" if self.usage.cost_usd is None else f"${self.usage.cost_usd:.4f}"
        facts = (
            f"{self.status} · {self.mode} · {self.usage.calls} calls · cost {cost} · "
            f"{self.latency.wall_s:.2f} s · sandbox {self.sandbox or 'not used'} · run {self.run_id}"
            f"{'' if self.warning is None else f' · WARNING: {self.warning}'}"
        )
        return (
            f'<div class="harlm"><p style="white-space:pre-wrap">{escape(self.text)}</p>'
            f"<ol>{rows}</ol><small>{escape(facts)}</small></div>"
        )
