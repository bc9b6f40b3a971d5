from __future__ import annotations

import codecs

import pytest

from harlm.context.encoding_labels import _LABELS, codec_of


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("utf8", "utf-8"), ("unicode-1-1-utf-8", "utf-8"), ("GB2312", "gb18030"), ("gbk", "gb18030"), ("Shift_JIS", "cp932"),
        ("x-sjis", "cp932"), ("iso-8859-1", "cp1252"), ("latin1", "cp1252"), ("us-ascii", "cp1252"),
        ("iso-8859-8-i", "iso8859-8"), ("logical", "iso8859-8"), ("euc-kr", "cp949"), ("ks_c_5601-1987", "cp949"),
        ("big5", "big5hkscs"), ("tis-620", "cp874"), ("iso-8859-9", "cp1254"), ("iso-8859-11", "cp874"),
        ("x-mac-cyrillic", "mac-cyrillic"), ("macintosh", "mac-roman"), (' "Windows-1251" ', "cp1251"), ("cp437", "cp437"),
        ("hz-gb-2312", "hz"), ("koi8-ru", "koi8-u"), ("unicode", "utf-16-le"),
    ],
)  # fmt: skip
def test_a_label_means_what_browsers_take_it_for(label: str, codec: str) -> None:
    assert codec_of(label) == codec


@pytest.mark.parametrize(
    "label", ["", "nonsense", "hex", "idna", "undefined", "rot13", "punycode", "x" * 100_000, "unknown-8bit"]
)
def test_nothing_else_is_an_encoding(label: str) -> None:
    assert codec_of(label) is None


@pytest.mark.parametrize("codec", _LABELS)
def test_every_codec_decodes_text(codec: str) -> None:
    assert codecs.lookup(codec).decode("words".encode(codec))[0].strip("\ufeff") == "words"
