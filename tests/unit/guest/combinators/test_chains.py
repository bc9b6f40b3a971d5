from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.combinators.chains import Chain, chain_of


@pytest.mark.parametrize(
    ("question", "start", "relations"),
    [
        ("Who or what is the heir of the mayor of Ham?", "Ham", ("mayor", "heir")),
        (
            "Who is the director of the employer of Nora Jarstrom? Answer with the name only, or with 'unknown' if the documents do not say.",
            "Nora Jarstrom",
            ("employer", "director"),
        ),
        (
            "What is the capital of the country of birth of Ada Lovelace?",
            "Ada Lovelace",
            ("country of birth", "capital"),
        ),
        ("Name the CEO of the owner of Keld Bros.", "Keld Bros", ("owner", "CEO")),
        ("Who is Ada Lovelace's mother's physician?", "Ada Lovelace", ("mother", "physician")),
        ("Who is the landlord of Ada Lovelace's teacher?", "Ada Lovelace", ("teacher", "landlord")),
        (
            "Where is the main office of the insurer of 'the old mill'?",
            "the old mill",
            ("insurer", "main office"),
        ),
        ("Who was the founder of the Bank of England?", "Bank of England", ("founder",)),
    ],
)
def test_nested_questions_are_taken_apart_from_the_inside_out(
    question: str, start: str, relations: tuple[str, ...]
) -> None:
    assert chain_of(question) == Chain(start, relations)


@pytest.mark.parametrize(
    "question",
    [
        "How many heirs does the mayor of Ham have?",
        "What is the weather?",
        "Why is the heir of the mayor of Ham sad?",
        "Who is the owner of the house that burned?",
        "List the mayors of Ham.",
        "Is the heir of the mayor of Ham tall?",
    ],
)
def test_other_questions_are_not(question: str) -> None:
    assert chain_of(question) is None


_RELATIONS = st.lists(
    st.sampled_from(["heir", "mayor", "main office", "owner", "port"]), min_size=1, max_size=9
)
_NAMES = st.sampled_from(["Ham", "Nora Jarstrom", "Keld & Sons", "X-17", "Lower Wick"])


@given(_RELATIONS, _NAMES)
def test_what_is_nested_is_found_again(relations: list[str], name: str) -> None:
    nested = " of the ".join(reversed(relations))
    assert chain_of(f"Who or what is the {nested} of {name}?") == Chain(name, tuple(relations))


@given(st.text(min_size=1).filter(str.strip))
def test_any_text_is_read(text: str) -> None:
    found = chain_of(text)
    assert found is None or (found.start and found.relations)
