from __future__ import annotations

import pytest

from harlm.context import languages


@pytest.mark.parametrize("script", languages.LETTERS)
def test_letters_are_listed_once_in_lower_case(script: str) -> None:
    for language, letters in languages.LETTERS[script].items():
        assert len(set(letters)) == len(letters), language
        assert letters == letters.lower(), language
        assert not any(letter.isascii() for letter in letters), language


def test_words_are_ascii_of_languages_that_have_letters() -> None:
    known = {language for script in languages.LETTERS.values() for language in script}
    assert languages.WORDS.keys() <= known
    assert all(words.isascii() and words == words.lower() for words in languages.WORDS.values())
