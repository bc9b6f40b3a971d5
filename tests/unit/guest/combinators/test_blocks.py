from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.combinators.blocks import block_around, frames_of, is_header

CODE = """\
import os


class Store:
    size = 3

    def put(self, key,
            value=None):
        if key:
            self.data[key] = value

        return value

    def get(self, key):
        return self.data[key]


def helper(
    a,
):
    return a
"""
PAGE = "# Guide\n\nIntro.\n\n## Install\n\nRun it.\n\n### On Linux\n\nUse apt.\n\n## Use\n\nCall it.\n"


def _at(words: str, text: str = CODE) -> int:
    return text.index(words)


def _text(span: tuple[int, int] | None, text: str = CODE) -> str:
    assert span is not None
    return text[span[0] : span[1]]


def test_the_innermost_function_is_the_block() -> None:
    block = _text(block_around(CODE, _at("self.data[key] = value"), 1_000))
    assert block.startswith("    def put(")
    assert block.endswith("return value")


def test_a_place_on_a_header_is_in_its_own_block() -> None:
    assert _text(block_around(CODE, _at("Store"), 1_000)).endswith("return self.data[key]")
    assert _text(block_around(CODE, _at("def helper"), 1_000)) == "def helper(\n    a,\n):\n    return a"


def test_no_block_outside_of_functions_and_none_that_is_too_long() -> None:
    assert block_around(CODE, _at("import os"), 1_000) is None
    assert block_around(CODE, _at("return value"), 20) is None
    assert block_around("The class was full. We left.", 5, 100) is None


def test_frames_are_the_headers_around_a_place_outermost_first() -> None:
    frames = [CODE[start:end].strip() for start, end in frames_of(CODE, _at("return value"))]
    assert frames == ["class Store:", "def put(self, key,"]


def test_frames_of_prose_are_its_headings() -> None:
    frames = [PAGE[start:end] for start, end in frames_of(PAGE, _at("Use apt", PAGE))]
    assert frames == ["# Guide", "## Install", "### On Linux"]


def test_a_comment_in_code_is_no_heading() -> None:
    text = "# notes\nclass A:\n    def f(self):\n        return 1\n"
    assert [text[start:end].strip() for start, end in frames_of(text, text.index("return"))] == [
        "class A:",
        "def f(self):",
    ]


def test_headers_of_several_languages() -> None:
    for line in (
        "def f(x):",
        "  async def f(x):",
        "public class A {",
        "export function go(a) {",
        "fn main() {",
        "struct P {",
    ):
        assert is_header(line, 0), line
    for line in ("class struggle is old", "define it", "return f(x)"):
        assert not is_header(line, 0), line


@given(st.text(alphabet="ab \n\t(){}:#def clas", max_size=200), st.integers(0, 200))
def test_a_block_holds_its_place_and_frames_stand_above_it(text: str, at: int) -> None:
    at = min(at, len(text))
    block = block_around(text, at, 100)
    assert block is None or (0 <= block[0] <= at <= block[1] <= len(text))
    assert all(0 <= start <= end <= at for start, end in frames_of(text, at))
