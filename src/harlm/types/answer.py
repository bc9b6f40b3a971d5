"""The answer to a task: its text, its citations, what it cost, and how it was reached."""

from __future__ import annotations

from dataclasses import dataclass, field

from harlm.types.memory import MemoryUse
from harlm.types.mode import Growth, Mode, Status, Strategy
from harlm.types.notebook import answer_html
from harlm.types.route import Route
from harlm.types.timeline import TimedCall
from harlm.types.usage import Usage
from harlm.types.waterfall import waterfall


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
        timeline: the longest calls of the run, at most 200, in the order in which they ended. Answers in stored runs have none.
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
    timeline: tuple[TimedCall, ...] = field(default=(), compare=False, repr=False)

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
        sources = [(cited.place, cited.quote) for cited in self.citations]
        drawing = waterfall(self.timeline, self.latency.wall_s, max(self.usage.calls, len(self.timeline)))
        return answer_html(self.text, sources, facts, drawing)
