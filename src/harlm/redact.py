"""Keeps secrets out of everything that is stored or shown.

Hides given values, in the forms in which programs write them. Does not guess what else might be secret.

A key that is an ordinary word or a short number (such as ``ollama`` or ``none``, for servers that need no key)
is not hidden: it is not secret, and hiding it would remove the word from answers and names.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from harlm.patterns import lazy_pattern

HIDDEN = "[redacted]"
_SHORTEST = 8  # characters; a shorter secret would hide ordinary words
_LONGEST_WORD = 16  # characters; a longer string of letters or digits counts as a secret
_ESCAPE = lazy_pattern(rb"\\(?:u00([2-7][0-9a-fA-F])|.)", re.DOTALL)
_KEPT_ESCAPED = b'"\\'  # in JSON, these two mean something else without their escape


class Redactor:
    """Replaces every occurrence of given secrets: as they are, and as URLs, JSON and base64 write them.

    Args:
        secrets: the values, such as API keys; ``None`` values are ignored.
    """

    def __init__(self, secrets: Iterable[str | None]) -> None:
        stripped = {secret.strip() for secret in secrets if secret}
        forms = {form for secret in stripped if not _is_word(secret) for form in _forms(secret)}
        self._texts = sorted(forms, key=len, reverse=True)
        self._bytes = [form.encode("utf-8", "replace") for form in self._texts]
        self._longest = max(map(len, self._texts), default=0)
        self._has_slash = any("/" in secret for secret in stripped)
        self._firsts = {form[0] for form in self._texts}

    def clean(self, data: bytes) -> bytes:
        """``data``, of which JSON stays JSON, with each secret replaced by ``HIDDEN``."""
        data = self._without(data)
        if self._bytes and (b"\\u00" in data or (self._has_slash and b"\\/" in data)):
            plain = _ESCAPE.sub(_unescaped, data)
            cleaned = self._without(plain)
            return data if cleaned is plain else cleaned
        return data

    def clean_text(self, text: str) -> str:
        """``text`` with each secret replaced by ``HIDDEN``."""
        for form in self._texts:
            if form in text:
                text = text.replace(form, HIDDEN)
        return text

    def end_outside(self, text: str, end: int) -> int:
        """The greatest index up to ``end`` at which ``text`` can be cut without cutting a secret in two."""
        for secret in self._texts:
            inside = len(secret) - 1
            found = text.find(secret, max(0, end - inside), end + inside)
            if found >= 0:
                end = min(end, found)
        return end

    def settled(self, text: str) -> str:
        """The cleaned beginning of a text that still grows: what could be the beginning of a secret at its end
        is left out.
        """
        text = self.clean_text(text)
        for at in range(max(0, len(text) - self._longest), len(text)):
            if text[at] in self._firsts and any(form.startswith(text[at:]) for form in self._texts):
                return text[:at]
        return text

    def _without(self, data: bytes) -> bytes:
        for form in self._bytes:
            if form in data:
                data = data.replace(form, HIDDEN.encode())
        return data


def _forms(secret: str) -> Iterator[str]:
    """The forms in which a secret is written. Base64 of anything that contains it holds one of three, by where it
    begins; the characters that also depend on its neighbours are left out.
    """
    yield secret
    yield quote(secret, safe="")
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    data = secret.encode("utf-8", "replace")
    for before in range(3):
        whole = bytes(before) + data
        first, last = -(-8 * before // 6), 8 * len(whole) // 6
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(whole).decode()[first:last]


def _unescaped(match: re.Match[bytes]) -> bytes:
    """A character that JSON need not escape, without its escape; any other escape as it is."""
    if match[0] == b"\\/":
        return b"/"
    letter = bytes.fromhex(match[1].decode()) if match[1] else b""
    return match[0] if not letter or letter in _KEPT_ESCAPED else letter


def _is_word(secret: str) -> bool:
    return len(secret) < _SHORTEST or ((secret.isalpha() or secret.isdigit()) and len(secret) < _LONGEST_WORD)
