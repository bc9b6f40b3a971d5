"""Keeping secrets out of what is written. Knows the values to hide; refuses to guess what else might be secret.

A key that is an ordinary word (``ollama``, ``none``: what servers without keys are given) is not hidden: it is no secret,
and hiding it would take the word out of answers and names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

HIDDEN = "[redacted]"
_SHORTEST = 8  # a shorter value would hide ordinary words
_LONGEST_WORD = 16


class Redactor:
    """Replaces every occurrence of some secrets.

    Args:
        secrets: the values, such as API keys.
    """

    def __init__(self, secrets: Iterable[str | None]) -> None:
        stripped = {secret.strip() for secret in secrets if secret}
        kept = {secret for secret in stripped if not _is_word(secret)}
        written = {
            form.encode("utf-8", "replace") for secret in kept for form in (secret, json.dumps(secret)[1:-1])
        }
        self._secrets = sorted(written, key=len, reverse=True)

    def clean(self, data: bytes) -> bytes:
        """``data`` without the secrets."""
        for secret in self._secrets:
            if secret in data:
                data = data.replace(secret, HIDDEN.encode())
        return data


def _is_word(secret: str) -> bool:
    return len(secret) < _SHORTEST or (secret.isalpha() and len(secret) < _LONGEST_WORD)
