from __future__ import annotations

import pytest

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
