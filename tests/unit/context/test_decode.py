from __future__ import annotations

import codecs
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.context.decode import decode, decode_labelled, decode_with_notes

JAPANESE = "日本語の文章です。これは十分に長い文です。\n明日は雨でしょう。\n"
RUSSIAN = "Здравствуйте, это пример текста на русском языке, и в нём достаточно букв для догадки."


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"plain\r\nlines\r\nhere\n", "plain\nlines\nhere\n"),
        (b"old\rMac\r", "old\nMac\n"),
        (b"10%\r100%\ndone\r\r\nend", "10% 100%\ndone\nend"),
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


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize(
    "text", ["ready\n", "hi", "да\n", "Łódź\n", "日本 語", "a\r\nb".replace("\r", ""), "naïve 1"]
)
def test_short_wide_text_needs_no_mark(codec: str, text: str) -> None:
    assert decode(text.encode(codec)) == text


@pytest.mark.parametrize("data", [b"\0\1\2\3", b"a\0", b"\0\0\0\x0a", b"PK\3\4\0\0", b"\xff\0\xfe\1" * 4])
def test_short_binary_data_is_not_wide_text(data: bytes) -> None:
    assert decode(data) is None


@pytest.mark.parametrize("text", ["価格は円です。", "カタカナ Abc 日本", "半角ｶﾅ です"])
def test_the_escapes_of_japanese_mail_are_read(text: str) -> None:
    data = text.encode("iso2022_jp_ext")
    assert decode(data) == text
    assert decode_labelled(data, "ISO-2022-JP") == decode_with_notes(data)


def test_the_escapes_of_terminals_are_kept() -> None:
    data = b"\x1b[32mok\x1b(B\x1b[m done, and a longer line of words follows here so that it is text\n"
    assert decode(data) == data.decode()


@pytest.mark.parametrize(
    "data",
    [
        b"\0" * 5000 + b"2024-01-01 start\n" * 20,
        b"line of a log\n" * 9 + b"\0" * 7 + b"disk full\n",
        b"word " * 9 + b"\0\0",
    ],
)
def test_a_few_zero_bytes_are_left_out_and_told(data: bytes) -> None:
    found = decode_with_notes(data)
    assert found is not None
    assert found.text == data.replace(b"\0", b"").decode()
    assert found.notes == ("zero bytes among its text are left out",)


@pytest.mark.parametrize(
    ("older", "codec"), [("Größe stored", "cp1252"), ("Ошибка записи", "cp1251"), ("保修期限为一年", "gbk")]
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_each_line_has_its_own_encoding(older: str, codec: str, line_end: str) -> None:
    lines = [
        "Müller zahlt 5 € für Äpfel".encode(),
        older.encode(codec),
        b"plain",
        "Łódź 日本".encode(),
        older.encode(codec),
    ]
    found = decode_with_notes(line_end.encode().join(lines))
    assert found is not None
    assert found.text == f"Müller zahlt 5 € für Äpfel\n{older}\nplain\nŁódź 日本\n{older}"
    assert "in some of its lines; the others are UTF-8" in found.notes[0]


def test_a_guess_is_told_and_certainty_is_not() -> None:
    guessed = decode_with_notes("Elle a été créée".encode("cp1252"))
    assert guessed is not None
    assert guessed.notes == ("does not say its encoding; it is read as windows-1252, a guess by its letters",)
    for data in ("été".encode(), b"plain", "été".encode("utf-16"), "été".encode("utf-8-sig")):
        found = decode_with_notes(data)
        assert found is not None
        assert not found.notes


@pytest.mark.parametrize(
    ("text", "codec", "label"),
    [
        ("朱镕基", "gbk", "gb2312"), ("“quoted” €", "cp1252", "iso-8859-1"), ("①髙", "cp932", "shift_jis"),
        ("Köln und Düsseldorf", "utf-8", "iso-8859-1"), ("東京と大阪", "utf-8", "shift_jis"), ("똠방각하", "cp949", "euc-kr"),
        ("Łódź", "utf-8", "windows-1252"), ("grün", "cp1252", "nonsense"), ("grün", "utf-8", "us-ascii"),
        ("Привет, мир, как дела", "cp1251", "us-ascii"), ("Привет", "cp1251", "utf-8"), ("été", "utf-8-sig", "koi8-r"),
        ("été", "utf-16", "koi8-r"), ("été très", "utf-16-le", "utf-16"), ("שלום", "iso8859-8", "iso-8859-8-i"),
        ("plain", "ascii", "utf-16"), ("ไทย", "cp874", "tis-620"), ("中文", "hz", "hz-gb-2312"), ("Ünï", "utf-7", "utf-7"),
        ("Ærø", "cp850", "ibm850"), ("Größe", "utf-8", None),
    ],
)  # fmt: skip
def test_a_label_is_believed_where_the_bytes_agree(text: str, codec: str, label: str | None) -> None:
    found = decode_labelled(text.encode(codec), label)
    assert found is not None
    assert found.text == text


@given(
    st.binary(max_size=300),
    st.sampled_from([None, "utf-16", "gb2312", "latin1", "hz", "utf-7", "iso-2022-jp", "utf-32"]),
)
def test_any_bytes_with_any_label_are_text_or_not(data: bytes, label: str | None) -> None:
    found = decode_labelled(data, label)
    assert found is None or "\r" not in found.text


@pytest.mark.parametrize(
    "data",
    [b"\xff\n" * 2_000_000, b"\xff\n\xc3\xa9\n" * 1_000_000, b"\n" * 5_000_000 + b"\xff", b"\r" * 5_000_000 + b"\n", b"\0a" * 2_000_000],
    ids=lambda data: repr(data[:5]),
)  # fmt: skip
def test_no_text_takes_longer_than_its_size(data: bytes) -> None:
    began = time.process_time()
    decode(data)
    assert time.process_time() - began < 5
