"""What a pattern does at best: its calls, its output, and the least time in which its turns can be over.

The code of a pattern is run here, one call after another, and each call is noted with the place at which its text ends. From
that follows when it can begin at the earliest: once its text is written and the replies that it needs have arrived. A
comprehension's calls are written when all of it is, since the items stand at its end. A loop's first calls need no more than
their own text, except where the pattern says otherwise.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import io
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from functools import lru_cache
from types import CodeType, FrameType
from typing import Any, NamedTuple, cast

from perf.ahead.pattern import (
    ALL,
    CONTEXT,
    PREVIOUS,
    Pattern,
    Refused,
    Wait,
    code_of,
    kind_of,
    reply_to,
    subject_of,
)
from perf.ahead.script import TOKENS_PER_S, Cell, cells_of, tokens_up_to, written_s

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp)


class Call(NamedTuple):
    """A sub-call of a pattern.

    Attributes:
        turn: the reply whose code makes it, counted from 0.
        prompt: what is asked.
        tokens: how many tokens of the reply are written when its text is.
        starts_s: when it can begin at the earliest, in seconds after the request for the reply.
        ends_s: when its reply arrives at the earliest.
    """

    turn: int
    prompt: str
    tokens: int
    starts_s: float = 0.0
    ends_s: float = 0.0


class Best(NamedTuple):
    """A pattern at its best.

    Attributes:
        calls: all of its calls, in the order of the code.
        outputs: for each reply, what each of its blocks prints, with the name of the exception that ends it.
        turns_s: the least seconds of each turn.
    """

    calls: tuple[Call, ...]
    outputs: tuple[tuple[tuple[str, str], ...], ...]
    turns_s: tuple[float, ...]

    @property
    def seconds(self) -> float:
        """The least seconds of all turns."""
        return sum(self.turns_s)


class _Reply(str):
    """A reply that can be awaited as well."""

    __slots__ = ()

    def __await__(self) -> Generator[Any, None, str]:
        return asyncio.sleep(0, str(self)).__await__()


@dataclass
class _Recorder:
    """The functions that code calls, and what was called.

    Attributes:
        pattern: whose code runs.
        turn: the reply whose code runs.
        calls: so far.
    """

    pattern: Pattern
    turn: int = 0
    calls: list[Call] = field(default_factory=list)

    def llm_query(self, prompt: str) -> str:
        """Note a call, and answer it."""
        self._note(prompt)
        return _Reply(reply_to(prompt))

    def llm_query_batched(self, prompts: Sequence[str]) -> list[str]:
        """Note several calls, and answer them."""
        for prompt in prompts:
            self._note(prompt)
        return [_Reply(reply_to(prompt)) for prompt in prompts]

    def _note(self, prompt: str) -> None:
        reply = self.pattern.turns[self.turn]
        kind = kind_of(prompt)
        ends = [_end_in(reply, self.turn, frame) for frame in _frames()]
        is_first = not any(kind_of(call.prompt) == kind and call.turn == self.turn for call in self.calls)
        marks = [
            self.pattern.complete_first.get(kind, ""),
            "" if is_first else self.pattern.complete.get(kind, ""),
        ]
        ends += [reply.index(mark) + len(mark) for mark in marks if mark and mark in reply]
        self.calls.append(Call(self.turn, prompt, tokens_up_to(reply, max(ends) - 1)))


def best_of(pattern: Pattern) -> Best:
    """The calls, output and least time of a pattern."""
    recorder = _Recorder(pattern)
    names: dict[str, Any] = {
        "context": CONTEXT,
        "llm_query": recorder.llm_query,
        "llm_query_batched": recorder.llm_query_batched,
        "__name__": "__main__",
    }
    outputs = []
    for turn, reply in enumerate(pattern.turns):
        recorder.turn = turn
        outputs.append(
            tuple(_run(cell, f"<turn {turn} block {at}>", names) for at, cell in enumerate(cells_of(reply)))
        )
    calls = _timed(pattern, recorder.calls)
    turns = tuple(
        max([written_s(reply), *(call.ends_s for call in calls if call.turn == turn)])
        for turn, reply in enumerate(pattern.turns)
    )
    return Best(calls, tuple(outputs), turns)


def _run(cell: Cell, name: str, names: dict[str, Any]) -> tuple[str, str]:
    """What a block prints, and the name of the exception that ends it."""
    code = compile(cell.code, name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    out = io.StringIO()
    error = ""
    with redirect_stdout(out):
        try:
            begun = eval(code, names)
            if begun is not None:
                asyncio.run(begun)
        except Refused:
            error = "Refused"
        except Exception as raised:  # noqa: BLE001 - what the pattern means to raise
            error = type(raised).__name__
    return out.getvalue().strip(), error


# -- where the text of a call ends --------------------------------------------------------------------------


def _frames() -> Iterator[FrameType]:
    """The frames of a pattern's code that are running."""
    frame: FrameType | None = inspect.currentframe()
    while frame is not None:
        if frame.f_code.co_filename.startswith("<turn "):
            yield frame
        frame = frame.f_back


def _end_in(reply: str, turn: int, frame: FrameType) -> int:
    """The character of the reply after what a frame is running; 0 if that is code of an earlier reply."""
    _, at_turn, _, at_block = frame.f_code.co_filename.strip("<>").split(" ")
    if int(at_turn) != turn:
        return 0
    cell = cells_of(reply)[int(at_block)]
    line, _, column, end_column = _position(frame.f_code, frame.f_lasti)
    end = max([(line, end_column), *_around(cell.code, line, column)])
    lines = cell.code.splitlines(keepends=True)
    return cell.start + sum(map(len, lines[: end[0] - 1])) + end[1]


def _position(code: CodeType, at: int) -> tuple[int, int, int, int]:
    """(last line, first line, first column, column after the end) of an instruction."""
    line, end_line, column, end_column = list(code.co_positions())[at // 2]
    assert line is not None
    assert end_line is not None
    assert column is not None
    assert end_column is not None
    return end_line, line, column, end_column


def _around(code: str, line: int, column: int) -> Iterator[tuple[int, int]]:
    """Where the comprehensions around a place end, as (line, column)."""
    for node in ast.walk(_tree(code)):
        if isinstance(node, _COMPREHENSIONS):
            end = (cast(int, node.end_lineno), cast(int, node.end_col_offset))
            if (node.lineno, node.col_offset) <= (line, column) < end:
                yield end


@lru_cache
def _tree(code: str) -> ast.Module:
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    return cast(ast.Module, compile(code, "<tree>", "exec", flags=flags, dont_inherit=True))


# -- when calls can begin -------------------------------------------------------------------------------------


def _timed(pattern: Pattern, calls: Sequence[Call]) -> tuple[Call, ...]:
    timed: list[Call] = []
    waits: Mapping[str, Wait] = {wait.kind: wait for wait in pattern.waits}
    for call in calls:
        earlier = [each for each in timed if each.turn == call.turn]
        needed = [each for each in earlier if code_of(each.prompt) in call.prompt]
        wait = waits.get(kind_of(call.prompt))
        if wait is not None:
            needed += _decisive(wait, call, earlier)
        starts = max([call.tokens / TOKENS_PER_S, *(each.ends_s for each in needed)])
        timed.append(call._replace(starts_s=starts, ends_s=starts + pattern.latency_s))
    return tuple(timed)


def _decisive(wait: Wait, call: Call, earlier: Sequence[Call]) -> list[Call]:
    """The calls whose replies decide whether ``call`` is made."""
    before = [each for each in earlier if kind_of(each.prompt) == wait.on]
    if wait.which == ALL:
        return before
    if wait.which == PREVIOUS:
        return before[-1:]
    return [each for each in before if subject_of(each.prompt) == subject_of(call.prompt)]
