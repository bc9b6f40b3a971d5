"""The limits that providers state, in every notation, and invalid ones."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.models.rates import header_wait, rates_of
from harlm.types import Rate, Rates


def in_seconds(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 7 "}, 7.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "86400"}, 86_400.0),
        ({"retry-after": "1e9"}, 1e9),
        ({"retry-after": ""}, None),
        ({"retry-after": "   "}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "-inf"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "7, 8"}, None),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "0"}, 0.0),
        ({"retry-after-ms": "-20"}, 0.0),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
        ({"retry-after-ms": "nan", "retry-after": "7"}, 7.0),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry-after": "2015-10-21T07:28:00Z"}, 0.0),
        ({"retry-after": "Wed, 99 Foo 2015 07:28:00 GMT"}, None),
        ({"retry-after": "9999-99-99"}, None),
    ],
    ids=str,
)
def test_a_wait_is_read_in_every_notation(headers: Mapping[str, str], seconds: float | None) -> None:
    assert header_wait(headers) == seconds


@pytest.mark.parametrize("ahead_s", [30.0, 86_400.0])
@pytest.mark.parametrize(
    "written",
    [
        lambda when: format_datetime(when, usegmt=True),
        lambda when: format_datetime(when.astimezone(UTC).replace(tzinfo=None)),  # "-0000": no zone
        lambda when: when.isoformat(),
        lambda when: when.replace(tzinfo=None).isoformat(),
        lambda when: when.isoformat().replace("+00:00", "Z"),
    ],
    ids=["HTTP", "HTTP without a zone", "ISO", "ISO without a zone", "ISO with Z"],
)
def test_a_date_is_the_time_until_then(written: object, ahead_s: float) -> None:
    assert callable(written)
    wait = header_wait({"retry-after": written(in_seconds(ahead_s))})
    assert wait == pytest.approx(ahead_s, abs=10)


def test_seconds_do_not_depend_on_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    before = header_wait({"retry-after": "7"})
    monkeypatch.setattr(time, "time", lambda: 0.0)
    monkeypatch.setattr(time, "monotonic", lambda: 1e12)
    assert header_wait({"retry-after": "7"}) == before == 7.0


OPENAI = {
    "x-ratelimit-limit-requests": "600",
    "x-ratelimit-remaining-requests": "599",
    "x-ratelimit-reset-requests": "120ms",
    "x-ratelimit-limit-tokens": "150000",
    "x-ratelimit-remaining-tokens": "149984",
    "x-ratelimit-reset-tokens": "6m0s",
}


def test_the_headers_of_openai_are_read() -> None:
    assert rates_of(OPENAI) == Rates(
        requests=Rate(limit=600, left=599, reset_s=0.12),
        tokens=Rate(limit=150_000, left=149_984, reset_s=360.0),
    )


def test_the_headers_of_anthropic_are_read() -> None:
    reset = in_seconds(30).isoformat(timespec="seconds").replace("+00:00", "Z")
    rates = rates_of(
        {
            "anthropic-ratelimit-requests-limit": "50",
            "anthropic-ratelimit-requests-remaining": "49",
            "anthropic-ratelimit-requests-reset": reset,
            "anthropic-ratelimit-tokens-limit": "40000",
            "anthropic-ratelimit-tokens-remaining": "39000",
            "anthropic-ratelimit-tokens-reset": reset,
            "anthropic-ratelimit-input-tokens-limit": "1",
            "anthropic-ratelimit-input-tokens-remaining": "1",
        }
    )
    assert rates is not None
    assert rates.requests is not None
    assert rates.tokens is not None
    assert (rates.requests.limit, rates.requests.left) == (50, 49)
    assert (rates.tokens.limit, rates.tokens.left) == (40_000, 39_000)
    assert rates.requests.reset_s == pytest.approx(30, abs=10)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("1s", 1.0),
        ("1.5s", 1.5),
        ("120ms", 0.12),
        ("6m0s", 360.0),
        ("1h30m", 5400.0),
        ("1d2h3m4.5s", 93_784.5),
        ("59", 59.0),
        ("0s", 0.0),
        ("-5", 0.0),
        ("", None),
        ("soon", None),
        ("5x", None),
        ("5s later", None),
        ("nan", None),
        ("2015-10-21T07:28:00Z", 0.0),
    ],
)
def test_a_reset_time_is_read_in_every_notation(written: str, seconds: float | None) -> None:
    rates = rates_of({**OPENAI, "x-ratelimit-reset-requests": written})
    assert rates is not None
    assert rates.requests is not None
    assert rates.requests.reset_s == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    "changed",
    [
        {"x-ratelimit-limit-requests": ""},
        {"x-ratelimit-limit-requests": "many"},
        {"x-ratelimit-limit-requests": "0"},
        {"x-ratelimit-limit-requests": "-1"},
        {"x-ratelimit-limit-requests": "inf"},
        {"x-ratelimit-limit-requests": "1e300"},
        {"x-ratelimit-remaining-requests": "nan"},
        {"x-ratelimit-remaining-requests": "601"},
        {"x-ratelimit-remaining-requests": "-"},
    ],
    ids=str,
)
def test_an_invalid_limit_is_ignored_and_the_others_are_kept(changed: Mapping[str, str]) -> None:
    rates = rates_of({**OPENAI, **changed})
    assert rates is not None
    assert rates.requests is None
    assert rates.tokens is not None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "application/json"},
        {"x-ratelimit-limit": "20", "x-ratelimit-remaining": "3", "x-ratelimit-reset": "1741305600000"},
        {"x-ratelimit-remaining-requests": "7"},
        {"x-ratelimit-limit-requests": "7"},
    ],
    ids=str,
)
def test_headers_without_limits_give_none(headers: Mapping[str, str]) -> None:
    assert rates_of(headers) is None


NAMES = [
    "retry-after",
    "retry-after-ms",
    *OPENAI,
    *(
        f"anthropic-ratelimit-{what}-{field}"
        for what in ("requests", "tokens")
        for field in ("limit", "remaining", "reset")
    ),
]
VALUES = st.one_of(
    st.text(max_size=40),
    st.from_regex(r"\A-?[0-9]{1,400}(\.[0-9]{1,5})?(e[+-]?[0-9]{1,4})?(ms|s|m|h|d)?\Z"),
    st.floats().map(str),
    st.integers().map(str),
    st.datetimes().map(lambda each: each.isoformat()),
    st.datetimes().map(format_datetime),
    st.from_regex(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.+Z-]{0,20}\Z"),
    st.from_regex(r"\A(Mon|Tue), [0-9]{1,4} (Jan|Foo) [0-9]{1,6} [0-9:]{1,10} [A-Z+-][0-9]{0,9}\Z"),
)


@given(st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_invalid_headers_never_raise_and_never_give_absurd_numbers(headers: dict[str, str]) -> None:
    wait, rates = header_wait(headers), rates_of(headers)
    assert wait is None or (wait >= 0 and math.isfinite(wait))
    for rate in () if rates is None else (rates.requests, rates.tokens):
        if rate is not None:
            assert 0 <= rate.left <= rate.limit < 1 << 50
            assert rate.reset_s is None or rate.reset_s >= 0
