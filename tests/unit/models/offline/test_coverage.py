"""Which words of a question a text holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.models.offline.coverage import asked_words, covers, held_in, in_columns, missing, number_form


def lacking(question: str, text: str) -> list[str]:
    return [word.text for word in missing(asked_words(question), held_in(text))]


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How many days of leave do employees get?", ["leave", "employees"]),
        ("On which date was version 6.0 planned?", ["version", "6.0", "planned"]),
        ("How deep is the lake?", ["lake"]),
        ("When did gateway-3 start?", ["gateway-3", "start"]),
        ("When?", []),
    ],
)
def test_words_that_only_ask_are_left_out(question: str, words: list[str]) -> None:
    assert [each.text for each in asked_words(question)] == words


@pytest.mark.parametrize(
    ("question", "text", "lacks"),
    [
        ("Are dogs allowed?", "Dogs are welcome.", []),
        ("Is the fee 1200 euros?", "The fee is 1,200 euros.", []),
        ("Are three copies needed?", "3 copies are required.", []),
        ("Was payment 88213 refused?", "payment 88214 was refused after 88213 ms", ["88213"]),
        ("Who leads the move to Kafka?", "Wei leads the move to NATS.", ["Kafka"]),
        ("How many wolves were counted?", "Seven otters were counted.", ["wolves"]),
    ],
)
def test_forms_and_synonyms_count_but_numbers_and_names_must_be_the_same(
    question: str, text: str, lacks: list[str]
) -> None:
    assert lacking(question, text) == lacks


def test_chinese_is_compared_by_pairs_of_letters() -> None:
    words = asked_words("购买后几天内可以申请退款？")
    assert not missing(words, held_in("购买后七天内可以申请退款。"))
    assert missing(words, held_in("所有商品的保修期限为一年。"))


def test_a_number_in_a_row_belongs_to_its_column() -> None:
    (_, number) = asked_words("Is order 10044 there?")
    assert covers(in_columns(["order", "amount"], ["10044", "95"]), number)
    assert not covers(in_columns(["order", "amount"], ["95", "10044"]), number)


@given(st.text(max_size=80))
def test_a_text_holds_its_own_words(text: str) -> None:
    assert not [
        word for word in missing(asked_words(text), held_in(text)) if word.text.isascii() and not word.before
    ]


@given(st.integers(0, 10**9))
def test_separators_of_thousands_do_not_matter(number: int) -> None:
    assert number_form(f"{number:,}") == str(number)
