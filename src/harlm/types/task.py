"""The task, the mode that is chosen for it, and its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from harlm.types.context import Context
from harlm.types.memory import MemoryUse
from harlm.types.notebook import answer_html
from harlm.types.usage import Usage

Mode = Literal["direct", "plan", "repl", "full"]
"""How a task is solved: one call, a strategy without a root model, a REPL without sub-models, or a REPL with them."""

MODES: tuple[Mode, ...] = ("direct", "plan", "repl", "full")

Strategy = Literal["direct", "search", "label", "map", "follow", "filter", "compare", "table"]
"""A way to answer that needs no root model.

``direct``: one call over the part of the context that search selects. ``search``: search, read the best passages, check the
answer against them. ``label``: judge every item once, and compute in code. ``map``: read every part, and join what was found
level by level. ``follow``: look up one step after another. ``filter``: keep the items that meet every condition. ``compare``:
collect what several sources say of the same things, and let code decide between them. ``table``: compute over the tables.
"""

STRATEGIES: tuple[Strategy, ...] = (
    "direct",
    "search",
    "label",
    "map",
    "follow",
    "filter",
    "compare",
    "table",
)

Growth = Literal["constant", "logarithmic", "linear", "factorable pairs", "arbitrary pairs"]
"""How the tokens that an exact answer must read grow with the text. ``constant``: it needs a slice that code
can find. ``logarithmic``: the place where something changes in ordered text. ``linear``: every atom.
``factorable pairs``: every pair of atoms, each pair judged from what was learned about each atom alone.
``arbitrary pairs``: every pair, both atoms read together.
"""

Status = Literal["ok", "partial", "not_found"]
"""``ok``: the model finished. ``partial``: the answer is from what was learned until a limit, a failure, the last turn or
a model that led nowhere ended the node, or the reply was cut. ``not_found``: the model says that the context does not
contain the answer.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A question over a context.

    Attributes:
        question: the question, as the user wrote it.
        context: the documents to answer it from.
        mode: the mode that the caller requires, or ``auto`` to let the router choose.
        strategy: the strategy that the caller requires, in *plan* mode; ``None`` takes the one that fits best.
    """

    question: str
    context: Context
    mode: Mode | Literal["auto"] = "auto"
    strategy: Strategy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The router's choice for a task, with the probability it gives each mode and its reasons."""

    mode: Mode
    probabilities: Mapping[Mode, float]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A quote that occurs verbatim at a place of the context. Only code that has checked this creates one.

    Attributes:
        source: the document's name.
        start, end: the quote, in characters of the document's text: ``text[start:end] == quote``.
        line, page: as in ``Place``.
        place: where it stands: ``docs/tls.md:41``, ``report.pdf:p12``, ``data.csv:row 88``. The path is the one that
            the user gave, with what lies below it, so that it opens from where the user stands.
        quote: the text at that place.
        column: the column of the line at which the quote begins, in characters, counted from 1; ``None`` if the file
            has no lines.
        path: the absolute path of the file; ``None`` if the text is not from a file.
    """

    source: str
    start: int
    end: int
    line: int | None
    page: int | None
    place: str
    quote: str
    column: int | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Where the time of a run went.

    Attributes:
        wall_s: seconds from question to answer.
        critical_path_s: seconds that the run would take with unlimited concurrency: of calls that were in
            flight at the same time, only the longest counts.
        parallelism: the seconds of all calls added up, divided by the seconds during which any call was in
            flight.
    """

    wall_s: float
    critical_path_s: float
    parallelism: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingCost:
    """How many tokens were read, and how many any exact method must read for such a question (theorem T1).

    Attributes:
        growth: the class of the question, judged by its wording.
        tokens_read: input tokens over all calls, including rules and transcripts.
        least_tokens: the lower bound of the class, for this text and window.
    """

    growth: Growth
    tokens_read: int
    least_tokens: int

    @property
    def ratio(self) -> float | None:
        """Tokens read, divided by the lower bound; ``None`` if the bound is 0."""
        return self.tokens_read / self.least_tokens if self.least_tokens else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The result of a run.

    Attributes:
        text: the answer, with places in square brackets where the model cited the context.
        data: the value that the model finished with, if it was not a string.
        citations: the verified citations: each quote occurs at its place.
        citations_dropped: citations of the model that could not be verified and were removed.
        confidence: how probable it is that the answer is right, 0 to 1, by what was measured of it and by scored answers
            of the same mode and model; ``None`` is "no confidence".
        confidence_reasons: why it is this number, or none, as sentences.
        status: see ``Status``.
        mode: the mode that produced the answer.
        strategy: the strategy that produced it, in *plan* mode.
        route: the router's choice; ``None`` if the caller chose the mode.
        usage: of the whole tree of nodes.
        latency: of the whole run.
        reading: the tokens that were read, and the least that had to be.
        memory: what was remembered and reused.
        sandbox: the isolation tier that model-written code ran under; ``None`` if no code ran.
        run_id: the name of the stored run.
    """

    text: str
    data: object = None
    citations: tuple[Citation, ...] = ()
    citations_dropped: int = 0
    confidence: float | None = None
    confidence_reasons: tuple[str, ...] = ()
    status: Status = "ok"
    mode: Mode = "direct"
    strategy: Strategy | None = None
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
        """``text``, under the name that the reference RLM uses."""
        return self.text

    @property
    def warning(self) -> str | None:
        """A warning about how this answer was made; ``None`` if there is nothing to warn of."""
        if self.sandbox != "s0":
            return None
        return (
            "model-written code ran on tier s0, which protects from accidents only: "
            "it could read this user's files and use the network"
        )

    def _repr_html_(self) -> str:
        """The answer and its sources, as a notebook shows them."""
        cost = "unknown" if self.usage.cost_usd is None else f"${self.usage.cost_usd:.4f}"
        facts = (
            f"{self.status} · {self.mode} · {self.usage.calls} calls · cost {cost} · "
            f"{self.latency.wall_s:.2f} s · sandbox {self.sandbox or 'not used'} · run {self.run_id}"
            f"{'' if self.confidence is None else f' · confidence {self.confidence:.0%}'}"
            f"{'' if self.warning is None else f' · WARNING: {self.warning}'}"
        )
        return answer_html(self.text, [(cited.place, cited.quote) for cited in self.citations], facts)
