"""Programs over the documents of a prompt, in this process."""

from __future__ import annotations

import pytest

from harlm.models.offline.intents import Lookup, read_intent
from harlm.models.offline.running import settled, settled_by_tables

DOCUMENTS = [
    ("a.py", "import re\n\nclass A:\n    pass\n"),
    ("b.py", "import re\nimport json\n"),
    ("people.csv", "name,team\nAda,compilers\nAlan,theory\n"),
]


def answer(question: str, documents: list[tuple[str, str]] | None = None) -> str | None:
    intent = read_intent(question, has_code=True)
    return settled(intent, DOCUMENTS if documents is None else documents)


@pytest.mark.parametrize(
    ("question", "begins"),
    [
        ("How many modules import re?", "2\n"),
        ("Which module defines the class A?", "a.py\n"),
        ("Does b.py import json?", "Yes."),
    ],
)
def test_a_question_that_code_settles_is_answered_with_citations(question: str, begins: str) -> None:
    said = answer(question)
    assert said is not None
    assert said.startswith(begins)
    assert "[" in said


def test_a_program_that_does_not_fit_the_documents_gives_no_answer() -> None:
    assert answer("How many classes are defined in nothing.py?") is None
    assert answer("Which module defines the class Nothing?") is None


def test_a_question_that_has_to_be_read_gives_no_answer() -> None:
    assert settled(Lookup(), DOCUMENTS) is None


def test_words_of_the_question_are_data_and_never_code() -> None:
    said = answer("""How many files contain "'); raise SystemExit  #"?""")
    assert said is not None
    assert said.startswith("0\n")


def test_tables_of_the_documents_settle_a_question() -> None:
    said = settled_by_tables("How many rows have team = theory?", DOCUMENTS)
    assert said["answer"].startswith("1\n")
    assert settled_by_tables("What is said of Ada?", DOCUMENTS)["status"] == "not asked"
