"""The phrases of a sentence that could be an answer, by their shape."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.models.offline.candidates import candidates


def phrases(sentence: str, kind: str) -> list[str]:
    return [sentence[each.start : each.end] for each in candidates(sentence) if each.kind == kind]


@pytest.mark.parametrize(
    ("sentence", "kind", "phrase"),
    [
        ("It cost 12.5 million dollars.", "number", "12.5 million dollars"),
        ("It grew by 40 per cent.", "number", "40 per cent"),
        ("About three hundred ships came.", "number", "three hundred ships"),
        ("On 16 November 1914 it opened.", "date", "16 November 1914"),
        ("In the late 1920s it closed.", "date", "late 1920s"),
        ("Since the 12th century it stood.", "date", "12th century"),
        ("Then Johan Adler Salvius of the Hague spoke.", "name", "Johan Adler Salvius of the Hague"),
        ("Call http.client.parse_headers() first.", "code", "http.client.parse_headers()"),
        ("See docs/how-to/setup.md for more.", "path", "docs/how-to/setup.md"),
        ("It closed because the river froze, they say.", "reason", "the river froze"),
    ],
)
def test_phrases_are_recognised_by_their_shape(sentence: str, kind: str, phrase: str) -> None:
    assert phrase in phrases(sentence, kind)


def test_a_first_word_that_is_a_stopword_is_not_part_of_a_name() -> None:
    assert phrases("Then Ada Lovett left.", "name") == ["Ada Lovett"]


def test_a_manner_and_a_reason_have_at_most_twelve_words() -> None:
    (reason,) = phrases("It closed because " + " ".join(f"word{n}" for n in range(30)), "reason")
    assert reason.split()[-1] == "word11"


def test_numbers_inside_words_and_versions_are_not_taken_apart() -> None:
    assert "2" not in phrases("Use sha256 and python3.", "number")


WORDS = st.lists(
    st.sampled_from(["The", "Ada", "Lovett", "1883", "12.5", "%", "because", "the", "river", "(", '"', ",", "a.b()", "x/y.md", "in", "é"]),
    max_size=14,
).map(" ".join)  # fmt: skip


@given(WORDS | st.text(max_size=60))
def test_candidates_are_ranges_of_the_sentence_without_blanks_at_their_ends(sentence: str) -> None:
    found = candidates(sentence)
    assert len({(each.start, each.end, each.kind) for each in found}) == len(found)
    for each in found:
        text = sentence[each.start : each.end]
        assert 0 <= each.start < each.end <= len(sentence)
        assert text == text.strip(" ,;:")
