"""Values of settings that are written as text: durations and server addresses."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

_DURATION = re.compile(
    r"(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?"
)


def is_address(value: str) -> bool:
    """Whether a text is the address of a server: an http or https URL with a host and no invalid port."""
    try:
        parts = urlsplit(value)
        is_whole = value.split() == [value]
        return is_whole and parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is not a number, half an IPv6 address
        return False


def seconds_of(text: str) -> float:
    """Seconds from ``90``, ``90s``, ``5m``, ``1h30m`` or ``30d``.

    Raises:
        ValueError: the text is not a duration.
    """
    matched = _DURATION.fullmatch(text.strip().lower().replace(" ", ""))
    if matched is None or not any(matched.groups()):
        raise ValueError(f"invalid duration {text!r}: use 90s, 5m or 1h30m")
    days, hours, minutes, seconds = (float(part or 0) for part in matched.groups())
    return 86_400 * days + 3600 * hours + 60 * minutes + seconds
