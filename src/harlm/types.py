"""The nouns of HARLM: frozen values that travel between its parts. They know how they add up and where a
character stands; they refuse to read a file, call a model or know who made them.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from itertools import accumulate, islice
from typing import Literal, NamedTuple

Mode = Literal["direct", "repl", "full"]
"""How a task is solved: one call, a REPL without sub-models, or a REPL with them."""

MODES: tuple[Mode, ...] = ("direct", "repl", "full")

Status = Literal["ok", "partial", "not_found"]
"""``ok``: the model finished. ``partial``: an answer was forced at the last turn. ``not_found``: the model
says that the context does not hold the answer."""

Shape = Literal["text", "documents"]
"""What ``context`` is inside the REPL: one ``str``, or a ``list`` of ``str``."""

Unit = Literal["line", "page", "row", "slide", "cell", "paragraph"]
"""What a place inside a document is counted in."""

_PLACE_PREFIX: Mapping[Unit, str] = {
    "line": "",
    "page": "p",
    "row": "row ",
    "slide": "slide ",
    "cell": "cell ",
    "paragraph": "paragraph ",
}
_SURROGATE = re.compile("[\ud800-\udfff]")
_PIECE = 1 << 20  # characters handled at once, so that no second copy of a huge text is ever made


# -- the context ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a character stands, as a reader would say it.

    Attributes:
        label: ``41`` for a line, else ``p12``, ``row 88``, ``slide 3``, ``cell 4``.
        line: the line of the file, counted from 1; None where the text has no lines of a file (PDF, Office).
        page: the page or slide, counted from 1, where the document has such; else None.
    """

    label: str
    line: int | None = None
    page: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Where the parts of a document begin, for documents that are not counted in lines of their own text.

    Attributes:
        unit: what the parts are.
        starts: the first character of each part, ascending; the first is 0.
        numbers: the number of each part as the reader counts it; 1, 2, 3, … when empty.
        labels: a full label for each part (``Prices row 5``), for parts that a number alone cannot name.
        own_lines: whether the text is that of the file, so that its lines can be named too.
    """

    unit: Unit
    starts: Sequence[int]
    numbers: Sequence[int] = ()
    labels: Sequence[str] = ()
    own_lines: bool = False

    def index_of(self, number: int) -> int:
        """The first part that the reader counts as ``number``, or one beyond the last; several sheets may count from 1."""
        if not self.numbers:
            return number - 1
        if not self.labels:
            at = bisect_left(self.numbers, number)
            return at if at < len(self.numbers) and self.numbers[at] == number else len(self.numbers)
        return next((at for at, each in enumerate(self.numbers) if each == number), len(self.numbers))

    def place(self, offset: int) -> Place:
        """The part that holds the character at ``offset``, in O(log n)."""
        part = max(bisect_right(self.starts, offset) - 1, 0)
        number = self.numbers[part] if self.numbers else part + 1
        return Place(
            label=self.labels[part] if self.labels else f"{_PLACE_PREFIX[self.unit]}{number}",
            line=number if self.unit == "line" else None,
            page=number if self.unit in ("page", "slide") else None,
        )


@dataclass(frozen=True, kw_only=True)
class Document:
    """One text of the context, decoded once.

    Attributes:
        name: what a citation calls it: a path below the folder that was given, ``<stdin>``, a dict key.
        text: the whole text, with a newline for every line end.
        kind: the reader that made it, such as ``text``, ``code``, ``pdf``, ``csv``.
        marks: where its parts begin, for kinds that are not counted in lines.
    """

    name: str
    text: str = field(repr=False)
    kind: str = "text"
    marks: Marks | None = field(default=None, repr=False)

    @cached_property
    def digest(self) -> str:
        """The first half of the SHA-256 of the UTF-8 text, in hexadecimal: the document's address by content. Processors have
        instructions for it, with which it takes less than half the time of BLAKE2b.
        """
        state = hashlib.sha256()
        for piece in pieces(self.text):
            state.update(piece.encode("utf-8", "surrogatepass"))
        return state.hexdigest()[:32]

    @cached_property
    def line_starts(self) -> array[int]:
        """The first character of every line. Built on first use: 8 bytes a line."""
        starts = array("Q", [0])
        base = 0
        for piece in pieces(self.text):
            lengths = (len(line) + 1 for line in piece.split("\n")[:-1])
            starts.extend(islice(accumulate(lengths, initial=base), 1, None))
            base += len(piece)
        return starts

    def line_of(self, offset: int) -> int:
        """The line, counted from 1, of the character at ``offset``, in O(log n)."""
        return bisect_right(self.line_starts, offset)

    def place(self, offset: int) -> Place:
        """Where the character at ``offset`` stands, in the unit that this document is counted in."""
        if self.marks is None:
            line = self.line_of(offset)
            return Place(label=str(line), line=line)
        place = self.marks.place(offset)
        return replace(place, line=self.line_of(offset)) if self.marks.own_lines else place

    def extent(self, number: int) -> tuple[int, int] | None:
        """The characters of the line, page, row, … that a reader counts as ``number``; None where there is none."""
        starts: Sequence[int] = self.line_starts if self.marks is None else self.marks.starts
        index = number - 1 if self.marks is None else self.marks.index_of(number)
        if not 0 <= index < len(starts):
            return None
        return starts[index], starts[index + 1] if index + 1 < len(starts) else len(self.text)


def pieces(text: str, size: int = _PIECE) -> Iterator[str]:
    """``text`` in slices of ``size`` characters: for work that must not copy a huge text whole."""
    if len(text) <= size:
        yield text
        return
    for start in range(0, len(text), size):
        yield text[start : start + size]


def without_surrogates(text: str) -> str:
    """``text`` with U+FFFD for every lone surrogate, which no file, prompt or JSON can hold. Offsets stay what they are."""
    if text.isascii():
        return text
    try:
        for piece in pieces(text):
            piece.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text)
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Something that was named or met while loading and is not in the context, and why."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Context:
    """The huge input of a task: documents, what they look like in the REPL, and what was left out.

    Attributes:
        documents: in a deterministic order.
        shape: one text, or a list of them.
        skipped: what was not read, each with its reason.
    """

    documents: tuple[Document, ...]
    shape: Shape = "documents"
    skipped: tuple[Skipped, ...] = ()

    @classmethod
    def of_text(cls, text: str, *, name: str = "<text>") -> Context:
        """A context of one text."""
        return cls(documents=(Document(name=name, text=text),), shape="text")

    @cached_property
    def characters(self) -> int:
        """Characters in all documents together."""
        return sum(len(document.text) for document in self.documents)

    @cached_property
    def digest(self) -> str:
        """The same over the digests of the documents in order: the address of this content."""
        state = hashlib.sha256()
        for document in self.documents:
            state.update(document.digest.encode())
        return state.hexdigest()[:32]

    @cached_property
    def by_name(self) -> Mapping[str, Document]:
        """The documents by name; the first one wins where two have the same."""
        return {document.name: document for document in reversed(self.documents)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What can be said about a context without reading it all.

    Attributes:
        tokens: estimated from a stratified sample; see ``harlm.context.tokens`` for the error.
        characters: exact.
        documents: how many.
        kinds: documents of each kind, most frequent first.
        structure: what most of the text looks like.
        largest: the biggest documents as (name, characters).
    """

    tokens: int
    characters: int
    documents: int
    kinds: tuple[tuple[str, int], ...]
    structure: Literal["prose", "code", "records", "mixed"]
    largest: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One passage that search found.

    Attributes:
        document: the index of the document in its context.
        start, end: the passage, in characters of that document.
        score: higher is better; comparable within one search only.
        best: the sentence of the passage that answers best, in characters of the document.
    """

    document: int
    start: int
    end: int
    score: float
    best: tuple[int, int]


# -- limits ------------------------------------------------------------------------------------------------


class Amounts(NamedTuple):
    """What calls take from a budget, as one vector: tokens of input and output together, micro-dollars, requests."""

    tokens: int = 0
    micros: int = 0
    calls: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a run may use at most, over its whole recursion. None is no limit.

    Attributes:
        usd: dollars.
        tokens: of input and output together.
        calls: model requests.
        seconds: wall time.
        depth: the deepest node with a REPL of its own; 0 is the root alone.
    """

    usd: float | None = None
    tokens: int | None = None
    calls: int | None = None
    seconds: float | None = None
    depth: int | None = None


# -- the task and its answer ------------------------------------------------------------------------------


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
class Early:
    """Calls that were made before the cell asked for them (``harlm.scheduler``). They are part of the usage; what nobody asked
    for in the end was wasted.

    Attributes:
        made: how many.
        claimed: how many of these the cells asked for.
        wasted_tokens, wasted_micros: what the others took, in tokens and micro-dollars; None as soon as a price is unknown.
    """

    made: int = 0
    claimed: int = 0
    wasted_tokens: int = 0
    wasted_micros: int | None = 0

    @property
    def wasted(self) -> int:
        """How many were made for nothing."""
        return self.made - self.claimed

    def __add__(self, other: Early) -> Early:
        return Early(
            made=self.made + other.made,
            claimed=self.claimed + other.claimed,
            wasted_tokens=self.wasted_tokens + other.wasted_tokens,
            wasted_micros=_sum_known(self.wasted_micros, other.wasted_micros),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What calls have used. Adds up: the usage of a run is the sum over its whole tree.

    Attributes:
        calls: model requests that were answered.
        input_tokens: all tokens sent, cached ones included.
        output_tokens: all tokens received, reasoning included.
        cached_tokens: the part of the input that the provider served from its cache.
        cache_write_tokens: the part of the input that the provider wrote to its cache.
        reasoning_tokens: the part of the output that the model kept to itself.
        cost_micros: micro-dollars; None as soon as the price of one call is unknown.
        estimated: whether some token counts are our estimate, because a provider reported none.
        by_model: the same, for each model.
        early: how many of the calls were made early, and what of that was wasted; known for whole nodes only.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_micros: int | None = 0
    estimated: bool = False
    by_model: Mapping[str, Usage] = field(default_factory=dict)
    early: Early = field(default_factory=Early)

    def __add__(self, other: Usage) -> Usage:
        merged = dict(self.by_model)
        for model, usage in other.by_model.items():
            merged[model] = merged[model] + usage if model in merged else usage
        return Usage(
            calls=self.calls + other.calls,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
            reasoning_tokens=self.reasoning_tokens + other.reasoning_tokens,
            cost_micros=_sum_known(self.cost_micros, other.cost_micros),
            estimated=self.estimated or other.estimated,
            by_model=merged,
            early=self.early + other.early,
        )

    def of_model(self, model: str) -> Usage:
        """This usage, booked to ``model``."""
        return replace(self, by_model={model: self})

    @property
    def cost_usd(self) -> float | None:
        """The cost in dollars, or None when a price is unknown."""
        return None if self.cost_micros is None else self.cost_micros / 1_000_000


def summed(usages: Sequence[Usage]) -> Usage:
    """The sum of many, which are booked to no model; in an eighth of the time that adding takes."""
    costs = [usage.cost_micros for usage in usages if usage.cost_micros is not None]
    return Usage(
        calls=sum(usage.calls for usage in usages),
        input_tokens=sum(usage.input_tokens for usage in usages),
        output_tokens=sum(usage.output_tokens for usage in usages),
        cached_tokens=sum(usage.cached_tokens for usage in usages),
        cache_write_tokens=sum(usage.cache_write_tokens for usage in usages),
        reasoning_tokens=sum(usage.reasoning_tokens for usage in usages),
        cost_micros=sum(costs) if len(costs) == len(usages) else None,
        estimated=any(usage.estimated for usage in usages),
    )


def _sum_known(left: int | None, right: int | None) -> int | None:
    return None if left is None or right is None else left + right


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
class Reading:
    """How much was read, beside the least that any exact method has to read for such a question (theorem T1).

    Attributes:
        growth: the class of the question: how its need grows with the text (``harlm.budget.bounds.Growth``), by its wording.
        tokens_read: tokens of input, over all calls; rules and transcripts included.
        least_tokens: the bound of the class, for this text and window.
    """

    growth: str
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
    reading: Reading | None = None
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


# -- memory ------------------------------------------------------------------------------------------------

EntryKind = Literal["reply", "answer", "note", "turn", "digest"]
"""What an entry was: a model's reply, a child's answer, what a model noted, a turn of a REPL that was folded, or a list of handles
that had no room in a view.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A remembered result. The value is kept as it was, whatever tier it is served from.

    Attributes:
        key: what it is found by, and the same for the same content.
        kind: what it was.
        value: the text itself; bytes for what is no text.
        question: what it answers.
        run, node, depth: where it was made.
        model: whose reply it is.
        tokens: of the value, estimated.
        created: seconds since the epoch.
        usage: what the call took that it came from.
    """

    key: str
    kind: EntryKind
    value: str | bytes
    question: str = ""
    run: str = ""
    node: str = "0"
    depth: int = 0
    model: str = ""
    tokens: int = 0
    created: float = 0.0
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True, kw_only=True)
class TierUse:
    """One tier of memory over a run.

    Attributes:
        served: accesses that it answered.
        entries_mean, entries_max: in it, averaged over accesses, and at most.
    """

    served: int = 0
    entries_mean: float = 0.0
    entries_max: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Compression:
    """How many times shorter summaries were than what they were made of."""

    mean: float
    p10: float
    p90: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryUse:
    """What memory did in a run.

    Attributes:
        hot, warm, cold: the tiers: whole texts that were there, summaries that were there, originals that were fetched.
        misses: accesses that nothing answered: calls that had to be made, handles that do not exist.
        recomputed: accesses of what had been hot before and had to go.
        rehydrated: originals that were asked for after a summary of them had been shown.
        compression: of the summaries; None where there were none.
        kept, probed: of the numbers and names of the answer that stood in what was summarised, how many stood in the summaries.
        reused: calls that were not made, since their replies were known.
        saved_tokens, saved_micros: what these took when they were made; None as soon as a price was unknown.
    """

    hot: TierUse = field(default_factory=TierUse)
    warm: TierUse = field(default_factory=TierUse)
    cold: TierUse = field(default_factory=TierUse)
    misses: int = 0
    recomputed: int = 0
    rehydrated: int = 0
    compression: Compression | None = None
    kept: int = 0
    probed: int = 0
    reused: int = 0
    saved_tokens: int = 0
    saved_micros: int | None = 0

    @property
    def served(self) -> int:
        """Accesses that any tier answered."""
        return self.hot.served + self.warm.served + self.cold.served

    @property
    def hit_rate(self) -> float | None:
        """Of all accesses, those that were answered; None where there were none."""
        accesses = self.served + self.misses
        return self.served / accesses if accesses else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recollection:
    """A passage of an entry that search found.

    Attributes:
        key: of the entry.
        start, end: the passage, in characters of the value.
        score: higher is better; comparable within one search only.
    """

    key: str
    start: int
    end: int
    score: float


# -- models and the REPL ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a conversation with a model."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How a model is asked to sample. None leaves the choice to the provider.

    Attributes:
        max_tokens: the most tokens of output.
        temperature: 0 is the most repeatable.
        seed: for providers that know one; also seeds ``random`` in the REPL.
        request_key: names the request for the provider, so that one that is sent again is served once.
        heard: told the reply so far, each time that more of it has come, by models that can stream; None asks for it whole.
    """

    max_tokens: int | None = None
    temperature: float | None = None
    seed: int | None = None
    request_key: str | None = None
    heard: Callable[[str], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How many of something a provider takes in a time.

    Attributes:
        limit: for each minute, or whatever time the provider counts in.
        left: of it, after the request that this came with.
        reset_s: seconds until all of it is there again; None when not told.
    """

    limit: int
    left: int
    reset_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What a provider says of its rate limits. None where it says nothing."""

    requests: Rate | None = None
    tokens: Rate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A model's reply.

    Attributes:
        text: the reply; empty when the model spent its tokens otherwise, and was paid for all the same.
        model: the name of the model, as the caller knows it.
        usage: of this one call.
        stop: why the model stopped: ``end``, cut at ``length``, or a ``filter`` of the provider.
        request_id: the provider's name for the request.
        rates: what the provider said of its rate limits along with the reply.
    """

    text: str
    model: str
    usage: Usage
    stop: Literal["end", "length", "filter"] = "end"
    request_id: str | None = None
    rates: Rates | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """What a cell finished with: ``FINAL(x)``, ``FINAL_VAR(name)``, ``SUBMIT(x)`` or the ``answer`` dict.

    Attributes:
        value: a string, or a value that JSON can hold.
    """

    value: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What came of one cell.

    Attributes:
        output: stdout and stderr in order: the head and tail that the sandbox kept.
        output_chars: the true length of the output.
        error: the traceback, or the limit that ended the cell; None when it ran to its end.
        final: set when the cell finished the task.
        names: the variables that the cell made or changed, as (name, short description).
        lost: whether the cell ended its REPL, which had to be replaced; ``error`` says what became of the variables.
        wall_s: seconds from start to end.
        waiting_s: the part of it in which the cell waited for calls.
    """

    output: str = ""
    output_chars: int = 0
    error: str | None = None
    final: Final | None = None
    names: tuple[tuple[str, str], ...] = ()
    lost: bool = False
    wall_s: float = 0.0
    waiting_s: float = 0.0
