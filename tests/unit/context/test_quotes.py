from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from harlm.context.quotes import Steps, first_at, last_before, with_other_blanks

TEXTS = st.text("ab \n", max_size=60)
QUOTES = st.text("ab", min_size=1, max_size=5)


def done(steps: Steps[object]) -> object:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


@given(TEXTS, QUOTES, st.integers(0, 60))
def test_the_nearest_occurrences_are_found(text: str, quote: str, near: int) -> None:
    near = min(near, len(text))
    assert done(first_at(text, quote, near)) == text.find(quote, near)
    assert done(last_before(text, quote, near)) == text[: max(0, near - 1 + len(quote))].rfind(quote)


@given(TEXTS, st.text("ab ", min_size=1, max_size=8), st.integers(0, 60))
def test_blanks_between_words_may_differ(text: str, quote: str, near: int) -> None:
    near = min(near, len(text))
    words = quote.split()
    pattern = re.compile(r"\s+".join(map(re.escape, words)))
    expected = (pattern.search(text, near) or pattern.search(text)) if len(words) > 1 else None
    assert done(with_other_blanks(text, quote, near)) == (expected.span() if expected else None)


def test_long_texts_are_searched_in_steps() -> None:
    text = "ab " * 400_000 + "the end"
    assert sum(1 for _ in first_at(text, "the end")) >= 4
    assert done(first_at(text, "the end")) == len(text) - 7
    assert done(last_before(text, "ab ab", 600_001)) == 600_000
    assert done(with_other_blanks(text, "ab the  end", 0)) == (len(text) - 10, len(text))
