from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harlm.retrieval.excerpts import LONG, excerpt


def test_the_part_with_the_words_is_shown_between_words() -> None:
    line = "filler words " * 100 + "the needle is here " + "more filler " * 100
    start, end = excerpt(line, [(line.index("needle"), 1.0)])
    assert "needle is here" in line[start:end]
    assert line[start - 1] == " "
    assert not line[end].isalnum()


def test_where_most_words_are_near_each_other_is_shown() -> None:
    line = "alpha " + "x " * 400 + "alpha beta " + "x " * 400 + "beta"
    start, end = excerpt(
        line, [(0, 0.5), (line.index("alpha beta"), 0.5), (line.index("beta"), 0.5), (len(line) - 4, 0.5)]
    )
    assert "alpha beta" in line[start:end]


@given(
    st.text(min_size=1, max_size=2000), st.lists(st.tuples(st.integers(0, 1999), st.floats(0, 1)), max_size=9)
)
def test_an_excerpt_is_short_and_inside_the_line(line: str, found: list[tuple[int, float]]) -> None:
    placed = [(at % len(line), share) for at, share in found]
    start, end = excerpt(line, placed)
    assert 0 <= start <= end <= len(line)
    assert end - start <= LONG
