"""Answers: a value or a statement, then quotes that are exact and cited, in at most sixty words."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.models.offline.answering import Found, decide, find
from harlm.models.offline.quoting import MOST_WORDS, quoted_answer, quoted_nearest, quoted_summary
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


def answered(question: str, passages: list[Passage]) -> str | None:
    reading = Reading(question, passages)
    found = find(reading)
    return quoted_answer(reading, found) if isinstance(found, Found) else None


@pytest.mark.parametrize(
    ("question", "lead", "source"),
    [
        ("When was the eastern lock opened?", "1883", "lock.txt:1"),
        ("Who opened the eastern lock?", "Ada Lovett", "lock.txt:1"),
        ("How long is the lock?", "240 metres", "lock.txt:1"),
        ("Why was the lock built?", "the old harbour silted up", "lock.txt:1"),
        ("When was the tower opened?", "1889", "tower.txt:1"),
        ("Where did the architect live?", "Lyon", "tower.txt:1"),
    ],
)
def test_answers_lead_with_a_value_or_a_whole_statement_and_cite_it(
    question: str, lead: str, source: str
) -> None:
    answer = answered(question, PASSAGES)
    assert answer is not None
    first, _, rest = answer.partition("\n\n")
    assert lead in first
    assert first.endswith(".") or first == lead
    assert f"[{source} " in rest.split("\n")[0]


def test_what_the_text_does_not_say_is_not_answered() -> None:
    assert answered("Which vaccine did Pasteur develop against rabies?", PASSAGES) is None
    assert answered("When?", []) is None


def test_what_was_not_found_names_the_missing_words_the_documents_and_the_nearest_statement() -> None:
    reading = Reading("Who opened the western lock?", PASSAGES)
    missing = find(reading)
    assert not isinstance(missing, Found)
    lines = quoted_nearest(reading, missing, documents=2).split("\n")
    assert lines[0] == "Not found: “western”."
    assert lines[2].startswith("Nearest: ")
    assert "[lock.txt:1 " in lines[3]
    assert lines[-1] == "2 documents were read."
    reading = Reading("Was the western lock opened in 1883?", PASSAGES)
    missing = decide(reading)
    assert not isinstance(missing, Found)
    assert "The nearest that is said of it:" in quoted_nearest(reading, missing, documents=1)


def test_a_verdict_is_followed_by_the_statement_that_decides_it() -> None:
    reading = Reading("Was the tower opened in 1890?", PASSAGES)
    found = decide(reading)
    assert isinstance(found, Found)
    assert quoted_answer(reading, found).startswith(
        'No: The tower was opened in 1889.\n\n[tower.txt:1 "The tower'
    )


def test_an_answer_has_at_most_sixty_words_and_quotes_verbatim() -> None:
    long = Passage("long.txt:1", " ".join(f"word{n} in the eastern gate" for n in range(400)) + ".")
    answer = answered("Where is the eastern gate?", [long, *PASSAGES])
    assert answer is not None
    shown = answer.replace("long.txt:1 ", "long.txt:1").split("[")[0]
    assert len(shown.split()) <= MOST_WORDS


def test_a_summary_is_made_of_sentences_that_are_prose() -> None:
    text = "# Heading\n\n- a list item that is long enough to be one\n\nThe engine was built by hand in 1901.\nx = 3\n"
    summary = quoted_summary([Passage("a.md", text)], most=2)
    assert summary == '“The engine was built by hand in 1901.” [a.md "The engine was built by hand in 1901."]'
    assert quoted_summary([Passage("a.py", "x = 1\ny = 2\n")], most=2) is None


def test_a_sentence_that_occurs_twice_is_quoted_once() -> None:
    twice = [Passage(name, "The eastern lock was opened in 1883.") for name in ("a.txt:1", "b.txt:1")]
    answer = answered("When was the eastern lock opened?", twice)
    assert answer is not None
    assert answer.count("The eastern lock") == 2  # on the first line and in the citation


def test_a_long_sentence_is_cut_around_the_answer_and_marked() -> None:
    filler = " ".join(f"filler{n}" for n in range(70))
    passage = Passage("a.txt:1", f"{filler} and the eastern lock was opened in 1883 {filler}.")
    answer = answered("When was the eastern lock opened?", [passage])
    assert answer is not None
    assert "“…" in answer
    assert "…”" in answer
    assert "1883" in answer


SENTENCES = st.lists(
    st.lists(
        st.sampled_from(["the", "eastern", "lock", "1883", "opened", "“quoted”", 'a "b"', "é", "toll"]), min_size=1, max_size=30
    ).map(lambda words: " ".join(words).capitalize() + "."),
    min_size=1,
    max_size=6,
).map(" ".join)  # fmt: skip


@given(SENTENCES)
def test_every_quote_occurs_in_its_passage_character_by_character(text: str) -> None:
    answer = answered("When was the eastern lock opened?", [Passage("a.txt:1", text)])
    for written in re.findall(r'\[a\.txt:1 ("(?:[^"\\]|\\.)*")\]', answer or ""):
        assert json.loads(written) in text


def test_a_summary_has_at_most_as_many_sentences_as_wanted() -> None:
    text = "The first sentence of this text is prose. " * 3 + "So is the second sentence of this text."
    summary = quoted_summary([Passage("a.md", text)], most=2)
    assert summary is not None
    assert len(summary.split("\n")) == 2
