"""Scouts on a line whose time passes only while every task waits, next to Python itself."""

from __future__ import annotations

import ast
import contextlib
import copy
import heapq
import io
import types
from collections import Counter
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, NamedTuple

from harlm.guest.scout.functions import Inner
from harlm.guest.scout.pending import settle_parts
from harlm.guest.scout.scout import HostReply, Scout
from harlm.guest.worker.functions import HostFunctions
from tests.support.program_typed import value_for

FUNCTIONS = ["llm_query", "llm_query_batched", "rlm_query", "rlm_query_batched"]
FILE = "<cell 1>"


def reply_to(prompt: str, number: int = 1) -> str:
    """What the model replies to a prompt that it gets for the ``number``-th time."""
    digest = blake2b(f"{prompt} {number}".encode(), digest_size=8).hexdigest()
    return f"{('yes', 'no', 'maybe')[int(digest[:4], 16) % 3]} {digest[4:10]}"


def value_of(prompt: str, schema: object) -> object:
    """What a call returns: a text, or a value of its schema."""
    if schema is None:
        return reply_to(prompt)
    return value_for(schema, blake2b(prompt.encode(), digest_size=8).hexdigest())


class VirtualLine:
    """A line on which every call takes one second of virtual time; ``refused`` prompts fail."""

    def __init__(self, refused: frozenset[str] = frozenset()) -> None:
        self.now = 0.0
        self.asked: list[str] = []
        self.needs: dict[str, list[int]] = {}
        self.uncertain: list[str] = []
        self._refused = refused
        self._counts: Counter[str] = Counter()
        self._coming: list[tuple[float, int, str, object]] = []

    def post(self, function: str, arguments: dict[str, Any], needs: list[int], *, is_certain: bool) -> int:
        prompt = str(arguments["prompt"])
        self._counts[prompt] += 1
        self.asked.append(prompt)
        self.needs[prompt] = needs
        if not is_certain:
            self.uncertain.append(prompt)
        heapq.heappush(self._coming, (self.now + 1, len(self.asked), prompt, arguments.get("schema")))
        return len(self.asked)

    def retract(self, numbers: list[int]) -> None:
        pass

    def receive(self, *, wait: bool) -> HostReply | None:
        if not self._coming or (not wait and self._coming[0][0] > self.now):
            return None
        self.now, number, prompt, schema = heapq.heappop(self._coming)
        if prompt in self._refused:
            return HostReply(number, None, f"no reply to {prompt}")
        return HostReply(number, value_of(prompt, schema))


class Seen(NamedTuple):
    """The calls of a program: those of a scout, and those of Python."""

    ahead: list[str]
    alone: list[str]
    seconds: float
    line: VirtualLine

    @property
    def foresaw_all(self) -> bool:
        """Whether the scout asked for exactly what the program asks for."""
        return Counter(self.ahead) == Counter(self.alone)


def tools(post: Callable[[str, dict[str, Any]], Any]) -> dict[str, Callable[..., Any]]:
    return HostFunctions(post, lambda name, several: [post(name, each) for each in several]).named(FUNCTIONS)


def scout(
    code: str, *, refused: frozenset[str] = frozenset(), is_eager: bool = False, **names: Any
) -> VirtualLine:
    """Let a scout go through a program."""
    line = VirtualLine(refused)
    tree = ast.parse(code)
    own = {"__name__": "__main__", **names}
    with contextlib.redirect_stdout(io.StringIO()):
        Scout(own, {FILE: tree}, FILE, line, tools, is_eager=is_eager).run(tree.body)
    return line


def run(code: str, **names: Any) -> list[str]:
    """Run a program as Python does; its calls in order."""
    return outcome(code, **names)[0]


def outcome(code: str, **names: Any) -> tuple[list[str], Exception | None]:
    """Run a program as Python does; its calls in order, and the exception that it ended with."""
    asked: list[str] = []

    def call(function: str, arguments: dict[str, Any]) -> object:
        asked.append(str(arguments["prompt"]))
        return _reply(function, arguments)

    own = {"__name__": "__main__", **names, **tools(call)}
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            exec(compile(code, FILE, "exec"), own)
        except Exception as error:  # noqa: BLE001 - whatever the program raises
            return asked, error
    return asked, None


def variables(code: str, **names: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The variables after a program: those of a scout that has received all replies, and those of Python."""
    line, tree = VirtualLine(), ast.parse(code)
    followed = {"__name__": "__main__", **names}
    executed = {"__name__": "__main__", **copy.deepcopy(names), **tools(_reply)}
    with contextlib.redirect_stdout(io.StringIO()):
        Scout(followed, {FILE: tree}, FILE, line, tools).run(tree.body)
        exec(compile(code, FILE, "exec"), executed)
    settle_parts([followed])
    return _plain(followed), _plain(executed)


def _reply(function: str, arguments: dict[str, Any]) -> object:
    return value_of(str(arguments["prompt"]), arguments.get("schema"))


def _plain(names: dict[str, Any]) -> dict[str, Any]:
    """The variables that can be compared: neither modules nor functions nor classes."""
    hidden = (types.ModuleType, types.FunctionType, type, Inner)
    return {
        name: value
        for name, value in names.items()
        if not name.startswith("__") and not isinstance(value, hidden) and not callable(value)
    }


def both(code: str, **settings: Any) -> Seen:
    """A scout's calls, and the program's own."""
    line = scout(code, chunks=[f"c{at}" for at in range(8)], **settings)
    return Seen(line.asked, run(code, chunks=[f"c{at}" for at in range(8)]), line.now, line)
