from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from harlm.context.readers import is_foreign, read_document
from harlm.errors import ContextError
from harlm.types import Document, ReadResult
from tests.support import making
from tests.support.outlook_files import (
    BODY,
    CC,
    CODE_PAGE,
    CODE_PAGE_OF_BODY,
    FILE,
    FILE_NAME,
    FILE_TYPE,
    FROM_ADDRESS,
    FROM_NAME,
    HEADERS,
    METHOD,
    PAGE,
    RTF,
    SENT,
    SUBJECT,
    TO,
    Raw,
    Value,
    inner,
    msg,
    packed_rtf,
)

SENT_AT = datetime(2025, 5, 5, 8, 30, tzinfo=UTC)
HELLO = {SUBJECT: "Hi", BODY: "Hello."}


def read(data: bytes) -> Document:
    (document,) = read_document("m.msg", data).documents
    return document


def reasons(reading: ReadResult) -> dict[str, str]:
    return {skipped.name: skipped.reason for skipped in reading.skipped}


def test_it_has_the_form_of_mail_and_its_places_are_lines() -> None:
    document = read(
        msg(
            {FROM_NAME: "Ada", FROM_ADDRESS: "ada@example.org", SUBJECT: "Hello", SENT: SENT_AT, BODY: "Dear Bob,\r\n\r\n7.\r\n"},
            [(TO, "Bob", "bob@example.org"), (TO, "eve@example.org", "eve@example.org"), (CC, "Zoë", "")],
        )
    )  # fmt: skip
    mail = (
        "From: Ada <ada@example.org>\nTo: Bob <bob@example.org>, eve@example.org\nCc: Zoë\n"
        "Date: Mon, 05 May 2025 08:30:00 +0000\nSubject: Hello\n\nDear Bob,\n\n7."
    )
    assert document.text == mail
    (same,) = read_document("m.eml", mail.encode()).documents
    assert (document.text, document.kind) == (same.text, same.kind)
    assert document.place(document.text.index("7.")) == same.place(same.text.index("7."))


def test_headers_that_came_over_the_internet_are_shown_as_they_came() -> None:
    sent = "Received: x\r\nFrom: =?utf-8?q?J=C3=BCrgen?= <j@x.org>\r\nTo: a@x.org,\r\n b@x.org\r\nDate: Mon, 5 May 2025 10:30:00 +0200\r\nSubject: old\r\n"
    assert read(msg({**HELLO, HEADERS: sent, FROM_NAME: "J.", SENT: SENT_AT})).text == (
        "From: Jürgen <j@x.org>\nTo: a@x.org, b@x.org\nDate: Mon, 5 May 2025 10:30:00 +0200\nSubject: Hi\n\nHello."
    )


def test_addresses_of_exchange_are_not_shown() -> None:
    assert read(msg({**HELLO, FROM_NAME: "Ada", FROM_ADDRESS: "/O=ORG/CN=ADA"})).text.startswith(
        "From: Ada\n"
    )


PAGE_BYTES = '<html><meta charset="windows-1251"><p>Привет &amp; пока<p style="display:none">no'.encode(
    "cp1251"
)


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        ({PAGE: b"<p>rich <b>words</b>", BODY: "plain words"}, "plain words"),
        ({PAGE: b"<p>rich <b>words</b>"}, "rich words"),
        ({PAGE: b"<p>rich <b>words</b>", BODY: " \r\n"}, "rich words"),
        ({PAGE: b"<p>" + b"rich " * 20, BODY: "No HTML?"}, ("rich " * 20).strip()),
        ({PAGE: "<p>grün"}, "grün"),
        ({PAGE: PAGE_BYTES}, "Привет & пока"),
        ({PAGE: "<p>日本".encode("cp932"), CODE_PAGE_OF_BODY: 932}, "日本"),
        ({PAGE: b"<style>a", RTF: packed_rtf(rb"{\rtf1\ansi one\par two}")}, "one\ntwo"),
        ({RTF: packed_rtf(rb"{\rtf1\ansi one\par two}")}, "one\ntwo"),
        ({RTF: packed_rtf(rb"{\rtf1\ansi\par}")}, ""),
    ],
)
def test_the_text_is_plain_else_the_page_else_the_rtf(
    properties: dict[int, str | bytes | int], text: str
) -> None:
    assert read(msg({SUBJECT: "Hi", **properties})).text == f"Subject: Hi\n\n{text}".strip()


def test_hidden_text_is_told() -> None:
    reading = read_document("m.msg", msg({SUBJECT: "Hi", PAGE: PAGE_BYTES}))
    assert reasons(reading) == {"m.msg": "text that the page hides is left out"}


@pytest.mark.parametrize(
    ("page", "codec", "text"),
    [(1251, "cp1251", "Привет, как дела"), (932, "cp932", "会議の資料"), (65001, "utf-8", "grün"), (28592, "iso8859-2", "łódź żółw"), (None, "cp1252", "über größere")],
)  # fmt: skip
def test_texts_that_are_not_unicode_have_the_code_page_of_the_message(
    page: int | None, codec: str, text: str
) -> None:
    raw = Raw(text.encode(codec))
    pages = {} if page is None else {CODE_PAGE: page}
    data = msg(
        {**pages, SUBJECT: raw, BODY: raw},
        attached=[{FILE: b"a,b\n", FILE_NAME: Raw((text + ".csv").encode(codec))}],
    )
    reading = read_document("m.msg", data)
    assert reading.documents[0].text == f"Subject: {text}\n\n{text}"
    assert reading.documents[1].name == f"m.msg/{text}.csv"


def test_the_code_page_of_the_body_holds_for_the_body() -> None:
    raw = Raw("Привет".encode("koi8-r"))
    data = msg({CODE_PAGE: 1252, CODE_PAGE_OF_BODY: 20866, SUBJECT: Raw("Zoë".encode("cp1252")), BODY: raw})
    assert read(data).text == "Subject: Zoë\n\nПривет"


def test_attachments_are_read_as_those_of_mail() -> None:
    attached: list[Mapping[int, Value]] = [
        {FILE: b"city,size\nBerlin,3\n", FILE_NAME: "r.csv"},
        {FILE: making.docx(["one"]), FILE_NAME: "a/b.docx"},
        {FILE: b"%PDF-broken", FILE_NAME: "c.pdf"},
        {FILE: b"\x89PNG\0\0", FILE_NAME: "p.png"},
        {FILE: making.zipped({"a.txt": "x"}), FILE_NAME: "z.zip"},
        {FILE: b"plain", FILE_TYPE: "text/plain"},
        {FILE: b"x", FILE_NAME: "s.p7s", FILE_TYPE: "application/pkcs7-signature"},
        {FILE: b"  ", FILE_NAME: "blank.txt"},
    ]
    reading = read_document("m.msg", msg(HELLO, attached=attached))
    assert [(each.name, each.kind) for each in reading.documents] == [
        ("m.msg", "mail"), ("m.msg/r.csv", "csv"), ("m.msg/a_b.docx", "docx"), ("m.msg/attachment.txt", "text"),
    ]  # fmt: skip
    said = reasons(reading)
    assert said.pop("m.msg/c.pdf").startswith("is not a PDF")
    assert said == {
        "m.msg/p.png": "a mail attachment that is not text; save it to read it",
        "m.msg/z.zip": "an archive in a message; save it to read it",
        "m.msg/s.p7s": "the signature of a message",
    }


def test_what_has_no_contents_is_told() -> None:
    attached: list[Mapping[int, Value]] = [
        {METHOD: 6, FILE: {"CONTENTS": b"x"}, FILE_NAME: "chart"},
        {METHOD: 7, FILE_NAME: "plan.docx", FILE: b"https://x.org"},
        {METHOD: 2, FILE_NAME: "far.docx"},
    ]
    link = "a link to a file, which the message does not hold; name that file"
    assert reasons(read_document("m.msg", msg(HELLO, attached=attached))) == {
        "m.msg/chart": "an object of another program in a message; save it to read it",
        "m.msg/plan.docx": link,
        "m.msg/far.docx": link,
    }


def test_messages_inside_are_documents() -> None:
    deep = inner({SUBJECT: "Three", BODY: "c"}, [{FILE: b"x=1", FILE_NAME: "n.txt"}])
    data = msg(
        HELLO, attached=[inner({SUBJECT: "Two", BODY: "b"}, [deep]), inner({SUBJECT: "Four", SENT: SENT_AT})]
    )
    assert {each.name: each.text for each in read_document("m.msg", data).documents} == {
        "m.msg": "Subject: Hi\n\nHello.",
        "m.msg/forwarded 1": "Subject: Two\n\nb",
        "m.msg/forwarded 1/forwarded 1": "Subject: Three\n\nc",
        "m.msg/forwarded 2": "Date: Mon, 05 May 2025 08:30:00 +0000\nSubject: Four",
        "m.msg/forwarded 1/forwarded 1/n.txt": "x=1",
    }


def test_a_signed_message_is_read_from_the_mail_that_is_attached() -> None:
    mail = b'Content-Type: multipart/signed; boundary="B"\n\n--B\n\nsigned words\n--B--\n'
    data = msg(
        {SUBJECT: "Hi"}, attached=[{FILE: mail, FILE_NAME: "smime.p7m", FILE_TYPE: "multipart/signed"}]
    )
    documents = read_document("m.msg", data).documents
    assert [(each.name, each.text) for each in documents] == [
        ("m.msg", "Subject: Hi"),
        ("m.msg/smime.p7m.eml", "signed words"),
    ]


def test_it_is_read_in_mail() -> None:
    import base64

    data = base64.encodebytes(msg(HELLO)).decode()
    mail = f"Subject: Fw\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n--B\n\nsee\n--B\nContent-Type: application/vnd.ms-outlook; name=a.msg\nContent-Disposition: attachment; filename=a.msg\nContent-Transfer-Encoding: base64\n\n{data}\n--B--\n"
    assert read_document("m.eml", mail.encode()).documents[1].text == "Subject: Hi\n\nHello."


def test_text_in_a_file_of_this_name_is_read_as_text() -> None:
    assert not is_foreign("pose.msg", b"float64 x\n")
    assert read(b"float64 x\n").kind == "text"


def test_without_its_library_the_reason_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "olefile", None)
    with pytest.raises(
        ContextError, match=r"whose reader is not installed; run pip install 'harlm\[outlook\]'"
    ):
        read_document("m.msg", msg(HELLO))


def test_without_its_reader_a_message_is_refused_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "olefile", None)
    with pytest.raises(ContextError, match=r"pip install 'harlm\[outlook\]'"):
        read_document("a.msg", msg(HELLO))
