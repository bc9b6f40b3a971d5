"""The bound of a router: for each question the best of the modes that were forced, read from their results.

No system can choose so: it would have to know the scores. Computed from a group; nothing is run.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf

import msgspec

from harlm_bench.outcomes import Result
from harlm_bench.report.groups import Group
from harlm_bench.suites import Entry

_MODES = ("harlm-direct", "harlm-plan", "harlm-repl", "harlm-full")
BEST_MODE = "best mode of each question (upper bound)"
"""The name of the bound."""


def with_best_mode(group: Group) -> Group:
    """The group with the bound as one more system; as it is, unless every mode was forced.

    Of equal scores the cheaper one is taken, then the faster one. Questions that a mode has no result of are left out.
    """
    names = [entry.name for entry in group.systems if entry.key in _MODES and group.of(entry.name)]
    if len(names) < len(_MODES):
        return group
    by_question = [{(each.digest, each.question): each for each in group.of(name)} for name in names]
    shared = [key for key in by_question[0] if all(key in found for found in by_question)]
    best = [max((found[key] for found in by_question), key=_worth) for key in shared]
    return replace(
        group,
        systems=(*group.systems, Entry(key="oracle-router", role="bound", reads=0.0, name=BEST_MODE)),
        results=(*group.results, *(msgspec.structs.replace(each, system=BEST_MODE) for each in best)),
    )


def measured(group: Group) -> Group:
    """The group without bounds, which have neither times nor bills."""
    bounds = group.names("bound")
    return replace(group, results=tuple(each for each in group.results if each.system not in bounds))


def _worth(result: Result) -> tuple[float, float, float]:
    bill = result.usage.micro_usd
    return result.score, -(inf if bill is None else bill), -result.outcome.wall_s
