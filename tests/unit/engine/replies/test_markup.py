"""Calls in the notations of models."""

from __future__ import annotations

import json

import pytest

from harlm.engine.replies import call_in_markup, parse_reply
from harlm.types import ToolCall

CODE = "print(context)"
CALL = json.dumps({"name": "python", "arguments": {"code": CODE}})
SEARCH = CALL.replace("python", "search").replace("code", "query")
ELEMENTS = '<invoke name="{name}">\n<parameter name="{key}">print(context)</parameter>\n</invoke>'
NOTATIONS = [
    "<tool_call>\n{call}\n</tool_call>",
    "<tool_call>\n{call}",
    "<tool_calls>[{call}]</tool_calls>",
    "<function_call>{call}</function_call>",
    "<|tool_call|>[{call}]<|/tool_call|>",
    "<|python_tag|>{call}<|eom_id|>",
    "[TOOL_CALLS][{call}]",
    "functools[{call}]",
    "<|START_ACTION|>[{call}]<|END_ACTION|>",
    "<function_calls>\n{elements}\n</function_calls>",
    "{elements}",
    "<｜DSML｜function_calls>{elements}</｜DSML｜function_calls>",
    "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>{name}\n```json\n{arguments}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
    "<|tool▁calls▁begin|><|tool▁call▁begin|>{name}<|tool▁sep|>{arguments}<|tool▁call▁end|><|tool▁calls▁end|>",
    "<|tool_calls_section_begin|><|tool_call_begin|>functions.{name}:0<|tool_call_argument_begin|>{arguments}<|tool_call_end|><|tool_calls_section_end|>",
    "<|channel|>commentary to=functions.{name} <|constrain|>json<|message|>{arguments}<|call|>",
    "<|channel|>analysis to={name} code<|message|>{arguments}<|call|>",
]


def written(notation: str, *, name: str, key: str) -> str:
    arguments = json.dumps({key: CODE})
    call = json.dumps({"name": name, "arguments": {key: CODE}})
    elements = ELEMENTS.format(name=name, key=key)
    return notation.format(call=call, name=name, arguments=arguments, elements=elements)


@pytest.mark.parametrize("notation", NOTATIONS)
def test_a_call_that_carries_python_is_a_cell(notation: str) -> None:
    reply = parse_reply(f"I look.\n{written(notation, name='python', key='code')}")
    assert (reply.cells, reply.markup, reply.prose) == ((CODE,), None, "I look.")


@pytest.mark.parametrize("notation", NOTATIONS)
def test_another_call_is_named(notation: str) -> None:
    reply = parse_reply(written(notation, name="search", key="query"))
    assert (reply.cells, reply.markup, reply.prose) == ((), "the tool call `search`", "")


@pytest.mark.parametrize(
    "name", ["code", "execute", "python", "repl", "tool_code", "execute_ipython", "run_python"]
)
@pytest.mark.parametrize("body", [f"\n{CODE}\n", f"\n```python\n{CODE}\n```\n"])
@pytest.mark.parametrize("after", ["", "<end_code>", "\nThat shows it."])
def test_code_in_an_element_is_a_cell(name: str, body: str, after: str) -> None:
    assert parse_reply(f"Thought: hm\n<{name}>{body}</{name}>{after}").cells == (CODE + "\n",)


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        (f"<code>{CODE}</code>", (CODE,)),
        (f"<code>\n{CODE}", (CODE,)),
        (f"<code>{CODE}", (CODE,)),
        ("<code>\ns = '</code>'\n</code>", ("s = '</code>'\n",)),
        ("<code>\ns = '''\n</code>\n'''\n</code>", ("s = '''\n</code>\n'''\n",)),
        (f"<|python_tag|>{CODE}", (CODE,)),
        (f"<|channel|>analysis to=python code<|message|>{CODE}<|call|>", (CODE,)),
        (f"<tool_call>\n{CODE}\n</tool_call>", (f"\n{CODE}\n",)),
        (f"<tool_call>{CALL}</tool_call>\n<tool_call>{CALL}</tool_call>", (CODE, CODE)),
        ("<code>x</code> is a variable.", ()),
        ("<code>print(x)</code> prints it.", ()),
        ("<code>word</code>", ()),
        ("The tag `<code>` marks code.", ()),
        ("Use <code>print(x)</code>.", ()),
        ("<code> is a tag.", ()),
        ("<tool_call> is a tag.\n```repl\nx\n```", ("x\n",)),
    ],
)
def test_only_what_is_code_is_run(text: str, cells: tuple[str, ...]) -> None:
    assert parse_reply(text).cells == cells


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ('<tool_call>\n{"name": "search"', "a <tool_call> block"),
        ("<tool_call>\nwords\n</tool_call>", "a <tool_call> block"),
        ("<execute_bash>\nls\n</execute_bash>", "a <execute_bash> block"),
        ("[TOOL_CALLS]words", "a [TOOL_CALLS] call"),
    ],
)
def test_a_call_that_cannot_be_read_is_named_by_its_notation(text: str, markup: str) -> None:
    reply = parse_reply(text)
    assert (reply.markup, reply.prose) == (markup, "")


@pytest.mark.parametrize(
    ("call", "cells", "markup"),
    [
        (ToolCall(name="repl", arguments=json.dumps({"code": "print(1)  # </tool_call>"})), ("print(1)  # </tool_call>",), None),
        (ToolCall(name="python", arguments="print(1)"), ("print(1)",), None),
        (ToolCall(name="search", arguments='{"query": "x"}'), (), "the tool call `search`"),
        (ToolCall(name="search", arguments=""), (), "the tool call `search`"),
        (ToolCall(name="</tool_call>", arguments="{"), (), "the tool call `</tool_call>`"),
        (ToolCall(name="", arguments="[" * 10_000), (), "a <tool_call> block"),
    ],
)  # fmt: skip
def test_a_native_call_is_read_as_markup(call: ToolCall, cells: tuple[str, ...], markup: str | None) -> None:
    reply = parse_reply(call_in_markup(call))
    assert (reply.cells, reply.markup) == (cells, markup)
