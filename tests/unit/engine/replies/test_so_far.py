"""The whole statements of a cell that is still being written."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.engine.replies import ClosedBlocks, ReplySoFar, parse_reply
from harlm.scheduler.analysis import LONGEST_CELL

CELL = """\
import re
names = [
    "a",
]
for name in names:
    if name:
        print(llm_query(f"What is {name}?"))
    else:
        pass
text = '''a
b'''
try:
    x = 1
except ValueError:
    x = 2
print(x)
"""


def whole_statements(text: str) -> str:
    return ReplySoFar().take(text)


REPLY = f"Let me look.\n\n```repl\n{CELL}```\nThat is all."


def test_the_last_statement_is_held_back_until_another_begins() -> None:
    assert whole_statements(REPLY) == CELL
    assert "for name" not in whole_statements(REPLY[: REPLY.index("text =")])
    assert "for name" in whole_statements(REPLY[: REPLY.index("b'''")])


@given(st.integers(0, len(REPLY)))
def test_whole_statements_are_a_prefix_of_the_cell_and_each_is_final(at: int) -> None:
    so_far = whole_statements(REPLY[:at])
    assert CELL.startswith(so_far)
    whole = ast.parse(CELL).body
    for mine, last in zip(ast.parse(so_far).body, whole, strict=False):
        assert ast.dump(mine) == ast.dump(last)


@pytest.mark.parametrize(
    "text",
    [
        "no code",
        "```json\n{}\n```",
        "```repl\nfor in\nx = 1\n",
        "```repl\nx = (1,\n",
        "```repl\nif x:\n    y()\n",
        "",
    ],
)
def test_code_without_a_whole_statement_gives_nothing(text: str) -> None:
    assert whole_statements(text) == ""


@given(st.lists(st.integers(1, 40), max_size=60))
def test_a_reply_that_comes_in_pieces_gives_growing_code(sizes: list[int]) -> None:
    following, before, at = ReplySoFar(), "", 0
    for size in [*sizes, len(REPLY)]:
        at = min(len(REPLY), at + size)
        assert following.extends_to(REPLY[:at])
        code = following.take(REPLY[:at])
        assert code.startswith(before)
        before = code
    assert before == CELL


def test_another_reply_is_told_apart() -> None:
    following = ReplySoFar()
    following.take("```repl\nx = 1\ny")
    assert not following.extends_to("```repl\nx = 2\ny = 1")


@pytest.mark.parametrize(
    "reply",
    [
        "```repl\n" + "a\n" * 100_000,
        "```repl\n" + "x = (1,\n" * 100_000,
        "```repl\nx = '''\n" + "a b\n" * 100_000,
        "words\n" * 100_000,
        "```json\n" + "```repl\n" * 50_000,
        "```repl\nif x:\n" + "    y\n" * 50_000,
    ],
)
def test_a_long_reply_is_parsed_about_once(reply: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = 0

    parse = ast.parse

    def counting(code: str) -> ast.AST:
        nonlocal parsed
        parsed += len(code)
        return parse(code)

    monkeypatch.setattr("harlm.engine.replies.python.ast.parse", counting)
    following = ReplySoFar()
    for at in range(0, 200_000, 50):
        following.take(reply[:at])
    assert parsed < 100_000


def test_a_long_cell_is_not_foreseen_whole() -> None:
    code = ReplySoFar().take("```repl\n" + "a = 1\n" * 5_000)
    assert len(code) <= LONGEST_CELL


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<think>\n```repl\ny()\n```\n</think>\n```repl\nx = 1\n```\n", "x = 1\n"),
        ("<think>\n```repl\ny()\nz()\n", ""),
        ("```repl\r\nx = 1\r\ny = 2\r\n", "x = 1\n"),
        ("1. ```repl\n   x = 1\n   y = 2\n", "x = 1\n"),
        ("> ```pycon\n> >>> x = 1\n> 2\n> >>> y\n", "x = 1\n"),
        ('```repl\ns = """\n```\n"""\nx = 1\ny = 2\n', ""),
        ('```repl\nx = 1\ns = """\n```\n"""\ny = 2\n```\n', 'x = 1\ns = """\n```\n"""\ny = 2\n'),
        ("```\nx = 1\ny = 2\n", ""),
        ("```\n1. look\n```\n```repl\nx = 1\ny = 2\n", "x = 1\n"),
        ("```repl x = f(1)\ny = 2\n", "x = f(1)\n"),
        ("<code>\nx = 1\n</code>\n```repl\ny = 2\nz\n", "x = 1\n"),
        ("```repl\nx = 1\ny = 2\n```\nno.\n</think>\n```repl\nz = 1\nw\n", "z = 1\n"),
        ("```repl\nx = 1\ny = 2\n```\nno.\n</think>\n", ""),
        ("```repl\nx = 1\n<|im_end|>\n", "x = 1\n"),
    ],
)
def test_what_is_foreseen_stays_whatever_comes(text: str, code: str) -> None:
    follower = ReplySoFar()
    for at in range(len(text)):
        follower.take(text[:at])
    assert follower.take(text) == code


# -- each cell of a reply, and its open tail ----------------------------------------------------------------

CELLS = (CELL, "for a in b:\n    print(a)\nx = 2\n", "y = 3\n")
THREE = "First.\n" + "Then.\n".join(f"```repl\n{cell}```\n" for cell in CELLS) + "That is all."


def open_tail(text: str, cell: int = 0) -> str:
    following = ReplySoFar(cell)
    following.take(text)
    return following.tail


@pytest.mark.parametrize("number", range(3))
def test_each_cell_of_a_reply_can_be_followed(number: int) -> None:
    following, before = ReplySoFar(number), ""
    for at in range(len(THREE) + 1):
        code = following.take(THREE[:at])
        assert code.startswith(before)
        assert CELLS[number].startswith(code + following.tail)
        before = code
    assert before == CELLS[number]
    assert following.tail == ""


def test_a_cell_that_the_reply_does_not_have_is_empty() -> None:
    for number in (3, 4, 100):
        following = ReplySoFar(number)
        assert following.take(THREE) == following.tail == ""


def test_a_cell_begins_only_after_those_before_it_have_ended() -> None:
    assert whole_statements("```repl\nx = 1\ny = 2\n") == "x = 1\n"
    following = ReplySoFar(1)
    assert following.take("```repl\nx = 1\ny = 2\n") == following.tail == ""


def test_blocks_that_are_not_run_are_not_counted() -> None:
    text = "```bash\nls\n```\n```repl\nx = 1\n```\n```json\n{}\n```\n```repl\ny = 1\nz = 2\n"
    assert ReplySoFar(1).take(text) == "y = 1\n"
    assert open_tail(text, 1) == "z = 2\n"


@pytest.mark.parametrize(
    ("text", "tail"),
    [
        ("no code", ""),
        ("```repl\n", ""),
        ("```repl\nfor a in b:\n    c(", "for a in b:\n"),
        ("```repl\nfor a in b:\n    c(a)\n", "for a in b:\n    c(a)\n"),
        ("```repl\nx = 1\nfor a in b:\n    c(a)\n    d", "for a in b:\n    c(a)\n"),
        ("```repl\nx = 1\nfor a in b:\n    c(a)\ny", "for a in b:\n    c(a)\n"),
        ("```repl\nx = (1,\n", "x = (1,\n"),
        ("```repl\nx = '''a\nb\n", "x = '''a\nb\n"),
        ("1. ```repl\n   for a in b:\n       c(a)\n", "for a in b:\n    c(a)\n"),
        ("> ```pycon\n> >>> for a in b:\n> ...     c(a)\n", "for a in b:\n    c(a)\n"),
        ("```repl\r\nfor a in b:\r\n    c(a)\r\n", "for a in b:\n    c(a)\n"),
        ("```repl\nx = 1\n```", "x = 1\n"),
        ("```repl\nx = 1\n```\n", ""),
        ("```json\n{\n", ""),
        ("<think>\n```repl\nx = 1\n", ""),
    ],
)
def test_what_follows_the_whole_statements(text: str, tail: str) -> None:
    assert open_tail(text) == tail


def test_an_open_block_that_never_closes_stays_open() -> None:
    text = "```repl\nx = 1\nfor a in b:\n    c(a)\n"
    following = ReplySoFar()
    following.take(text)
    assert parse_reply(text).cells == (following.take(text) + following.tail,)


@given(st.lists(st.integers(1, 40), max_size=60), st.integers(0, 2))
def test_the_tail_is_the_same_however_the_reply_comes(sizes: list[int], number: int) -> None:
    following, at = ReplySoFar(number), 0
    for size in sizes:
        at = min(len(THREE), at + size)
        following.take(THREE[:at])
    assert following.tail == open_tail(THREE[:at], number)


def test_what_follows_the_same_cell_of_another_reply() -> None:
    following = ReplySoFar(1)
    following.take(THREE)
    assert following.begun_anew().take("```repl\na = 1\n```\nSo\n```repl\nb = 1\nc = 2\n") == "b = 1\n"


def test_a_cell_that_is_too_long_has_no_tail() -> None:
    assert open_tail("```repl\n" + "a = 1\n" * 5_000) == ""


# -- closed blocks -----------------------------------------------------------------------------------------

_QUOTES = "'" * 3
TWO = f"First.\n```repl\na = 1\n```\nThen.\n```repl\nb = {_QUOTES}\n```\n{_QUOTES}\n```\nEnd.\n"


def closed(text: str) -> tuple[str, ...] | None:
    return ClosedBlocks().take(text)


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_closed_blocks_are_those_with_which_the_whole_reply_begins(ending: str) -> None:
    reply = TWO.replace("\n", ending)
    cells, following, most = parse_reply(reply).cells, ClosedBlocks(), 0
    for at in range(len(reply) + 1):
        found = following.take(reply[:at])
        assert found == cells[: len(found or ())]
        assert len(found or ()) >= most
        most = len(found or ())
    assert most == len(cells) == 2


def test_a_block_counts_once_more_text_follows_it() -> None:
    assert closed("```repl\na = 1\n```\n\n") == ()
    assert closed("```repl\na = 1\n```\n\nSo") == ("a = 1\n",)


def test_blocks_that_are_not_run_are_not_closed_blocks() -> None:
    assert closed("```bash\nls\n```\n<think>\n```repl\nx = 1\n```\n</think>\nthat") == ()


def test_another_reply_is_not_followed() -> None:
    following = ClosedBlocks()
    assert following.take("```repl\na = 1\n```\nSo") == ("a = 1\n",)
    assert following.take("```repl\nb = 1\n```\nSo") is None
    assert following.take("```repl") is None


@pytest.mark.parametrize(
    ("text", "begins"),
    [("\n```repl\nx", True), ("~~~\nx", True), ("Well,\n```repl\nx", False), ("", False)],
)
def test_a_reply_may_begin_with_code(text: str, begins: bool) -> None:
    following = ClosedBlocks()
    following.take(text)
    assert following.begins_with_code == begins


@given(st.text("`~\nr <>/=1#*", max_size=80))
def test_whatever_is_written_closed_blocks_stay_closed(text: str) -> None:
    following, cells = ClosedBlocks(), parse_reply(text).cells
    for at in range(len(text) + 1):
        found = following.take(text[:at])
        assert found is not None
        assert found == cells[: len(found)]
