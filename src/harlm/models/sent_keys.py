"""What a request carries that its reply must not show: keys and passwords."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from functools import lru_cache
from urllib.parse import parse_qsl, unquote, urlsplit

from harlm.redact import Redactor

_QUERY_KEYS = ("key", "api_key", "api-key", "apikey", "token", "access_token", "code", "sig")
_HEADERS = ("authorization", "x-api-key", "x-goog-api-key", "api-key")


def redactor_of(headers: Mapping[str, str], *urls: str | None) -> Redactor:
    """Hides the keys in the headers of a request, and the passwords in its address and in that of its proxy."""
    return _redactor_of(tuple(headers.get(name) for name in _HEADERS), urls)


@lru_cache(maxsize=64)
def _redactor_of(values: tuple[str | None, ...], urls: tuple[str | None, ...]) -> Redactor:
    keys = [value.rpartition(" ")[2] for value in values if value]
    return Redactor([*keys, *(secret for url in urls if url for secret in _passwords(url))])


def _passwords(url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
    except ValueError:  # half an IPv6 address, which no connection can be made to
        return
    for name, value in parse_qsl(parts.query):
        if name.lower() in _QUERY_KEYS:
            yield value
    if parts.password:
        user, password = unquote(parts.username or ""), unquote(parts.password)
        yield from (parts.password, password, b64encode(f"{user}:{password}".encode()).decode())


def shows_key(error: BaseException, redactor: Redactor) -> bool:
    """Whether the text of an error, or of one that it comes from, holds a secret. A traceback shows all of them."""
    each: BaseException | None = error
    while each is not None:
        if redactor.clean_text(text := str(each)) != text:
            return True
        each = each.__cause__ or each.__context__
    return False
