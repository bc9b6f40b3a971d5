"""What a question says that a line contains, read and said again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.models.offline.intents import read_intent
from harlm.models.offline.line_logic import read_logic, terms_of
from harlm.models.offline.running import settled

LOG = "10:00 INFO auth started\n10:01 ERROR billing gateway 502\n10:02 ERROR auth timeout\n10:03 WARN billing slow\n10:04 INFO billing ok\n10:05 ERROR billing timeout\n\n10:06 INFO mail ok\n"


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        (" contain ERROR?", "contain “ERROR”"),
        (" that do not contain ERROR?", "do not contain “ERROR”"),
        (" contain ERROR and billing?", "contain “ERROR” and contain “billing”"),
        (" contain ERROR, WARN or mail?", "contain “ERROR” or contain “WARN” or contain “mail”"),
        (" contain a b c?", "contain “b c”"),
        (" contain the words billing timeout?", "contain “billing” and contain “timeout”"),
        (" contain neither ERROR nor WARN in the log?", "contain neither “ERROR” nor “WARN”"),
        (" don't contain ERROR and WARN?", "do not contain all of “ERROR”, “WARN”"),
        (" contain ERROR but not 'billing'", "contain “ERROR” and do not contain “billing”"),
        (" start with 10:01 and end with 502", "begin with “10:01” and end with “502”"),
        (" without ERROR", "do not contain “ERROR”"),
    ],
)
def test_the_logic_of_a_question(rest: str, said: str) -> None:
    assert str(read_logic(rest)) == said


@pytest.mark.parametrize(
    "rest",
    ["", " contain", " contain ERROR and", " are there", " contain billing and were written after noon", " contain one two three four five six", " start again"],
)  # fmt: skip
def test_what_is_something_else(rest: str) -> None:
    assert read_logic(rest) is None


@pytest.mark.parametrize(
    ("question", "count"),
    [
        ("How many lines contain ERROR?", 3),
        ("How many lines do not contain ERROR?", 4),
        ("How many lines don't contain ERROR?", 4),
        ("How many lines without ERROR?", 4),
        ("How many lines contain ERROR and billing?", 2),
        ("How many lines contain both ERROR and billing?", 2),
        ("How many lines contain ERROR or WARN?", 4),
        ("How many lines contain either ERROR or WARN?", 4),
        ("How many lines contain neither ERROR nor WARN?", 3),
        ("How many lines contain ERROR but not billing?", 1),
        ("How many lines contain ERROR and do not contain billing?", 1),
        ("How many lines contain the words billing timeout?", 1),
        ('How many lines contain "billing timeout"?', 1),
        ("How many lines contain auth or mail and INFO?", 3),
        ("How many lines contain 'bill'?", 4),
        ("How many lines contain bill?", 0),
        ("How many lines start with 10:0?", 7),
        ("How many lines end with ok?", 2),
        ("How many lines end with ok and contain mail?", 1),
        ("How many lines in app.log contain ERROR?", 3),
    ],
)
def test_lines_are_counted_by_the_logic(question: str, count: int) -> None:
    answer = settled(read_intent(question, has_code=False), [("app.log", LOG)])
    assert answer is not None
    assert answer.split("\n")[0] == str(count), answer


def test_terms_are_listed_once() -> None:
    logic = read_logic(" contain a1 or a1 and b1")
    assert logic is not None
    assert [term.text for term in terms_of(logic)] == ["a1", "b1"]


WORDS = "contain do not and or but neither nor ERROR 'a b' start with end the words , in app.log"


@given(st.lists(st.sampled_from(WORDS.split(" ")), max_size=10).map(" ".join) | st.text(max_size=40))
def test_any_words_are_read_or_left(rest: str) -> None:
    logic = read_logic(rest)
    assert logic is None or terms_of(logic)
