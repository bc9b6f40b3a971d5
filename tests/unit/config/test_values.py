from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.config import is_address, seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90.0),
        ("90s", 90.0),
        ("5m", 300.0),
        ("1h30m", 5_400.0),
        ("1h 30m 5s", 5_405.0),
        (" 2H ", 7_200.0),
        ("1.5m", 90.0),
        ("0", 0.0),
    ],
)
def test_a_duration_is_read_in_seconds(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "-5", "5w", "1m1h", "1e3", "inf", "nan", "5 minutes"])
def test_a_text_that_is_not_a_duration_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="invalid duration") as caught:
        seconds_of(text)
    assert str(caught.value) == f"invalid duration {text!r}: use 90s, 5m or 1h30m"


@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))
def test_the_units_add_up(hours: int, minutes: int, seconds: int) -> None:
    assert seconds_of(f"{hours}h{minutes}m{seconds}s") == 3600 * hours + 60 * minutes + seconds


@pytest.mark.parametrize(
    "value",
    ["http://127.0.0.1:8000/v1", "https://example.org", "HTTPS://example.org", "http://[::1]:8000/v1"],
)
def test_an_http_url_with_a_host_is_an_address(value: str) -> None:
    assert is_address(value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "example.org",
        "ftp://x",
        "http://",
        "http://x:0",
        "http://x:port",
        "http://x:99999",
        "http://a b",
        " http://x",
    ],
)
def test_other_texts_are_not_addresses(value: str) -> None:
    assert not is_address(value)
