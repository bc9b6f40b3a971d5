"""Estimates what a question will cost before anything is spent: calls, tokens, money and time, for each mode.

An estimate promises nothing; the limit that a run keeps is the ledger's.

*Expected* is the cost of the mode's plan for a question of this class, with the usual number of turns and
usual replies. *Worst* assumes that all turns are used, that every reply is as long as allowed, and that the
whole text is read twice. The constants below are the assumptions; times are those of an average provider.
"""

from __future__ import annotations

from dataclasses import dataclass

from harlm.budget.bounds import Cost, Reader, code_merge, search
from harlm.types import MODES, Growth, Mode, ModelFacts, Proposal, Route

_RULES = 1_500  # tokens of the prompt that every turn begins with
_TURN = 900  # tokens that a usual turn adds to the transcript
_CELL = 250  # tokens of a usual reply with code
_FULL_TURN = 4_500  # tokens that a turn with the largest output adds, code included
_LONGEST = 8_192  # tokens of a root model's longest reply
_TURNS: dict[Growth, int] = {
    "constant": 3,
    "logarithmic": 4,
    "linear": 4,
    "factorable pairs": 5,
    "arbitrary pairs": 5,
}
_LABELS, _INSTRUCTIONS = 300, 300  # tokens of a sub-call's reply, and of its prompt without the text
_HITS, _HIT = 6, 600  # passages that are read after a search, and tokens of each
_FITS = 0.9  # share of a window that the text may fill


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The cost of a run: model calls, input and output tokens together, micro-dollars, and seconds.

    ``micros`` is ``None`` if a price is unknown.
    """

    calls: int
    tokens: int
    micros: int | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The estimate of one mode.

    Attributes:
        mode: the mode.
        expected: the cost with the usual number of turns and usual replies.
        worst: the cost if all turns are used and all replies are as long as allowed.
        obstacle: why the mode cannot be used for this text; ``None`` if it can.
    """

    mode: Mode
    expected: Figures
    worst: Figures
    obstacle: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEstimate:
    """The estimates of all modes for one question.

    Attributes:
        chosen: the mode that a run would use.
        modes: the estimate of every mode.
        growth: the class of the question: how the text it needs grows with the context.
        tokens: the size of the context, estimated.
        root, sub: the root model and the sub-model.
        limit_micros: the cost limit, in micro-dollars; ``None`` if there is none.
        proposals: what the strategies propose, the one that fits best first.
        route: the router's choice; ``None`` if the caller requires a mode.
    """

    chosen: Mode
    modes: tuple[Estimate, ...]
    growth: Growth
    tokens: int
    root: ModelFacts
    sub: ModelFacts
    limit_micros: int | None
    proposals: tuple[Proposal, ...] = ()
    route: Route | None = None

    @property
    def of_chosen(self) -> Estimate:
        """The estimate of the chosen mode."""
        return next(each for each in self.modes if each.mode == self.chosen)

    @property
    def is_beyond_limit(self) -> bool:
        """Whether the expected cost of the chosen mode exceeds the limit; false if the cost is unknown."""
        micros = self.of_chosen.expected.micros
        return micros is not None and self.limit_micros is not None and micros > self.limit_micros


def estimate(
    tokens: int,
    growth: Growth,
    root: ModelFacts,
    sub: ModelFacts,
    *,
    max_turns: int,
    concurrency: int,
    proposal: Proposal | None = None,
) -> tuple[Estimate, ...]:
    """The estimate of every mode, in the order of ``MODES``.

    Args:
        tokens: the size of the context.
        growth: the class of the question.
        root, sub: the root model and the sub-model.
        max_turns: the most turns of a node.
        concurrency: the most model requests in flight at once.
        proposal: of *plan* mode; ``None`` if no strategy understands the question.
    """
    reader = Reader(
        window=max(4 * (_INSTRUCTIONS + _LABELS), sub.effective_window),
        instructions=_INSTRUCTIONS,
        summary=_LABELS,
    )
    estimated = {
        "direct": _direct(tokens, root),
        "plan": _proposed(proposal),
        "repl": (
            _turns(root, _TURNS[growth], _TURN, _CELL),
            _turns(root, max_turns, _FULL_TURN, _LONGEST),
        ),
        "full": _full(tokens, growth, root, sub, reader, max_turns=max_turns, concurrency=concurrency),
    }
    obstacles: dict[Mode, str] = {}
    if tokens > _FITS * root.window:
        obstacles["direct"] = f"about {tokens:,} tokens do not fit into a window of {root.window:,}"
    if proposal is None:
        obstacles["plan"] = "no strategy understands the question"
    return tuple(
        Estimate(
            mode=mode, expected=estimated[mode][0], worst=estimated[mode][1], obstacle=obstacles.get(mode)
        )
        for mode in MODES
    )


def _proposed(proposal: Proposal | None) -> tuple[Figures, Figures]:
    """As the strategy forecasts; at worst every call is made twice."""
    if proposal is None:
        return _NONE, _NONE
    told = proposal.forecast
    expected = Figures(
        calls=told.calls,
        tokens=told.input_tokens + told.output_tokens,
        micros=told.micros,
        seconds=told.seconds,
    )
    return expected, _after(expected, expected)


def _direct(tokens: int, root: ModelFacts) -> tuple[Figures, Figures]:
    return _calls(root, 1, tokens + _RULES // 3, _CELL), _calls(root, 1, tokens + _RULES // 3, _LONGEST)


def _turns(root: ModelFacts, turns: int, growing: int, reply: int) -> Figures:
    """A REPL loop without sub-calls. Each turn reads the transcript so far."""
    total = _NONE
    for turn in range(turns):
        total = _after(total, _calls(root, 1, _RULES + turn * growing, reply))
    return total


def _full(
    tokens: int,
    growth: Growth,
    root: ModelFacts,
    sub: ModelFacts,
    reader: Reader,
    *,
    max_turns: int,
    concurrency: int,
) -> tuple[Figures, Figures]:
    searched, read = search(_HITS, _HIT, reader), code_merge(tokens, reader)
    needs_all = growth not in ("constant", "logarithmic")
    usual = read if needs_all else searched
    twice = Cost(
        calls=2 * read.calls,
        input_tokens=2 * read.input_tokens,
        output_tokens=2 * read.output_tokens,
        depth=2,
    )
    return (
        _after(_turns(root, _TURNS[growth], _TURN, _CELL), _plan(sub, usual, concurrency)),
        _after(_turns(root, max_turns, _FULL_TURN, _LONGEST), _plan(sub, twice, concurrency)),
    )


def _plan(model: ModelFacts, cost: Cost, concurrency: int) -> Figures:
    """The cost of a plan of sub-calls that run ``concurrency`` at a time."""
    if not cost.calls:
        return _NONE
    each = _calls(model, 1, -(-cost.input_tokens // cost.calls), -(-cost.output_tokens // cost.calls))
    waves = max(cost.depth, -(-cost.calls // concurrency))
    return Figures(
        calls=cost.calls,
        tokens=cost.input_tokens + cost.output_tokens,
        micros=None if each.micros is None else each.micros * cost.calls,
        seconds=each.seconds * waves,
    )


def _calls(model: ModelFacts, calls: int, input_tokens: int, output_tokens: int) -> Figures:
    """The cost of ``calls`` calls of this size, one after another."""
    each = model.call_micros(input_tokens, output_tokens)
    return Figures(
        calls=calls,
        tokens=calls * (input_tokens + output_tokens),
        micros=None if each is None else calls * each,
        seconds=calls * model.call_seconds(input_tokens, output_tokens),
    )


_NONE = Figures(calls=0, tokens=0, micros=0, seconds=0.0)


def _after(first: Figures, second: Figures) -> Figures:
    return Figures(
        calls=first.calls + second.calls,
        tokens=first.tokens + second.tokens,
        micros=None if first.micros is None or second.micros is None else first.micros + second.micros,
        seconds=first.seconds + second.seconds,
    )
