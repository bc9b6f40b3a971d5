"""Pieces of generated programs that make iterators, store them, hand them on, and read them to their end or less far."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol

from tests.support.program_scopes import Scope

_LETTERS = "aeiou"


class Writer(Protocol):
    """What writes the program (``programs.Program``)."""

    def say(self, depth: int, line: str) -> None:
        """Add a line."""

    def new(self, kind: str) -> str:
        """A name that is not used yet."""

    def block(self, depth: int, scope: Scope) -> None:
        """Add some statements."""

    def text(self, scope: Scope, depth: int = 0) -> str:
        """An expression that is a text."""

    def test(self, scope: Scope, depth: int = 0) -> str:
        """An expression that is true or false."""


class Iterators:
    """Writes statements about iterators.

    Args:
        writer: writes the program.
        drawn: the random numbers of the program.
    """

    def __init__(self, writer: Writer, drawn: random.Random) -> None:
        self._writer = writer
        self._random = drawn

    def _pick(self, several: list[str] | str) -> str:
        return self._random.choice(list(several))

    # -- expressions ------------------------------------------------------------------------------------------------

    def iterator(self, scope: Scope, depth: int = 0) -> str:
        """An expression that is an iterator."""
        over = f"{self._pick(scope.lists or ['items'])}[:{self._random.randint(2, 6)}]"
        letter = self._pick(_LETTERS)
        inner = scope.inner()
        inner.texts.append("str(each)")
        makers: list[Callable[[], str]] = [
            lambda: f"(llm_query('g ' + str(each)) for each in {over})",
            lambda: f"(llm_query({self._pick(scope.texts or ['base'])} + str(each)) for each in {over})",
            lambda: f"(each for each in {over} if {letter!r} in llm_query('k ' + str(each)))",
            lambda: f"({self._writer.text(inner, 1)} for each in {over} if {self._writer.test(inner, 1)})",
            lambda: f"(llm_query(str(one) + str(two)) for one in {over} for two in {over}[:2])",
            lambda: f"map(lambda each: llm_query('m ' + str(each)), {over})",
            lambda: f"map({self._pick(scope.helpers or ['llm_query'])}, map(str, {over}))",
            lambda: f"filter(lambda each: {letter!r} in llm_query('f ' + str(each)), {over})",
            lambda: f"iter({over})",
        ]
        if scope.iterators:
            makers += [lambda: self._pick(scope.iterators)] * 5
        if scope.makers:
            makers += [lambda: f"{self._pick(scope.makers)}({over})"] * 2
        if depth < 2:
            makers += [lambda: self._over(self.iterator(scope, depth + 1), scope, depth, over)] * 8
        return self._random.choice(makers)()

    def _over(self, read: str, scope: Scope, depth: int, over: str) -> str:
        """An iterator over another."""
        letter, count = self._pick(_LETTERS), self._random.randint(0, 3)
        return self._pick(
            [
                f"(llm_query('o ' + str(each)) for each in {read})",
                f"(each for each in {read} if {letter!r} in str(each))",
                f"map(lambda each: llm_query(str(each)[:9]), {read})",
                f"map(lambda each: str(each).upper(), {read})",
                f"filter(lambda each: {letter!r} in str(each), {read})",
                f"zip({read}, {over})",
                f"zip({over}, {read})",
                f"zip({read}, {self.iterator(scope, depth + 1)})",
                f"enumerate({read}, {count})",
                f"itertools.islice({read}, {count})",
                f"itertools.islice({read}, {count}, {count + self._random.randint(0, 3)}, {self._random.randint(1, 2)})",
                f"itertools.chain({read}, {self.iterator(scope, depth + 1)})",
                f"itertools.chain.from_iterable([{read}, {over}])",
                f"itertools.chain.from_iterable(str(each).split() for each in {read})",
                f"itertools.takewhile(lambda each: 'yes' not in str(each), {read})",
                f"itertools.dropwhile(lambda each: {letter!r} in str(each), {read})",
                f"itertools.accumulate({read}, lambda a, b: llm_query(str(a)[-9:] + str(b)[:9]))",
                f"itertools.starmap(lambda a, b: llm_query(str(a)[:9] + str(b)[:9]), zip({read}, {over}))",
                f"itertools.filterfalse(lambda each: {letter!r} in str(each), {read})",
                f"iter({read})",
            ]
        )

    def _whole(self, scope: Scope) -> str:
        """A text made of all items of an iterator."""
        read = self.iterator(scope)
        return self._pick(
            [
                f"str(list({read}))",
                f"'|'.join(map(str, {read}))",
                f"'|'.join(str(each) for each in {read})",
                f"str(sum(len(str(each)) for each in {read}))",
                f"str(sorted(map(str, {read})))",
                f"str(sorted({{str(each) for each in {read}}}))",
                f"str({{str(each): 1 for each in {read}}})",
                f"str([str(each)[:3] for each in {read}])",
                f"max(map(str, {read}), default='none')",
                f"str(dict(zip(map(str, {read}), items)))",
                f"str([*{read}])",
                f"str(tuple({read}))",
                f"str(llm_query_batched(map(str, {read})))",
                f"functools.reduce(lambda a, b: llm_query(a[-9:] + str(b)[:9]), {read}, 'start')",
                f"str(collections.Counter(str(each)[:2] for each in {read}).most_common(1))",
            ]
        )

    def _some(self, scope: Scope) -> str:
        """A text made of some items of an iterator."""
        read, letter = self.iterator(scope), self._pick(_LETTERS)
        return self._pick(
            [
                f"str(next({read}, 'none'))",
                f"str(next(iter({read}), 'none'))",
                f"str(next((each for each in {read} if {letter!r} in str(each)), 'none'))",
                f"str(any({letter!r} in str(each) for each in {read}))",
                f"str(all({letter!r} in str(each) for each in {read}))",
                f"str(any(map(lambda each: {letter!r} in str(each), {read})))",
                f"str({letter!r} in {read})",
                f"str(list(itertools.islice({read}, {self._random.randint(0, 3)})))",
                f"str(list(zip('ab', {read})))",
                f"str(take({read}, {self._random.randint(0, 3)}))",
            ]
        )

    # -- statements -------------------------------------------------------------------------------------------------

    def before(self) -> None:
        """Define what the statements use."""
        for line in (
            "def take(it, count):",
            "    it = iter(it)",
            "    return [next(it, None) for _ in range(count)]",
            "class Holder:",
            "    def __init__(self, it): self.it = it",
            "    def one(self): return next(self.it, 'none')",
        ):
            self._writer.say(0, line)

    def statement(self, depth: int, scope: Scope) -> None:
        """Add a statement."""
        self._random.choice(
            [
                self._store, self._store, self._bind, self._bind, self._bind, self._loop, self._loop, self._unpack, self._guarded,
                self._while, self._in_container, self._maker,
            ]
        )(depth, scope)  # fmt: skip

    def _store(self, depth: int, scope: Scope) -> None:
        name = self._writer.new("it")
        self._writer.say(depth, f"{name} = {self.iterator(scope)}")
        scope.iterators.append(name)

    def _bind(self, depth: int, scope: Scope) -> None:
        name = self._writer.new("t")
        text = self._some(scope) if self._random.random() < 0.6 else self._whole(scope)
        self._writer.say(depth, f"{name} = {text}")
        scope.texts.append(name)

    def _loop(self, depth: int, scope: Scope) -> None:
        name = self._writer.new("x")
        self._writer.say(depth, f"for {name} in {self.iterator(scope)}:")
        inner = scope.inner(in_loop=True)
        inner.texts.append(f"str({name})")
        if self._random.random() < 0.6:
            self._writer.say(depth + 1, f"if {self._pick(_LETTERS)!r} in str({name}): break")
        self._writer.block(depth + 1, inner)

    def _unpack(self, depth: int, scope: Scope) -> None:
        names = [self._writer.new("t") for _ in range(2)]
        read = self.iterator(scope)
        if self._random.random() < 0.5:
            self._writer.say(depth, f"{names[0]}, *{names[1]} = itertools.chain(['first'], {read})")
            names[1] = f"str({names[1]})"
        else:
            self._writer.say(
                depth, f"{names[0]}, {names[1]} = itertools.islice(itertools.chain({read}, 'xy'), 2)"
            )
        scope.texts += [f"str({name})" for name in names]

    def _guarded(self, depth: int, scope: Scope) -> None:
        name, read = self._writer.new("t"), self.iterator(scope)
        self._writer.say(depth, f"{name} = 'nothing'")
        self._writer.say(depth, "try:")
        made = self._pick(
            [
                f"str(next({read}))",
                self._some(scope),
                self._whole(scope),
                f"str([int(str(each)) for each in {read}])",
            ]
        )
        self._writer.say(depth + 1, f"{name} = {made}")
        self._writer.say(depth, "except (StopIteration, ValueError) as error:")
        self._writer.say(depth + 1, "print(type(error).__name__)")
        scope.texts.append(name)

    def _while(self, depth: int, scope: Scope) -> None:
        name, one = self._writer.new("it"), self._writer.new("t")
        self._writer.say(depth, f"{name} = {self.iterator(scope)}")
        self._writer.say(
            depth, f"while ({one} := next({name}, None)) is not None and 'yes' not in str({one}):"
        )
        inner = scope.inner(in_loop=True)
        inner.texts.append(f"str({one})")
        self._writer.block(depth + 1, inner)
        scope.iterators.append(name)

    def _in_container(self, depth: int, scope: Scope) -> None:
        name, one = self._writer.new("d"), self._writer.new("t")
        if self._random.random() < 0.5:
            self._writer.say(depth, f"{name} = {{'it': {self.iterator(scope)}}}")
            self._writer.say(depth, f"{one} = str(next({name}['it'], 'none'))")
            scope.iterators.append(f"{name}['it']")
        else:
            self._writer.say(depth, f"{name} = Holder({self.iterator(scope)})")
            self._writer.say(depth, f"{one} = str({name}.one()) + str({name}.one())")
            scope.iterators.append(f"{name}.it")
        scope.texts.append(one)

    def _maker(self, depth: int, scope: Scope) -> None:
        if depth:
            return
        name = self._writer.new("y")
        self._writer.say(0, f"def {name}(several):")
        if self._random.random() < 0.5:
            self._writer.say(1, f"return (llm_query({name!r} + str(each)) for each in several)")
        else:
            self._writer.say(1, "for each in several:")
            self._writer.say(2, f"reply = llm_query({name!r} + str(each))")
            self._writer.say(
                2, self._pick(["yield reply", "if 'e' in reply: yield reply", "yield each; yield reply"])
            )
        scope.makers.append(name)
