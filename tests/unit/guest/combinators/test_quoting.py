from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.arguments import SCHEMA
from harlm.guest.combinators.leaf import Room
from harlm.guest.combinators.passages import Excerpt
from harlm.guest.combinators.quoting import Form, form_in, found_in, is_in, question_to, schema_for, spelled
from harlm.guest.combinators.wording import read_question
from tests.support.reading_host import ReadingHost, question_in, shown

LARGE = Room(tokens=10_000, is_small=False, has_stronger=True, second_looks=0.3, calls_left=None)
SMALL = Room(tokens=2_000, is_small=True, has_stronger=False, second_looks=0.3, calls_left=None)
TEXT = "Intro.\nThe port of the “Old Mill” is 8080. It was 80 before.\n"


def _passages(text: str = TEXT) -> list[Excerpt]:
    context = ReadingHost({"notes.txt": text}, lambda prompt, role: "").context
    return [Excerpt(context, 0, len(text))]


@pytest.mark.parametrize(
    ("reply", "form"),
    [
        ('{"answer": "8080", "quote": "is 8080"}', Form("8080", "is 8080")),
        ('Sure!\n```json\n{"answer": 8080, "quote": null}\n```\nAnything else?', Form("8080", "")),
        ('I think {so}: {"quote": ["is 8080"], "Answer": "8080"}', Form("8080", "is 8080")),
        ('{"answer": "8080", "quote": "The port of', Form("8080", "The port of")),
        ("Answer: 8080\nQuote: The port is 8080.", Form("8080", "The port is 8080.")),
        ("**Answer:** 8080", Form("8080", "")),
        ("8080", Form("8080", "")),
        ('{"answer": "a", "quote": "b", "next": "c"}', Form("a", "b", "c")),
        ("", Form("", "")),
        ("It is a long story. " * 40, Form("", "")),
        ("{" * 5_000, Form("", "")),
        ('{"verdict": "8080"}', Form("", "")),
        ("[1, 2, 3]", Form("", "")),
    ],
)
def test_what_a_reply_gives(reply: str, form: Form) -> None:
    assert form_in(reply) == form


@given(st.text())
def test_every_reply_is_read(reply: str) -> None:
    assert all(isinstance(each, str) for each in form_in(reply))


@given(st.text(), st.text())
def test_a_form_is_read_as_it_was_written(answer: str, quote: str) -> None:
    reply = json.dumps({"answer": answer, "quote": quote})
    assert form_in(reply) == Form(answer.strip(), quote.strip())


@pytest.mark.parametrize(
    "quote",
    [
        'The port of the "Old Mill" is 8080.',
        "the port of the “old mill” is 8080.",
        "The port of\nthe “Old Mill”   is 8080.",
        "[notes.txt:2] The port of the “Old Mill” is 8080.",
        "notes.txt:2: The port of the “Old Mill” is 8080.",
        '"The port of the “Old Mill” is 8080."',
        "… The port of the “Old Mill” is 8080. …",
    ],
)
def test_a_quote_is_found_whatever_its_marks_and_blanks(quote: str) -> None:
    found = found_in(_passages(), quote)
    assert found is not None
    assert found.text.startswith("The port of the “Old Mill” is 8080")
    assert found.place == "notes.txt:2"


@pytest.mark.parametrize(
    "quote", ["", "  ", "...", "--", "The port of the Old Mill is 9090.", "8080 is the port", "x" * 90_000]
)
def test_an_invented_quote_is_not_found(quote: str) -> None:
    assert found_in(_passages(), quote) is None


def test_a_short_quote_is_taken_with_its_line_and_a_long_one_cut_to_the_answer() -> None:
    short = found_in(_passages(), "8080")
    assert short is not None
    assert short.text == "The port of the “Old Mill” is 8080. It was 80 before."
    text = "It rains. " * 60 + "The port is 8080. " + "It snows. " * 60
    long = found_in(_passages(text), text, "8080")
    assert long is not None
    assert long.text.strip() == "The port is 8080."


def test_what_tells_what_a_quote_is_about() -> None:
    text = "class Store:\n    def put(self, key):\n" + "        pass\n" * 60 + "        raise KeyError\n"
    found = found_in(_passages(text), "raise KeyError")
    assert found is not None
    assert {"notes.txt", "class Store:", "    def put(self, key):"} <= set(found.surroundings.split("\n"))


def test_an_answer_is_spelled_as_in_the_text() -> None:
    quoted = found_in(_passages("It was ADA  Holm who came."), "It was ADA Holm who came.")
    assert quoted is not None
    assert spelled("ada holm.", quoted) == "ADA Holm"
    assert spelled("Berta", quoted) == "Berta"
    assert is_in('"Ada holm"', "It was ADA  Holm who came.")
    assert not is_in("", "text")


def test_the_prompt_shows_documents_by_their_places_and_the_question() -> None:
    asked = read_question("What is the port? Answer with the number only.")
    prompt = question_to(LARGE, asked, _passages())
    assert '<document name="notes.txt:1">' in prompt
    assert shown(prompt) == TEXT.strip()
    assert question_in(prompt) == asked.whole
    assert '{"answer": "...", "quote": "..."}' in prompt


def test_the_second_wording_shows_the_other_order() -> None:
    one, other = _passages()[0], _passages("Second text.")[0]
    asked = read_question("What is it?")
    assert shown(question_to(LARGE, asked, [one, other], again=True)).startswith("Second text.")
    assert question_to(LARGE, asked, [one], again=True) != question_to(LARGE, asked, [one])


def test_a_small_model_is_shown_no_example_and_chooses_its_quote() -> None:
    prompt = question_to(SMALL, read_question("What is the port?"), _passages())
    assert '"..."' not in prompt
    assert "shortest exact words" in prompt
    schema = json.loads(schema_for(_passages()))
    assert schema["properties"]["quote"]["enum"] == [
        "Intro.",
        "The port of the “Old Mill” is 8080.",
        "It was 80 before.",
    ]


def test_only_sentences_about_a_thing_and_the_next_ones_are_offered() -> None:
    text = "Ada sings. She is old. Berta swims. Ada sleeps."
    offered = json.loads(schema_for(_passages(text), "Ada"))["properties"]["quote"]["enum"]
    assert offered == ["Ada sings.", "She is old.", "Ada sleeps."]


@given(st.text(max_size=3_000))
def test_a_schema_is_within_its_limit(text: str) -> None:
    assert len(schema_for([Excerpt(text, 0, len(text))])) <= SCHEMA.most
