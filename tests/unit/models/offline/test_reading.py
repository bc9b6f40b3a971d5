"""The sentences that answer a question, in order, with their support."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from harlm.models.offline.reading import Passage, Reading

PASSAGES = [
    Passage(
        "lock.txt:1",
        "The eastern lock was opened in 1883 by Ada Lovett, an engineer from Bristol. It is 240 metres long and was "
        "built because the old harbour silted up. The toll was raised to 12 pence.",
    ),
    Passage(
        "tower.txt:1",
        "The tower was opened in 1889. Its architect, Jean Moreau, lived in Lyon. It is empty now.",
    ),
]


def best(question: str, *passages: Passage) -> str:
    reading = Reading(question, passages or PASSAGES)
    first = reading.evidence()[0]
    return reading.passages[first.passage].text[first.start : first.end]


def test_the_sentence_that_answers_comes_first() -> None:
    assert best("How much was the toll?") == "The toll was raised to 12 pence."
    assert best("Who was the architect of the tower?") == "Its architect, Jean Moreau, lived in Lyon."


def test_support_is_the_share_of_the_question_that_a_sentence_holds() -> None:
    assert Reading("When was the eastern lock opened?", PASSAGES).support > 0.8
    assert Reading("Which vaccine did Pasteur develop?", PASSAGES).support < 0.2
    assert Reading("When was it opened?", []).support == 0.0


def test_the_sentence_before_counts_as_support() -> None:
    alone = [Passage("a", "It was opened in 1883.")]
    after = [Passage("a", "The eastern lock is old. It was opened in 1883.")]
    question = "When was the eastern lock opened?"
    first = next(each for each in Reading(question, alone).evidence())
    second = next(each for each in Reading(question, after).evidence() if each.start > 0)
    assert second.support > first.support


def test_the_score_of_the_search_decides_between_equal_sentences() -> None:
    low, high = Passage("a", "The lock is old.", 1.0), Passage("b", "The lock is old.", 2.0)
    assert [each.passage for each in Reading("How old is the lock?", [low, high]).evidence()] == [1, 0]


def test_given_weights_replace_the_rarity_of_words() -> None:
    passages = [Passage("a", "The toll."), Passage("b", "The lock.")]
    for heavy, light, first in (("toll", "lock", 0), ("lock", "toll", 1)):
        reading = Reading("toll lock", passages, {heavy: 1.0, light: 0.01})
        assert reading.evidence()[0].passage == first


def test_the_same_question_gets_the_same_evidence() -> None:
    question = "Who opened the eastern lock?"
    assert Reading(question, PASSAGES).evidence() == Reading(question, PASSAGES).evidence()


def test_lines_of_a_log_stand_for_themselves() -> None:
    reading = Reading(
        "When was the disk full?",
        [Passage("a.log", "10:00:05 job done in the queue\n10:00:09 disk full on volume /data")],
    )
    best = reading.evidence()[0]
    assert (best.start, best.number) == (31, 1)
    assert reading.text_before(best) == ""


TEXTS = st.lists(st.sampled_from(["lock", "eastern", "1883", "opened", "The", ".", "?", "\n", "é", "x" * 30]), max_size=25).map(" ".join)  # fmt: skip


@given(st.lists(TEXTS, max_size=3), st.integers(1, 12))
def test_evidence_is_ordered_and_its_spans_lie_in_their_sentences(texts: list[str], most: int) -> None:
    passages = [Passage(f"p{number}", text) for number, text in enumerate(texts)]
    reading = Reading("When was the eastern lock opened?", passages)
    evidence = reading.evidence()
    assert [each.score for each in evidence] == sorted((each.score for each in evidence), reverse=True)
    for each in evidence:
        assert 0 <= each.support <= 1 + 1e-9
        assert 0 <= each.start <= each.end <= len(passages[each.passage].text)
        for start, end in (reading.span(each, most), reading.window(each, most)):
            assert each.start <= start <= end <= each.end
