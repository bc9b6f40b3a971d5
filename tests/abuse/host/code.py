"""Code that a model could write, made to be hard to look at: nested in any construct, wide, or tangled."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

ASK = "llm_query('x')"

_EXPRESSIONS: Mapping[str, Callable[[str], str]] = {
    "lists of comprehensions": lambda inner: f"[{inner} for _ in [1]]",
    "sets of comprehensions": lambda inner: f"{{str({inner}) for _ in [1]}}",
    "dicts of comprehensions": lambda inner: f"{{1: {inner} for _ in [1]}}",
    "generators": lambda inner: f"list({inner} for _ in [1])",
    "comprehensions over comprehensions": lambda inner: f"[_ for _ in [{inner}]]",
    "conditions of comprehensions": lambda inner: f"[1 for _ in [1] if {inner}]",
    "lambdas": lambda inner: f"(lambda: {inner})()",
    "defaults of lambdas": lambda inner: f"(lambda a={inner}: a)()",
    "calls": lambda inner: f"str({inner})",
    "keywords": lambda inner: f"dict(a={inner})",
    "choices": lambda inner: f"({inner} if 1 else {inner[:0]}'')",
    "alternatives": lambda inner: f"('' or {inner})",
    "tuples": lambda inner: f"({inner},)[0]",
    "sums": lambda inner: f"('' + str({inner}))",
    "comparisons": lambda inner: f"(0 == {inner})",
    "negations": lambda inner: f"(not {inner})",
    "slices": lambda inner: f"'abc'[len(str({inner})):]",
    "maps": lambda inner: f"list(map(lambda _: {inner}, [1]))",
    "sorts": lambda inner: f"sorted([1], key=lambda _: str({inner}))",
    "named values": lambda inner: f"(z := {inner})",
}
"""Each puts an expression into one more layer."""

_STATEMENTS: Mapping[str, tuple[str, ...]] = {
    "loops": ("for a{n} in [1]:",),
    "endless loops": ("while True:", "break"),
    "conditions": ("if True:",),
    "attempts": ("try:",),
    "functions": ("def f{n}():", "f{n}()"),
    "classes": ("class C{n}:",),
    "contexts": ("with __import__('contextlib').nullcontext():",),
    "matches": ("match 1:", "case _:"),
}
"""Each puts statements into one more block."""


def expressions(kind: str, depth: int) -> str:
    """A call of a model in ``depth`` layers of one kind of expression."""
    found = ASK
    for _ in range(depth):
        found = _EXPRESSIONS[kind](found)
    return f"x = {found}"


def expression_kinds() -> list[str]:
    """The names of all kinds of expressions."""
    return list(_EXPRESSIONS)


def blocks(kind: str, depth: int) -> str:
    """A call of a model in ``depth`` blocks of one kind."""
    lines = [_block(kind, level) for level in range(depth)]
    ends = [end for level in reversed(range(depth)) for end in _end(kind, level)]
    return "\n".join([*lines, f"{_at(kind, depth)}{ASK}", *ends])


def block_kinds() -> list[str]:
    """The names of all kinds of blocks."""
    return list(_STATEMENTS)


def _at(kind: str, level: int) -> str:
    return " " * (level * (2 if kind == "matches" else 1))


def _block(kind: str, level: int) -> str:
    head, *rest = _STATEMENTS[kind]
    line = f"{_at(kind, level)}{head.format(n=level)}"
    return f"{line}\n{_at(kind, level)} {rest[0]}" if kind == "matches" else line


def _end(kind: str, level: int) -> list[str]:
    if kind == "attempts":
        return [f"{_at(kind, level)}except ValueError: pass"]
    if kind == "endless loops":
        return [f"{_at(kind, level + 1)}break"]
    if kind == "functions":
        return [f"{_at(kind, level)}f{level}()"]
    return []


def mixed(chance: random.Random, depth: int) -> str:
    """A call of a model in ``depth`` layers of any kinds, several of them side by side."""
    found = ASK
    for _ in range(depth):
        found = chance.choice(list(_EXPRESSIONS.values()))(found)
        if chance.random() < 0.1 and len(found) < 4_000:
            found = f"[{found}, {found}]"
    return f"x = {found}"


def wide(size: int) -> Mapping[str, str]:
    """Code that is not deep but long: ``size`` is the number of its pieces."""
    return {
        "statements": f"if 0:\n {ASK}\n" + "a = 1\n" * size,
        "calls in one list": f"x = [{', '.join(['str(1)'] * size)}]\n{ASK}",
        "one long sum": f"x = {' + '.join(['1'] * size)}\n{ASK}",
        "one long chain": f"def f():\n return a{'.a' * size}\n{ASK}",
        "one long condition": f"x = {' and '.join(['1'] * size)}\n{ASK}",
        "functions that call the next": "".join(f"def f{n}(): return f{n + 1}()\n" for n in range(size // 4))
        + f"def f{size // 4}(): return {ASK}\nf0()",
        "functions that call the one before": f"def f0(): return {ASK}\n"
        + "".join(f"def f{n}(): return f{n - 1}()\n" for n in range(1, size // 4))
        + f"f{min(size // 4 - 1, 50)}()",
        "names that depend on the next": "".join(f"a{n} = 0\n" for n in range(size // 4))
        + "for _ in [1]:\n"
        + "".join(f" a{n} = a{n + 1}\n" for n in range(size // 4 - 1))
        + f" a{size // 4 - 1} = {ASK}",
        "one long line": f"x = '{'y' * (20 * size)}'\n{ASK}",
        "a name of a million letters": f"{'a' * (20 * size)} = {ASK}",
    }
