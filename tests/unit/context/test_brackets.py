from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.context.brackets import brackets

_SPECIFIED = re.compile(
    r"""\[\s*(?P<head>(?:[^\[\]\n"“”]|\[[^\[\]\n"“”]*\]){0,300}?[^\[\s"“”])\s*
        (?:(?:"(?P<quote>(?:[^"\\]|\\.)*)"|“(?P<curly>[^”]*)”
            |["“](?P<loose>(?:[^\[\]]|\[\s?(?:…|\.\.\.)\s?\])*)(?<!\\)["“”])\s*)?\](?!\()""",
    re.VERBOSE | re.DOTALL,
)
"""What a bracket is. It backtracks, so it takes the square of the length of a text."""

_TEXTS = st.lists(
    st.sampled_from(
        [
            "[",
            "]",
            '"',
            "“",
            "”",
            "\\",
            "(",
            " ",
            "\n",
            "a",
            "[a]",
            ":1",
            '"b"',
            "\t",
            "a" * 299,
            "[c",
            "[...]",
        ]
    ),
    max_size=30,
).map("".join)


@given(_TEXTS)
def test_the_brackets_are_those_of_the_specification(text: str) -> None:
    expected = [
        (
            match.start(),
            match.end(),
            match["head"],
            next((match[kind] for kind in ("quote", "curly", "loose") if match[kind] is not None), None),
        )
        for match in _SPECIFIED.finditer(text)
    ]
    assert [
        (each.start, each.end, each.head, each.quote) for each in brackets(text) if each is not None
    ] == expected


@pytest.mark.parametrize(
    ("text", "head", "quote"),
    [
        ("［a.md：3 「引用」］", "a.md：3", "引用"),
        ("【a.md:3 " + '"x"】', "a.md:3", "x"),
        ("[a.md:3 „x“]", "a.md:3", "x"),
        ("[a.md:3 «x»]", "a.md:3", "x"),
        ("[a.md:3 「一『二』三」]", "a.md:3", "一『二』三"),
        ('[a.md:3 "so "it" is"]', "a.md:3", 'so "it" is'),
        ('[a.md:3 "so [...] is "it""]', "a.md:3", 'so [...] is "it"'),
        ('[a.md:3 “so"]', "a.md:3", "so"),
    ],
)
def test_marks_of_other_scripts_and_marks_in_a_quote(text: str, head: str, quote: str) -> None:
    found = list(brackets(text))
    assert [(each.head, each.quote, each.start, each.end) for each in found if each is not None] == [
        (head, quote, 0, len(text))
    ]


def test_a_quote_does_not_go_on_into_the_next_bracket() -> None:
    found = [each for each in brackets('[a "b" c [d "e"] and [f "g" h] "i"]') if each is not None]
    assert [(each.head, each.quote) for each in found] == [("d", "e")]


def test_a_bracket_that_never_ends_is_looked_at_once() -> None:
    for part in (
        "[a“",
        '[a"',
        '[a\\"',
        "[",
        "[a",
        "[ ",
        "[a[b]",
        '[a "b',
        "[a](",
        "[y[x](",
        '[a "[...]',
        "［a「",
        '[a "b" c',
    ):
        assert sum(1 for _ in brackets(part * 20_000)) <= 40_000
