from __future__ import annotations

import pytest

from harlm.branching.forms import Form, asked_form, has_form


@pytest.mark.parametrize(
    ("question", "form"),
    [
        ("How many users are there?", "number"),
        ("What is the port of the server?", "number"),
        ("What was the total for March?", "number"),
        ("Which year did it open?", "date"),
        ("When did the bridge open?", "date"),
        ("Who wrote it?", "name"),
        ("What is the name of the cat?", "name"),
        ("Is TLS 1.1 on?", "yes or no"),
        ("Does billing use it?", "yes or no"),
        ("Is it red or blue?", None),
        ("List all files that import os.", "list"),
        ("Summarise it.", None),
        ("Why did it fail?", None),
        ("Wie viele Nutzer gibt es?", None),
    ],
)
def test_the_wording_says_what_is_asked_for(question: str, form: Form | None) -> None:
    assert asked_form(question) == form


@pytest.mark.parametrize(
    ("form", "text", "has"),
    [
        ("number", "There are 12 of them [a.txt:3].", True),
        ("number", "There are twelve hundred of them.", True),
        ("number", "There are many of them [a.txt:3].", False),
        ("date", "It opened in May.", True),
        ("date", "1883", True),
        ("date", "It opened a while ago.", False),
        ("name", "Ada Lovelace", True),
        ("name", "It was written by Ada Lovelace in the end", True),
        ("name", "It is not said who wrote it", False),
        ("name", "艾达", True),
        ("yes or no", "Yes, billing does [a.txt:1].", True),
        ("yes or no", "**No**", True),
        ("yes or no", "Billing uses it.", False),
        ("list", "a.py, b.py and c.py", True),
        ("list", "a.py", True),
        ("list", "", False),
    ],
)
def test_a_text_has_a_form_or_not(form: Form, text: str, has: bool) -> None:
    assert has_form(form, text) is has


@pytest.mark.parametrize(
    ("form", "data", "has"),
    [
        ("number", 3, True),
        ("number", 3.5, True),
        ("number", True, False),
        ("number", [1, 2], False),
        ("date", 1883, True),
        ("yes or no", True, True),
        ("yes or no", 1, False),
        ("list", ["a"], True),
        ("list", 1, False),
    ],
)
def test_the_type_of_a_value_decides(form: Form, data: object, has: bool) -> None:
    assert has_form(form, "whatever it says in 1883: yes, Ada", data) is has


def test_a_value_without_a_form_of_its_own_is_read_as_text() -> None:
    assert has_form("number", "12", None)


def test_a_huge_answer_is_read_at_its_beginning() -> None:
    assert not has_form("number", "x " * 1_000_000 + "7")
