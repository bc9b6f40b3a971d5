"""Where in a sentence the answer is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harlm.models.offline.expected import expected_answer
from harlm.models.offline.spans import answer_span, answer_window, best_probability, holds_kind
from harlm.retrieval.ranking import Query

SENTENCE = "The eastern lock was opened on 16 November 1883 by Ada Lovett, an engineer from Bristol."


def equal_weight(stem: str) -> float:
    return 1.0


def span(question: str, sentence: str = SENTENCE, most: int = 12) -> str:
    start, end = answer_span(
        question, Query(question, equal_weight), expected_answer(question), sentence, most
    )
    return sentence[start:end]


def test_one_phrase_that_stands_out_is_the_answer() -> None:
    assert span("When was the eastern lock opened?") == "16 November 1883"


def test_without_such_a_phrase_the_answer_is_a_run_of_words_around_it() -> None:
    found = span("Who opened the eastern lock?")
    assert "Ada Lovett" in found
    assert len(found.split()) <= 12


def test_words_of_the_question_are_not_the_answer() -> None:
    assert "lock" not in span("Who opened the eastern lock?")


def test_a_phrase_of_the_expected_kind_counts_only_if_it_adds_something_to_the_question() -> None:
    def holds(question: str, sentence: str) -> bool:
        return holds_kind(sentence, Query(question, equal_weight), expected_answer(question))

    assert holds("When was it opened?", "It was opened in 1883.")
    assert not holds("When in 1883 was it opened?", "It was opened in 1883.")
    assert not holds("When was it opened?", "It was opened long ago.")
    assert not holds("Why was it opened?", "It was opened in 1883."), "a reason has no shape"


def test_a_sentence_with_the_expected_kind_is_more_probable_than_one_without() -> None:
    question = "When was the lock opened?"
    query, expected = Query(question, equal_weight), expected_answer(question)
    dated = best_probability(question, query, expected, "The lock was opened in 1883.")
    undated = best_probability(question, query, expected, "The lock was opened by accident.")
    assert 0 <= undated < dated <= 1


WORDS = st.lists(
    st.sampled_from(["The", "lock", "was", "opened", "1883", "Ada", "Lovett", ",", "because", "é", "12 km", "of"]), max_size=20
).map(" ".join)  # fmt: skip
QUESTIONS = st.sampled_from(
    [
        "When was the lock opened?",
        "Who opened it?",
        "Why?",
        "How long is the lock?",
        "What did Ada do?",
        "lock",
    ]
)


@given(QUESTIONS, WORDS, st.integers(1, 12))
def test_spans_and_windows_are_ranges_of_at_most_the_wanted_words(
    question: str, sentence: str, most: int
) -> None:
    query, expected = Query(question, equal_weight), expected_answer(question)
    for locate in (answer_span, answer_window):
        start, end = locate(question, query, expected, sentence, most)
        assert 0 <= start <= end <= len(sentence)
    start, end = answer_window(question, query, expected, sentence, most)
    if any(letter.isalnum() for letter in sentence):
        assert len(sentence[start:end].split()) <= most


def test_a_sentence_without_words_is_its_own_span() -> None:
    assert span("When?", "?!") == "?!"
