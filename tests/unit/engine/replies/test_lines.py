"""The scanner: it finds the same whether a reply comes whole or line by line."""

from __future__ import annotations

import pytest

from harlm.engine.replies import parse_reply
from harlm.engine.replies.lines import MOST_SEGMENTS, Scanner


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ("```repl x = 1; print(x)```", ("x = 1; print(x)",)),
        ("So ```python x = 1; f(x)``` and ```python y = x```.", ("x = 1; f(x)", "y = x")),
        ("Use ```x``` or `x` or ```` ```x``` ````.", ()),
        ("Use ```python code``` blocks.", ()),
        ("Models use ``` for fences.", ()),
        ("`` ` `` and ```repl", ()),
        ("I know: ```repl\nx\n```", ("x\n",)),
        ("word ```foo\nbar", ()),
    ],
)
def test_code_within_a_line_is_told_by_its_tag(text: str, cells: tuple[str, ...]) -> None:
    assert parse_reply(text).cells == cells


@pytest.mark.parametrize(
    "draft",
    [
        "<think>\nMaybe\n```python\nx = 99\n```\nno.\n</think>\n",
        "I could\n```python\nx = 99\n1/0\n```\nbut no.\n</think>\n\n",
        "<think>\nthey use ``` for fences\n```\nhm\n</think>\n\n",
        "they use ``` for fences\n```\nhm\n</think>\n\n",
        "```python\nx = 99\n</think>\n\n",
        "[THINK]a\n```repl\ny\n```[/THINK]",
        "<think>a</think>b\n```repl\ny\n```\n</think>\n",
        "<|channel|>analysis<|message|>hm\n```repl\ny()\n```<|end|><|start|>assistant<|channel|>final<|message|>",
        "analysisWe look.\n```repl\ny()\n```assistantfinal",
        "Sure! <think>\n```repl\ny()\n```\n</think>\n",
        "<think><tool_call>a</think>",
        "<tool_call>hm</think>\n",
    ],
)
def test_code_in_thoughts_is_a_draft(draft: str) -> None:
    reply = parse_reply(f"{draft}```repl\nx = 1\n```\nok")
    assert (reply.cells, reply.finish) == (("x = 1\n",), None)


def test_a_finish_in_thoughts_is_a_draft() -> None:
    assert parse_reply("<think>\nFINAL(99)\n</think>\nI must look again.").finish is None


def test_line_by_line_the_scanner_finds_the_same() -> None:
    text = "a\n<think>b\n</think>\n```repl\nx = 1\n```\n<code>\ny()\n</code>\n```json\n{}\n```\n"
    whole, growing = Scanner(), Scanner()
    whole.advance(text, is_all=True)
    for at in range(len(text) + 1):
        growing.advance(text[:at], is_all=False)
    assert growing.segments == whole.segments
    assert [each.kind for each in whole.segments] == ["thoughts", "cells", "cells", "block"]


def test_a_reply_with_too_many_parts_is_read_in_part() -> None:
    for part in ("```\nx = 1\n```\n", "</think>", "<think></think>"):
        scanner = Scanner()
        scanner.advance(part * (MOST_SEGMENTS + 9), is_all=True)
        assert scanner.is_full
        assert 0 < scanner.at < len(part) * (MOST_SEGMENTS + 9)


def test_a_stray_end_of_thoughts_puts_aside_only_if_something_follows() -> None:
    text = "<think>a</think>\n```repl\nx\n```\n</think>\n"
    assert parse_reply(text).cells == ("x\n",)
    assert parse_reply(text + "4711").prose == "4711"
