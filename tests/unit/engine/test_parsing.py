from __future__ import annotations

import re
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.engine.parsing import parse_not_found, parse_reply


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


_FENCE = re.compile(
    r"^(?P<indent>[ \t]*)(?P<ticks>`{3,}|~{3,})[ \t]*(?P<tag>[\w+.-]*)[^\n]*\n(?P<body>.*?)(?:^[ \t]*(?P=ticks)[ \t]*$|\Z)",
    re.MULTILINE | re.DOTALL,
)
"""What a block is. It backtracks, so it takes the square of the length of a reply."""

_REPLIES = st.lists(
    st.sampled_from(
        [
            "```",
            "````",
            "~~~",
            "\n",
            "\n",
            " ",
            "repl",
            "json",
            "x = 1\n",
            "(",
            ")",
            ")\n",
            "FINAL(",
            "SUBMIT(",
            "*",
            ".",
            ">",
            "a",
        ]
    ),
    max_size=30,
).map("".join)


@given(_REPLIES)
def test_the_blocks_are_those_of_the_specification(text: str) -> None:
    reply = parse_reply(text)
    code = [match for match in _FENCE.finditer(text) if match["tag"].lower() in ("", "repl")]
    bodies = [
        "\n".join(line.removeprefix(each["indent"]) for line in each["body"].split("\n")) for each in code
    ]
    assert list(reply.cells) == [body for body in bodies if body.strip()]
    assert reply.prose == _FENCE.sub("", text).strip()


@given(st.lists(st.sampled_from(["(", ")", ")\n", ") .\n", "a", "\n", "*"]), max_size=25).map("".join))
def test_a_finish_ends_where_the_specification_says(text: str) -> None:
    bodies = [
        text[: match.start()].strip() for match in re.finditer(r"\)[ \t*.]*$", text.rstrip(), re.MULTILINE)
    ]
    balanced = [body for body in bodies if body.count("(") == body.count(")")]
    expected = next(iter([*balanced, *bodies[-1:]]), None)
    finish = parse_reply(f"FINAL({text}").finish
    assert finish == (None if expected is None else parse_reply(f"FINAL({expected})").finish)


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
    reply = parse_reply("```\nx\n```\n" * 501 + "```\nFINAL(1)\n```")
    assert (len(reply.cells), reply.prose, reply.is_whole) == (500, "", False)
    assert parse_reply("```\nx\n```\n" * 500).is_whole
