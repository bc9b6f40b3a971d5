"""Calls made early cost little: in ``safe``, a program makes no more of them for nothing than it needed, and two.

Time is virtual here, so how long a call takes decides nothing. ``HARLM_FUZZ=1`` runs more programs.
"""

from __future__ import annotations

import os
import warnings
from typing import NamedTuple

import pytest

from tests.support.programs import Program
from tests.support.scout_lines import outcome, scout
from tests.support.written_cells import line_by_line, written

_PARTS = 4
_IN_SUITE = 240
_IN_FUZZ = 4_000
_MOST = 400  # calls of a program, above which its scout is not run
_MORE = 0.08  # of the calls that programs need: what bets on open tails cost beside whole cells
_ODD = 500  # programs of which one may break the law
_SEEDS = range(_IN_FUZZ if os.environ.get("HARLM_FUZZ") else _IN_SUITE)  # tests see no such names


class _Cost(NamedTuple):
    """The calls of a program: those that it needed, and those that were made with a scout."""

    seed: int
    needed: int
    sent: int


def _costs(seeds: range, *, reads_only: bool) -> list[_Cost]:
    """The costs of the programs that end without an exception: what follows one is not needed."""
    costs: list[_Cost] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the programs compare
        for seed in seeds:
            made = Program(seed, reads_only=reads_only)
            needed, error = outcome(made.code)
            if made.is_ordered and error is None and len(needed) <= _MOST:
                costs.append(_Cost(seed, len(needed), len(scout(made.code).asked)))
    return costs


@pytest.mark.parametrize("part", range(_PARTS))
def test_programs_that_read_iterators_waste_no_more_than_they_needed_and_two(part: int) -> None:
    """Of thousands of programs a few read one iterator in several nested loops and through its other names, and
    are foreseen wrongly.
    """
    costs = _costs(_SEEDS[part::_PARTS], reads_only=True)
    assert sum(cost.needed for cost in costs) > 5 * len(costs)
    odd = [cost for cost in costs if cost.sent > 2 * cost.needed + 2]
    assert len(odd) <= len(costs) // _ODD, odd


@pytest.mark.parametrize("part", range(_PARTS))
def test_programs_of_all_kinds_waste_no_more_than_they_needed_and_two(part: int) -> None:
    costs = _costs(_SEEDS[part::_PARTS], reads_only=False)
    odd = [cost for cost in costs if cost.sent > 2 * cost.needed + 2]
    assert len(odd) <= len(costs) // _ODD, odd


def test_bets_on_what_is_not_written_yet_cost_little_more() -> None:
    needed = whole = in_pieces = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in _SEEDS:
            made = Program(seed, reads_only=seed % 2 == 0)
            calls, error = outcome(made.code)
            if made.is_ordered and error is None and len(calls) <= _MOST:
                needed += len(calls)
                whole += len(scout(made.code).asked)
                in_pieces += len(written(made.code, line_by_line(made.code)).asked)
    assert in_pieces - whole <= _MORE * needed, (needed, whole, in_pieces)
