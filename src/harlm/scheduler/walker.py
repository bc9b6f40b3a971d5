"""Walks the code of a cell in the order in which it runs, and finds its model calls. Runs nothing.

The walk follows the *taint* of values (the calls whose results they may hold), statement by statement. A loop body
is walked twice: taints from the first round enter the second marked as *earlier*, so a prompt with an earlier
result shows that rounds wait for one another. Helper functions are followed where they are called, including those
of earlier cells.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping, Sequence

from harlm.guest.vocabulary import MODEL_CALLS
from harlm.scheduler.effort import Effort, TooComplex
from harlm.scheduler.found import FoundSite
from harlm.scheduler.plan import Plan
from harlm.scheduler.source import CellSource
from harlm.scheduler.taint import CLEAN, Taint, without_rounds
from harlm.scheduler.walk_state import Function, WalkState

_MUTATING = frozenset({"append", "add", "extend", "insert", "update", "setdefault", "appendleft", "put"})
_DEPTH = 6  # helper functions that call one another
_MOST_SITES = 1_000
_SITE = 20  # of effort, to note a new site
_Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp


class Walker(WalkState):
    """Walks a cell in the order in which it runs.

    Responsibilities: the taint of every name, the call sites and the results they need, the loops and helper
    functions around them.

    Args:
        source: shows pieces of the cell.
        functions: that earlier cells defined.
        effort: pays for the walk.
        calls: the names of the functions whose calls are found.
    """

    def __init__(
        self,
        source: CellSource,
        functions: Mapping[str, Function],
        effort: Effort,
        calls: Collection[str] = MODEL_CALLS,
    ) -> None:
        super().__init__(functions, effort)
        self._source = source
        self._calls = calls
        self._found: dict[tuple[object, ...], FoundSite] = {}

    def plan(self, *, is_whole: bool = True) -> Plan:
        """The plan of the code walked so far.

        Args:
            is_whole: whether that is all of it.
        """
        return Plan(sites=tuple(found.as_call_site() for found in self._found.values()), is_whole=is_whole)

    # -- statements ----------------------------------------------------------------------------------------

    def block(self, body: Iterable[ast.stmt]) -> None:
        """Walk statements in order.

        Raises:
            TooComplex: the effort is spent.
        """
        for node in body:
            self._statement(node)

    def _statement(self, node: ast.stmt) -> None:
        self._effort.spend(1)
        match node:
            case ast.Assign(targets=targets, value=value):
                self._assign(targets, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign([target], value)
            case ast.AugAssign(target=target, value=value):
                self._bind(target, self._value(value) | self._value(_loaded(target)))
            case ast.Return(value=value):
                if self._returned and value is not None:
                    self._returned[-1] |= self._value(value)
                self._leave()
            case ast.Break() | ast.Raise():
                self._inner_values(node)
                self._leave()
            case _:
                self._compound(node)

    def _compound(self, node: ast.stmt) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._define(node.name, node)
            case ast.For() | ast.AsyncFor():
                self._for(node)
            case ast.While():
                self._while(node)
            case ast.If(test=test, body=body, orelse=other):
                self._branches(self._value(test), body, other)
            case ast.Match(subject=subject, cases=cases):
                self._branches(self._value(subject), *(case.body for case in cases))
            case ast.Try() | ast.TryStar():
                self._try(node)
            case ast.With() | ast.AsyncWith():
                self._with(node)
            case ast.ClassDef(body=body):
                self.block(body)
            case _:
                self._inner_values(node)

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            taint = self._value(item.context_expr)
            if item.optional_vars is not None:
                self._bind(item.optional_vars, taint)
        self.block(node.body)

    def _assign(self, targets: list[ast.expr], value: ast.expr) -> None:
        taint = self._value(value)
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(value, ast.Lambda):
                self._define(target.id, value)
            self._bind(target, taint)

    def _bind(self, target: ast.expr, taint: Taint) -> None:
        """Give a target its taint. A value that is put into a container taints the container as well."""
        match target:
            case ast.Name(id=name):
                self._taints[name] = taint | self._control
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                for part in parts:
                    self._bind(part, taint)
            case ast.Starred(value=inner):
                self._bind(inner, taint)
            case ast.Subscript() | ast.Attribute():
                self._taint_root(target, taint | self._inner_values(target))

    def _taint_root(self, target: ast.expr, taint: Taint) -> None:
        while isinstance(target, ast.Subscript | ast.Attribute | ast.Call):
            target = target.func if isinstance(target, ast.Call) else target.value
        if isinstance(target, ast.Name):
            self._taints[target.id] = self._taints.get(target.id, CLEAN) | taint | self._control

    def _branches(self, test: Taint, *bodies: list[ast.stmt]) -> None:
        """Walk alternatives. Each begins with the taints from before; afterwards a name has the taints of
        all.
        """
        before, after = dict(self._taints), dict(self._taints)
        with self._decided(test):
            for body in bodies:
                self._effort.spend(len(before) >> 2)
                self._taints = dict(before)
                self.block(body)
                for name, taint in self._taints.items():
                    after[name] = after.get(name, CLEAN) | taint
        self._taints = after

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        over = self._value(node.iter)
        header = f"for {self._source.shown(node.target)} in {self._source.shown(node.iter)}"

        def one_round() -> Taint:
            self._bind(node.target, over)
            self.block(node.body)
            return CLEAN

        self._rounds(node, header, one_round, over)
        self.block(node.orelse)

    def _while(self, node: ast.While) -> None:
        def one_round() -> Taint:
            with self._decided(self._value(node.test)):
                self.block(node.body)
            return CLEAN

        self._rounds(node, f"while {self._source.shown(node.test)}", one_round)
        self.block(node.orelse)

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        self.block(node.body)
        for handler in node.handlers:
            self._branches(CLEAN, handler.body)
        self.block(node.orelse)
        self.block(node.finalbody)

    # -- values --------------------------------------------------------------------------------------------

    def _value(self, node: ast.expr) -> Taint:
        """The taint of an expression; notes the calls in it."""
        taint = self._value_of(node)
        self._effort.spend(1 + (len(taint) >> 5))
        return taint

    def _value_of(self, node: ast.expr) -> Taint:
        match node:
            case ast.Name(id=name):
                return self._taints.get(name, CLEAN)
            case ast.Constant():
                return CLEAN
            case ast.Lambda():
                return CLEAN
            case ast.NamedExpr(target=target, value=value):
                taint = self._value(value)
                self._bind(target, taint)
                return taint
            case ast.IfExp(test=test, body=body, orelse=other):
                decided = self._value(test)
                with self._decided(decided):
                    return decided | self._value(body) | self._value(other)
            case ast.BoolOp(values=[first, *rest]):
                taint = self._value(first)
                for each in rest:
                    with self._decided(taint):
                        taint |= self._value(each)
                return taint
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._comprehension(node)
            case ast.Call():
                return self._call(node)
        return self._inner_values(node)

    def _inner_values(self, node: ast.AST) -> Taint:
        taint = CLEAN
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                taint |= self._value(child)
            elif isinstance(child, ast.keyword | ast.FormattedValue | ast.Slice | ast.comprehension):
                taint |= self._inner_values(child)
        return taint

    def _comprehension(self, node: _Comprehension) -> Taint:
        made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        outside = dict(self._taints)
        result = self._generated(node.generators, made)
        self._taints = {name: taint for name, taint in self._taints.items() if name in outside}
        return result

    def _generated(self, generators: Sequence[ast.comprehension], made: Sequence[ast.expr]) -> Taint:
        """Walk the nested loops of a comprehension, then the values that it makes."""
        if not generators:
            return frozenset().union(*(self._value(each) for each in made))
        first, *rest = generators
        over = self._value(first.iter)

        def one_round() -> Taint:
            self._bind(first.target, over)
            tested: Taint = frozenset().union(*(self._value(test) for test in first.ifs))
            with self._decided(tested):
                return tested | self._generated(rest, made)

        header = f"for {self._source.shown(first.target)} in {self._source.shown(first.iter)}"
        return without_rounds(self._rounds(first, header, one_round, over))

    def _call(self, node: ast.Call) -> Taint:
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        if isinstance(node.func, ast.Name):
            name = node.func.id
            if name in self._calls:
                return self._site(node, name, self._all(arguments))
            if name in self._functions and len(self._through) < _DEPTH and name not in self._through:
                return self._helper(name, node)
            if name in ("map", "filter") and node.args:
                return self._mapped(node)
        taint = self._all(arguments)
        if isinstance(node.func, ast.Attribute):
            taint |= self._value(node.func.value)
            if node.func.attr in _MUTATING:
                self._taint_root(node.func.value, taint)
        return taint | self._run_lambdas(arguments, taint)

    def _all(self, values: Iterable[ast.expr]) -> Taint:
        return frozenset().union(*(self._value(each) for each in values))

    def _run_lambdas(self, arguments: Iterable[ast.expr], given: Taint) -> Taint:
        """A function that is passed as an argument (to ``sorted``, to a pool) may be called with the other
        arguments.
        """
        taint = CLEAN
        for each in arguments:
            name = each.id if isinstance(each, ast.Name) else None
            function = each if isinstance(each, ast.Lambda) else self._functions.get(name or "")
            if function is not None and (name or "<lambda>") not in self._through:
                taint |= self._walk_into(name or "<lambda>", function, _given(function, given))
        return taint

    def _mapped(self, node: ast.Call) -> Taint:
        function, *over = node.args
        taint = self._all(over)

        def one_round() -> Taint:
            if isinstance(function, ast.Name) and function.id in self._calls:
                return self._site(node, function.id, taint)
            return taint | self._run_lambdas([function], taint)

        header = f"for each in {', '.join(map(self._source.shown, over))}"
        return without_rounds(self._rounds(node, header, one_round, taint))

    def _helper(self, name: str, node: ast.Call) -> Taint:
        function = self._functions[name]
        taints = _given(function, CLEAN)
        for parameter, value in zip(_parameters(function), node.args, strict=False):
            taints[parameter] = self._value(value)
        for keyword in node.keywords:
            taints[keyword.arg or "**"] = self._value(keyword.value)
        return self._walk_into(name, function, taints)

    def _walk_into(self, name: str, function: Function, taints: Mapping[str, Taint]) -> Taint:
        """Walk the body of a function with these arguments; names bound in it are local to it."""
        outside, self._taints = self._taints, {**self._taints, **taints}
        self._effort.spend(len(self._taints) >> 2)
        exits = [loop.exits for loop in self._loops]
        past_exits = self._past_exits
        self._through.append(name)

        def body() -> Taint:
            self._returned.append(CLEAN)
            if isinstance(function, ast.Lambda):
                self._returned[-1] = self._value(function.body)
            else:
                self.block(function.body)
            return self._returned.pop()

        result = self._once((function,), set(), body)
        self._through.pop()
        self._past_exits = past_exits
        for loop, before in zip(self._loops, exits, strict=True):
            loop.exits = before  # a return ends the helper only, not a loop around the call
        inner = self._taints
        self._taints = {
            name: inner.get(name, taint) if name not in taints else taint for name, taint in outside.items()
        }
        return result

    def _site(self, node: ast.Call, tool: str, needs: Taint) -> Taint:
        """Note a call. It is the same site in every round of a loop."""
        self._effort.spend((len(needs) + len(self._control) + len(self._past_exits)) >> 3)
        key = (node.lineno, node.col_offset, tuple(self._through), tuple(loop.header for loop in self._loops))
        found = self._found.get(key)
        if found is None:
            if len(self._found) == _MOST_SITES:
                raise TooComplex
            self._effort.spend(_SITE)
            found = self._found[key] = FoundSite(
                number=len(self._found) + 1,
                tool=tool,
                line=node.lineno,
                source=self._source.shown(node),
                loops=tuple(self._loops),
                through=tuple(self._through),
            )
        found.needs |= needs
        found.decided_by |= self._control | self._past_exits
        for inside in self._inside:
            inside.add(found.number)
        return frozenset({found.number})


def _parameters(function: Function) -> list[str]:
    given = function.args
    return [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


def _given(function: Function, taint: Taint) -> dict[str, Taint]:
    return dict.fromkeys(_parameters(function), taint)


def _loaded(target: ast.expr) -> ast.expr:
    return ast.Name(id=target.id, ctx=ast.Load()) if isinstance(target, ast.Name) else target
