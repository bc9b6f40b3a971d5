from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.combinators.statements import KINDS, Denial, Order, Rule, SourceStatement, grouped


def said(value: str, source: str, date: str, kind: str = "stated") -> SourceStatement:
    return SourceStatement(value, kind, source, date, f"{source} says {value}")


OLD, NEW, SAME = (
    said("7", "R-1", "2020-01-01"),
    said("9", "R-2", "2021-01-01"),
    said("7", "R-3", "2020-06-01"),
)
RUMOUR, PLAN = said("5", "R-4", "2022-01-01", "hearsay"), said("6", "R-5", "2022-02-01", "planned")
ALL = [OLD, NEW, SAME, RUMOUR, PLAN]


@pytest.mark.parametrize(("order", "best"), [("latest", NEW), ("first", OLD), ("most", SAME)])
def test_the_order_says_which_statement_counts(order: Order, best: SourceStatement) -> None:
    assert Rule(order).best(ALL, []) == best


def test_only_what_is_left_out_does_not_count() -> None:
    assert Rule("latest", ()).best(ALL, []) == PLAN
    assert Rule("latest", ("planned",)).best(ALL, []) == RUMOUR
    assert Rule("latest", ("hearsay", "planned")).best(ALL, [Denial("R-2", "R-1", "")]) == NEW


def test_what_a_source_is_denied_for_does_not_count() -> None:
    assert Rule().best(ALL, [Denial("r-2", "R-9", "2021-05-01")]) == SAME
    assert Rule().best([NEW], [Denial("R-2", "R-9", "")]) is None


def test_a_source_without_a_date_comes_before_the_others() -> None:
    undated = said("3", "R-9", "")
    assert Rule().best([undated, OLD], []) == OLD
    assert Rule("first").best([undated, OLD], []) == OLD
    assert Rule().best([undated], []) == undated


def test_values_are_grouped_whatever_their_case_the_most_supported_first() -> None:
    found = grouped([said("Open", "R-1", "2020"), said("shut", "R-2", "2021"), said("open", "R-3", "2022")])
    assert [(each.value, each.sources) for each in found] == [("Open", ("R-3", "R-1")), ("shut", ("R-2",))]


def test_hearsay_supports_less_than_statements() -> None:
    assert grouped([RUMOUR, RUMOUR._replace(source="R-8"), OLD])[0].value == "7"


def test_later_statements_decide_who_is_the_latest() -> None:
    assert Rule().decisive(ALL, []) == [NEW, RUMOUR, PLAN]
    assert Rule("first").decisive(ALL, []) == [OLD]
    assert Rule("most").decisive(ALL, []) == ALL
    assert Rule().decisive([RUMOUR], []) == [RUMOUR]


_STATEMENTS = st.lists(
    st.builds(
        said,
        st.sampled_from("123"),
        st.sampled_from("ABCDE"),
        st.sampled_from(["2020", "2021", ""]),
        st.sampled_from(KINDS),
    ),
    max_size=12,
)


@given(_STATEMENTS)
def test_groups_hold_every_statement_once(statements: list[SourceStatement]) -> None:
    held = [each for group in grouped(statements) for each in group.statements]
    assert sorted(held) == sorted(statements)


@given(_STATEMENTS, st.sampled_from(["latest", "first", "most"]))
def test_the_best_counts_and_is_among_those_that_decide(
    statements: list[SourceStatement], order: Order
) -> None:
    best = Rule(order).best(statements, [])
    assert (best is None) == (not Rule(order).valid(statements, []))
    assert best is None or best in Rule(order).decisive(statements, [])
