"""Explains the choice of a mode before anything is spent: the route, and which changes of the task or the settings would lead to
another mode.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from harlm.assembly import router_of
from harlm.branching.brought import BroughtStrategies
from harlm.branching.strategies import Asked, fitting
from harlm.config import Config
from harlm.context import profile
from harlm.estimate import situation_of
from harlm.types import ModelFacts, Profile, Proposal, Route, Situation, Task

_SIZES = (4, 16, 64)  # factors by which the text is made larger and smaller


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change that leads to another choice.

    Attributes:
        what: would be different, as part of a sentence.
        option: what would be chosen.
    """

    what: str
    option: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A route and what would change it."""

    route: Route
    changes: tuple[Change, ...]


def explained(task: Task, config: Config, root: ModelFacts, sub: ModelFacts) -> Explanation:
    """The route of a task with these settings, and what would change it.

    Raises:
        ConfigError: the router of the settings cannot be read.
    """
    router = router_of(config)
    asked = Asked(
        task=task, profile=profile(task.context), root=root, sub=sub, concurrency=config.engine.concurrency
    )
    found = fitting(asked, BroughtStrategies())
    route = router.route(situation_of(asked, found, config))
    changes: list[Change] = []
    for what, situation in _others(asked, found, config):
        other = router.route(situation)
        if _name(other) != _name(route) and all(each.option != _name(other) for each in changes):
            changes.append(Change(what=what, option=_name(other)))
    return Explanation(route=route, changes=tuple(changes))


def _others(asked: Asked, found: Sequence[Proposal], config: Config) -> Iterator[tuple[str, Situation]]:
    """Situations that differ in one thing."""
    for factor in _SIZES:
        for what, change in (
            (f"{factor} times more text", _times(factor)),
            (f"a text of 1/{factor} of the size", _times(1 / factor)),
        ):
            resized = replace(asked, profile=change(asked.profile))
            yield what, situation_of(resized, tuple(found), config)
    known = situation_of(asked, tuple(found), config)
    for worth_factor in (0.01, 0.1, 10.0, 100.0):
        worth = replace(known.worth, answer=known.worth.answer * worth_factor)
        yield f"a right answer worth ${worth.answer:g} (engine.value_of_answer)", replace(known, worth=worth)
    for usd in (0.1, 0.01):
        yield f"a budget of ${usd:g}", replace(known, left=replace(known.left, micros=round(usd * 1e6)))
    if found:
        yield "a question that no strategy understands", situation_of(asked, (), config)


def _times(factor: float) -> Callable[[Profile], Profile]:
    return lambda known: replace(
        known, tokens=round(known.tokens * factor), characters=round(known.characters * factor)
    )


def _name(route: Route) -> str:
    if route.strategy is not None:
        return f"{route.mode}: {route.strategy}"
    return f"{route.mode}, sub-model" if route.reader == "sub" else route.mode
