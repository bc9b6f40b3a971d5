from __future__ import annotations

import time

import pytest

from harlm.context.readers import read_document
from harlm.errors import ContextError
from harlm.types import ReadResult
from tests.support import making

NAMES = 'xmlns:text="t" xmlns:table="b" xmlns:office="o" xmlns:draw="d" xmlns:xlink="x"'


def opened(suffix: str, body: str) -> ReadResult:
    content = f"<office:document-content {NAMES}><office:body>{body}</office:body></office:document-content>"
    return read_document(f"a.{suffix}", making.zipped({"content.xml": content}))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<text:h text:outline-level='2'>Head</text:h><text:p>One <text:span>two</text:span>\n three</text:p>", "## Head\nOne two three"),
        ("<text:p>a<text:s text:c='2'/>b<text:tab/>c<text:line-break/>d</text:p>", "a  b\tc d"),
        ("<text:p>word<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>why</text:p></text:note-body></text:note>.</text:p>", "word (why)."),
        ("<text:p><text:a xlink:href='https://e.org/'>rules</text:a></text:p>", "rules (https://e.org/)"),
        ("<table:table><table:table-row><table:table-cell><text:p>a</text:p><text:p>b</text:p></table:table-cell><table:table-cell><text:p>c</text:p>"
         "</table:table-cell></table:table-row></table:table><text:p>after</text:p>", "a b\tc\nafter"),
        ("<text:list><text:list-item><text:p>one</text:p></text:list-item></text:list><text:p/>", "one"),
    ],
)  # fmt: skip
def test_a_text_is_paragraphs_and_rows(body: str, text: str) -> None:
    (document,) = opened("odt", body).documents
    assert (document.text, document.kind) == (text, "odt")
    assert document.place(0).label == "paragraph 1"


def test_a_sheet_is_rows_with_their_numbers() -> None:
    def cell(text: str, again: int = 1) -> str:
        inside = f"<text:p>{text}</text:p>" if text else ""
        return f"<table:table-cell table:number-columns-repeated='{again}'>{inside}</table:table-cell>"

    (document,) = opened(
        "ods",
        f"<table:table table:name='Sales'><table:table-row>{cell('a')}{cell('', 2)}{cell('b')}{cell('', 16000)}</table:table-row>"
        f"<table:table-row table:number-rows-repeated='9'>{cell('')}</table:table-row><table:table-row>{cell('7.5%', 2)}</table:table-row></table:table>"
        f"<table:table table:name='Two'><table:table-row>{cell('z')}</table:table-row></table:table>",
    ).documents  # fmt: skip
    assert document.text == "a\t\t\tb\n7.5%\t7.5%\nz"
    assert [document.place(document.text.index(word)).label for word in ("b", "7", "z")] == [
        "Sales row 1",
        "Sales row 11",
        "Two row 1",
    ]


def test_a_presentation_is_slides() -> None:
    (document,) = opened(
        "odp",
        "<draw:page><text:p>one</text:p><text:p>more</text:p></draw:page><draw:page><text:p>two</text:p></draw:page>",
    ).documents
    assert document.text == "one\nmore\n\ntwo"
    assert document.place(document.text.index("two")).label == "slide 2"


def test_what_is_left_out_is_told() -> None:
    reading = opened(
        "odt",
        "<text:tracked-changes><text:p>old</text:p></text:tracked-changes><text:p>x<office:annotation><text:p>c</text:p></office:annotation></text:p>",
    )
    assert reading.documents[0].text == "x"
    assert [skipped.reason for skipped in reading.skipped] == [
        "deleted text is left out",
        "comments are left out",
    ]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"no zip", "is not an OpenDocument file that can be opened"),
        (making.zipped({"content.xml": "<a/>"}), "contains no text"),
        (making.zipped({"other.xml": "<a/>"}), "is not an OpenDocument file that can be read"),
        (making.zipped({"content.xml": "<a>"}), "is not an OpenDocument file that can be read"),
        (making.zipped({"content.xml": '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'}), "declares XML entities"),
        (making.zipped({"content.xml": b"<a>" + b" " * 30_000_000 + b"</a>"}), "unpacks to more than"),
    ],
)  # fmt: skip
def test_a_broken_or_hostile_file_is_an_error(data: bytes, said: str) -> None:
    with pytest.raises(ContextError, match=said):
        read_document("a.odt", data)


@pytest.mark.parametrize("suffix", ["odt", "ods", "odp"])
def test_repeated_cells_and_deep_nesting_are_bounded(suffix: str) -> None:
    began = time.process_time()
    row = "<table:table-row table:number-rows-repeated='999999999'><table:table-cell table:number-columns-repeated='999999999'><text:p>x</text:p></table:table-cell></table:table-row>"
    opened(
        suffix,
        f"<draw:page><text:p>y</text:p><table:table table:name='t'>{row * 5}</table:table></draw:page>",
    )
    opened(
        suffix,
        f"<draw:page><table:table table:name='t'>{row}</table:table>"
        + "<text:p>" * 20_000
        + "</text:p>" * 20_000
        + "</draw:page>",
    )
    assert time.process_time() - began < 5
