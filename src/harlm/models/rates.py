"""The rate limits and waits that providers state in the headers of a reply, in each provider's notation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from harlm.patterns import lazy_pattern
from harlm.types import Rate, Rates

_PARTS = lazy_pattern(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_PREFIXES = ("x-ratelimit-", "anthropic-ratelimit-")
_LONGEST = 64  # characters of a duration or date
_LARGEST = 1 << 50


def header_wait(headers: Mapping[str, str]) -> float | None:
    """The seconds that headers ask to wait: ``retry-after-ms`` or ``Retry-After`` (seconds, a duration or a date).
    None if they state no valid time; 0 for a time in the past.
    """
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    if (seconds := _number(value)) is not None:
        return seconds
    return duration(value)


def rates_of(headers: Mapping[str, str]) -> Rates | None:
    """The rate limits that the headers of a reply state; None if they state none that is valid."""
    for prefix in _PREFIXES:
        requests, tokens = _rate(headers, prefix, "requests"), _rate(headers, prefix, "tokens")
        if requests is not None or tokens is not None:
            return Rates(requests=requests, tokens=tokens)
    return None


def _rate(headers: Mapping[str, str], prefix: str, what: str) -> Rate | None:
    """One limit: OpenAI writes ``x-ratelimit-remaining-requests``, Anthropic
    ``anthropic-ratelimit-requests-remaining``.
    """

    def stated(field: str) -> str | None:
        return headers.get(f"{prefix}{field}-{what}") or headers.get(f"{prefix}{what}-{field}")

    limit, left = _number(stated("limit")), _number(stated("remaining"))
    if limit is None or left is None or not 0 < limit < _LARGEST or left > limit:
        return None
    return Rate(limit=int(limit), left=int(left), reset_s=duration(stated("reset")))


def duration(text: str | None) -> float | None:
    """Seconds from ``1.2s``, ``6m0s``, ``120ms``, ``59`` or a date."""
    if not text or len(text) > _LONGEST:
        return None
    parts = _PARTS.findall(text)
    if parts and "".join(number + unit for number, unit in parts) == text:
        return sum(float(number) * _UNITS[unit] for number, unit in parts)
    return seconds if (seconds := _number(text)) is not None else _until(text)


def _until(text: str) -> float | None:
    """Seconds until a date in the format of HTTP or ISO 8601; 0 if it has passed, None if invalid."""
    try:
        when = datetime.fromisoformat(text) if text[:4].isdigit() else parsedate_to_datetime(text)
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        return max(0.0, (when - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def _number(text: str | None) -> float | None:
    """The number in ``text``, at least 0; None if it is not a finite number."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return max(0.0, number) if math.isfinite(number) else None
