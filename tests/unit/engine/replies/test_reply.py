"""Replies taken apart."""

from __future__ import annotations

import ast
import time
import tracemalloc

import pytest

from harlm.engine.replies import markup_only, parse_not_found, parse_reply


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("```repl\nx = 1\n```", ["x = 1\n"]),
        ("Look:\n```python\nx = 1\n```\nthen\n```\ny = 2\n```", ["x = 1\n", "y = 2\n"]),
        ("```py\na\n```\n```Python3\nb\n```", ["a\n", "b\n"]),
        ("```json\n{}\n```\n```output\n1\n```", []),
        ("~~~repl\nx\n~~~", ["x\n"]),
        ("```repl\nx = 1", ["x = 1"]),
        ("  ```repl\n  if x:\n      y\n  ```", ["if x:\n    y\n"]),
        ("````repl\ns = '''\n```\n'''\n````", ["s = '''\n```\n'''\n"]),
        ("```repl\n\n```", []),
        ("```\n1. look\n2. read\n```\n```repl\nx = 1\n```", ["x = 1\n"]),
        ("```\nx = 1\n```\n```\n1. look\n```", ["x = 1\n"]),
        ("```python\nprint('hi')\n```\nOutput:\n```\nhi\n```", ["print('hi')\n"]),
        ("```\nprint(\n```", ["print(\n"]),
        ("repl\nprint(context)", ["print(context)"]),
        ("x = context.search('a')\nprint(x)<|im_end|>", ["x = context.search('a')\nprint(x)"]),
        ('{"action": "repl", "code": "print(context)"}', ["print(context)"]),
        ("x = d['a']\nFINAL(x)", ["x = d['a']\nFINAL(x)"]),
        ("<answer>4711</answer>", []),
        ("no code", []),
    ],
)
def test_code_blocks_are_found_by_their_fences(text: str, cells: list[str]) -> None:
    assert list(parse_reply(text).cells) == cells


@pytest.mark.parametrize(
    ("text", "finish"),
    [
        ("FINAL(42)", "FINAL(42)"),
        ("I am done.\nFINAL(The answer is (about) 42.)", "FINAL('The answer is (about) 42.')"),
        ('FINAL("quoted")', "FINAL('quoted')"),
        ("FINAL_VAR(result)", 'FINAL_VAR("result")'),
        ('FINAL_VAR("result")', 'FINAL_VAR("result")'),
        ("**FINAL(7)**", "FINAL(7)"),
        ("SUBMIT(['a', 'b'])", "FINAL(['a', 'b'])"),
        ("I will call FINAL(x) later", None),
        ("```repl\nFINAL(1)\n```", None),
        ("FINAL(42)\n\nThis follows from the table (see above).", "FINAL(42)"),
        ("FINAL(one\ntwo (2)\nthree)", "FINAL('one\\ntwo (2)\\nthree')"),
        ("FINAL(sad :( )", "FINAL('sad :(')"),
        ("FINAL(never closed", None),
        ("nothing", None),
    ],
)
def test_a_finish_in_prose_becomes_code(text: str, finish: str | None) -> None:
    assert parse_reply(text).finish == finish


def test_prose_is_the_reply_without_its_code() -> None:
    assert parse_reply("before\n```repl\nx\n```\nafter").prose == "before\n\nafter"


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("NOT FOUND: looked for X.", "looked for X."),
        ("NOT FOUND\nI looked.", "I looked."),
        ("Not Found", None),
        ("NOT_FOUND = 404", None),
        ("NOT FOUND is what it says", None),
        ("**NOT FOUND**. Nothing.", "Nothing."),
        ("NOT_FOUND", ""),
        ("It was not found.", None),
        ("NOTFOUND", None),
    ],
)
def test_an_answer_that_begins_with_not_found_is_recognised(text: str, rest: str | None) -> None:
    assert parse_not_found(text) == rest


_LARGE = {
    "a fence without an end": "```" + "a" * 1_000_000,
    "tildes without an end": "~~~" + "a" * 1_000_000,
    "many ticks": "`" * 1_000_000,
    "fences that do not close": "````\n" + "```\n" * 250_000,
    "many blocks": "```\nx = 1\n```\n" * 70_000,
    "brackets at line ends": "FINAL(\n" + ")\n" * 500_000,
    "brackets in brackets": "FINAL(" + "(" * 500_000 + ")" * 500_000,
    "blanks": "FINAL" + " " * 1_000_000,
    "blank lines": "\n " * 500_000 + "x",
    "a long list": "FINAL([" + "[1]," * 250_000 + "])",
    "a long string": 'FINAL("' + "a" * 1_000_000 + '")',
    "an indented block": "  ```repl\n" + "  x\n" * 250_000,
    "strings with fences": "```repl\n" + 's = """\n```\n"""\n' * 60_000,
    "strings without an end": ('```repl\ns = """\n```\n') * 60_000,
    "ends of thoughts": "</think>" * 120_000,
    "thoughts in words": "a <think> b " * 80_000,
    "quoted thoughts": '"<think>" ' * 100_000,
    "blocks in one line": "```repl x = 1; f(x)``` " * 40_000,
    "code spans": "` ``` " * 160_000,
    "elements": "<code>x</code>" * 70_000,
    "open elements": "<code>\n" * 140_000,
    "open calls": "<tool_call>\n" * 80_000,
    "calls": '<tool_call>{"name": "a", "arguments": {}}</tool_call>' * 20_000,
    "arguments": "<function=a>" + "<parameter=b>c" * 70_000,
    "open braces": '{"a":' * 200_000,
    "quotations": "> ```repl\n" + "> x\n" * 250_000,
    "prompts": "```pycon\n" + ">>> x\n1\n" * 120_000,
    "values of the answer": 'answer["a"] = (\n' * 60_000,
}


@pytest.mark.parametrize("name", _LARGE)
def test_time_and_memory_are_linear_in_the_length_of_a_reply(name: str) -> None:
    text = _LARGE[name]
    tracemalloc.start()
    started = time.process_time()
    try:
        parse_reply(text)
        parse_not_found(text)
        assert time.process_time() - started < 5
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


def test_of_too_many_blocks_the_first_are_read() -> None:
    reply = parse_reply("```\nx = 1\n```\n" * 501 + "```\nFINAL(1)\n```")
    assert (len(reply.cells), reply.prose, reply.is_whole) == (500, "", False)
    assert parse_reply("```\nx = 1\n```\n" * 500).is_whole


def test_the_parser_reads_little_of_one_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0
    parse = ast.parse

    def counting(code: str) -> ast.AST:
        nonlocal read
        read += len(code)
        return parse(code)

    monkeypatch.setattr("harlm.engine.replies.python.ast.parse", counting)
    for name, text in _LARGE.items():
        read = 0
        parse_reply(text[:200_000])
        assert read <= 24_000, name


@pytest.mark.parametrize(
    ("text", "not_run"),
    [
        ("```json\n{}\n```\n```Bash\nls\n```", ("json", "Bash")),
        ("```\n1. look\n```\n```repl\nx\n```", ("(no tag)",)),
        ("```repl\nx\n```", ()),
        ("```repl\n\n```", ()),
    ],
)
def test_blocks_that_are_not_run_are_named(text: str, not_run: tuple[str, ...]) -> None:
    assert parse_reply(text).not_run == not_run


@pytest.mark.parametrize(
    ("text", "cells", "cut_cell"),
    [
        ("```repl\nkeep = 10\nlimit = 1", (), "keep = 10\nlimit = 1"),
        ("```repl\nx = 1\n```\n```repl\ny = ", ("x = 1\n",), "y = "),
        ("```\nx = 1", (), "x = 1"),
        ("<code>\nx = f('a", (), "x = f('a"),
        ("<|python_tag|>x = f(", (), "x = f("),
        (
            '<tool_call>{"name": "python", "arguments": {"code": "x = 1',
            (),
            '{"name": "python", "arguments": {"code": "x = 1',
        ),
        ("x = context.search('a')\nprint(x)", (), "x = context.search('a')\nprint(x)"),
        ("```json\n{", (), None),
        ("<think>\nhm", (), None),
        ("The answer is", (), None),
        ("```repl\nx = 1\n```", ("x = 1\n",), None),
    ],
)
def test_the_last_block_of_a_cut_reply_is_not_run(
    text: str, cells: tuple[str, ...], cut_cell: str | None
) -> None:
    reply = parse_reply(text, is_cut=True)
    assert (reply.cells, reply.cut_cell) == (cells, cut_cell)
    assert parse_reply(text).cut_cell is None


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            '<tool_call>\n{"name": "search", "arguments": {"query": "x"}}\n</tool_call>',
            "the tool call `search`",
        ),
        ('I look.\n<tool_call>{"name": "search", "arguments": {}}</tool_call>', "the tool call `search`"),
        ('```json\n{"name": "python", "arguments": {"code": "print(1)"}}\n```', "the tool call `python`"),
        ('{"action": "repl", "code": "print(1)"}', "the tool call `repl`"),
        ("<|python_tag|>print(context)", "the tool call `python`"),
        ("<execute>\nprint(context)\n</execute>", "a <execute> block"),
        ("```repl\nprint(context)\n```", "a ```repl block"),
        ("```python\nprint(context)\n```", "a block of code for the REPL"),
        ('hits = context.search("code")\nprint(hits)', "code for the REPL"),
        ("FINAL(42)", "a FINAL(...) in place of an answer"),
        ("```python\ndef f(): pass\n```", None),
        ("def f(): pass", None),
        ("x = 5", None),
        ('{"name": "Ada", "age": 3}', None),
        ("The answer is 42.", None),
        ("Words, then code:\n```repl\nprint(context)\n```", None),
        ("", None),
    ],
)
def test_a_text_that_is_nothing_but_a_call_or_code_is_named(text: str, what: str | None) -> None:
    assert markup_only(text) == what
