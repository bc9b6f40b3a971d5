from __future__ import annotations

import re

import pytest

from harlm.models.offline import wording


@pytest.mark.parametrize(
    ("pattern", "question", "group", "found"),
    [
        (wording.COUNT, "How many of the different modules import re?", "unit", "modules"),
        (wording.COUNT, "the number of lines with status failed", "unit", "lines"),
        (wording.LIST, "List all public functions in a.py", "unit", "functions"),
        (wording.SUPERLATIVE, "Which file has the most lines?", "word", "most"),
        (wording.BASE_OF, "Which module defines the base class of `HTTPServer`?", "name", "HTTPServer"),
        (wording.VALUE_OF, "What is the value of _MAXLINE in http/client.py?", "name", "_MAXLINE"),
        (wording.VALUE_OF, "what is timeout set to", "set", "timeout"),
        (wording.COMPARE, "Compare heapq.py with bisect.py.", "right", "bisect.py"),
        (wording.WHICH_OF_TWO, "Which is longer, the Nile or the Amazon?", "left", "the Nile"),
        (wording.IN_NAMED, "the classes of module xml/etree", "scope", "xml/etree"),
    ],
)
def test_a_form_of_question_is_found_with_its_part(
    pattern: re.Pattern[str], question: str, group: str, found: str
) -> None:
    match = pattern.search(question)
    assert match is not None
    assert match[group] == found


@pytest.mark.parametrize(
    ("pattern", "question"),
    [
        (wording.COUNT, "Who counted the votes?"),
        (wording.YES_NO, "Which services are old?"),
        (wording.SUMMARY, "Is the summary signed?"),
        (wording.COMPARE, "How do they differ?"),
        (wording.WHICH_OF_TWO, "Which module is longer than ten lines?"),
    ],
)
def test_another_question_is_not_taken_for_that_form(pattern: re.Pattern[str], question: str) -> None:
    assert pattern.search(question) is None


def test_every_noun_of_a_unit_is_counted_as_that_unit() -> None:
    for noun, unit in wording.UNITS.items():
        match = wording.COUNT.search(f"How many {noun} are there?")
        assert match is not None, noun
        assert wording.UNITS[match["unit"].lower()] == unit
