"""The Python in calls of tools."""

from __future__ import annotations

import json

import pytest

from harlm.engine.replies.calls import (
    call_of,
    calls_in,
    decoded,
    in_words,
    is_python_tool,
    python_in,
    unfenced,
)
from harlm.engine.replies.python import Parser

CODE = "print(context)"
ARGUMENTS = json.dumps({"code": CODE})


@pytest.mark.parametrize(
    "name",
    ["python", "Python3", "repl", "REPL", "execute_code", "functions.python", "ipython_cell", "runCode"],
)
def test_tools_that_run_python_are_known_by_their_names(name: str) -> None:
    assert is_python_tool(name)


@pytest.mark.parametrize(
    "name", ["search", "code_search", "run_bash", "run_sql", "", "execute_javascript", "lookup"]
)
def test_other_tools_are_not(name: str) -> None:
    assert not is_python_tool(name)


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("python", {"code": CODE}, CODE),
        ("python", {"script": [CODE + "\n", CODE]}, f"{CODE}\n{CODE}"),
        ("python", {"input": f"```python\n{CODE}\n```"}, CODE + "\n"),
        ("python", ARGUMENTS, CODE),
        ("python", CODE, CODE),
        ("run", {"cmd": CODE}, CODE),
        ("lookup", {"code": CODE, "timeout": 3}, CODE),
        ("lookup", {"code": "4711"}, None),
        ("lookup", {"code": CODE, "page": 1}, None),
        ("search", {"query": CODE}, None),
        ("search", CODE, None),
        ("execute", {"code": CODE, "language": "bash"}, None),
        ("python", {}, None),
        ("python", {"code": " "}, None),
        ("python", 3, None),
    ],
)
def test_python_is_found_in_arguments(name: str, arguments: object, code: str | None) -> None:
    assert python_in(name, arguments, Parser()) == code


@pytest.mark.parametrize(
    "content",
    [
        f'{{"name": "python", "arguments": {ARGUMENTS}}}',
        f'{{"name": "python", "arguments": {json.dumps(ARGUMENTS)}}}',
        f'{{"type": "function", "function": {{"name": "python", "arguments": {ARGUMENTS}}}}}',
        f'{{"tool_calls": [{{"name": "python", "parameters": {ARGUMENTS}}}]}}',
        f'[{{"tool_name": "python", "parameters": {ARGUMENTS}}}]',
        f'{{"action": "python", "action_input": "{CODE}"}}',
        f'{{"action": "repl", "code": "{CODE}"}}',
        f'{{"thoughts": "hm", "code": "{CODE}"}}',
        f"{{'name': 'python', 'arguments': {{'code': '''{CODE}'''}}}}",
        f"<function=python>\n<parameter=code>\n{CODE}</parameter>\n</function>",
        f'<invoke name="python"><parameter name="code">{CODE}</parameter></invoke>',
        f'<x:invoke name="python"><x:parameter name="code">{CODE}</x:parameter></x:invoke>',
        f"<function=python>{ARGUMENTS}</function>",
        f"python\n<arg_key>code</arg_key>\n<arg_value>{CODE}</arg_value>",
        f"python[ARGS]{ARGUMENTS}",
        f"<｜tool▁call▁begin｜>function<｜tool▁sep｜>python\n```json\n{ARGUMENTS}\n```",
        f"<|tool_call_begin|>functions.python:0<|tool_call_argument_begin|>{ARGUMENTS}",
        f"<name>python</name>\n<arguments>{ARGUMENTS}</arguments>",
        f"call:python{{code:<escape>{CODE}<escape>}}",
    ],
)
def test_calls_are_read_in_every_notation(content: str) -> None:
    assert [call.code for call in calls_in(content, Parser())] == [CODE]


def test_several_calls_keep_their_order() -> None:
    content = "\n".join(f'{{"name": "{name}", "arguments": {ARGUMENTS}}}' for name in ("python", "search"))
    assert [call.name for call in calls_in(content, Parser())] == ["python", "search"]


@pytest.mark.parametrize(
    "value", [{"name": "Ada", "age": 3}, [1], [], "python", {"answer": "x"}, {"code": 3}, None]
)
def test_other_values_are_not_calls(value: object) -> None:
    assert call_of(value, Parser()) == ()


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, "{" * 1000, "[" * 500 + "{}" + "]" * 500, "1" * 5000]
)
def test_deep_values_do_no_harm(text: str) -> None:
    value = decoded(text, Parser())
    assert call_of(value, Parser()) == ()


def test_escapes_that_json_does_not_have_are_read_as_models_mean_them() -> None:
    assert decoded(r'{"code": "re.find(r\d)\n"}', Parser()) == {"code": "re.find(r\\d)\n"}
    assert decoded('{"code": "a\nb"}', Parser()) == {"code": "a\nb"}


def test_a_fence_around_code_is_taken_off() -> None:
    assert unfenced("```py\nx\n```\n") == "x\n"
    assert unfenced("x\n") == "x\n"


def test_names_of_tools_are_cut_and_cleaned() -> None:
    assert in_words("a`b\n" + "c" * 100) == "the tool call `ab" + "c" * 56 + "`"
    assert in_words("") == "a tool call"
