from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.retrieval.scripts import as_letters, pairs_of, single_letters, spaced, words_in


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("退款政策 nas设备", ["退款", "款政", "政策", "nas", "设备"]),
        ("猫", ["猫"]),
        ("서울에서", ["서울", "울에", "에서"]),
        ("यह किताब है", ["यह", "किताब", "है"]),
        ("plain words_here 42", ["plain", "words", "here", "42"]),
    ],
)
def test_the_words_of_scripts(text: str, expected: list[str]) -> None:
    found = list(words_in(text))
    assert [word for word, _, _ in found] == expected
    assert all(text[start:end] == word for word, start, end in found)


def test_single_letters_are_words_as_well() -> None:
    assert single_letters("a 猫咪 狗") == [("猫", 2), ("咪", 3)]


@given(st.text(min_size=1))
def test_pairs_overlap(run: str) -> None:
    pairs = pairs_of(run)
    assert pairs[0][0] + "".join(pair[-1] for pair in pairs[len(run) == 1 :]) == run


@given(st.text(st.sampled_from("किताกา้bক্ষ 猫咪한국")))
def test_a_spaced_text_has_its_words_in_letters_alone(text: str) -> None:
    held = spaced(text).split()
    for word, _, _ in words_in(text):
        assert as_letters(word) in held
        assert all(letter.isalnum() for letter in as_letters(word))


def test_signs_become_letters() -> None:
    assert len({as_letters(word) for word in ("c", "c++", "c#", "1.0.21", "1021")}) == 5
    assert all(as_letters(word).isalnum() for word in ("c++", "c#", "1.0.21", ".net"))
