"""The state of a walk through a cell: what its names hold, the conditions and loops around the current place.

A loop or a helper function that is entered again in a state in which it was walked before is not walked again,
since nothing new can be found in it: loops in loops cost what they contain, not two to the power of their depth.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from harlm.scheduler.effort import Effort
from harlm.scheduler.found import OpenLoop
from harlm.scheduler.taint import CLEAN, Taint, after_loop, as_earlier, without_rounds

_ONCE = 8  # of effort, to see whether a loop or a function was walked before
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True, slots=True)
class _Walked:
    """What the walk of a loop or a helper function did.

    Attributes:
        result: its taint.
        taints, functions, past_exits: as they were afterwards.
        returned: what it added to the results of the function around it.
        inside: the numbers of the sites in it.
    """

    result: Taint
    taints: Mapping[str, Taint]
    functions: Mapping[str, Function]
    past_exits: Taint
    returned: Taint
    inside: frozenset[int]


class WalkState:
    """What a walk knows at the current place.

    Args:
        functions: that earlier cells defined.
        effort: pays for the walk.
    """

    def __init__(self, functions: Mapping[str, Function], effort: Effort) -> None:
        self._effort = effort
        self._taints: dict[str, Taint] = {}
        self._functions = functions
        self._versions = [functions]  # all of them, so that each keeps the id by which it is known
        self._walked: dict[tuple[object, ...], _Walked] = {}
        self._inside: list[set[int]] = []  # the sites in each loop and function that is being walked
        self._control: Taint = (
            CLEAN  # of the conditions around this statement; names bound here depend on them
        )
        self._past_exits: Taint = CLEAN  # of the conditions of earlier exits that were not taken
        self._loops: list[OpenLoop] = []
        self._through: list[str] = []
        self._returned: list[Taint] = []

    def _define(self, name: str, function: Function) -> None:
        if self._functions.get(name) is not function:
            self._effort.spend(len(self._functions) >> 4)
            self._functions = {**self._functions, name: function}
            self._versions.append(self._functions)

    def _rounds(
        self, node: ast.AST, header: str, one_round: Callable[[], Taint], over: Taint = CLEAN
    ) -> Taint:
        """Walk two rounds of a loop; the second sees results of the first as those of an earlier round.

        Args:
            node: the loop.
            header: its source.
            one_round: walks one round.
            over: the taint of what it runs over.

        Returns:
            the taint of both rounds.
        """
        loop = OpenLoop(header)

        def both_rounds() -> Taint:
            self._loops.append(loop)
            result = one_round()
            depth = len(self._loops)
            self._effort.spend(len(self._taints) >> 1)
            self._taints = {
                name: as_earlier(taint, loop.inside, depth) if taint else taint
                for name, taint in self._taints.items()
            }
            exits = as_earlier(loop.exits, loop.inside, depth)
            before, self._past_exits = self._past_exits, self._past_exits | exits
            result |= one_round()
            self._past_exits = before
            self._loops.pop()
            self._taints = {
                name: after_loop(taint, depth) if taint else taint for name, taint in self._taints.items()
            }
            return result

        return self._once((node, header, over), loop.inside, both_rounds)

    def _once(self, what: tuple[object, ...], inside: set[int], walk: Callable[[], Taint]) -> Taint:
        """Walk a loop or a helper function, unless it was walked in this state before.

        Args:
            what: identifies it.
            inside: receives the numbers of the sites in it.
            walk: walks it.
        """
        self._effort.spend(_ONCE + (len(self._taints) >> 1) + len(self._loops))
        headers = tuple(loop.header for loop in self._loops)
        state = (frozenset(self._taints.items()), self._control, self._past_exits, id(self._functions))
        key = (*what, *state, headers, tuple(self._through))
        walked = self._walked.get(key)
        if walked is None:
            self._inside.append(inside)
            returned, self._returned[-1:] = self._returned[-1:], [CLEAN] * bool(self._returned)
            result = walk()
            self._inside.pop()
            walked = _Walked(
                result,
                self._taints,
                self._functions,
                self._past_exits,
                self._returned[-1] if returned else CLEAN,
                frozenset(inside),
            )
            self._walked[key] = walked
            self._returned[-1:] = returned
        for each in self._inside:
            each |= walked.inside
        self._taints = dict(walked.taints)
        self._functions, self._past_exits = walked.functions, walked.past_exits
        if self._returned:
            self._returned[-1] |= walked.returned
        return walked.result

    def _leave(self) -> None:
        """The innermost loop or helper function may be left here, if the conditions around this place
        hold.
        """
        if self._control:
            self._past_exits |= self._control
            if self._loops:
                self._loops[-1].exits |= without_rounds(self._control)

    @contextmanager
    def _decided(self, by: Taint) -> Iterator[None]:
        before, self._control = self._control, self._control | by
        try:
            yield
        finally:
            self._control = before
