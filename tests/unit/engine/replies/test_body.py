"""The code in the bodies of blocks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.engine.replies.body import BodyReader, code_of, content_start, is_blank
from harlm.engine.replies.fences import Fence

FENCE = Fence("`", 3, "python", "repl")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("x = 1\n", "x = 1\n"),
        ("  if x:\n      y\n", "if x:\n    y\n"),
        ("    # look\n    x = 1\n", "# look\nx = 1\n"),
        ("  # look\nx = 1\n", "  # look\nx = 1\n"),
        (" x = 1\ny = 2\n", "x = 1\ny = 2\n"),
        ("  s = '''\na\n  '''\n", "s = '''\na\n'''\n"),
        (">>> for a in b:\n...     a\n...\n1\n2\n>>> x\n", "for a in b:\n    a\n\nx\n"),
        ("In [1]: x = 1\n   ...: y = 2\nOut[1]: 3\n", "x = 1\ny = 2\n"),
        ("x = [\n...\n]\n", "x = [\n...\n]\n"),
        ("\n\n", "\n\n"),
        ("# only a comment\n", "# only a comment\n"),
        ("\x0bx\u2028 = 1\n", "\x0bx\u2028 = 1\n"),
    ],
)
def test_indents_and_prompts_are_removed(body: str, code: str) -> None:
    assert code_of(FENCE, body) == code


def test_marks_of_a_quotation_are_removed() -> None:
    assert code_of(Fence("`", 3, "python", "", quotes=1), "> x = 1\n>y\n>\n") == "x = 1\ny\n\n"
    assert content_start("> > x", 0, 5, 2) == 4
    assert content_start("> > x", 0, 5, 1) == 2


def test_code_on_the_line_of_the_fence_comes_first() -> None:
    assert code_of(Fence("`", 3, "python", "", first="x = 1"), "  y\n") == "x = 1\n  y\n"


@given(
    st.lists(
        st.sampled_from(["x\n", "  y\n", "# c\n", "\n", ">>> a\n", "... b\n", "1\n", "> q\n"]), max_size=8
    ),
    st.integers(0, 1),
)
def test_a_body_reads_the_same_line_by_line(lines: list[str], quotes: int) -> None:
    fence = Fence("`", 3, "python", "", quotes=quotes)
    reader = BodyReader(fence)
    read = [each for line in lines for each in reader.read(line)]
    assert "".join([*read, *reader.rest()]) == code_of(fence, "".join(lines))


def test_blank_parts_are_recognised() -> None:
    assert is_blank("a \n b", 1, 4)
    assert not is_blank("a \n b", 1, 5)
