"""Analyses the code of a cell and returns its plan. Runs nothing.

The analysis may be wrong: only displays, and the choice whether to run a scout, depend on it.

It follows the *taint* of values (the calls whose results they may hold), statement by statement. A loop body
is analysed twice: taints from the first round enter the second marked as *earlier*, so a prompt with an
earlier result shows that rounds wait for one another. Helper functions are followed where they are called,
including those of earlier cells.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from harlm.guest.scout.syntax import callers, facts
from harlm.guest.vocabulary import MODEL_CALLS
from harlm.scheduler.found import FoundSite, OpenLoop
from harlm.scheduler.plan import Plan
from harlm.scheduler.taint import CLEAN, Taint, after_loop, as_earlier, without_rounds

_MUTATING = frozenset({"append", "add", "extend", "insert", "update", "setdefault", "appendleft", "put"})
_DEPTH = 6  # helper functions that call one another
_SHOWN = 100  # characters of source in a plan
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def analyse(code: str, earlier: Sequence[str] = ()) -> Plan:
    """The plan of a cell.

    Args:
        code: of the cell.
        earlier: the cells before it, for the functions that they define; cells that cannot be parsed are
            skipped.

    Raises:
        SyntaxError: the cell is not Python.
    """
    walker = _Walker(code)
    for cell in earlier:
        try:
            walker.define(ast.parse(cell).body)
        except SyntaxError:
            continue
    walker.block(ast.parse(code).body)
    return walker.plan()


def can_call(code: str, earlier: Sequence[str] = ()) -> bool:
    """Whether a cell may call a model: it names a function that calls models, or one that leads to such a
    function.

    True if a cell cannot be parsed.
    """
    try:
        calling = callers([ast.parse(each) for each in earlier])
        return not calling.isdisjoint(facts(ast.parse(code)).names)
    except SyntaxError:
        return True


class _Walker:
    """Walks a cell in the order in which it runs.

    Responsibilities: the taint of every name, the call sites and the results they need, the loops and helper
    functions around them.
    """

    def __init__(self, code: str) -> None:
        self._code = code
        self._taints: dict[str, Taint] = {}
        self._functions: dict[str, _Function] = {}
        self._found: dict[tuple[object, ...], FoundSite] = {}
        self._control: Taint = (
            CLEAN  # of the conditions around this statement; names bound here depend on them
        )
        self._past_exits: Taint = CLEAN  # of the conditions of earlier exits that were not taken
        self._loops: list[OpenLoop] = []
        self._through: list[str] = []
        self._returned: list[Taint] = []

    def plan(self) -> Plan:
        """The plan of the code walked so far."""
        return Plan(sites=tuple(found.as_call_site() for found in self._found.values()))

    def define(self, body: Iterable[ast.stmt]) -> None:
        """Remember the functions of an earlier cell."""
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                self._functions[node.name] = node

    # -- statements ----------------------------------------------------------------------------------------

    def block(self, body: Iterable[ast.stmt]) -> None:
        """Walk statements in order."""
        for node in body:
            self._statement(node)

    def _statement(self, node: ast.stmt) -> None:
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
                self._functions[node.name] = node
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
                self._functions[target.id] = value
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
                self._taints = dict(before)
                self.block(body)
                for name, taint in self._taints.items():
                    after[name] = after.get(name, CLEAN) | taint
        self._taints = after

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        over = self._value(node.iter)
        header = f"for {_shown(node.target)} in {_shown(node.iter)}"

        def one_round() -> None:
            self._bind(node.target, over)
            self.block(node.body)

        self._rounds(header, one_round)
        self.block(node.orelse)

    def _while(self, node: ast.While) -> None:
        def one_round() -> None:
            with self._decided(self._value(node.test)):
                self.block(node.body)

        self._rounds(f"while {_shown(node.test)}", one_round)
        self.block(node.orelse)

    def _rounds(self, header: str, one_round: Callable[[], object]) -> None:
        """Walk two rounds of a loop; the second sees results of the first as those of an earlier round."""
        loop = OpenLoop(header)
        self._loops.append(loop)
        one_round()
        depth = len(self._loops)
        self._taints = {name: as_earlier(taint, loop.inside, depth) for name, taint in self._taints.items()}
        exits = as_earlier(loop.exits, loop.inside, depth)
        before, self._past_exits = self._past_exits, self._past_exits | exits
        one_round()
        self._past_exits = before
        self._loops.pop()
        self._taints = {name: after_loop(taint, depth) for name, taint in self._taints.items()}

    def _leave(self) -> None:
        """The innermost loop or helper function may be left here, if the conditions around this place
        hold.
        """
        if self._control:
            self._past_exits |= self._control
            if self._loops:
                self._loops[-1].exits |= without_rounds(self._control)

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        self.block(node.body)
        for handler in node.handlers:
            self._branches(CLEAN, handler.body)
        self.block(node.orelse)
        self.block(node.finalbody)

    @contextmanager
    def _decided(self, by: Taint) -> Iterator[None]:
        before, self._control = self._control, self._control | by
        try:
            yield
        finally:
            self._control = before

    # -- values --------------------------------------------------------------------------------------------

    def _value(self, node: ast.expr) -> Taint:
        """The taint of an expression; notes the calls in it."""
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

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Taint:
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
        result = CLEAN

        def one_round() -> None:
            nonlocal result
            self._bind(first.target, over)
            tested: Taint = frozenset().union(*(self._value(test) for test in first.ifs))
            with self._decided(tested):
                result |= tested | self._generated(rest, made)

        self._rounds(f"for {_shown(first.target)} in {_shown(first.iter)}", one_round)
        return without_rounds(result)

    def _call(self, node: ast.Call) -> Taint:
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        if isinstance(node.func, ast.Name):
            name = node.func.id
            if name in MODEL_CALLS:
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
                taint |= self._inside(name or "<lambda>", function, _given(function, given))
        return taint

    def _mapped(self, node: ast.Call) -> Taint:
        function, *over = node.args
        taint = self._all(over)
        result = CLEAN

        def one_round() -> None:
            nonlocal result
            if isinstance(function, ast.Name) and function.id in MODEL_CALLS:
                result |= self._site(node, function.id, taint)
            else:
                result |= taint | self._run_lambdas([function], taint)

        self._rounds(f"for each in {', '.join(map(_shown, over))}", one_round)
        return without_rounds(result)

    def _helper(self, name: str, node: ast.Call) -> Taint:
        function = self._functions[name]
        taints = _given(function, CLEAN)
        for parameter, value in zip(_parameters(function), node.args, strict=False):
            taints[parameter] = self._value(value)
        for keyword in node.keywords:
            taints[keyword.arg or "**"] = self._value(keyword.value)
        return self._inside(name, function, taints)

    def _inside(self, name: str, function: _Function, taints: Mapping[str, Taint]) -> Taint:
        """Walk the body of a function with these arguments; names bound in it are local to it."""
        outside, self._taints = self._taints, {**self._taints, **taints}
        exits = [loop.exits for loop in self._loops]
        past_exits = self._past_exits
        self._through.append(name)
        self._returned.append(CLEAN)
        if isinstance(function, ast.Lambda):
            self._returned[-1] = self._value(function.body)
        else:
            self.block(function.body)
        self._through.pop()
        self._past_exits = past_exits
        for loop, before in zip(self._loops, exits, strict=True):
            loop.exits = before  # a return ends the helper only, not a loop around the call
        inner = self._taints
        self._taints = {
            name: inner.get(name, taint) if name not in taints else taint for name, taint in outside.items()
        }
        return self._returned.pop()

    def _site(self, node: ast.Call, tool: str, needs: Taint) -> Taint:
        """Note a call. It is the same site in every round of a loop."""
        key = (node.lineno, node.col_offset, tuple(self._through), tuple(loop.header for loop in self._loops))
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = FoundSite(
                number=len(self._found) + 1,
                tool=tool,
                line=node.lineno,
                source=_shown(node),
                loops=tuple(self._loops),
                through=tuple(self._through),
            )
        found.needs |= needs
        found.decided_by |= self._control | self._past_exits
        for loop in self._loops:
            loop.inside.add(found.number)
        return frozenset({found.number})


def _parameters(function: _Function) -> list[str]:
    given = function.args
    return [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]


def _given(function: _Function, taint: Taint) -> dict[str, Taint]:
    return dict.fromkeys(_parameters(function), taint)


def _loaded(target: ast.expr) -> ast.expr:
    return ast.Name(id=target.id, ctx=ast.Load()) if isinstance(target, ast.Name) else target


def _shown(node: ast.AST) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
