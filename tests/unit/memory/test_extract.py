"""Extracts: the sentences that say most about the questions stay, and no word is added."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.memory.extract import GAP, beginning, extracted, lines
from harlm.tokens import estimate_tokens

ARTICLE = " ".join(
    [
        *(f"The weather of day {at} was mild, and little was written about it." for at in range(40)),
        "The lighthouse of Rixhöft was lit for the first time in 1822.",
        *(f"On day {at} the harbour master counted the boats again." for at in range(40)),
    ]
)


@pytest.mark.parametrize("share", [4, 8])
def test_the_sentence_that_answers_stays(share: int) -> None:
    room = estimate_tokens(ARTICLE) // share
    short = extracted(ARTICLE, ["When was the lighthouse lit?"], room, estimate_tokens)
    assert "1822" in short
    assert GAP.strip() in short
    assert estimate_tokens(short) <= room


def test_without_a_question_the_beginning_stays() -> None:
    assert extracted(ARTICLE, [], 40, estimate_tokens).startswith("The weather of day 0")


def test_a_text_that_fits_is_returned_as_it_is() -> None:
    assert extracted("One. Two.", ["What?"], 100, estimate_tokens) == "One. Two."


def test_sentences_keep_their_order() -> None:
    text = "Walnuts fell. " + "Nothing else. " * 60 + "Walnuts and figs fell together."
    short = extracted(text, ["walnuts and figs"], 30, estimate_tokens)
    assert short.index("Walnuts fell") < short.index("Walnuts and figs")


def test_of_a_text_that_is_not_prose_whole_lines_stay() -> None:
    text = "\n".join(f"request {at} was served" for at in range(400)).replace("233 was served", "233 failed")
    short = extracted(text, ["which failed?"], 40, estimate_tokens, lines)
    assert "request 233 failed" in short
    assert all(part.strip() in text for part in short.split("…"))


def test_a_sentence_of_data_is_cut_into_pieces() -> None:
    text = "values " + " ".join(str(at) for at in range(9_000))
    short = extracted(text, ["7777"], 100, estimate_tokens)
    assert "7777" in short


def test_of_a_very_long_text_the_beginning_and_the_end_are_searched() -> None:
    middle = "Nothing of interest stands here. " * 20_000
    text = f"The keeper was Ada. {middle}The lamp was lit in 1822."
    short = extracted(text, ["Who was the keeper, and when was the lamp lit?"], 60, estimate_tokens)
    assert "Ada" in short
    assert "1822" in short


@given(st.text(alphabet="ab .\n", max_size=400), st.integers(1, 100))
def test_an_extract_adds_no_words(text: str, tokens: int) -> None:
    short = extracted(text, ["a b"], tokens, estimate_tokens)
    for piece in short.split("…"):
        assert piece.strip() in text


@given(st.text(max_size=2_000), st.integers(0, 300))
def test_neither_an_extract_nor_a_beginning_exceeds_its_tokens(text: str, tokens: int) -> None:
    assert estimate_tokens(extracted(text, ["What?"], tokens, estimate_tokens)) <= max(tokens, 0)
    assert estimate_tokens(beginning(text, tokens, estimate_tokens)) <= max(tokens, 0)


def test_a_beginning_ends_with_a_whole_word() -> None:
    cut = beginning("lighthouse " * 100, 20, estimate_tokens)
    assert cut.endswith("lighthouse …")
    assert beginning("short", 20, estimate_tokens) == "short"


def test_lines_are_the_spans_that_are_not_blank() -> None:
    text = "one\n\n  two \n \nthree"
    assert [text[start:end] for start, end in lines(text)] == ["one", "two ", "three"]
