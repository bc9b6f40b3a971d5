"""The ways to answer a task that a router chooses from, each with what it is expected to cost."""

from __future__ import annotations

from collections.abc import Sequence

from harlm.budget.estimate import Estimate, estimate
from harlm.types import Growth, ModelFacts, Proposal, RouteOption

_SHORT = 2_000  # tokens; a search in so few finds what one call reads anyway
_ONE_CALL = ("direct", "search")


def options_for(
    tokens: int,
    growth: Growth,
    root: ModelFacts,
    sub: ModelFacts,
    *,
    max_turns: int,
    concurrency: int,
    proposals: Sequence[Proposal] = (),
    no_code: str | None = None,
) -> tuple[RouteOption, ...]:
    """Every way to answer: one call of the root model, one of the sub-model if that is another one, each strategy, and a REPL
    without and with sub-models.

    Args:
        tokens: the size of the context.
        growth: the class of the question.
        root, sub: the models.
        max_turns: the most turns of a node.
        concurrency: the most model requests in flight at once.
        proposals: what the strategies propose.
        no_code: why no code can run; ``None`` if it can.
    """
    root_ways = {
        each.mode: each
        for each in estimate(tokens, growth, root, sub, max_turns=max_turns, concurrency=concurrency)
    }
    options = [_option(root_ways["direct"])]
    if sub.name != root.name:
        read_by_sub = estimate(tokens, growth, sub, sub, max_turns=max_turns, concurrency=concurrency)
        direct = next(each for each in read_by_sub if each.mode == "direct")
        options.append(_option(direct, is_sub=True))
    options += [_planned(each, no_code or _needless(each, tokens)) for each in proposals]
    return (*options, _option(root_ways["repl"], no_code), _option(root_ways["full"], no_code))


def _needless(proposal: Proposal, tokens: int) -> str | None:
    """Why a strategy is no option for a text so short that one call reads all of it; ``None`` if it is one."""
    if tokens > _SHORT or proposal.strategy not in _ONE_CALL:
        return None
    return f"one call reads all of the text, which has about {tokens:,} tokens"


def _option(known: Estimate, no_code: str | None = None, *, is_sub: bool = False) -> RouteOption:
    expected = known.expected
    return RouteOption(
        mode=known.mode,
        reader="sub" if is_sub else "root",
        calls=expected.calls,
        tokens=expected.tokens,
        micros=expected.micros,
        seconds=expected.seconds,
        obstacle=known.obstacle or no_code,
    )


def _planned(proposal: Proposal, no_code: str | None) -> RouteOption:
    told = proposal.forecast
    return RouteOption(
        mode="plan",
        proposal=proposal,
        calls=told.calls,
        tokens=told.input_tokens + told.output_tokens,
        micros=told.micros,
        seconds=told.seconds,
        obstacle=no_code,
    )
