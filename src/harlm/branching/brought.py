"""Strategies that other installed packages bring: functions of what was asked, found by the entry points of ``harlm.strategies``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from harlm.branching.strategies import Asked
from harlm.errors import ConfigError
from harlm.extensions import extension, names, wrong
from harlm.types import STRATEGIES, Proposal

_KIND: Final = "strategies"
_GROWTHS = ("constant", "logarithmic", "linear", "factorable pairs", "arbitrary pairs")


class BroughtStrategies:
    """The strategies of installed packages, for one run. They are imported when one of them may be used: when it is named, or
    when the mode of a task may become *plan* and no strategy is named.

    One that is broken ends a run that names it, and is left out of others, with a note.
    """

    def __init__(self) -> None:
        self._functions: dict[str, Callable[[Asked], object]] = {}
        self._broken: set[str] = set()
        self._notes: list[str] = []

    def __call__(self, asked: Asked) -> tuple[Proposal, ...]:
        """What they propose for a task.

        Raises:
            ConfigError: the one that the task names cannot be imported, or is broken.
        """
        return tuple(each for name in _wanted(asked) if (each := self._proposal(name, asked)) is not None)

    def taken_notes(self) -> tuple[str, ...]:
        """What the user should know since this was last called."""
        notes, self._notes = tuple(self._notes), []
        return notes

    def _proposal(self, name: str, asked: Asked) -> Proposal | None:
        if name in self._broken:
            return None
        try:
            return self._checked(name, self._function(name), asked)
        except ConfigError as error:
            if asked.task.strategy == name:
                raise
            self._broken.add(name)
            self._notes.append(f"a strategy is left out: {error}")
            return None

    def _function(self, name: str) -> Callable[[Asked], object]:
        if name not in self._functions:
            found = extension(_KIND, name)
            if not callable(found):
                raise wrong(_KIND, name, f"is a {type(found).__name__}, and must be a function")
            self._functions[name] = found
        return self._functions[name]

    def _checked(self, name: str, propose: Callable[[Asked], object], asked: Asked) -> Proposal | None:
        try:
            found = propose(asked)
        except Exception as error:
            raise wrong(_KIND, name, f"failed ({type(error).__name__}: {error})") from error
        if found is None:
            return None
        if not isinstance(found, Proposal):
            raise wrong(_KIND, name, f"returned a {type(found).__name__}, and must return a Proposal or None")
        is_right = (
            bool(found.cells)
            and all(isinstance(each, str) for each in found.cells)
            and 0 <= found.fit <= 1
            and found.growth in _GROWTHS
        )
        if not is_right:
            raise wrong(
                _KIND, name, "returned a Proposal without cells, or with a fit or growth that does not exist"
            )
        return replace(found, strategy=name)


def _wanted(asked: Asked) -> tuple[str, ...]:
    """The strategies that are asked for a task."""
    task = asked.task
    if task.strategy in STRATEGIES or task.mode not in ("auto", "plan"):
        return ()
    if task.strategy is not None:
        return (task.strategy,) if task.strategy in names(_KIND) else ()
    return () if asked.sub.is_local else tuple(each for each in names(_KIND) if each not in STRATEGIES)
