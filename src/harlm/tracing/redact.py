"""Keeps secrets out of everything that is written.

Hides given values. Does not guess what else might be secret.

A key that is an ordinary word (such as ``ollama`` or ``none``, for servers that need no key) is not hidden:
it is not secret, and hiding it would remove the word from answers and names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

HIDDEN = "[redacted]"
_SHORTEST = 8  # characters; a shorter secret would hide ordinary words
_LONGEST_WORD = 16  # characters; a longer string of letters counts as a secret


class Redactor:
    """Replaces every occurrence of given secrets.

    Args:
        secrets: the values, such as API keys; ``None`` values are ignored.
    """

    def __init__(self, secrets: Iterable[str | None]) -> None:
        stripped = {secret.strip() for secret in secrets if secret}
        kept = {secret for secret in stripped if not _is_word(secret)}
        written = {
            form.encode("utf-8", "replace") for secret in kept for form in (secret, json.dumps(secret)[1:-1])
        }
        self._secrets = sorted(written, key=len, reverse=True)
        self._texts = [secret.decode() for secret in self._secrets]

    def clean(self, data: bytes) -> bytes:
        """``data`` with each secret replaced by ``HIDDEN``."""
        for secret in self._secrets:
            if secret in data:
                data = data.replace(secret, HIDDEN.encode())
        return data

    def end_outside(self, text: str, end: int) -> int:
        """The greatest index up to ``end`` at which ``text`` can be cut without cutting a secret in two."""
        for secret in self._texts:
            inside = len(secret) - 1
            found = text.find(secret, max(0, end - inside), end + inside)
            if found >= 0:
                end = min(end, found)
        return end


def _is_word(secret: str) -> bool:
    return len(secret) < _SHORTEST or (secret.isalpha() and len(secret) < _LONGEST_WORD)
