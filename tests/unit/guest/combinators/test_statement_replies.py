from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.combinators.sources import SourcePassage
from harlm.guest.combinators.statement_replies import said_in
from harlm.guest.combinators.statements import Denial, SourceStatement

ONE = SourcePassage(
    "R-1", "2020-05-05", "Report R-1", ("The crew is 1,200 people.", "R-2 is wrong about it.")
)
TWO = SourcePassage("R-2", "", "Report R-2", ("They say that the crew is 9.",))
SAYS = SourceStatement("1,200 people", "stated", "R-1", "2020-05-05", ONE.sentences[0])


@pytest.mark.parametrize(
    "line",
    [
        "1,200 people, stated, R-1, 2020-05-05",
        "- `1,200 People`, Stated, r-1, 1999-01-01",
        "1. 1,200 people, stated, R-1, no date",
        "1,200 people, stated, R-1",
        "| 1,200 people | stated | R-1 | 2020-05-05 |",
        "Here you go:\n\n1,200 people, stated, R-1, 2020-05-05\n\nAnything else?",
    ],
)
def test_a_statement_is_read_in_the_forms_that_models_give_it(line: str) -> None:
    found = said_in(line, [ONE, TWO])
    assert found is not None
    assert [each.value.casefold() for each in found[0].statements] == ["1,200 people"]
    assert found[0].statements[0][1:] == SAYS[1:]
    assert not found[1]


def test_the_date_of_the_reply_is_taken_only_if_the_text_tells_none() -> None:
    found = said_in("9, hearsay, R-2, 2021-01-01\n9, hearsay, R-2, in May", [TWO])
    assert found is not None
    assert [each.date for each in found[0].statements] == ["2021-01-01", ""]


def test_what_calls_another_source_mistaken_is_a_denial() -> None:
    found = said_in("R-2 is mistaken, R-1, 2020-05-05", [ONE, TWO])
    assert found is not None
    assert found[0].denials == (Denial("R-2", "R-1", "2020-05-05"),)


@pytest.mark.parametrize(
    "line",
    [
        "7, stated, R-1, 2020-05-05",
        "1,200 people, stated, R-7, 2020-05-05",
        "1,200 people, certain, R-1, 2020-05-05",
        ", stated, R-1, 2020-05-05",
        "R-9 is mistaken, R-1, 2020-05-05",
        "The crew of R-1 is 1,200 people.",
        "I'm sorry, but I can't help with that.",
        "",
    ],
)
def test_invented_values_sources_and_kinds_and_prose_are_not_read(line: str) -> None:
    assert said_in(line, [ONE, TWO]) is None


def test_a_reply_that_says_nothing_is_read_as_nothing() -> None:
    assert [bool(each) for each in said_in("nothing", [ONE, TWO]) or "x"] == [False, False]


def test_a_statement_that_comes_twice_counts_once_and_parts_of_a_source_are_one() -> None:
    parts = [SourcePassage("R-1", "2020-05-05", "Report R-1", (line,)) for line in ONE.sentences]
    found = said_in("1,200 people, stated, R-1, 2020-05-05\n1,200 people, stated, R-1, 2020-05-05", parts)
    assert found is not None
    assert [each.statements for each in found] == [(SAYS,), (SAYS,)]


@given(st.text(max_size=300))
def test_any_reply_is_read_without_an_error(reply: str) -> None:
    found = said_in(reply, [ONE, TWO])
    assert found is None or len(found) == 2
