from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.context.typography import canonical, letters_of, skeleton


def canon(text: str, *, is_marked: bool = True) -> str:
    found = canonical(text, 0, len(text), is_marked=is_marked)
    return "".join("¬" if each == "\0" else each for each, _, _ in found)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("isn’t “so”", 'isn\'t "so"'),
        ("«so» „so“ 「so」", '"so" "so" "so"'),
        ("“so”", "'so'"),
        ("9–17, a — b, −5", "9-17, a - b, -5"),
        ("a---b", "a—b"),
        ("wait…", "wait..."),
        ("wait. . .", "wait…"),
        ("a\u00a0b\u2009c\td\r\ne", "a b c d e"),
        ("a\u200bb\ufeff", "ab"),
        ("\ufb01x o\ufb03ce", "fix office"),
        ("é", "e\u0301"),
        ("**bold** and _it_ and `code`", "bold and it and code"),
        ("北\n京", "北京"),
        ("a，b：c", "a,b:c"),
    ],
)
def test_what_is_typeset_in_another_way_is_the_same(one: str, other: str) -> None:
    assert canon(one) == canon(other)
    assert skeleton(one) == skeleton(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2*3", "23"),
        ("my_var", "myvar"),
        ("2 * 3", "2 3"),
        ("a b", "ab"),
        ("café", "cafe"),
        ("A", "a"),
        ("isn't", "isnt"),
        ("9-17", "917"),
        ("a + b", "a - b"),
        ("1.5", "15"),
        ("北 京", "北x京"),
    ],
)
def test_other_texts_stay_apart(one: str, other: str) -> None:
    assert canon(one) != canon(other)


def test_emphasis_is_part_of_code() -> None:
    assert canon("def f(*args)", is_marked=False) != canon("def f(args)", is_marked=False)
    assert canon("__init__", is_marked=False) != canon("init", is_marked=False)


def test_a_hyphen_at_a_line_end_may_be_one_of_the_word() -> None:
    assert canon("accommo-\n dation") == "accommo¬dation"
    assert canon("accommo\u00addation part\ufffetime") == "accommo¬dation part¬time"
    assert canon("part-time") == "part-time"
    assert canon("- one\n- two") == "- one - two"


def test_spans_are_those_of_the_text() -> None:
    assert list(canonical("\ufb01 …", 0, 3, is_marked=True)) == [
        ("f", 0, 1),
        ("i", 0, 1),
        (" ", 1, 2),
        ("…", 2, 3),
    ]


@given(st.text(max_size=80), st.integers(0, 80), st.booleans())
def test_any_text_has_a_canonical_form_in_order(text: str, start: int, is_marked: bool) -> None:
    end = start
    for letter, first, last in canonical(text, start, len(text), is_marked=is_marked):
        assert len(letter) == 1
        assert start <= first < last <= len(text)
        assert last >= end
        end = last


@given(st.text(max_size=40), st.text(max_size=40))
def test_the_skeleton_of_a_text_is_that_of_its_parts(one: str, other: str) -> None:
    assert skeleton(one + other) == skeleton(one) + skeleton(other)


@given(st.text(max_size=60))
def test_a_skeleton_has_nothing_that_is_canonically_equal_to_nothing(text: str) -> None:
    assert skeleton(canon(text).replace("¬", "\0")) == skeleton(text.replace("¬", ""))


@pytest.mark.parametrize(
    ("letter", "same"), [("’", "'"), ("–", "-"), ("ﬁ", "fi"), ("：", ":"), ("x", "x"), ("한", "한")]
)
def test_letters_are_compared_in_one_form(letter: str, same: str) -> None:
    assert letters_of(letter) == same
