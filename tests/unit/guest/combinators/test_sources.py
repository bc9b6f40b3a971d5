from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.combinators.sources import passages_about, sources_of
from tests.support.scripted_leaf import Named

ONE = Named.of(
    "R-1",
    "Report R-1, May 5, 2020.\n\nOakham is a town. The crew of Oakham is 7. Rain fell.\n\nThe crew of Elmham is 9.",
)
TWO = Named.of("R-2", "Report R-2.\n\nOakham again. It has a crew of 8.\n\nThe crew left.")


def test_only_sentences_with_all_words_are_taken_if_several_sources_have_them() -> None:
    three = Named.of("R-3", "The crew of Oakham is 8. Nothing else.")
    found = passages_about(sources_of([ONE, TWO, three]), ["Oakham", "crew"], 1_000)
    assert [(each.source, each.date, each.sentences) for each in found] == [
        ("R-1", "2020-05-05", ("The crew of Oakham is 7.",)),
        ("R-3", "", ("The crew of Oakham is 8.",)),
    ]
    assert found[0].text == "Report R-1, May 5, 2020.\nThe crew of Oakham is 7."


def test_else_sentences_with_a_word_in_a_paragraph_that_names_the_thing() -> None:
    found = passages_about(sources_of([ONE, TWO]), ["Oakham", "crew"], 1_000)
    assert [each.sentences for each in found] == [
        ("Oakham is a town.", "The crew of Oakham is 7."),
        ("Oakham again.", "It has a crew of 8."),
    ]


def test_a_thing_that_no_source_names_has_no_passage() -> None:
    assert passages_about(sources_of([ONE, TWO]), ["Ashham"], 1_000) == []
    assert passages_about(sources_of([Named.of("R-9", "Oakhamshire")]), ["Oakham"], 1_000) == []


def test_without_a_thing_texts_are_taken_whole_in_parts_that_fit() -> None:
    text = "\n".join(f"line {at} " + "x" * 50 for at in range(20))
    found = passages_about(sources_of([text, " \n "]), [], 200)
    assert "\n".join(line for each in found for line in each.sentences) == text
    assert {each.source for each in found} == {"T1"}
    assert all(sum(map(len, each.sentences)) <= 200 for each in found)


def test_sources_are_named_by_their_number_else_by_name_else_by_place() -> None:
    texts = [
        Named.of("a.txt", "Report R-1234 of May."),
        Named.of("b.txt", "no number"),
        "R-9999",
        Named.of("c, d", ""),
        Named.of("b.txt", ""),
    ]
    assert [each.name for each in sources_of(texts, r"R-\d{4}")] == ["R-1234", "T2", "R-9999", "T4", "T5"]


@given(st.lists(st.sampled_from(["Oakham has 7", "nothing", "Elmham. Oakham.", ""]), max_size=8))
def test_passages_are_words_of_their_source(texts: list[str]) -> None:
    named = [Named.of(f"S{at}", text) for at, text in enumerate(texts)]
    found = passages_about(sources_of(named), ["Oakham"], 100)
    assert [each.source for each in found] == [each.name for each in named if "Oakham" in each]
    assert all(
        line in next(each for each in named if each.name == passage.source)
        for passage in found
        for line in passage.sentences
    )
