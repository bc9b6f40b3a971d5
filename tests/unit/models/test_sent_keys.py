from __future__ import annotations

import pytest

from harlm.models.sent_keys import redactor_of, shows_key


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer sk-0123456789"},
        {"x-api-key": "sk-0123456789"},
        {"x-goog-api-key": "sk-0123456789"},
    ],
)
def test_the_key_of_each_dialect_is_hidden(headers: dict[str, str]) -> None:
    assert redactor_of(headers, "http://x").clean(b"<sk-0123456789>") == b"<[redacted]>"


def test_other_headers_hold_no_key() -> None:
    headers = {"anthropic-version": "2023-06-01", "idempotency-key": "0123456789abcdef"}
    assert redactor_of(headers).clean(b"2023-06-01 0123456789abcdef") == b"2023-06-01 0123456789abcdef"


def test_passwords_of_addresses_are_hidden_and_odd_addresses_have_none() -> None:
    redactor = redactor_of({}, "http://me:pass%2Fword-1@x/v1", None, "http://[::1", "http://me@x")
    assert redactor.clean_text("pass/word-1 pass%2Fword-1 me") == "[redacted] [redacted] me"


def test_a_key_is_found_along_the_chain_of_an_error() -> None:
    redactor = redactor_of({"x-api-key": "sk-0123456789"})
    error = ValueError("no key")
    assert not shows_key(error, redactor)
    error.__context__ = OSError("sk-0123456789")
    assert shows_key(error, redactor)
