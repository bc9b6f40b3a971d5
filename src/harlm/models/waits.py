"""How long a provider asks to wait, in each of the forms in which it is said: headers, fields of the body, words."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

from harlm.models.lenient import a_number
from harlm.models.rates import duration, header_wait
from harlm.patterns import lazy_pattern

_IN_WORDS = lazy_pattern(
    r"(?:try again|retry|retrying|wait|available|resets?)[\s_-]*+(?:after|in|for|within|at least)?[\s:=]*+(?:about\s++|~)?"
    r"(\d+(?:\.\d++)?\s*+[a-z]*+(?:\s*+\d+(?:\.\d++)?\s*+[a-z]++){0,3})",
    re.IGNORECASE,
)
_IN_FOREIGN_WORDS = lazy_pattern(r"retry_?delay\W{1,6}(\d+(?:\.\d++)?)s|(\d++) ?秒后", re.IGNORECASE)
_UNITS = {
    "ms": 0.001, "millisecond": 0.001, "milliseconds": 0.001,
    "": 1.0, "s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0,
    "m": 60.0, "min": 60.0, "mins": 60.0, "minute": 60.0, "minutes": 60.0,
    "h": 3600.0, "hr": 3600.0, "hour": 3600.0, "hours": 3600.0,
    "d": 86_400.0, "day": 86_400.0, "days": 86_400.0,
}  # fmt: skip
_PART = lazy_pattern(r"(\d+(?:\.\d++)?)\s*+([a-z]*+)", re.IGNORECASE)
_FIELDS = (
    "retryDelay", "retry_delay", "retry_after", "retryAfter", "retry-after", "retry_after_seconds", "resets_in_seconds",
    "estimated_time",
)  # fmt: skip
_MILLISECONDS = ("retry_after_ms", "retryAfterMs", "retryDelayMs")
_RESETS = ("x-ratelimit-reset", "ratelimit-reset", "x-ratelimit-reset-after")
_DEEPEST, _MOST = 6, 200
_LONG_AGO = 1e9  # seconds; a larger number is a moment, not a duration


def wait_told(headers: Mapping[str, str], body: Any, words: str) -> float | None:
    """The seconds that a refusal asks to wait; ``None`` if it does not say.

    Args:
        headers: of the reply.
        body: its decoded JSON.
        words: its message.
    """
    for wait in (*_in_headers(headers), *_in_fields(body)):
        if wait is not None:
            return wait
    return _in_words(words)


def _in_fields(body: Any) -> Iterator[float | None]:
    """The waits in a body, wherever they stand: google.rpc.RetryInfo, Hugging Face's loading times, OpenRouter's copy
    of its headers.
    """
    pending, seen = [(body, 0)], 0
    while pending and seen < _MOST:
        value, depth = pending.pop()
        seen += 1
        if isinstance(value, list):
            pending.extend((each, depth + 1) for each in value[:20] if depth < _DEEPEST)
        if not isinstance(value, dict):
            continue
        yield from (_seconds(value[name]) for name in _FIELDS if name in value)
        for name in _MILLISECONDS:
            if (number := a_number(value.get(name))) is not None and number >= 0:
                yield number / 1000
        if isinstance(headers := value.get("headers"), dict):
            yield from _in_headers({str(key).lower(): str(each) for key, each in headers.items()})
        if depth < _DEEPEST:
            pending.extend((each, depth + 1) for each in value.values() if isinstance(each, dict | list))


def _in_headers(headers: Mapping[str, str]) -> Iterator[float | None]:
    yield header_wait(headers)
    if (number := a_number(headers.get("x-ms-retry-after-ms"))) is not None and number >= 0:
        yield number / 1000
    for name in _RESETS:
        moment = a_number(headers.get(name))
        if moment is not None and moment > _LONG_AGO:
            yield max(0.0, (moment / 1000 if moment > _LONG_AGO * 100 else moment) - time.time())
        else:
            yield duration(headers.get(name))


def _seconds(value: Any) -> float | None:
    if isinstance(value, dict):  # google.protobuf.Duration as an object
        seconds, nanos = a_number(value.get("seconds")), a_number(value.get("nanos"))
        return None if seconds is None else max(0.0, seconds + (nanos or 0.0) / 1e9)
    number = a_number(value)
    if number is not None:
        return max(0.0, number)
    return duration(value) if isinstance(value, str) else None


def _in_words(words: str) -> float | None:
    if (foreign := _IN_FOREIGN_WORDS.search(words)) is not None:
        return float(foreign[1] or foreign[2])
    found = _IN_WORDS.search(words)
    if found is None:
        return None
    total = 0.0
    for number, unit in _PART.findall(found[1]):
        if (factor := _UNITS.get(unit.lower())) is None:
            break
        total += float(number) * factor
    else:
        return total if math.isfinite(total) else None
    return total or None
