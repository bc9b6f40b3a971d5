from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from harlm.context.brackets import brackets

_SPECIFIED = re.compile(
    r"""\[\s*(?P<head>(?:[^\[\]\n"“”]|\[[^\[\]\n"“”]*\]){0,300}?[^\[\s"“”])\s*
        (?:(?:"(?P<quote>(?:[^"\\]|\\.)*)"|“(?P<curly>[^”]*)”)\s*)?\](?!\()""",
    re.VERBOSE | re.DOTALL,
)
"""What a bracket is. It backtracks, so it takes the square of the length of a text."""

_TEXTS = st.lists(
    st.sampled_from(
        ["[", "]", '"', "“", "”", "\\", "(", " ", "\n", "a", "[a]", ":1", '"b"', "\t", "a" * 299, "[c"]
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
            match["curly"] if match["quote"] is None else match["quote"],
        )
        for match in _SPECIFIED.finditer(text)
    ]
    assert [
        (each.start, each.end, each.head, each.quote) for each in brackets(text) if each is not None
    ] == expected


def test_a_bracket_that_never_ends_is_looked_at_once() -> None:
    for part in ("[a“", '[a"', '[a\\"', "[", "[a", "[ ", "[a[b]", '[a "b', "[a](", "[y[x]("):
        assert sum(1 for _ in brackets(part * 20_000)) <= 40_000
