"""The suite finds what is wrong with a reader of a format."""

from __future__ import annotations

import itertools

import pytest

from harlm.context.readers import text
from harlm.testing.contracts import ReaderContract, ReaderSample
from harlm.types import Document, Marks, ReadResult

SUITE = ReaderContract()
SAMPLE = ReaderSample(name="a.txt", data=b"one two", words=("one two",), broken=b"\0\xff\xfe\0")
_NUMBERS = itertools.count()


def result(name: str, words: str, marks: Marks | None = None) -> ReadResult:
    return ReadResult((Document(name=name, text=words, marks=marks),))


def test_a_good_one_passes() -> None:
    SUITE.test_a_file_is_a_document_with_its_name_and_its_words(text.read, SAMPLE)
    SUITE.test_a_broken_file_is_an_error_that_says_so(text.read, SAMPLE)
    SUITE.test_every_character_has_a_place(text.read, SAMPLE)


def test_faults_are_found() -> None:
    with pytest.raises(AssertionError):
        SUITE.test_a_file_is_a_document_with_its_name_and_its_words(
            lambda name, _: result("b", "one two"), SAMPLE
        )
    with pytest.raises(AssertionError):
        SUITE.test_a_file_is_a_document_with_its_name_and_its_words(
            lambda name, _: result(name, "one"), SAMPLE
        )
    with pytest.raises(AssertionError):
        SUITE.test_equal_bytes_give_equal_texts(lambda name, _: result(name, str(next(_NUMBERS))), SAMPLE)
    with pytest.raises(pytest.fail.Exception):
        SUITE.test_a_broken_file_is_an_error_that_says_so(lambda name, _: result(name, "x"), SAMPLE)
    marks = Marks(unit="page", starts=(0, 1), numbers=(1,))
    with pytest.raises(IndexError):
        SUITE.test_every_character_has_a_place(lambda name, _: result(name, "one two", marks), SAMPLE)
    with pytest.raises(AssertionError):
        SUITE.test_a_file_that_was_cut_is_read_in_part_or_is_an_error(lambda name, data: None, SAMPLE)  # type: ignore[arg-type, return-value] # the fault
