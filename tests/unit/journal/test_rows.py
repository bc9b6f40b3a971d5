"""Changes leave rows, and rows are made of changes again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harlm.journal.rows import (
    Chosen,
    KeptRows,
    ReplyCame,
    RequestSent,
    RequestSettled,
    ToolBegan,
    ToolEnded,
    folded,
    unfolded,
)

NUMBER = st.integers(1, 4)
CHANGES = st.lists(
    st.one_of(
        st.builds(RequestSent, NUMBER, NUMBER, NUMBER, NUMBER, st.just(0.0)),
        st.builds(
            RequestSettled,
            NUMBER,
            st.sampled_from(["done", "failed"]),
            st.just("a/b"),
            NUMBER,
            NUMBER,
            NUMBER,
            st.none(),
        ),
        st.builds(
            ReplyCame,
            st.text(max_size=2),
            NUMBER,
            st.just("0"),
            st.just("sub"),
            st.booleans(),
            st.binary(max_size=3),
            st.none(),
        ),
        st.builds(ToolBegan, NUMBER, st.just("k"), NUMBER, st.just("t"), st.just("{}"), st.booleans()),
        st.builds(ToolEnded, NUMBER, st.binary(max_size=3), st.text(max_size=3)),
        st.builds(Chosen, st.just("0"), st.text(max_size=1), st.text(max_size=3)),
    )
)


@given(CHANGES)
def test_rows_come_back_from_the_changes_that_are_made_of_them(changes: list[RequestSent]) -> None:
    rows = folded(changes)
    again = folded(unfolded(rows))
    assert (again.requests, again.calls, again.choices) == (rows.requests, rows.calls, rows.choices)
    assert [reply for _, reply in again.replies] == [reply for _, reply in rows.replies]


def test_nothing_leaves_nothing() -> None:
    assert folded([]) == KeptRows()
    assert unfolded(KeptRows()) == []
