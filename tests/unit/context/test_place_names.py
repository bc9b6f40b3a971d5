from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.context.place_names import place_in

_SPECIFIED = re.compile(
    r"""^(?P<name>.+?)(?::|,|\s)\s*(?P<unit>lines?|l\.?|p\.?|pages?|rows?|slides?|cells?|paragraphs?|[^:]*?\srow)?\s*
        (?P<number>\d+)(?:\s*[-–]\s*\d+)?$""",
    re.VERBOSE | re.IGNORECASE,
)
"""What a place is. It takes the cube of the length of a head."""


@pytest.mark.parametrize(
    ("head", "place"),
    [
        ("a.py:3", ("a.py", 3)),
        ("a.py, line 2", ("a.py", 2)),
        ("b.pdf:p12", ("b.pdf", 12)),
        ("c.xlsx Prices row 5", ("c.xlsx", 5)),
        ("d.md: lines 3–7", ("d.md", 3)),
        ("my file.md:1", ("my file.md", 1)),
        ("file1", None),
        ("a.py", None),
    ],
)
def test_a_place_has_a_name_and_a_number(head: str, place: tuple[str, int] | None) -> None:
    assert place_in(head) == place


@given(
    st.lists(
        st.sampled_from(
            [":", ",", " ", "a", "b.py", "1", "-", "–", "line", "l", "p.", "rows", " row", "x Row", "23"]
        ),
        min_size=1,
        max_size=9,
    ).map("".join)
)
def test_places_are_those_of_the_specification(head: str) -> None:
    head = head.strip()
    match = _SPECIFIED.match(head)
    assert place_in(head) == ((match["name"], int(match["number"])) if match else None)
