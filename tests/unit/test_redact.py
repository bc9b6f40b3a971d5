"""Secrets are removed from everything that is written."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from harlm.redact import Redactor


def test_redaction_ignores_values_too_short_to_be_secrets() -> None:
    assert Redactor(["", None, "abc"]).clean(b"abc") == b"abc"
    assert Redactor(["secret-one", "secret-one-longer"]).clean(b"secret-one-longer") == b"[redacted]"


@pytest.mark.parametrize("word", ["none", "ollama", "localmodel", "12345678"])
def test_an_ordinary_word_or_number_is_not_a_secret(word: str) -> None:
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


KEY = "sk-a/b+c=-0123456789"
ANY = st.text('sk-a/b+c=019 \\"u', max_size=30)


@given(
    st.binary(max_size=6),
    st.binary(max_size=6),
    st.sampled_from([base64.b64encode, base64.urlsafe_b64encode]),
)
def test_base64_of_what_holds_a_secret_holds_no_base64_of_it(before, after, encode) -> None:  # type: ignore[no-untyped-def] # bytes and a function of bytes
    encoded = encode(before + KEY.encode() + after)
    cleaned = Redactor([KEY]).clean(encoded)
    assert b"[redacted]" in cleaned
    assert len(cleaned) - len("[redacted]") <= len(encode(before)) + len(encode(after)) + 4


@given(
    ANY, ANY, st.lists(st.sampled_from(["as it is", "u%04x", "u%04X"]), min_size=len(KEY), max_size=len(KEY))
)
def test_json_that_escapes_any_of_its_letters_hides_it(before: str, after: str, how: list[str]) -> None:
    text = "".join(
        letter if form == "as it is" else "\\" + form % ord(letter)
        for letter, form in zip(KEY, how, strict=True)
    )
    data = f'"{json.dumps(before)[1:-1]}{text}{json.dumps(after)[1:-1]}"'.encode()
    assert json.loads(Redactor([KEY]).clean(data)) == Redactor([KEY]).clean_text(before + KEY + after)


@given(st.recursive(ANY | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3), max_leaves=6))
def test_json_without_the_secret_is_not_changed(value: object) -> None:
    redactor = Redactor([KEY])
    for data in (json.dumps(value).encode(), json.dumps(value).replace("/", "\\/").encode()):
        if KEY not in json.dumps(value):
            assert redactor.clean(data) is data


@pytest.mark.parametrize("form", [KEY, quote(KEY, safe=""), f"http://x/?k={KEY}"])
def test_text_is_cleaned_too(form: str) -> None:
    assert "0123" not in Redactor([KEY]).clean_text(f"it is {form}.")


@given(ANY, st.integers(1, 5), ANY)
def test_a_growing_text_never_shows_a_part_and_never_shrinks(before: str, step: int, after: str) -> None:
    whole = before + KEY + after
    redactor = Redactor([KEY])
    shown = [redactor.settled(whole[:at]) for at in range(0, len(whole) + step, step)]
    final = redactor.clean_text(whole)
    assert all(final.startswith(each) for each in shown)


def test_without_secrets_nothing_is_held_back() -> None:
    assert Redactor([]).settled("sk-") == "sk-"
    assert Redactor([KEY]).settled("a sk-b") == "a sk-b"
    assert Redactor([KEY]).settled("a sk-") == "a "
