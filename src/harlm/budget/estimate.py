"""What a question will cost before anything is spent: calls, tokens, money and time, for each mode. Knows plans and prices;
refuses to promise: the ledger's limit is what holds.

*Expected* is what the plan of the mode takes for such a question, with turns and replies as they usually are. *Worst* is
all turns used to the full, every reply as long as allowed, and a text that has to be read whole read twice. What is assumed
stands in the constants below; a time is that of a provider who is neither fast nor slow.
"""

from __future__ import annotations

from dataclasses import dataclass

from harlm.budget.bounds import Cost, Reader, code_merge, search
from harlm.types import MODES, Growth, Mode, ModelFacts

_RULES = 1_500  # tokens of the prompt that every turn begins with
_TURN = 900  # tokens that a usual turn adds to the transcript
_CELL = 250  # tokens of a usual reply with code
_FULL_TURN = 4_500  # tokens that the largest output adds, with the code before it
_LONGEST = 8_192  # tokens of a root model's reply at most
_TURNS: dict[Growth, int] = {
    "constant": 3,
    "logarithmic": 4,
    "linear": 4,
    "factorable pairs": 5,
    "arbitrary pairs": 5,
}
_LABELS, _INSTRUCTIONS = 300, 300  # tokens that a sub-call writes, and that it is told besides the text
_HITS, _HIT = 6, 600  # passages that a search is followed up by, and tokens of each
_FITS = 0.9  # of a window, for the text
_FIRST_TOKEN_S, _INPUT_PER_S, _OUTPUT_PER_S = 0.8, 8_000, 60
_LOCAL_S = 0.1  # a call of the model that is built in


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a run takes. ``micros`` is None where a price is unknown."""

    calls: int
    tokens: int
    micros: int | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What one mode takes.

    Attributes:
        expected, worst: see the module.
        obstacle: why the mode cannot be used for this text; None where it can.
    """

    mode: Mode
    expected: Figures
    worst: Figures
    obstacle: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEstimate:
    """What a question would cost.

    Attributes:
        chosen: the mode that would be taken.
        modes: every mode's estimate.
        growth: how much of the text the question is taken to need.
        tokens: of the context, estimated.
        root, sub: the models.
        limit_micros: what may be spent; None for no limit.
    """

    chosen: Mode
    modes: tuple[Estimate, ...]
    growth: Growth
    tokens: int
    root: ModelFacts
    sub: ModelFacts
    limit_micros: int | None

    @property
    def of_chosen(self) -> Estimate:
        """The estimate of the mode that would be taken."""
        return next(each for each in self.modes if each.mode == self.chosen)

    @property
    def is_beyond_limit(self) -> bool:
        """Whether more than the limit is expected to be needed."""
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
) -> tuple[Estimate, ...]:
    """Every mode's estimate.

    Args:
        tokens: of the context.
        growth: how much of it the question needs.
        root, sub: the models.
        max_turns, concurrency: of the run.
    """
    reader = Reader(
        window=max(4 * (_INSTRUCTIONS + _LABELS), sub.effective_window),
        instructions=_INSTRUCTIONS,
        summary=_LABELS,
    )
    made = {
        "direct": _direct(tokens, root),
        "repl": (
            _turns(root, _TURNS[growth], _TURN, _CELL),
            _turns(root, max_turns, _FULL_TURN, _LONGEST),
        ),
        "full": _full(tokens, growth, root, sub, reader, max_turns=max_turns, concurrency=concurrency),
    }
    obstacles = {}
    if tokens > _FITS * root.window:
        obstacles["direct"] = f"about {tokens:,} tokens do not fit into a window of {root.window:,}"
    return tuple(
        Estimate(mode=mode, expected=made[mode][0], worst=made[mode][1], obstacle=obstacles.get(mode))
        for mode in MODES
    )


def _direct(tokens: int, root: ModelFacts) -> tuple[Figures, Figures]:
    return _calls(root, 1, tokens + _RULES // 3, _CELL), _calls(root, 1, tokens + _RULES // 3, _LONGEST)


def _turns(root: ModelFacts, turns: int, growing: int, reply: int) -> Figures:
    """A REPL loop without sub-calls. Each turn reads the transcript so far."""
    together = _NONE
    for turn in range(turns):
        together = _after(together, _calls(root, 1, _RULES + turn * growing, reply))
    return together


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
    """A plan of sub-calls, ``concurrency`` at a time."""
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
    """Calls one after another, each of this size."""
    micros = None if model.price is None else calls * model.price.bound_micros(input_tokens, output_tokens)
    seconds = (
        _LOCAL_S
        if model.is_local
        else _FIRST_TOKEN_S + input_tokens / _INPUT_PER_S + output_tokens / _OUTPUT_PER_S
    )
    return Figures(
        calls=calls, tokens=calls * (input_tokens + output_tokens), micros=micros, seconds=calls * seconds
    )


_NONE = Figures(calls=0, tokens=0, micros=0, seconds=0.0)


def _after(first: Figures, second: Figures) -> Figures:
    return Figures(
        calls=first.calls + second.calls,
        tokens=first.tokens + second.tokens,
        micros=None if first.micros is None or second.micros is None else first.micros + second.micros,
        seconds=first.seconds + second.seconds,
    )
