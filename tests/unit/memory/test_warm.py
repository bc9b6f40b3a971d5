"""Made short: what the questions ask for stays, what is not prose is described, and nothing is made up."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.memory.extract import beginning, extracted
from harlm.memory.outline import kind_of, outlined
from harlm.memory.warm import WarmTier, is_true_to, summarised
from harlm.tokens import estimate_tokens

ARTICLE = " ".join(
    [
        *(f"The weather of day {at} was mild and nobody wrote much about it." for at in range(40)),
        "The lighthouse of Rixhöft was lit for the first time in 1822.",
        *(f"On day {at} the harbour master counted the boats again." for at in range(40)),
    ]
)


@pytest.mark.parametrize("share", [4, 8])
def test_the_sentence_that_answers_stays(share: int) -> None:
    short = extracted(
        ARTICLE, ["When was the lighthouse lit?"], estimate_tokens(ARTICLE) // share, estimate_tokens
    )
    assert "1822" in short
    assert estimate_tokens(short) <= estimate_tokens(ARTICLE) // share


def test_a_new_question_is_answered_from_the_original() -> None:
    warm = WarmTier()
    first = warm.make("k", ARTICLE, ["When was the lighthouse lit?"], 60, estimate_tokens)
    other = warm.make("k", ARTICLE, ["What did the harbour master count?"], 60, estimate_tokens)
    assert "1822" in first.text
    assert "boats" in other.text
    assert warm.known("k", ["When was the lighthouse lit?"], 60, estimate_tokens) == first
    assert warm.known("k", ["Who?"], 60, estimate_tokens) is None


def test_without_a_question_the_beginning_stays() -> None:
    assert extracted(ARTICLE, [], 40, estimate_tokens).startswith("The weather of day 0")


@given(st.text(max_size=4_000), st.text(max_size=60), st.integers(1, 400))
def test_no_summary_is_longer_than_it_may_be(text: str, question: str, tokens: int) -> None:
    made = summarised(text, [question], tokens, estimate_tokens)
    assert made.tokens <= tokens
    assert estimate_tokens(made.text) == made.tokens
    assert estimate_tokens(beginning(text, tokens, estimate_tokens)) <= tokens


@given(st.text(alphabet="ab .\n", max_size=400), st.integers(1, 100))
def test_an_extract_says_nothing_of_its_own(text: str, tokens: int) -> None:
    short = extracted(text, ["a b"], tokens, estimate_tokens)
    for piece in short.split("…"):
        assert piece.strip() in text


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (json.dumps({"a": [1, 2, {"b": "c"}]}), "json"),
        ("[1, 2, 3]", "json"),
        ("{this is a brace, and prose}", "prose"),
        ("\n".join(f"{at},name {at},{at * 2}" for at in range(30)), "table"),
        ("\n".join(f"a{at}\tb\tc" for at in range(30)), "table"),
        ("\n".join(f"2026-01-01 00:00:{at:02} INFO request {at} took 3 ms" for at in range(30)), "log"),
        (
            "import os\n\n\ndef f(x):\n    return x\n\n\nclass A:\n    def g(self):\n        return 1\n",
            "code",
        ),
        (ARTICLE, "prose"),
        ("", "prose"),
    ],
)
def test_what_a_text_is_made_of(text: str, kind: str) -> None:
    assert kind_of(text) == kind


def test_what_is_no_prose_is_described() -> None:
    rows = [{"id": at, "name": f"name {at}", "tags": ["x", "y"]} for at in range(5_000)]
    outline = outlined(json.dumps(rows), "json")
    assert "list of 5,000" in outline
    assert "name" in outline
    assert '"id": 4999' in outline
    table = outlined("id,name,sum\n" + "\n".join(f"{at},n{at},{at}" for at in range(900)), "table")
    assert "table of 901 rows" in table
    assert "id,name,sum" in table
    assert "899,n899,899" in table
    code = outlined(
        "import os\n\ndef read(path: str) -> str:\n    return path\n\nclass Reader:\n    pass\n", "code"
    )
    assert "def read(path: str) -> str" in code
    assert "class Reader" in code
    log = outlined("\n".join(["2026-01-01 INFO ok"] * 50 + ["2026-01-01 ERROR broken"]), "log")
    assert "50 INFO, 1 ERROR" in log


def test_a_row_that_is_asked_for_is_shown_beside_the_outline() -> None:
    text = "\n".join(f"2026-01-01 00:00:{at % 60:02} INFO request {at} was served" for at in range(3_000))
    text = text.replace("request 1234 was served", "request 1234 failed with walrus")
    made = summarised(text, ["Which request failed with walrus?"], 250, estimate_tokens)
    assert "log" in made.text.splitlines()[0]
    assert "walrus" in made.text


def test_bytes_are_said_to_be_bytes() -> None:
    assert summarised(b"\0" * 1_000, [], 50, estimate_tokens).text == "(1,000 bytes that are no text)"


@pytest.mark.parametrize(
    ("summary", "is_true"),
    [
        ("The lighthouse of Rixhöft was lit in 1822.", True),
        ("It was lit.", True),
        ("It was lit in 1823.", False),
        ("The function read_all was lit in 1822.", False),
        ("", True),
    ],
)
def test_a_summary_makes_nothing_up(summary: str, is_true: bool) -> None:
    assert is_true_to(summary, ARTICLE) == is_true


def test_what_a_model_wrote_is_taken_only_if_it_is_short_and_true() -> None:
    warm = WarmTier()
    assert not warm.take("k", "Lit in 1999.", ARTICLE, 100, estimate_tokens)
    assert not warm.take("k", ARTICLE, ARTICLE, 100, estimate_tokens)
    assert not warm.take("k", "  ", ARTICLE, 100, estimate_tokens)
    assert warm.take("k", "The lighthouse was lit in 1822.", ARTICLE, 100, estimate_tokens)
    found = warm.known("k", ["anything"], 100, estimate_tokens)
    assert found is not None
    assert found.method == "abstract"
