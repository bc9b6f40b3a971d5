from __future__ import annotations

import codecs

import pytest

from harlm.context.decode import decode

RUSSIAN = "Здравствуйте, это пример текста на русском языке, и в нём достаточно букв для догадки."


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"plain\r\nlines\rhere\n", "plain\nlines\nhere\n"),
        ("grün".encode(), "grün"),
        (codecs.BOM_UTF8 + b"marked", "marked"),
        ("wide".encode("utf-16"), "wide"),
        ("wide text without a mark".encode("utf-16-le"), "wide text without a mark"),
        ("wide text without a mark".encode("utf-16-be"), "wide text without a mark"),
        (codecs.BOM_UTF32_LE + "very wide".encode("utf-32-le"), "very wide"),
        (RUSSIAN.encode("cp1251"), RUSSIAN),
        (
            "日本語の文章です。これは十分に長い文です。".encode("shift_jis"),
            "日本語の文章です。これは十分に長い文です。",
        ),
        ("cut in a character é".encode()[:-1], "cut in a character \ufffd"),
    ],
)
def test_text_in_any_encoding(data: bytes, text: str) -> None:
    assert decode(data) == text


@pytest.mark.parametrize("data", [b"\x7fELF\x00\x01\x02", bytes(range(256)) * 4, b"\x01\x02\x03\x04" * 100])
def test_what_is_not_text_is_none(data: bytes) -> None:
    assert decode(data) is None
