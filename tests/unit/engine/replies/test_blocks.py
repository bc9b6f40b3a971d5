"""Where blocks end."""

from __future__ import annotations

import ast

import pytest

from harlm.engine.replies import parse_reply

X = "x = 1\nprint(x)\n"


@pytest.mark.parametrize(
    "after",
    [
        "```",
        "````",
        "  ```",
        "```  ",
        "```<end_code>",
        "```<|im_end|>",
        "```</s>",
        "```and then we see.",
        "``` That prints it.",
        "<|im_end|>",
        "<|im_end|>\n<|im_start|>user\nGo on.",
        "</s>",
        "<end_code>",
        "<｜end▁of▁sentence｜>",
        "",
        "```\n\nThat prints it.",
    ],
)
def test_a_block_ends_at_its_mark_whatever_is_glued_to_it(after: str) -> None:
    assert parse_reply(f"```repl\n{X}{after}").cells == (X,)


@pytest.mark.parametrize("after", ["```", "``` That prints it.", "<|im_end|>", "```\nThat prints it."])
def test_a_mark_may_be_glued_to_the_last_line(after: str) -> None:
    assert parse_reply(f"```repl\n{X[:-1]}{after}").cells == (X[:-1],)


IN_STRINGS = [
    'p = f"""Answer:\n```\n{context}\n```\nBe brief."""\nx = 1\n',
    'schema = """\n```json\n{"a": 1}\n```\n"""\nx = 6\n',
    'def f():\n    """Example:\n\n    ```\n    f()\n    ```\n    """\n    return 5\nx = f()\n',
    "a = '''\n```'''\nb = r'''\\'''\n```\n'''\n",
    'm = re.findall(r"```(.*?)```", t)\ns = "```"\n',
    "# use ``` here\nx = 1  # a fence ```\ny = 2\n",
    "s = 'a\\\n```'\n",
    'd = {"""\n```\n""": 1}\n',
]


@pytest.mark.parametrize("code", IN_STRINGS)
def test_a_fence_in_a_string_or_comment_does_not_end_the_block(code: str) -> None:
    assert parse_reply(f"```repl\n{code}```\nIt's done.\n```json\n{{}}\n```").cells == (code,)


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("```repl\nx = '''abc\n```\nwords\n```repl\ny = 2\n```", ("x = '''abc\n", "y = 2\n")),
        ("```repl\nx = '''a\n```\nIt's '''so'''.\n```repl\ny\n```", ("x = '''a\n", "y\n")),
        ("```repl\nx = 1  # done```\nThat shows it.", ("x = 1  # done",)),
        ("```repl\nprint(don't)\n```\nno", ("print(don't)\n",)),
        ("```repl\nx = (\n```\nno", ("x = (\n",)),
    ],
)
def test_code_that_is_not_python_ends_at_the_first_fence(text: str, cells: tuple[str, ...]) -> None:
    assert parse_reply(text).cells == cells


@pytest.mark.parametrize(
    "reply",
    [
        "1. First\n- ```python\n  x = 1\n  print(x)\n  ```\n2. then think",
        "1. ```repl\n   x = 1\n   print(x)\n   ```\n2. Then I will think.",
        "> ```repl\n> x = 1\n> print(x)\n> ```\nok",
        "> ```repl\n> x = 1\n> print(x)\n\nok",
        "> ```repl\n> x = 1\n> print(x)\n```\nok",
        "> ```repl\nx = 1\nprint(x)\n```\nok",
        "* ~~~python\n  x = 1\n  print(x)\n  ~~~\nok",
        "1. ```repl\nx = 1\nprint(x)\n```\n2. ok",
        "```pycon\n>>> x = 1\n>>> print(x)\n1\n```",
        "```repl\n    x = 1\n    print(x)\n```",
        "Let me look: ```repl\nx = 1\nprint(x)\n```\nThat shows it.",
        "Let me look: ```\nx = 1\nprint(x)\n```\nThat shows it.",
        "Here:\r\n```repl\r\nx = 1\r\nprint(x)\r\n```\r\nThat.\r\n",
        "```repl\rx = 1\rprint(x)\r```\rThat.",
        "```repl\nx = 1\nprint(x)\n```\r\nThat.",
        "Here: ```mylang\nwords\n```\n```repl\nx = 1\nprint(x)\n```",
    ],
)
def test_marks_and_indents_around_a_block_are_not_code(reply: str) -> None:
    assert parse_reply(reply).cells == (X,)


def test_a_block_that_was_not_closed_ends_where_the_next_one_begins() -> None:
    assert parse_reply("```repl\nx = 1\n```python\ny = 2\n```").cells == ("x = 1\n", "y = 2\n")


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        ('```json\n{"a": 1}```\nand 2', "and 2"),
        ("```text\n```repl\nx\n```\nafter", "after"),
        ("```markdown\n```repl\nx\n```\nmore\n```\nafter", "after"),
        ("```json\n{}\n```<end_code>\nafter", "<end_code>\nafter"),
        ("```html\n``` words\nafter", "words\nafter"),
        ("~~~text\n```\n~~~\nafter", "after"),
    ],
)
def test_other_blocks_end_at_a_closing_fence(text: str, prose: str) -> None:
    reply = parse_reply(text)
    assert (reply.cells, reply.prose) == ((), prose)
    assert len(reply.not_run) == 1


@pytest.mark.parametrize("opening", ["```", "```json", "```python"])
def test_a_draft_that_was_not_closed_ends_with_the_thoughts(opening: str) -> None:
    reply = parse_reply(f"{opening}\nhm hm\n</think>\n\n```repl\nx = 1\n```")
    assert (reply.cells, reply.thoughts) == (("x = 1\n",), f"{opening}\nhm hm")


def test_json_that_calls_a_tool_is_a_cell() -> None:
    reply = parse_reply('```json\n{"action": "python", "action_input": "print(1)"}\n```')
    assert (reply.cells, reply.not_run) == (("print(1)",), ())
    assert parse_reply('```\n{"name": "python", "arguments": {"code": "x"}}\n```').cells == ("x",)


def test_code_in_strings_is_python() -> None:
    for code in IN_STRINGS:
        ast.parse(code)
