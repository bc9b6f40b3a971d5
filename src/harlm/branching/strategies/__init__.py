"""STRATEGIES: ways to an answer that need no root model, and the questions that call for each.

A strategy reads the question and a look at the text, and proposes the cells that carry it out, or nothing. No model is asked
here, and nothing is spent.
"""

from __future__ import annotations

from collections.abc import Callable

from harlm.branching.strategies import compare, direct, filter, follow, label, map, search, table
from harlm.branching.strategies.asked import Asked
from harlm.types import Proposal

Further = Callable[[Asked], tuple[Proposal, ...]]
"""Proposals for a task from elsewhere (``harlm.branching.brought``)."""

LONGEST_QUESTION = 2_000
"""Characters of a question that strategies read."""

_PROPOSE: tuple[Callable[[Asked], Proposal | None], ...] = (
    label.propose,
    compare.propose,
    filter.propose,
    table.propose,
    follow.propose,
    direct.propose,
    search.propose,
    map.propose,
)


def proposals(asked: Asked) -> tuple[Proposal, ...]:
    """What the strategies propose for a task: the one that fits best first, among equal ones the cheaper one. Nothing for a long
    question, of which a strategy would understand a part.
    """
    if len(asked.task.question) > LONGEST_QUESTION:
        return ()
    found = [each for propose in _PROPOSE if (each := propose(asked)) is not None]
    return tuple(sorted(found, key=_rank))


def _rank(proposal: Proposal) -> tuple[float, int]:
    return (-proposal.fit, proposal.forecast.input_tokens)


def _none(asked: Asked) -> tuple[Proposal, ...]:
    return ()


def fitting(asked: Asked, further: Further = _none) -> tuple[Proposal, ...]:
    """The proposals that can be carried out: those of the strategy that the task names, if it names one. The built-in model has
    programs of its own and judges nothing: it gets only a strategy that is named, and only one that asks no model.

    Args:
        asked: the task.
        further: what other strategies propose beside those of HARLM.
    """
    named = asked.task.strategy
    return tuple(
        each
        for each in sorted((*proposals(asked), *further(asked)), key=_rank)
        if named in (None, each.strategy)
        and (not asked.sub.is_local or (named is not None and each.leaf == "none"))
    )


__all__ = ["Asked", "Further", "fitting", "proposals"]
