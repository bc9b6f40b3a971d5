from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.retrieval.compounds import compounds, other_words


def words(text: str) -> set[str]:
    return {word for found, _ in other_words(text) for word in found.split()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("getUserProfile()", {"get", "user", "profile"}),
        ("parseHTTPResponse sha256Sum", {"parse", "http", "response", "sha", "256", "sum"}),
        ("XMLParser", {"xml", "parser"}),
        ("an e-mail, re-index", {"email", "reindex"}),
        ("accommo-\n  dation", {"accommodation"}),
        ("state-of-the-art", {"stateof", "ofthe", "theart"}),
        ("COVID-19", {"covid19"}),
        ("C++ and C# and F#, on .NET", {"c++", "c#", "f#", ".net"}),
        ("v1.0.21 at 10.0.0.1", {"1.0.21", "10.0.0.1"}),
        ("On 2024-03-01 3.14 was - as -1 - Plain. Words, ALL CAPS", set()),
        ("x" * 60 + "Y" + "z" * 60, set()),
        ("", set()),
    ],
)
def test_other_ways_to_write_the_words_of_a_text(text: str, expected: set[str]) -> None:
    assert words(text) == expected


def test_the_offset_is_that_of_the_compound() -> None:
    text = "call getUserProfile or send e-mail"
    assert {text[at:].split()[0] for _, at in other_words(text)} <= {"getUserProfile", "-mail", "e-mail"}


def test_a_question_may_also_join_words_with_dots_and_underscores() -> None:
    found = {each.whole: each.parts for each in compounds("get_user_profile os.path.join getName e-mail C++")}
    assert found == {
        "getuserprofile": ("get", "user", "profile"),
        "ospathjoin": ("os", "path", "join"),
        "getname": ("get", "name"),
        "email": ("e", "mail"),
        "c++": (),
    }


@given(st.text(st.sampled_from("aZ9-_.+# \n\té")))
def test_spans_and_offsets_lie_in_the_text(text: str) -> None:
    assert all(0 <= at < len(text) for _, at in other_words(text))
    assert all(0 <= each.start < each.end <= len(text) for each in compounds(text))


@pytest.mark.parametrize("unit", ["a-", "aA", "1.", "aA-", "A", "a_", "-", "C++", "a-\n"])
def test_hostile_texts_take_linear_time(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    before = time.process_time()
    other_words(text)
    compounds(text)
    assert time.process_time() - before < 2
