from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from harlm.retrieval.postings import TOKENIZER, Postings, any_of

TEXTS = ["Tides and tides, says the keeper.", "A tide of Rixhöft", "", "the conditional conditions of 1901"]


@pytest.fixture
def postings() -> Iterator[Postings]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute(f"CREATE VIRTUAL TABLE p USING fts5(text, content = '', tokenize = '{TOKENIZER}')")
    connection.executemany("INSERT INTO p(rowid, text) VALUES (?, ?)", enumerate(TEXTS))
    yield Postings(connection, "p")
    connection.close()


def test_words_are_cut_as_the_index_cuts_them(postings: Postings) -> None:
    assert postings.stems(["Tides", "RIXHÖFT", "tide", "1901"]) == ["tide", "rixhoft", "1901"]
    assert postings.stems(["two words", "", '" OR', "\ud800", "日本"]) == ["two", "word", "or", "日本"]
    assert postings.stems([]) == []


def test_where_a_stem_occurs_and_how_often(postings: Postings) -> None:
    passages, counts = postings.occurrences("tide")
    assert (list(passages), list(counts)) == ([0, 1], [2, 1])
    passages, counts = postings.passages("tide")
    assert list(zip(passages, counts, strict=False)) == [(0, 1), (1, 1)]
    assert list(postings.occurrences("nothing")[0]) == list(postings.passages("nothing")[0]) == []
    assert postings.frequency("tide") == 2
    assert postings.frequency("nothing") == 0
    assert dict(postings.in_at_least(2)) == {"tide": 2, "the": 2, "of": 2}


def test_a_stem_whose_own_stem_is_another_is_found(postings: Postings) -> None:
    (stem,) = postings.stems(["conditional"])
    assert list(postings.passages(stem)[0]) == [3]
    for stem, _ in postings.in_at_least(1):
        assert list(postings.passages(stem)[0]) == list(postings.occurrences(stem)[0])


@pytest.mark.parametrize("words", [["*"], [""], ['"'], []])
def test_words_without_letters_are_no_query(words: list[str]) -> None:
    assert any_of(words) == ""
