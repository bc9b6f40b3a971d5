from __future__ import annotations

import pytest

from harlm.models.offline.candidates import candidates
from harlm.models.offline.expected import expected_answer
from harlm.models.offline.quoting import MOST_WORDS, quoted_answer, quoted_summary
from harlm.models.offline.reading import Passage, Reading

PASSAGES = [
    Passage(
        "lock.txt:1",
        "The eastern lock was opened in 1883 by Ada Lovett, an engineer from Bristol. It is 240 metres long and was "
        "built because the old harbour silted up. The toll was raised to 12 pence.",
    ),
    Passage(
        "tower.txt:1",
        "The tower was opened in 1889. Its architect, Jean Moreau, lived in Lyon. Nobody lives in it now.",
    ),
]


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many locks are there?", "number"),
        ("How long is it?", "number"),
        ("When was it opened?", "date"),
        ("In what year did it open?", "date"),
        ("Who opened it?", "person"),
        ("Which engineer built it?", "person"),
        ("Where does he live?", "place"),
        ("Which river is it on?", "place"),
        ("Why was it built?", "reason"),
        ("How was it built?", "manner"),
        ("Which company built it?", "name"),
        ("Which function parses dates?", "code"),
        ("In which file is it?", "path"),
        ("What silted up?", "phrase"),
        ("When the harbour silted up, what was built?", "phrase"),
        ("What were they afraid of when it opened?", "phrase"),
    ],
)
def test_what_a_question_asks_for(question: str, kind: str) -> None:
    assert expected_answer(question).kind == kind


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
def test_phrases_are_told_by_their_shape(sentence: str, kind: str, phrase: str) -> None:
    assert phrase in [sentence[each.start : each.end] for each in candidates(sentence) if each.kind == kind]


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
def test_answers_lead_with_the_span_and_quote_the_sentence(question: str, lead: str, source: str) -> None:
    answer = quoted_answer(Reading(question, PASSAGES))
    assert answer is not None
    first, _, rest = answer.partition("\n\n")
    assert lead in first
    assert len(first.split()) <= 12
    assert f"[{source} " in rest.split("\n")[0]


def test_what_the_text_does_not_say_is_not_answered() -> None:
    assert quoted_answer(Reading("Which vaccine did Pasteur develop against rabies?", PASSAGES)) is None
    assert quoted_answer(Reading("When?", [])) is None


def test_an_answer_has_at_most_sixty_words_and_quotes_verbatim() -> None:
    long = Passage("long.txt:1", " ".join(f"word{n} and the eastern gate" for n in range(400)) + ".")
    answer = quoted_answer(Reading("Where is the eastern gate?", [long, *PASSAGES]))
    assert answer is not None
    shown = answer.replace("long.txt:1 ", "long.txt:1").split("[")[0]
    assert len(shown.split()) <= MOST_WORDS


def test_reading_the_same_twice_gives_the_same() -> None:
    question = "Who opened the eastern lock?"
    assert quoted_answer(Reading(question, PASSAGES)) == quoted_answer(Reading(question, PASSAGES))


def test_a_summary_is_made_of_sentences_that_are_prose() -> None:
    text = "# Heading\n\n- a list item that is long enough to be one\n\nThe engine was built by hand in 1901.\nx = 3\n"
    summary = quoted_summary([Passage("a.md", text)], most=2)
    assert summary == '“The engine was built by hand in 1901.” [a.md "The engine was built by hand in 1901."]'
    assert quoted_summary([Passage("a.py", "x = 1\ny = 2\n")], most=2) is None
