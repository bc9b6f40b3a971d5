"""Values of settings: durations and server addresses that are written as text, and any value in a message."""

from __future__ import annotations

from urllib.parse import urlsplit

from harlm.patterns import lazy_pattern

HIDDEN_VALUE = "(set, hidden)"
"""What is shown in place of a secret."""

_SHOWN = 200  # characters of a value in a message
_DURATION = lazy_pattern(
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


def without_password(url: str) -> str:
    """The address of a store as it may be shown: without user, password and parameters."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", f":{parts.port}" if parts.port else ""
    except ValueError:
        return HIDDEN_VALUE
    return f"{parts.scheme}://{host}{port}{parts.path}" if "://" in url and parts.scheme else HIDDEN_VALUE


def seconds_of(text: str) -> float:
    """Seconds from ``90``, ``90s``, ``5m``, ``1h30m`` or ``30d``.

    Raises:
        ValueError: the text is not a duration.
    """
    matched = _DURATION.fullmatch(text.strip().lower().replace(" ", ""))
    if matched is None or not any(matched.groups()):
        raise ValueError(f"invalid duration {in_short(text)}: use 90s, 5m or 1h30m")
    days, hours, minutes, seconds = (float(part or 0) for part in matched.groups())
    return 86_400 * days + 3600 * hours + 60 * minutes + seconds


def encodable(value: object) -> object:
    """A value of a setting that can be written in UTF-8: bytes of a path that are not UTF-8 become escapes."""
    if isinstance(value, tuple):
        return tuple(map(encodable, value))
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def in_short(value: object) -> str:
    """Any value as Python writes it, for a message; the middle of a long one is left out."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an integer of more digits than Python writes
        return f"<{type(value).__name__}>"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]}…{text[-_SHOWN // 2 :]}"
