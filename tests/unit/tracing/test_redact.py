"""Secrets are removed from everything that is written."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harlm.tracing.redact import Redactor


def test_redaction_ignores_values_too_short_to_be_secrets() -> None:
    assert Redactor(["", None, "abc"]).clean(b"abc") == b"abc"
    assert Redactor(["secret-one", "secret-one-longer"]).clean(b"secret-one-longer") == b"[redacted]"


@pytest.mark.parametrize("word", ["none", "ollama", "localmodel"])
def test_an_ordinary_word_is_not_a_secret(word: str) -> None:
    assert Redactor([word]).clean(word.encode()) == word.encode()


@pytest.mark.parametrize("secret", ["abcdefgh1", "abcdefghijklmnop"])
def test_a_word_with_a_digit_or_of_sixteen_letters_is_a_secret(secret: str) -> None:
    assert Redactor([secret]).clean(secret.encode()) == b"[redacted]"


@given(
    st.lists(
        st.text('aé"\\/0', min_size=8, max_size=20).map(lambda text: f"sk-{text}"), min_size=1, max_size=3
    ),
    st.lists(st.text(max_size=10), min_size=4, max_size=4),
)
def test_no_secret_survives_in_json(secrets: list[str], pieces: list[str]) -> None:
    text = "".join(piece + secret for piece, secret in zip(pieces, secrets, strict=False)) + pieces[-1]
    cleaned = Redactor(secrets).clean(json.dumps(text).encode())
    found = json.loads(cleaned.replace(b"[redacted]", b""))
    assume("sk-" not in "".join(pieces))
    assert "sk-" not in found
