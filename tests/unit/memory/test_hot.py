"""The hot tier: the entries used last, within its tokens; others come from the store behind it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harlm.memory import HotStore, InMemoryStore
from harlm.types import Entry


def entry(key: str, tokens: int) -> Entry:
    return Entry(key=key, kind="reply", value=key, run="R", tokens=tokens)


def test_the_least_recently_used_goes_first() -> None:
    hot = HotStore(InMemoryStore(), tokens=300)
    for key in "abc":
        hot.put(entry(key, 100))
    hot.get("a")
    hot.put(entry("d", 100))
    assert [key in hot for key in "abcd"] == [True, False, True, True]
    assert hot.get("b") is not None
    assert "b" in hot


def test_an_entry_that_is_too_large_is_never_hot_and_never_lost() -> None:
    hot = HotStore(InMemoryStore(), tokens=300)
    hot.put(entry("small", 50))
    hot.put(entry("large", 301))
    assert "small" in hot
    assert "large" not in hot
    assert hot.get("large") is not None


@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 400), st.booleans())),
    st.integers(0, 1_000),
)
def test_it_never_holds_more_than_its_tokens(steps: list[tuple[str, int, bool]], most: int) -> None:
    hot = HotStore(InMemoryStore(), tokens=most, entries=4)
    put: set[str] = set()
    for key, tokens, is_get in steps:
        if is_get:
            assert (hot.get(key) is not None) == (key in put)
        else:
            hot.put(entry(key, tokens))
            put.add(key)
        assert hot.tokens <= most
        assert len(hot) <= 4
