"""Calls of tools that a model writes into its reply, in its own notation: where they begin and end.

Only what begins a line is a call. A call that carries Python is a cell.
"""

from __future__ import annotations

import json
from collections.abc import Container
from dataclasses import dataclass
from typing import NamedTuple

from harlm.engine.replies.blocks import Allowance, CodeBlock
from harlm.engine.replies.calls import FoundCall, calls_in, in_words, python_in, unfenced
from harlm.engine.replies.fences import Fence
from harlm.engine.replies.python import does_something
from harlm.engine.replies.regions import Region, Segment, Step
from harlm.patterns import lazy_pattern
from harlm.types import ToolCall

_OPENING = lazy_pattern(
    r"<(?P<code>code|execute|python|repl|tool_code|execute_ipython|execute_python|ipython|jupyter|run_python|run_code|"
    r"code_interpreter|python_code)(?:[ \t][^<>\n]*+)?>"
    r"|<(?P<call>(?:\w{1,20}+:|[｜|]DSML[｜|])?(?:tool_calls?|toolcall|function_calls?|tool_use|functioncall|start_function_call|"
    r"execute_bash|execute_command))(?:[ \t][^<>\n]*+)?>"
    r"|<(?P<named>(?:\w{1,20}+:|[｜|]DSML[｜|])?(?:function|invoke))(?:=|[ \t]++name[ \t]*+=)[^<>\n]*+>"
    r"|<[|｜](?P<token>python_tag|tool_call|tool_calls_section_begin|tool_call_begin|tool▁calls▁begin|tool▁call▁begin|"
    r"START_ACTION)[|｜]>"
    r"|(?P<list>\[TOOL_CALLS\]|functools(?=\[))"
)
_ENDS = {
    "|python_tag|": ("<|eom_id|>", "<|eot_id|>", "<|/python_tag|>"),
    "|tool_call|": ("<|/tool_call|>", "<tool_call|>", "<|end|>"),
    "|tool_calls_section_begin|": ("<|tool_calls_section_end|>",),
    "|tool_call_begin|": ("<|tool_call_end|>",),
    "|tool▁calls▁begin|": ("<｜tool▁calls▁end｜>", "<|tool▁calls▁end|>"),
    "|tool▁call▁begin|": ("<｜tool▁call▁end｜>", "<|tool▁call▁end|>"),
    "|START_ACTION|": ("<|END_ACTION|>",),
    "[TOOL_CALLS]": ("</s>",),
    "functools": ("<|im_end|>", "<|endoftext|>"),
    "start_function_call": ("<end_function_call>",),
}
_ALWAYS_CODE = "|python_tag|"
_CHANNEL_ENDS = ("<|call|>", "<|end|>", "<|return|>")
_REST_OF_LINE = lazy_pattern(r"[ \t]*+(?:<(?:end_code|\|)[^\n]*+)?(?:\n|\Z)")
_BEGINS = lazy_pattern(
    r"\s*+(?:[{\[]|<(?:\w{1,20}+:|[｜|]DSML[｜|])?(?:function|invoke|parameter|param|arg_key)\b)"
)
_REPL_FENCE = Fence("`", 3, "python", "")


@dataclass(frozen=True, slots=True)
class Notation:
    """How a call is written.

    Attributes:
        opening: its opening mark, as in ``Step.never``.
        title: the notation in words.
        ends: the marks that may end it.
        name: the tool, if the mark names it.
        is_code: whether what is between the marks is code, if it is not a call.
        is_token: whether its mark is never a word of an answer.
    """

    opening: str
    title: str
    ends: tuple[str, ...]
    name: str = ""
    is_code: bool = False
    is_token: bool = False


class OpenedCall(NamedTuple):
    """A call that has begun: its region, and where the text after its opening mark begins."""

    region: Region
    body: int


def opened_call(
    text: str, place: tuple[int, int, int], allowance: Allowance, never: Container[str]
) -> OpenedCall | None:
    """The call that begins a line; ``None`` if none does.

    Args:
        text: of the reply.
        place: where the line begins, where its first word begins, and where the line ends.
        allowance: of the reply.
        never: the opening marks that are words.
    """
    start, at, end = place
    match = _OPENING.match(text, at, end)
    kind = match.lastgroup or "" if match else ""
    if match is None or (opening := f"|{match[kind]}|" if kind == "token" else match[kind]) in never:
        return None
    if kind == "code":
        body = match.end() + (text[match.end() : match.end() + 1] == "\n")
        return OpenedCall(CodeElement(start, body, opening, allowance), body)
    notation = Notation(
        opening,
        f"a {opening} call" if kind == "list" else f"a <{opening}> block",
        _ENDS.get(opening, (f"</{opening}>",)),
        is_code=opening == _ALWAYS_CODE,
        is_token=kind in ("token", "list"),
    )
    return OpenedCall(
        OpenCall(start, at if kind == "named" else match.end(), notation, allowance), match.end()
    )


def call_in_channel(start: int, body: int, recipient: str, allowance: Allowance) -> OpenCall:
    """The call that a message to a tool is."""
    name = recipient.removeprefix("functions.")
    return OpenCall(
        start, body, Notation(recipient, "a message to a tool", _CHANNEL_ENDS, name, is_token=True), allowance
    )


class CodeElement(CodeBlock):
    """Code in an element of its own: ``<code>…</code>``.

    Args:
        start: where it begins.
        body: where its code begins.
        name: of the element.
        allowance: of the reply.
    """

    def __init__(self, start: int, body: int, name: str, allowance: Allowance) -> None:
        super().__init__(_REPL_FENCE, start, body, allowance, element=name)

    def read(self, text: str, at: int, end: int) -> Step | None:
        """Look for the end. An element around a word, or within one line of words, is text."""
        step = super().read(text, at, end)
        if step is None or not step.segments or self._element != "code":
            return step
        (segment,) = step.segments
        if "\n" in text[segment.start : segment.inner_end]:
            return step
        is_last = _REST_OF_LINE.match(text, segment.end) is not None
        is_text = segment.end == segment.inner_end or not is_last or not self._does_something(segment)
        return Step(step.at) if is_text else step

    def at_end(self, text: str) -> Step:
        """Without its end it is an element if its mark has a line of its own, or if it holds code."""
        step = super().at_end(text)
        is_open = bool(step.segments) and not step.segments[0].is_closed
        if is_open and text[self.body - 1] != "\n" and not self._does_something(step.segments[0]):
            return Step(self.body, never=self._element)
        return step

    def _does_something(self, segment: Segment) -> bool:
        tree = self._allowance.parser.tree(segment.cells[0]) if segment.cells else None
        return tree is not None and does_something(tree)

    def _code(self, text: str, end: int) -> str:
        return unfenced(super()._code(text, end))


class OpenCall:
    """A call whose opening mark was read.

    Args:
        start: where it begins.
        inner: where the text between its marks begins.
        notation: how it is written.
        allowance: of the reply.
    """

    def __init__(self, start: int, inner: int, notation: Notation, allowance: Allowance) -> None:
        self._start = start
        self._inner = inner
        self._notation = notation
        self._allowance = allowance

    def read(self, text: str, at: int, end: int) -> Step | None:
        """Look for the closing mark."""
        found = [(where, mark) for mark in self._notation.ends if (where := text.find(mark, at, end)) >= 0]
        if not found:
            return None
        where, mark = min(found)
        calls = self._calls(text[self._inner : where])
        return Step(where + len(mark), (self._segment(calls, where, where + len(mark)),))

    def at_end(self, text: str) -> Step:
        """Without a closing mark it is a call if it can be read as one, or at least begins like one."""
        calls = self._calls(text[self._inner :])
        if not calls and not self._notation.is_token and not _BEGINS.match(text, self._inner):
            return Step(self._inner, never=self._notation.opening)
        return Step(len(text), (self._segment(calls, len(text), len(text), is_closed=False),))

    def _segment(
        self, calls: tuple[FoundCall, ...], inner_end: int, end: int, *, is_closed: bool = True
    ) -> Segment:
        cells = tuple(call.code for call in calls if call.code is not None)
        return Segment(
            "cells" if cells else "markup",
            self._start,
            end,
            self._inner,
            inner_end,
            cells=cells,
            name=in_words(calls[0].name) if calls and calls[0].name else self._notation.title,
            is_closed=is_closed,
        )

    def _calls(self, content: str) -> tuple[FoundCall, ...]:
        parser, name = self._allowance.parser, self._notation.name
        if name:
            return (FoundCall(name, python_in(name, content, parser)),)
        found = calls_in(content, parser)
        code = unfenced(content)
        if found or not code.strip():
            return found
        if self._notation.is_code:
            return (FoundCall("python", code),)
        tree = parser.tree(code)
        return (FoundCall("", code),) if tree is not None and does_something(tree) else ()


def call_in_markup(call: ToolCall) -> str:
    """A native call of a tool, in a notation that ``parse_reply`` reads."""
    try:
        arguments: object = json.loads(call.arguments, strict=False)
    except (ValueError, RecursionError):
        arguments = call.arguments
    written = json.dumps({"name": call.name, "arguments": arguments}).replace("<", "\\u003c")
    return f"<tool_call>\n{written}\n</tool_call>"
