from __future__ import annotations

import pytest

from harlm.guest.combinators.plain_words import plain, stands_in


@pytest.mark.parametrize("words", ["the  Red\nBarn", "THE RED BARN", "the red\u00a0barn"])
def test_words_are_found_whatever_their_case_and_blanks(words: str) -> None:
    assert stands_in(words, "She saw the red barn.")


def test_quotation_marks_have_one_form() -> None:
    assert plain("“it’s”") == '"it\'s"'


def test_other_words_are_not_found() -> None:
    assert not stands_in("red barn", "a red old barn")
