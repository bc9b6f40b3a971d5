from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.context.readers import read_document
from harlm.errors import ContextError

HEAD = rb"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss Arial;}{\f1\fcharset204 Arial Cyr;}{\f2\fcharset128 MS Gothic;}}{\colortbl;\red0;}"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (rb"\f0\fs20 Caf\'e9 Gr\'f6\'dfe\par second\par", "Café Größe\nsecond"),
        (rb"\b bold\b0  and {\i italic}.", "bold and italic."),
        (rb"\u1047?\u1076\u1088? x\uc0\u8364 5", "Здр x€5"),
        (rb"{\uc2\u8364\'80\'80!}", "€!"),
        (rb"\u-10179?\u-8576? ok", "🚀 ok"),
        (rb"{\f1 \'cf\'f0\'e8\'e2\'e5\'f2}, \'e9", "Привет, é"),
        (rb"{\f2 \'93\'fa\'96\'7b}", "日本"),
        (rb"a\tab b\emdash c\~d\_e\{f\}\\g\rquote s", "a\tb—c\xa0d\u2011e{f}\\g’s"),
        (rb"\trowd\intbl Name\cell Price\cell\row\intbl Ada\par L.\cell 5\cell\row\pard after", "Name\tPrice\nAda L.\t5\nafter"),
        (rb"{\*\generator Word;}{\info{\title T}{\author A}}x", "x"),
        (rb"{\pict\pngblip 89504e47}x{\*\shppict{\pict ffff}}y", "xy"),
        (rb"{\pict\bin5 {{}\}}x", "x"),
        (rb'{\field{\*\fldinst HYPERLINK "https://e.org/a"}{\fldrslt the rules}}.', "the rules (https://e.org/a)."),
        (rb"{\field{\*\fldinst PAGE}{\fldrslt 7}}", "7"),
        (rb"{\pntext\f0 1.\tab}First\par{\listtext 2.\tab}Second", "1.\tFirst\n2.\tSecond"),
        (rb"word{\footnote note} end", "word (note) end"),
        (rb"{\upr{ab}{\*\ud{\u1047?}}}c", "Зc"),
        (b"one\r\ntwo\\\nthree\\line four", "onetwo\nthree\nfour"),
        (rb"x}trailing rubbish", "x"),
        (rb"{{{never closed", "never closed"),
        (rb"soft\-hyphen", "soft\xadhyphen"),
    ],
)  # fmt: skip
def test_the_text_of_a_document(body: bytes, text: str) -> None:
    assert read_document("a.rtf", HEAD + body + b"}").documents[0].text == text


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (rb"{\header top}x", "headers and footers are left out"),
        (rb"x{\*\annotation why}", "comments are left out"),
        (rb"x{\v secret}", "text that is hidden is left out"),
        (rb"x{\deleted old}", "text that is hidden is left out"),
    ],
)
def test_what_is_left_out_is_told(body: bytes, reason: str) -> None:
    reading = read_document("a.rtf", HEAD + body + b"}")
    assert reading.documents[0].text == "x"
    assert [skipped.reason for skipped in reading.skipped] == [reason]


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (rb"{\rtf1\ansi\ansicpg1251 ", "Привет"),
        (rb"{\rtf1\mac ", "œÂ"),
        (rb"{\rtf1\ansi\ansicpg936 ", "你好"),
    ],
)
def test_the_code_page_is_that_of_the_document(head: bytes, text: str) -> None:
    codec = {"Привет": "cp1251", "œÂ": "mac-roman", "你好": "gbk"}[text]
    escaped = "".join(f"\\'{byte:02x}" for byte in text.encode(codec)).encode()
    assert read_document("a.doc", head + escaped + b"}").documents[0].text == text


def test_places_are_paragraphs() -> None:
    document = read_document("a.rtf", HEAD + rb"one\par\par two\par three}").documents[0]
    assert document.place(document.text.index("three")).label == "paragraph 3"


@pytest.mark.parametrize(("data", "said"), [(b"no", "is not an RTF file"), (HEAD + b"}", "contains no text")])
def test_a_file_without_text_is_an_error(data: bytes, said: str) -> None:
    with pytest.raises(ContextError, match=said):
        read_document("a.rtf", data)


@given(
    st.lists(
        st.sampled_from(
            [
                b"{",
                b"}",
                b"\\par ",
                b"\\u5?",
                b"\\'e",
                b"\\'e9",
                b"\\*",
                b"\\bin9 ",
                b"x",
                b"\\fldinst",
                b"\\",
                b"\\f1 ",
            ]
        )
    )
)
def test_any_markup_is_read_or_refused(pieces: list[bytes]) -> None:
    try:
        read_document("a.rtf", HEAD + b"".join(pieces))
    except ContextError as error:
        assert "contains no text" in str(error)  # noqa: PT017 - it need not fail


@pytest.mark.parametrize(
    "piece",
    [b"{", b"}", b"{}", b"\\", b"\\par ", b"\\'e9", b"\\u5?", b'{\\fldinst HYPERLINK "', b"\r", b"\\bin0 "],
)
def test_no_document_takes_longer_than_its_size(piece: bytes) -> None:
    began = time.process_time()
    read_document("a.rtf", HEAD + b"x\\par " + piece * 100_000)
    assert time.process_time() - began < 4
