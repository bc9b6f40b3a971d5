"""Keeping secrets out of what is written. Knows the values to hide; refuses to guess what else might be secret."""

from __future__ import annotations

from collections.abc import Iterable

HIDDEN = "[redacted]"
_SHORTEST = 6  # a shorter value would hide ordinary words


class Redactor:
    """Replaces every occurrence of some secrets.

    Args:
        secrets: the values, such as API keys; empty and very short ones are ignored.
    """

    def __init__(self, secrets: Iterable[str | None]) -> None:
        kept = {secret for secret in secrets if secret and len(secret) >= _SHORTEST}
        self._secrets = sorted((each.encode() for each in kept), key=len, reverse=True)

    def clean(self, data: bytes) -> bytes:
        """``data`` without the secrets."""
        for secret in self._secrets:
            if secret in data:
                data = data.replace(secret, HIDDEN.encode())
        return data
