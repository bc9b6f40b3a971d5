from __future__ import annotations

import pytest

from harlm.guest.combinators.dates import date_of


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Report R-1, March 2, 2023. Written by X.", "2023-03-02"),
        ("2023-03-02T10:00 log", "2023-03-02"),
        ("on the 2nd of March, 2023", "2023-03-02"),
        ("2. März 2023, 3 Sept. 2021", "2021-09-03"),
        ("Dec 31 1999 and January 1, 2000", "1999-12-31"),
        ("May 5, 2020 (revised 2021-01-01)", "2020-05-05"),
        ("due 5/6/2023, in 2024", ""),
        ("2023-13-02", ""),
        ("May 99, 2020", ""),
        ("", ""),
        ("x" * 700 + " 2020-01-01", ""),
    ],
)
def test_the_first_date_near_the_beginning_is_found(text: str, date: str) -> None:
    assert date_of(text) == date
