"""Programs as a model might write them, and worse, made from a seed: they alias, mutate through tuples and closures, leave
loops early, raise, recurse, draw random numbers, start threads, and call models on the way. The same seed is the same program.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.support.program_async import Asynchronous
from tests.support.program_iterators import Iterators
from tests.support.program_scopes import Scope
from tests.support.program_typed import TypedCalls

_WORDS = ("alpha", "beta", "gamma", "delta", "omega")


class Program:
    """Makes one program.

    Args:
        seed: of everything in it.
        reads_only: whether all its statements make and read iterators.

    Attributes:
        code: what was made.
        is_ordered: whether its calls come in one order only; not so where threads make them.
    """

    def __init__(self, seed: int, *, reads_only: bool = False) -> None:
        self._random = random.Random(seed)
        self._reads_only = reads_only
        self._iterators, self._typed = Iterators(self, self._random), TypedCalls(self, self._random)
        self._asynchronous = Asynchronous(self, self._random)
        self.awaits = self.runs_a_loop = False
        self._count = 0
        self._lines: list[str] = []
        self.is_ordered = True
        self._room = self._random.randint(4, 14)
        scope = Scope(lists=["items"], texts=["base"])
        self.say(0, "import random, json, re, collections, functools, itertools")
        self.say(0, f"random.seed({seed % 97})")
        self.say(0, f"items = {[f'{self._pick(_WORDS)} {at}' for at in range(self._random.randint(1, 5))]!r}")
        self.say(0, f"base = {self._pick(_WORDS)!r}")
        self._iterators.before()
        for _ in range(self._random.randint(0, 3)):
            self._helper(scope)
        while self._room > 0:
            self._statement(0, scope)
        self.code = "\n".join(self._lines) + "\n"

    def _pick(self, several: object) -> str:
        return self._random.choice(list(several))  # type: ignore[call-overload,no-any-return] # a sequence of str

    def _chance(self, of: float) -> bool:
        return self._random.random() < of

    def new(self, kind: str) -> str:
        self._count += 1
        return f"{kind}{self._count}"

    def say(self, depth: int, line: str) -> None:
        self._lines.append("    " * depth + line)

    def text(self, scope: Scope, depth: int = 0) -> str:
        """An expression that is a text."""
        known = [repr(self._pick(_WORDS)), *scope.texts, *scope.texts]
        makers: list[Callable[[], str]] = [
            lambda: self._pick(known),
            lambda: self._pick(known),
            lambda: f"f'{self._pick(_WORDS)} {{{self._pick(scope.texts or ['base'])}}}'",
        ]
        if depth < 2:
            makers += [
                lambda: f"({self.text(scope, depth + 1)} + {self.text(scope, depth + 1)})",
                lambda: f"{self.text(scope, depth + 1)}.upper()",
                lambda: f"{self.text(scope, depth + 1)}[:{self._random.randint(1, 9)}]",
                lambda: f"str({self.number(scope, depth + 1)})",
                lambda: (
                    f"({self.text(scope, depth + 1)} if {self.test(scope, depth + 1)} else {self.text(scope, depth + 1)})"
                ),
                *[lambda: self.call(scope, depth + 1)] * 2,
                lambda: self._typed.text(scope, depth + 1),
            ]
            if scope.lists:
                makers += [
                    lambda: f"'|'.join(map(str, {self._pick(scope.lists)}))",
                    lambda: f"str({self._pick(scope.lists)}[-1:])",
                    lambda: (
                        f"max({self._pick(scope.lists)}, key=lambda each: str(each), default='none')[:5]"
                        if self._chance(0.2)
                        else f"repr({self._pick(scope.lists)})"
                    ),
                ]
            if scope.dicts:
                makers.append(lambda: f"str(sorted({self._pick(scope.dicts)}.items(), key=str))")
                makers.append(
                    lambda: f"{self._pick(scope.dicts)}.get({self.text(scope, depth + 1)}, 'nothing')"
                )
        return self._random.choice(makers)()

    def call(self, scope: Scope, depth: int = 0) -> str:
        """An expression that calls a model, itself or through a helper."""
        prompt = self.text(scope, depth + 1)
        if scope.helpers and self._chance(0.4):
            return f"{self._pick(scope.helpers)}({prompt})"
        return f"llm_query({prompt})"

    def number(self, scope: Scope, depth: int = 0) -> str:
        """An expression that is a number."""
        makers: list[Callable[[], str]] = [
            lambda: str(self._random.randint(0, 5)),
            lambda: self._pick(scope.numbers or ["3"]),
            lambda: f"len({self.text(scope, depth + 1)})",
            lambda: f"len({self._pick(scope.lists or ['items'])})",
            lambda: "random.randint(0, 9)",
        ]
        if depth < 2:
            makers += [
                lambda: (
                    f"({self.number(scope, depth + 1)} {self._pick('+-*')} {self.number(scope, depth + 1)})"
                ),
                lambda: f"{self.text(scope, depth + 1)}.count('a')",
                lambda: f"int({self.text(scope, depth + 1)}[-2:], 16)" if self._chance(0.2) else "7",
            ]
        return self._random.choice(makers)()

    def test(self, scope: Scope, depth: int = 0) -> str:
        """An expression that is true or false."""
        makers: list[Callable[[], str]] = [
            lambda: f"'{self._pick('aeiou')}' in {self.text(scope, depth + 1)}",
            lambda: f"{self.text(scope, depth + 1)}.startswith('yes')",
            lambda: f"{self.number(scope, depth + 1)} > {self.number(scope, depth + 1)}",
            lambda: f"{self.text(scope, depth + 1)} is not None",
        ]
        if depth < 2:
            makers += [
                lambda: f"({self.test(scope, depth + 1)} and {self.test(scope, depth + 1)})",
                lambda: f"({self.test(scope, depth + 1)} or {self.test(scope, depth + 1)})",
                lambda: f"not {self.test(scope, depth + 1)}",
            ]
        return self._random.choice(makers)()

    def list_of(self, scope: Scope, depth: int = 0) -> str:
        """An expression that is a list."""
        over = self._pick(scope.lists or ["items"])
        inner = scope.inner()
        inner.texts.append("str(each)")
        makers: list[Callable[[], str]] = [
            lambda: f"[llm_query(f'{self._pick(_WORDS)} {{each}}') for each in {over}[:6]]",
            lambda: f"[{self.text(inner)} for each in {over}[:6] if {self.test(inner)}]",
            lambda: f"list(map(lambda each: llm_query('m ' + str(each)), {over}[:6]))",
            lambda: f"llm_query_batched([f'b {{each}}' for each in {over}[:6]])",
            lambda: f"[{self.text(scope)}, {self.text(scope)}]",
            lambda: f"sorted(str(each) for each in {over})",
            lambda: f"[each for each in {over} if 'e' in llm_query('keep ' + str(each))][:4]",
            lambda: f"{over}[::-1]",
        ]
        if self._chance(0.3):
            return f"{over}"  # another name for the same list
        return self._random.choice(makers)()

    def block(self, depth: int, scope: Scope) -> None:
        before = len(self._lines)
        for _ in range(self._random.randint(1, 3)):
            self._statement(depth, scope)
        if len(self._lines) == before:
            self.say(depth, "pass")

    def _statement(self, depth: int, scope: Scope) -> None:
        self._room -= 1
        simple = [
            self._bind_text, self._bind_text, self._bind_number, self._bind_list, self._bind_dict, self._print, self._append,
            self._append, self._put, self._count_up, self._add_to, self._mutate_through_tuple, self._exit,
            self._typed.statement,
        ]  # fmt: skip
        compound = [
            self._if, self._if, self._for, self._for, self._while, self._try, self._with, self._closure, self._class,
            self._generator, self._threads, self._nested_def, self._match, self._fold, self._delete, self._global,
            *[self._iterators.statement] * 6, *[self._asynchronous.statement] * 3,
        ]  # fmt: skip
        if self._reads_only:
            simple = compound = [self._iterators.statement]
        kinds = simple if depth >= 3 or self._chance(0.6) else compound
        self._random.choice(kinds)(depth, scope)

    def _bind_text(self, depth: int, scope: Scope) -> None:
        name = self._pick(scope.texts) if scope.texts and self._chance(0.3) else self.new("t")
        if not name.isidentifier():
            name = self.new("t")
        self.say(depth, f"{name} = {self.call(scope) if self._chance(0.6) else self.text(scope)}")
        if name not in scope.texts:
            scope.texts.append(name)

    def _bind_number(self, depth: int, scope: Scope) -> None:
        name = self.new("n")
        self.say(depth, f"{name} = {self.number(scope)}")
        scope.numbers.append(name)

    def _bind_list(self, depth: int, scope: Scope) -> None:
        name = self.new("l")
        self.say(depth, f"{name} = {self.list_of(scope)}")
        scope.lists.append(name)

    def _bind_dict(self, depth: int, scope: Scope) -> None:
        name = self.new("d")
        over = self._pick(scope.lists or ["items"])
        makers = (
            f"{{str(each): llm_query('d ' + str(each)) for each in {over}[:5]}}",
            "{}",
            "collections.Counter()",
            f"dict(zip(map(str, {over}), {over}))",
        )
        self.say(depth, f"{name} = {self._pick(makers)}")
        scope.dicts.append(name)

    def _print(self, depth: int, scope: Scope) -> None:
        self.say(depth, f"print({self.text(scope)}, {self.number(scope)})")

    def _append(self, depth: int, scope: Scope) -> None:
        if scope.lists:
            name = self._pick(scope.lists)
            self.say(depth, f"if len({name}) < 12: {name}.append({self.text(scope)})")

    def _put(self, depth: int, scope: Scope) -> None:
        if scope.dicts:
            self.say(depth, f"{self._pick(scope.dicts)}[{self.text(scope)}] = {self.text(scope)}")

    def _count_up(self, depth: int, scope: Scope) -> None:
        name = self.new("c")
        self.say(depth, f"{name} = collections.Counter()")
        self.say(depth, f"for each in {self._pick(scope.lists or ['items'])}[:5]:")
        self.say(depth + 1, f"{name}[llm_query('label ' + str(each))[:3]] += 1")
        scope.dicts.append(name)

    def _add_to(self, depth: int, scope: Scope) -> None:
        if scope.texts and self._chance(0.5):
            name = self._pick(scope.texts)
            if name.isidentifier():
                self.say(depth, f"{name} = ({name} + {self.text(scope)})[-40:]")
        elif scope.lists:
            self.say(depth, f"if len({scope.lists[-1]}) < 9: {scope.lists[-1]} += [{self.text(scope)}]")

    def _mutate_through_tuple(self, depth: int, scope: Scope) -> None:
        name, pair = self.new("l"), self.new("p")
        self.say(depth, f"{name} = []")
        self.say(depth, f"{pair} = ({name}, {{'inside': {name}}})")
        self.say(depth, f"{pair}[0].append({self.text(scope)})")
        self.say(depth, f"{pair}[1]['inside'].append({self.call(scope)})")
        scope.lists.append(name)

    def _exit(self, depth: int, scope: Scope) -> None:
        if scope.in_loop and self._chance(0.7):
            self.say(depth, f"if {self.test(scope)}: {self._pick(('break', 'continue'))}")
        elif scope.in_function:
            self.say(depth, f"if {self.test(scope)}: return {self.text(scope)}")
        elif self._chance(0.15):
            raised = f"raise ValueError({self.text(scope)})"
            finished = f"FINAL({self.text(scope)})"
            self.say(depth, f"if {self.test(scope)}: {raised if self._chance(0.7) else finished}")
        elif self._chance(0.1):
            self.say(depth, f"1 // len({self.text(scope)}[:{self._random.randint(0, 1)}])")

    def _if(self, depth: int, scope: Scope) -> None:
        self.say(depth, f"if {self.test(scope)}:")
        self.block(depth + 1, scope.inner())
        if self._chance(0.4):
            self.say(depth, "else:")
            self.block(depth + 1, scope.inner())

    def _for(self, depth: int, scope: Scope) -> None:
        name = self.new("x")
        over = self._pick(scope.lists or ["items"])
        inner = scope.inner(in_loop=True)
        if self._chance(0.3):
            self.say(depth, f"for at, {name} in enumerate(list({over})[:4]):")
            inner.numbers.append("at")
        else:
            self.say(depth, f"for {name} in list({over})[:{self._random.randint(2, 4)}]:")
        inner.texts.append(f"str({name})")
        self.block(depth + 1, inner)
        if self._chance(0.15):
            self.say(depth, "else:")
            self.block(depth + 1, scope.inner())

    def _while(self, depth: int, scope: Scope) -> None:
        turns, text = self.new("w"), self.new("t")
        self.say(depth, f"{turns} = 0")
        self.say(depth, f"{text} = {self.text(scope)}")
        self.say(depth, f"while {turns} < 3 and not {text}.startswith('yes'):")
        self.say(depth + 1, f"{turns} += 1")
        self.say(depth + 1, f"{text} = llm_query(f'again {{{turns}}} ' + {text}[-20:])")
        inner = scope.inner(in_loop=True)
        inner.texts.append(text)
        if self._chance(0.5):
            self.block(depth + 1, inner)
        scope.texts.append(text)

    def _try(self, depth: int, scope: Scope) -> None:
        self.say(depth, "try:")
        inner = scope.inner()
        self.block(depth + 1, inner)
        risky = (
            f"int({self.text(inner)})", f"{{}}[{self.text(inner)}]", f"json.loads({self.call(inner)})",
            f"1 // ({self.number(inner)} % 2)",
        )  # fmt: skip
        self.say(depth + 1, self._pick(risky))
        self.block(depth + 1, inner)
        kind = self._pick(("Exception", "(ValueError, KeyError)", "ZeroDivisionError"))
        self.say(depth, f"except {kind} as error:")
        self.say(depth + 1, "print(type(error).__name__, str(error)[:60])")
        self.block(depth + 1, scope.inner())
        if self._chance(0.3):
            self.say(depth, "finally:")
            self.block(depth + 1, scope.inner(in_loop=False, in_function=False))

    def _with(self, depth: int, scope: Scope) -> None:
        name = self.new("g")
        self.say(depth, f"import contextlib; {name}_log = []")
        self.say(depth, "@contextlib.contextmanager")
        self.say(depth, f"def {name}(what):")
        self.say(depth + 1, f"{name}_log.append('in')")
        self.say(depth + 1, "yield what")
        self.say(depth + 1, f"{name}_log.append('out')")
        self.say(depth, f"with {name}({self.text(scope)}) as {name}_value:")
        inner = scope.inner()
        inner.texts.append(f"{name}_value")
        self.block(depth + 1, inner)

    def _closure(self, depth: int, scope: Scope) -> None:
        name, seen = self.new("f"), self.new("l")
        self.say(depth, f"def {name}_maker():")
        self.say(depth + 1, "seen = []")
        self.say(depth + 1, "def inner(what):")
        self.say(depth + 2, "seen.append(what)")
        self.say(depth + 2, "reply = llm_query('c ' + str(what))")
        if self._chance(0.5):
            self.say(depth + 2, "if 'e' in reply: return reply")
        self.say(depth + 2, "seen.append(reply)")
        self.say(depth + 2, "return str(len(seen)) + reply")
        self.say(depth + 1, "return inner, seen")
        self.say(depth, f"{name}, {seen} = {name}_maker()")
        self.say(depth, f"for each in {self._pick(scope.lists or ['items'])}[:3]: print({name}(each))")
        scope.lists.append(seen)
        if depth == 0:
            scope.helpers.append(name)

    def _class(self, depth: int, scope: Scope) -> None:
        name, one = self.new("K"), self.new("o")
        self.say(depth, f"class {name}:")
        self.say(depth + 1, "shared = []")
        self.say(depth + 1, "def __init__(self, name): self.name = name; self.notes = []")
        self.say(depth + 1, "def ask(self, what):")
        self.say(depth + 2, "reply = llm_query(self.name + str(what))")
        self.say(depth + 2, "self.notes.append(reply); self.shared.append(len(self.notes))")
        if self._chance(0.5):
            self.say(depth + 2, "if reply.startswith('no'): self.notes.append(llm_query('really ' + reply))")
        self.say(depth + 2, "return reply")
        self.say(depth, f"{one} = {name}({self.text(scope)})")
        self.say(depth, f"for each in {self._pick(scope.lists or ['items'])}[:3]: {one}.ask(each)")
        self.say(depth, f"print({one}.notes, {name}.shared)")
        scope.lists.append(f"{one}.notes")

    def _generator(self, depth: int, scope: Scope) -> None:
        name = self.new("y")
        self.say(depth, f"def {name}(several):")
        self.say(depth + 1, "for each in several:")
        self.say(depth + 2, "reply = llm_query('y ' + str(each))")
        self.say(depth + 2, "if 'e' in reply: yield reply")
        self.say(depth, f"for each in {name}({self._pick(scope.lists or ['items'])}[:4]):")
        inner = scope.inner(in_loop=True)
        inner.texts.append("each")
        self.block(depth + 1, inner)

    def _threads(self, depth: int, scope: Scope) -> None:
        if depth or self._chance(0.7):
            return
        self.is_ordered = False
        name = self.new("l")
        over = self._pick(scope.lists or ["items"])
        if self.awaits or self._chance(0.5):
            self.say(depth, "from concurrent.futures import ThreadPoolExecutor")
            self.say(depth, "with ThreadPoolExecutor(3) as pool:")
            self.say(
                depth + 1, f"{name} = list(pool.map(lambda each: llm_query('p ' + str(each)), {over}[:5]))"
            )
        else:
            self._asynchronous.loop(depth, name, over)
        scope.lists.append(name)

    def _nested_def(self, depth: int, scope: Scope) -> None:
        if depth == 0:
            self._helper(scope)

    def _match(self, depth: int, scope: Scope) -> None:
        self.say(depth, f"match {self.text(scope)}[:3]:")
        self.say(depth + 1, "case 'yes':")
        self.block(depth + 2, scope.inner())
        self.say(depth + 1, "case _:")
        self.block(depth + 2, scope.inner())

    def _fold(self, depth: int, scope: Scope) -> None:
        name = self.new("t")
        over = self._pick(scope.lists or ["items"])
        self.say(
            depth,
            f"{name} = functools.reduce(lambda a, b: llm_query(a[-9:] + str(b)[:9]), {over}[:4], 'start')",
        )
        scope.texts.append(name)

    def _delete(self, depth: int, scope: Scope) -> None:
        name = self.new("t")
        self.say(depth, f"{name} = {self.call(scope)}")
        self.say(depth, f"print({name}[:9]); del {name}")

    def _global(self, depth: int, scope: Scope) -> None:
        if depth:
            return
        name, function = self.new("total"), self.new("h")
        self.say(0, f"{name} = ''")
        self.say(0, f"def {function}(what):")
        self.say(1, f"global {name}")
        self.say(1, "reply = llm_query('g ' + str(what))")
        self.say(1, f"{name} = ({name} + reply)[-30:]")
        if self._chance(0.5):
            self.say(1, f"if 'o' in {name}: return {name}")
        self.say(1, "return reply")
        scope.texts.append(name)
        scope.helpers.append(function)

    def _helper(self, scope: Scope) -> None:
        name = self.new("h")
        inner = Scope(texts=["what"], lists=["items"], helpers=list(scope.helpers), in_function=True)
        if self._chance(0.2):
            self.say(0, f"def {name}(what, left=2):")
            self.say(1, "if left == 0 or len(what) < 3: return llm_query('leaf ' + what)")
            self.say(
                1, f"return llm_query({name}(what[:len(what) // 2], left - 1) + {name}(what[-9:], left - 1))"
            )
        else:
            self.say(0, f"def {name}(what):")
            self.block(1, inner)
            self.say(1, f"return {self.text(inner)}")
        scope.helpers.append(name)
