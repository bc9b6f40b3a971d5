"""Pieces of generated programs that call models for values of a type, and the values that a seeded model gives them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

from tests.support.program_iterators import Writer
from tests.support.program_scopes import Scope

_RECORD = "{'word': str, 'count': int}"


class TypedCalls:
    """Writes calls with a schema.

    Args:
        writer: writes the program.
        drawn: the random numbers of the program.
    """

    def __init__(self, writer: Writer, drawn: random.Random) -> None:
        self._writer = writer
        self._random = drawn

    def text(self, scope: Scope, depth: int) -> str:
        """An expression that is a text, made from a typed value."""
        prompt = self._writer.text(scope, depth + 1)
        return self._random.choice(
            [
                f"llm_query({prompt}, schema=str)",
                f"llm_query({prompt}, schema={_RECORD})['word']",
                f"str(llm_query({prompt}, schema=int) + 1)",
                f"'|'.join(llm_query({prompt}, schema=list[str]))",
                f"('on' if llm_query({prompt}, None, bool) else 'off')",
            ]
        )

    def statement(self, depth: int, scope: Scope) -> None:
        """Add a statement."""
        makers: list[Callable[[int, Scope, str], None]] = [
            self._record, self._record, self._list, self._number, self._branch, self._batch, self._rows, self._marks, self._wrong,
            self._class,
        ]  # fmt: skip
        self._random.choice(makers)(depth, scope, self._writer.text(scope, 1))

    def _record(self, depth: int, scope: Scope, prompt: str) -> None:
        name = self._writer.new("v")
        self._writer.say(depth, f"{name} = llm_query({prompt}, schema={_RECORD})")
        if self._random.random() < 0.4:
            self._writer.say(depth, f"{name}['word'] += {self._writer.text(scope, 1)}")
        self._writer.say(depth, f"{name}_word, {name}_count = {name}['word'], {name}['count']")
        scope.texts.append(f"{name}_word")
        scope.numbers.append(f"{name}_count")

    def _list(self, depth: int, scope: Scope, prompt: str) -> None:
        name = self._writer.new("l")
        self._writer.say(depth, f"{name} = llm_query({prompt}, schema=list[{_RECORD}])")
        if self._random.random() < 0.5:
            self._writer.say(depth, f"{name}.append({self._writer.text(scope, 1)})")
        scope.lists.append(name)

    def _number(self, depth: int, scope: Scope, prompt: str) -> None:
        name = self._writer.new("n")
        self._writer.say(depth, f"{name} = llm_query({prompt}, schema={{'type': 'integer'}})")
        scope.numbers.append(name)

    def _branch(self, depth: int, scope: Scope, prompt: str) -> None:
        self._writer.say(depth, f"if llm_query({prompt}, schema=bool):")
        self._writer.block(depth + 1, scope.inner())

    def _batch(self, depth: int, scope: Scope, prompt: str) -> None:
        name, over = self._writer.new("l"), self._random.choice(scope.lists or ["items"])
        kind = self._random.choice(["int", "['yes', 'no']", _RECORD, "bool"]).replace(
            "['yes', 'no']", "{'enum': ['yes', 'no']}"
        )
        self._writer.say(
            depth, f"{name} = llm_query_batched([f'y {{each}}' for each in {over}[:4]], schema={kind})"
        )
        scope.lists.append(name)

    def _rows(self, depth: int, scope: Scope, prompt: str) -> None:
        name, over = self._writer.new("l"), self._random.choice(scope.lists or ["items"])
        asked = f"llm_query_batched([f'r {{each}}' for each in {over}[:3]], schema=list[{_RECORD}])"
        test = self._random.choice(["", " if row['count'] > 3"])
        self._writer.say(depth, f"{name} = [row['word'] for rows in {asked} for row in rows{test}]")
        scope.lists.append(name)

    def _marks(self, depth: int, scope: Scope, prompt: str) -> None:
        """Changes values in branches and in a function, under two names."""
        name, over = self._writer.new("l"), self._random.choice(scope.lists or ["items"])
        say = self._writer.say
        say(depth, f"{name} = [llm_query(f's {{each}}', schema={_RECORD}) for each in {over}[:3]]")
        say(depth, f"def mark_{name}(value, word):")
        say(depth + 1, "value['word'] = word + value['word']")
        say(depth + 1, "return value")
        say(depth, f"for one in {name}:")
        say(depth + 1, "if one['count'] > 4:")
        say(
            depth + 2,
            f"one['more'] = llm_query('more ' + str(one['count']){self._random.choice(['', ', schema=bool'])})",
        )
        say(depth, f"for one in {name}: mark_{name}(one, {self._writer.text(scope, 1)})")
        scope.lists.append(name)

    def _wrong(self, depth: int, scope: Scope, prompt: str) -> None:
        name = self._writer.new("t")
        self._writer.say(depth, f"{name} = 'nothing'")
        self._writer.say(depth, "try:")
        wrong = self._random.choice(["7", "list[{'a': 7}]", "{1: str}"])
        self._writer.say(depth + 1, f"{name} = llm_query({prompt}, schema={wrong})")
        self._writer.say(depth, "except TypeError as error:")
        self._writer.say(depth + 1, "print(type(error).__name__)")
        scope.texts.append(name)

    def _class(self, depth: int, scope: Scope, prompt: str) -> None:
        name = self._writer.new("v")
        self._writer.say(depth, "import dataclasses")
        self._writer.say(depth, "@dataclasses.dataclass")
        self._writer.say(depth, f"class Of_{name}:")
        self._writer.say(depth + 1, "word: str")
        self._writer.say(depth + 1, "parts: list[int] = dataclasses.field(default_factory=list)")
        self._writer.say(depth, f"{name} = Of_{name}(**llm_query({prompt}, schema=Of_{name}))")
        scope.texts.append(f"{name}.word")
        scope.lists.append(f"{name}.parts")


def value_for(schema: Any, digest: str) -> object:
    """A value that follows a JSON Schema of the programs, by a digest."""
    drawn = int(digest[:4], 16)
    if isinstance(schema, str):
        return value_for(json.loads(schema), digest)
    if "enum" in schema:
        return schema["enum"][drawn % len(schema["enum"])]
    match schema.get("type"):
        case "object":
            return {name: value_for(part, digest[1:]) for name, part in schema["properties"].items()}
        case "array":
            return [value_for(schema["items"], digest[at:]) for at in range(drawn % 4)]
        case "integer":
            return drawn % 10
        case "boolean":
            return drawn % 2 == 0
    return f"{('yes', 'no', 'maybe', 'one')[drawn % 4]} {digest[2:6]}"
