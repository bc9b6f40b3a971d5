"""From the code of a cell to its plan. Knows Python's syntax and which names call models; runs nothing. It need not be right:
nothing but display, and the choice whether to look closer, depends on it.

The analysis follows which calls a value may hold results of (its *taint*), statement by statement. A loop is gone through
twice: what the first round leaves behind enters the second marked as *earlier*, so that a prompt with an earlier result
shows that rounds wait for one another. Helper functions are followed where they are called, those of earlier cells too.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from harlm.guest.scout.syntax import callers, facts
from harlm.guest.vocabulary import MODEL_CALLS
from harlm.scheduler.plan import CallSite, Flow, Loop, Plan

Taint = frozenset[int]
"""The sites whose results a value may hold. One of an earlier round of a loop is ``-(number + depth * _ROUND)``, for a loop
with ``depth - 1`` others around it.
"""

_ROUND = 1 << 20
_NOTHING: Taint = frozenset()
_MUTATING = frozenset({"append", "add", "extend", "insert", "update", "setdefault", "appendleft", "put"})
_DEPTH = 6  # helpers inside helpers
_SHOWN = 100
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def analyse(code: str, earlier: Sequence[str] = ()) -> Plan:
    """The plan of a cell.

    Args:
        code: of the cell.
        earlier: the cells before it, for the functions that they define; those that cannot be parsed are passed over.

    Raises:
        SyntaxError: the cell is no Python, as Python says it.
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
    """Whether a cell may call a model at all: it names a tool, or something that leads to one. True where it cannot be parsed."""
    try:
        leading = callers([ast.parse(each) for each in earlier])
        return not leading.isdisjoint(facts(ast.parse(code)).names)
    except SyntaxError:
        return True


@dataclass(slots=True)
class _Found:
    """A site while the walk goes on."""

    number: int
    tool: str
    line: int
    source: str
    loops: tuple[_Open, ...]
    through: tuple[str, ...]
    needs: set[int] = field(default_factory=set)
    decided_by: set[int] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class _Open:
    """A loop that the walk is in."""

    header: str
    inside: set[int] = field(default_factory=set)
    exits: Taint = _NOTHING


class _Walker:
    """Goes through a cell in the order in which it runs.

    Responsibilities: the taint of every name, the calls and what they wait for, the loops and helpers around them.
    """

    def __init__(self, code: str) -> None:
        self._code = code
        self._taints: dict[str, Taint] = {}
        self._functions: dict[str, _Function] = {}
        self._found: dict[tuple[object, ...], _Found] = {}
        self._control: Taint = _NOTHING  # by what values decide, which also decide what is bound here
        self._past_exits: Taint = _NOTHING  # by an exit that was not taken
        self._loops: list[_Open] = []
        self._through: list[str] = []
        self._returned: list[Taint] = []

    def plan(self) -> Plan:
        """What was found."""
        return Plan(sites=tuple(_site(found) for found in self._found.values()))

    def define(self, body: Iterable[ast.stmt]) -> None:
        """Take the functions of an earlier cell."""
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                self._functions[node.name] = node

    # -- statements --------------------------------------------------------------------------------------------

    def block(self, body: Iterable[ast.stmt]) -> None:
        """Go through statements in order."""
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
        """Give a target its taint. What is put into a container taints the container as well."""
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
            self._taints[target.id] = self._taints.get(target.id, _NOTHING) | taint | self._control

    def _branches(self, test: Taint, *bodies: list[ast.stmt]) -> None:
        """Alternatives that a value decides between: each begins with what was before, and what any leaves may hold."""
        before, after = dict(self._taints), dict(self._taints)
        with self._decided(test):
            for body in bodies:
                self._taints = dict(before)
                self.block(body)
                for name, taint in self._taints.items():
                    after[name] = after.get(name, _NOTHING) | taint
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
        """Two rounds of a loop; the second sees what the first left as earlier."""
        loop = _Open(header)
        self._loops.append(loop)
        one_round()
        depth = len(self._loops)
        self._taints = {name: _earlier(taint, loop.inside, depth) for name, taint in self._taints.items()}
        exits = _earlier(loop.exits, loop.inside, depth)
        before, self._past_exits = self._past_exits, self._past_exits | exits
        one_round()
        self._past_exits = before
        self._loops.pop()
        self._taints = {name: _over(taint, depth) for name, taint in self._taints.items()}

    def _leave(self) -> None:
        """The innermost loop or helper may be left here, if what decides about this place says so."""
        if self._control:
            self._past_exits |= self._control
            if self._loops:
                self._loops[-1].exits |= frozenset(map(_number, self._control))

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        self.block(node.body)
        for handler in node.handlers:
            self._branches(_NOTHING, handler.body)
        self.block(node.orelse)
        self.block(node.finalbody)

    @contextmanager
    def _decided(self, by: Taint) -> Iterator[None]:
        before, self._control = self._control, self._control | by
        try:
            yield
        finally:
            self._control = before

    # -- values ------------------------------------------------------------------------------------------------

    def _value(self, node: ast.expr) -> Taint:
        """The taint of an expression, with the calls in it found on the way."""
        match node:
            case ast.Name(id=name):
                return self._taints.get(name, _NOTHING)
            case ast.Constant():
                return _NOTHING
            case ast.Lambda():
                return _NOTHING
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
        taint = _NOTHING
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
        """The loops of a comprehension, one in the other, around what it makes."""
        if not generators:
            return frozenset().union(*(self._value(each) for each in made))
        first, *rest = generators
        over = self._value(first.iter)
        result = _NOTHING

        def one_round() -> None:
            nonlocal result
            self._bind(first.target, over)
            tested: Taint = frozenset().union(*(self._value(test) for test in first.ifs))
            with self._decided(tested):
                result |= tested | self._generated(rest, made)

        self._rounds(f"for {_shown(first.target)} in {_shown(first.iter)}", one_round)
        return frozenset(map(_number, result))

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
        """Functions that are handed on (to ``sorted``, to a pool) may be called with what is handed on beside them."""
        taint = _NOTHING
        for each in arguments:
            name = each.id if isinstance(each, ast.Name) else None
            function = each if isinstance(each, ast.Lambda) else self._functions.get(name or "")
            if function is not None and (name or "<lambda>") not in self._through:
                taint |= self._inside(name or "<lambda>", function, _given(function, given))
        return taint

    def _mapped(self, node: ast.Call) -> Taint:
        function, *over = node.args
        taint = self._all(over)
        result = _NOTHING

        def one_round() -> None:
            nonlocal result
            if isinstance(function, ast.Name) and function.id in MODEL_CALLS:
                result |= self._site(node, function.id, taint)
            else:
                result |= taint | self._run_lambdas([function], taint)

        self._rounds(f"for each in {', '.join(map(_shown, over))}", one_round)
        return frozenset(map(_number, result))

    def _helper(self, name: str, node: ast.Call) -> Taint:
        function = self._functions[name]
        taints = _given(function, _NOTHING)
        for parameter, value in zip(_parameters(function), node.args, strict=False):
            taints[parameter] = self._value(value)
        for keyword in node.keywords:
            taints[keyword.arg or "**"] = self._value(keyword.value)
        return self._inside(name, function, taints)

    def _inside(self, name: str, function: _Function, taints: Mapping[str, Taint]) -> Taint:
        """Go through a function's body with these arguments; its own names stay inside."""
        outside, self._taints = self._taints, {**self._taints, **taints}
        exits = [loop.exits for loop in self._loops]
        past_exits = self._past_exits
        self._through.append(name)
        self._returned.append(_NOTHING)
        if isinstance(function, ast.Lambda):
            self._returned[-1] = self._value(function.body)
        else:
            self.block(function.body)
        self._through.pop()
        self._past_exits = past_exits
        for loop, before in zip(self._loops, exits, strict=True):
            loop.exits = before  # a helper returns to where it was called: it leaves no loop around that
        inner = self._taints
        self._taints = {
            name: inner.get(name, taint) if name not in taints else taint for name, taint in outside.items()
        }
        return self._returned.pop()

    def _site(self, node: ast.Call, tool: str, needs: Taint) -> Taint:
        """Note a call. It is one and the same site in each round of a loop."""
        key = (node.lineno, node.col_offset, tuple(self._through), tuple(loop.header for loop in self._loops))
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = _Found(
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


def _site(found: _Found) -> CallSite:
    earlier = {_depth(each) for each in found.needs}
    ended_by = {_depth(each) for each in found.decided_by}

    def flow(depth: int) -> Flow:
        if depth in earlier:
            return "chain"
        return "search" if depth in ended_by else "map"

    return CallSite(
        number=found.number,
        tool=found.tool,
        line=found.line,
        source=found.source,
        needs=tuple(sorted(each for each in found.needs if each > 0 and each != found.number)),
        decided_by=tuple(sorted(each for each in found.decided_by if each > 0 and each != found.number)),
        loops=tuple(
            Loop(header=loop.header, flow=flow(depth)) for depth, loop in enumerate(found.loops, start=1)
        ),
        through=found.through,
    )


def _earlier(taint: Taint, inside: set[int], depth: int) -> Taint:
    """The taint as the next round of a loop sees it."""
    return frozenset(-(each + depth * _ROUND) if each in inside else each for each in taint)


def _over(taint: Taint, depth: int) -> Taint:
    """The taint as it is after a loop."""
    return frozenset(_number(each) if _depth(each) == depth else each for each in taint)


def _number(tainted: int) -> int:
    return abs(tainted) % _ROUND


def _depth(tainted: int) -> int:
    return -tainted // _ROUND if tainted < 0 else 0


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
