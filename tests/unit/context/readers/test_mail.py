from __future__ import annotations

import base64
import quopri
import time

import pytest

from harlm.context.readers import read_document
from harlm.errors import ContextError
from harlm.types import Document


def read(name: str, data: bytes) -> Document:
    (document,) = read_document(name, data).documents
    return document


def test_mail_has_its_headers_and_reports_attachments() -> None:
    mail = (
        b"From: ada@example.org\r\nTo: bob@example.org\r\nSubject: Hello\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="B"\r\n\r\n'
        b"--B\r\nContent-Type: text/html\r\n\r\n<p>The code is 7.</p>\r\n"
        b'--B\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename="a.pdf"\r\n'
        b"\r\nx\r\n--B--\r\n"
    )
    reading = read_document("m.eml", mail)
    assert (
        reading.documents[0].text
        == "From: ada@example.org\nTo: bob@example.org\nSubject: Hello\n\nThe code is 7."
    )
    assert reading.skipped[0].name == "m.eml/a.pdf"


@pytest.mark.parametrize(
    ("header", "shown"), [("From: @", "From: "), ("To: a:b;<", "To: a:b;<"), ("Cc: a@b,\n  <c", "Cc: ")]
)
def test_a_header_that_cannot_be_parsed_is_shown_as_it_was_sent(header: str, shown: str) -> None:
    document = read("m.eml", f"{header}\nSubject: Hello\n\nThe code is 7.".encode())
    assert document.text.startswith(shown)
    assert document.text.endswith("Subject: Hello\n\nThe code is 7.")


def test_a_message_without_headers_and_text_is_an_error() -> None:
    with pytest.raises(ContextError, match="is not a mail message that can be read; save it as plain text"):
        read_document("m.eml", b"\n\n  \n")


def test_plain_text_is_preferred_to_html() -> None:
    mail = (
        b'Subject: Hi\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="B"\r\n\r\n'
        b"--B\r\nContent-Type: text/html\r\n\r\n<p>rich</p>\r\n"
        b"--B\r\nContent-Type: text/plain\r\n\r\nplain\r\n--B--\r\n"
    )
    assert read("m.eml", mail).text == "Subject: Hi\n\nplain"


def test_a_text_in_an_unknown_encoding_is_read_as_utf_8() -> None:
    mail = "Subject: Hi\nMIME-Version: 1.0\nContent-Type: text/plain; charset=nonsense\n\ngrün".encode()
    assert read("m.eml", mail).text == "Subject: Hi\n\ngrün"


@pytest.mark.parametrize(
    "header",
    [
        b"To: " + b"a@b," * 50_000,
        b"Cc: " + b"<" * 200_000,
        b"From: " + b"(" * 200_000,
        b"Subject: " + b"=?utf-8?q?a?= " * 9000,
    ],
    ids=lambda header: header[:8].decode(),
)
def test_a_long_header_is_read_in_part_and_reported(header: bytes) -> None:
    began = time.process_time()
    reading = read_document("a.eml", header + b"\n\nbody")
    assert time.process_time() - began < 5
    assert reading.documents[0].text.endswith("body")
    assert "only the first 10,000 characters" in reading.skipped[0].reason


def test_too_many_parts_or_headers_are_refused() -> None:
    many = b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\na\n" * 2000
    with pytest.raises(ContextError, match="more than 1,000 parts"):
        read_document("a.eml", many)
    with pytest.raises(ContextError, match="more than 10,000 header lines"):
        read_document("a.eml", b"X: y\n" * 11_000 + b"\nbody")


def mixed(*parts: str, kind: str = "mixed") -> bytes:
    body = "".join(f"--B\n{part}\n" for part in parts)
    return f"Subject: Hi\nMIME-Version: 1.0\nContent-Type: multipart/{kind}; boundary=B\n\n{body}--B--\n".encode()


PLAIN = "Content-Type: text/plain; charset=utf-8\n\n"
PAGE = "Content-Type: text/html; charset=utf-8\n\n"
PICTURE = "Content-Type: image/png\nContent-Disposition: inline; filename=p.png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo="


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (mixed(PLAIN + "Before.", PICTURE, PLAIN + "After, 30."), "Before.\n\nAfter, 30."),
        (mixed(PLAIN + "One.", PAGE + "<p>Two."), "One.\n\nTwo."),
        (mixed(PLAIN + "plain words", PAGE + "<p>rich words", kind="alternative"), "plain words"),
        (mixed(PLAIN + " ", PAGE + "<p>rich words", kind="alternative"), "rich words"),
        (mixed(PLAIN + "No HTML?", PAGE + "<p>" + "rich " * 20, kind="alternative"), ("rich " * 20).strip()),
        (mixed(PAGE + "<p>rich words", PICTURE, kind="related"), "rich words"),
        (mixed("Content-Type: text/markdown\n\n# Head"), "# Head"),
        (mixed("Content-Type: text/plain\nContent-Disposition: inline; filename=a.txt\n\nnamed"), "named"),
        (mixed("\nno type"), "no type"),
        (mixed(PLAIN + "a", "Content-Type: multipart/mixed; boundary=C\n\n--C\n\nb\n--C\n\nc\n--C--"), "a\n\nb\n\nc"),
    ],
)  # fmt: skip
def test_every_text_that_a_mail_program_shows_is_read(data: bytes, text: str) -> None:
    assert read_document("m.eml", data).documents[0].text == f"Subject: Hi\n\n{text}"


@pytest.mark.parametrize(
    ("text", "codec", "label"),
    [
        ("朱镕基", "gbk", "gb2312"), ("“quoted” 3 €", "cp1252", "iso-8859-1"), ("①髙い価格です", "cp932", "shift_jis"),
        ("Mañana a las ocho", "utf-8", None), ("Elle a été créée", "cp1252", None), ("Здравствуйте, это письмо", "koi8-r", None),
        ("Größe", "utf-8", "us-ascii"), ("Größe", "utf-8", "iso-8859-1"), ("価格です", "iso2022_jp", "iso-2022-jp"),
        ("שלום", "iso8859-8", "iso-8859-8-i"), ("Łódź", "cp1250", "windows-1250"), ("grün", "cp1252", "unknown-8bit"),
        ("안녕하세요", "cp949", "ks_c_5601-1987"), ("Ünï", "utf-7", "unicode-1-1-utf-7"), ("ok", "ascii", '"'),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
def test_text_is_decoded_as_it_was_meant(text: str, codec: str, label: str | None, encoding: str) -> None:
    data = text.encode(codec)
    sent = {"8bit": data, "base64": base64.encodebytes(data), "quoted-printable": quopri.encodestring(data)}[
        encoding
    ]
    kind = f"Content-Type: text/plain; charset={label}\n" if label else ""
    mail = f"Subject: Hi\n{kind}Content-Transfer-Encoding: {encoding}\n\n".encode() + sent
    assert read_document("m.eml", mail).documents[0].text == f"Subject: Hi\n\n{text}"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (b"=?iso-8859-1?Q?Andr=E9_B?= <a@b>", "André B <a@b>"), (b"=?utf-8?B?TcO8?= =?utf-8?B?bGxlcg==?=", "Müller"),
        (b"=?gb2312?B?6UbW?=\n =?gb2312?B?/bO1?= x", "镕铸车 x"), (b"Gr\xfc\xdfe aus K\xf6ln", "Grüße aus Köln"),
        ("Grüße".encode(), "Grüße"), (b"=?utf-8?X?a?= =?utf-8?B?!?=", "=?utf-8?X?a?="), (b"two\n lines", "two lines"),
        (b"=?utf-8*en?Q?a?= =?utf-8?Q?b?= c =?utf-8?Q?d?=", "ab c d"),
    ],
)  # fmt: skip
def test_a_header_is_shown_decoded(sent: bytes, shown: str) -> None:
    assert (
        read("m.eml", b"Subject: " + sent + b"\n\nbody").text.split("\n")[0].rstrip() == f"Subject: {shown}"
    )


def test_places_are_lines_of_the_file() -> None:
    mail = (
        "Received: by mx\nDate: today\nFrom: a@b\nSubject: Gate\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n\n"
        "--B\nContent-Type: text/plain\n\nThe gate\ncode is 7.\n"
        "--B\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nOne line that goes =\non.\nCaf=C3=A9 two\n"
        "--B\nContent-Type: text/html\n\n<html>\n<p>The page\nsays so</p>\n"
        "--B\nContent-Type: message/rfc822\n\nFrom: t@e.org\nSubject: Roof\n\nthe roof leaks\n"
        "--B\nContent-Transfer-Encoding: base64\n\nbGFzdA==\n--B--\n"
    )
    documents = read_document("m.eml", mail.encode()).documents
    assert [document.name for document in documents] == ["m.eml", "m.eml/forwarded 1"]
    lines = mail.split("\n")
    for word in ("Date:", "From: a@b", "Subject: Gate", "The gate", "code is 7", "One line", "says so"):
        line = next(number for number, row in enumerate(lines, start=1) if row.startswith(word))
        assert documents[0].place(documents[0].text.index(word)).line == line
    assert documents[0].place(documents[0].text.index("Café two")).line == lines.index("Caf=C3=A9 two") + 1
    assert documents[0].place(documents[0].text.index("last")).line == lines.index("bGFzdA==") + 1
    assert documents[1].place(documents[1].text.index("the roof")).line == lines.index("the roof leaks") + 1
    assert documents[1].place(0).line == lines.index("From: t@e.org") + 1


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_plain_message_has_the_lines_of_its_file(line_end: str) -> None:
    document = read(
        "m.eml",
        line_end.join(["Received: x", "From: a@b", "Subject: c", "Message-ID: <1>", "", "The code"]).encode(),
    )
    assert document.place(document.text.index("The code")).label == "6"
    assert document.place(document.text.index("Subject")).label == "3"


def test_messages_inside_a_message_are_documents() -> None:
    inner = mixed(PLAIN + "deep", "Content-Type: message/rfc822\n\nSubject: Deeper\n\ndeepest").decode()
    documents = read_document("m.eml", mixed(PLAIN + "See below.", f"Content-Type: message/rfc822\n\n{inner}").replace(b"=B", b'="Q"', 1).replace(
        b"--B\n", b"--Q\n", 2) + b"--Q--\n").documents  # fmt: skip
    assert {document.name: document.text.split("\n")[-1] for document in documents} == {
        "m.eml": "See below.", "m.eml/forwarded 1": "deep", "m.eml/forwarded 1/forwarded 1": "deepest"
    }  # fmt: skip


def test_attachments_that_can_be_read_are_documents_and_others_are_told() -> None:
    def attached(name: str, content: bytes) -> str:
        data = base64.b64encode(content).decode()
        return (
            f'Content-Disposition: attachment; filename="{name}"\nContent-Transfer-Encoding: base64\n\n{data}'
        )

    reading = read_document(
        "m.eml",
        mixed(
            PLAIN + "See the files.", attached("r.csv", b"a,b\n1,2\n"), attached("x/../y.html", b"<p>page"), attached("a.png", b"\x89PNG\0\0"),
            attached("b.pdf", b"%PDF-broken"), attached("c.zip", b"PK"), attached("=?utf-8?Q?=C3=BC.txt?=", b"named"),
            attached("in.eml", b"Subject: in\n\ninner"), "Content-Type: application/pgp-signature\n\nxx",
        ),
    )  # fmt: skip
    assert {document.name: document.kind for document in reading.documents} == {
        "m.eml": "mail", "m.eml/r.csv": "csv", "m.eml/x_.._y.html": "html", "m.eml/ü.txt": "text", "m.eml/in.eml": "mail"
    }  # fmt: skip
    assert {skipped.name: skipped.is_unread for skipped in reading.skipped} == {
        "m.eml/a.png": False, "m.eml/b.pdf": True, "m.eml/c.zip": False, "m.eml/signature": False
    }  # fmt: skip


def test_a_report_of_a_failed_delivery_is_read() -> None:
    report = "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@b\nStatus: 5.1.1\n"
    assert read("m.eml", mixed("\nfailed", report, kind="report")).text == (
        "Subject: Hi\n\nfailed\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@b\nStatus: 5.1.1"
    )


def test_a_mailbox_is_several_messages() -> None:
    box = (
        b"From a@b Mon Jan  1 10:00:00 2024\nSubject: one\n\nbody one\n\nFrom my point of view\n\n"
        b"From c@d Mon Jan  1 11:00:00 2024\nSubject: two\n\nbody two\n"
    )
    documents = read_document("box.mbox", box).documents
    assert [document.name for document in documents] == ["box.mbox/1", "box.mbox/2"]
    assert documents[0].text == "Subject: one\n\nbody one\n\nFrom my point of view"
    assert documents[1].place(documents[1].text.index("body two")).line == 11
    assert read_document("one.mbox", b"Subject: one\n\nbody").documents[0].name == "one.mbox"


def test_a_saved_page_is_read() -> None:
    assert read("p.mhtml", mixed(PAGE + "<p>saved page", kind="related")).text == "Subject: Hi\n\nsaved page"


@pytest.mark.parametrize(
    "data",
    [
        mixed(*[PLAIN + "x" * 900] * 900), mixed(*[f"Content-Type: message/rfc822\n\nSubject: {n}\n\nb" for n in range(400)]),
        b"Subject: x\n\n" + b"=\n" * 300_000, b"Content-Transfer-Encoding: quoted-printable\n\n" + b"a=\n" * 200_000,
        mixed(PLAIN + "x", PAGE + "<p>" * 100_000, kind="alternative"), b"Subject: " + b"=?a?q?" * 1500 + b"\n\nb",
    ],
    ids=range(6),
)  # fmt: skip
def test_no_message_takes_longer_than_its_size(data: bytes) -> None:
    began = time.process_time()
    read_document("m.eml", data)
    assert time.process_time() - began < 5
