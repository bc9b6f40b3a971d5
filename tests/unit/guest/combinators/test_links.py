from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.combinators.links import leads, names_of
from tests.support.scripted_leaf import Named


def test_a_text_leads_to_those_that_it_names_in_any_case() -> None:
    texts = [
        Named.of("Ada Byron", "Ada Byron was born in Oakham and had a part in the  Red\nKite."),
        Named.of("Oakham", "A town."),
        Named.of("the red kite", "A ship."),
    ]
    assert leads(texts) == [[1, 2], [], []]


def test_a_name_within_a_word_leads_nowhere() -> None:
    assert leads([Named.of("a name", "Oakhamshire"), Named.of("Oakham", "")]) == [[], []]


def test_a_name_that_two_texts_have_leads_nowhere() -> None:
    assert leads([Named.of("A List", "see Oakham"), Named.of("Oakham", ""), Named.of("oakham", "")]) == [
        [],
        [],
        [],
    ]


def test_names_of_files_and_texts_without_a_name_lead_nowhere() -> None:
    texts = [
        Named.of("a/b", ""),
        Named.of("note.txt", ""),
        Named.of("12", ""),
        "plain",
        Named.of("Oak  Ham", ""),
    ]
    assert names_of(texts) == ["", "", "", "", "oak ham"]


@given(st.lists(st.lists(st.integers(0, 5), max_size=4), min_size=1, max_size=6))
def test_it_finds_the_names_that_were_written(named: list[list[int]]) -> None:
    names = [f"Place {letter * 3}" for letter in "ABCDEF"]
    texts = [
        Named.of(names[at], " and ".join(names[each] for each in others)) for at, others in enumerate(named)
    ]
    expected = [
        sorted({each for each in others if each != at and each < len(named)})
        for at, others in enumerate(named)
    ]
    assert [sorted(each) for each in leads(texts)] == expected
