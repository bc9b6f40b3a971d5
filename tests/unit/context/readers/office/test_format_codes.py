from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.context.readers.office.format_codes import LONGEST_CODE, sections_of


def kinds(code: str) -> list[str]:
    (section,) = sections_of(code)
    return [f"{token.kind}:{token.text}" for token in section.tokens]


@pytest.mark.parametrize(
    ("code", "tokens"),
    [
        ("0.0%", ["digit:0", "point:.", "digit:0", "percent:%"]),
        ('#,##0 "m²"', ["digit:#", "comma:,", "digit:#", "digit:#", "digit:0", "text: ", "text:m²"]),
        ("[h]:MM", ["elapsed:h", "text::", "date:mm"]),
        ("h:mm AM/PM", ["date:h", "text::", "date:mm", "text: ", "date:am/pm"]),
        ("[$€-407] 0", ["text:€", "text: ", "digit:0"]),
        ("[$-409]d", ["date:d"]),
        ("[Red]0", ["digit:0"]),
        ("_(* 0_)", ["digit:0"]),
        ("0E+00", ["digit:0", "exponent:E+", "digit:0", "digit:0"]),
        ("\\d@", ["text:d", "cell:@"]),
        ("General", ["general:general"]),
        ('"open', ["text:open"]),
        ("[open", []),
    ],
)
def test_a_code_is_split_into_tokens(code: str, tokens: list[str]) -> None:
    assert kinds(code) == tokens


def test_sections_end_at_semicolons_outside_of_quotes() -> None:
    assert [len(section.tokens) for section in sections_of('0;";";[>=1]0;')] == [1, 1, 1, 0]
    assert [section.condition for section in sections_of("[>=100]0;[<>x]0")] == [(">=", 100.0), None]


@given(st.text(alphabet='0#?.,%E+-/@ymdhsAMP[]"\\_*;$€<>= 年', max_size=400))
def test_any_code_is_split(code: str) -> None:
    sections = sections_of(code)
    assert 1 <= len(sections) <= code.count(";") + 1
    assert sum(len(token.text) for section in sections for token in section.tokens) <= LONGEST_CODE + 8
