from __future__ import annotations

import codecs

import pytest

from harlm.context.decode import decode

JAPANESE = "日本語の文章です。これは十分に長い文です。\n明日は雨でしょう。\n"
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
        (JAPANESE.encode("shift_jis"), JAPANESE),
        (RUSSIAN.encode("utf-16-le"), RUSSIAN),
        (RUSSIAN.encode("utf-16-be"), RUSSIAN),
        (JAPANESE.encode("utf-16-le"), JAPANESE),
        (JAPANESE.encode("utf-16-be"), JAPANESE),
        ("naïve and plain words ".encode("cp1252"), "naïve and plain words "),
        (b"plain words " * 3000 + b"na\xefve", "plain words " * 3000 + "naïve"),
        ("cut in a character é".encode()[:-1], "cut in a character \ufffd"),
    ],
)
def test_text_in_any_encoding(data: bytes, text: str) -> None:
    assert decode(data) == text


@pytest.mark.parametrize("data", [b"\x7fELF\x00\x01\x02", bytes(range(256)) * 4, b"\x01\x02\x03\x04" * 100])
def test_bytes_that_are_not_text_give_none(data: bytes) -> None:
    assert decode(data) is None


@pytest.mark.parametrize("text", [RUSSIAN, JAPANESE, "Grüße aus Köln, schöne Straße"])
@pytest.mark.parametrize("at", [0, 7, 20])
def test_one_wrong_byte_costs_one_character(text: str, at: int) -> None:
    assert decode(text[:at].encode() + b"\xff" + text[at:].encode()) == f"{text[:at]}\ufffd{text[at:]}"


def test_zeros_among_blanks_are_not_text_in_another_script() -> None:
    assert decode(b"\x04\x10 \x00\xd8\x00\x00\x01 \x00\xff\xfe\x10\x80" * 20) is None
