"""Documents that are made to cost time or memory, of every format, from scratch. Each is at most about 1 MB."""

from __future__ import annotations

import json
import struct
import tarfile
import zlib
from collections.abc import Callable, Mapping

from tests.support import making
from tests.support.ole2 import in_a_circle, with_number, with_size
from tests.support.outlook_files import BODY, FILE, PAGE, SUBJECT, msg, packed_rtf

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_ENTITIES = '<!DOCTYPE x [<!ENTITY a "' + "A" * 1000 + '">]>'


def deflated(piece: bytes, times: int, *, gzipped: bool = False) -> bytes:
    """A deflate stream without its end: ``piece`` so many times. It is made once and repeated, which is fast."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
    head = b"\x1f\x8b\x08" + bytes(6) + b"\xff" if gzipped else b"\x78\x9c"
    return head + packed * times


def pdf_of(stream: bytes, filters: str = "/FlateDecode") -> bytes:
    """A PDF of one page with this stream."""
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R >>",
        b"<< /Length %d /Filter %s >>\nstream\n%s\nendstream" % (len(stream), filters.encode(), stream),
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(bodies, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return (
        out
        + b"xref\n0 5\n0000000000 65535 f \n%strailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF"
        % (
            table,
            len(out),
        )
    )


def packed_tar(header: tarfile.TarInfo, megabytes: int) -> bytes:
    """A gzipped tar whose first header announces this much and has it."""
    header.size = megabytes << 20
    first = deflated(header.tobuf(tarfile.GNU_FORMAT), 1, gzipped=True)
    return first + deflated(b"1" * (1 << 20), megabytes)[2:]


def tar_of(kind: bytes, count: int) -> bytes:
    """A gzipped tar of members without content."""
    info = tarfile.TarInfo("x")
    info.type, info.linkname = kind, "y"
    return deflated(info.tobuf() * 1000, count // 1000, gzipped=True)


def _header(kind: bytes) -> tarfile.TarInfo:
    info = tarfile.TarInfo("x")
    info.type = kind
    return info


def zip_with_entries(count: int) -> bytes:
    """A zip that lists members which it does not have."""
    entry = struct.pack(
        "<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 0, 20, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0
    )
    body = (entry + b"a") * count
    return body + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(body), 0, 0)


def docx_of(body: str, head: str = "", encoding: str = "utf-8") -> bytes:
    """A Word file with this XML."""
    declared = f'<?xml version="1.0" encoding="{encoding}"?>'
    xml = f"{declared}{head}<w:document {_W}><w:body>{body}</w:body></w:document>"
    return making.zipped({"word/document.xml": xml.encode(encoding)})


def _outlook(**changes: int) -> bytes:
    """An Outlook message whose long text has another size, or a table another length."""
    whole = msg({SUBJECT: "hi", BODY: "hello " * 50_000})
    if "table" in changes:
        return with_number(whole, changes["table"], 0x7FFFFFFF)
    name = "__substg1.0_1000001F"
    return in_a_circle(with_size(whole, name, changes["size"]) if "size" in changes else whole, name)


def _message(rest: bytes) -> bytes:
    return b"From: a@b\n" + rest + b"\n\nhello"


HOSTILE: Mapping[str, Callable[[], bytes]] = {
    "bomb.pdf": lambda: pdf_of(deflated(b" " * (1 << 20), 800)),
    "bomb_in_bomb.pdf": lambda: pdf_of(
        zlib.compress(deflated(b" " * (1 << 20), 800)), "[/FlateDecode /FlateDecode]"
    ),
    "pax.tar.gz": lambda: packed_tar(_header(tarfile.XHDTYPE), 400),
    "long_name.tar.gz": lambda: packed_tar(_header(tarfile.GNUTYPE_LONGNAME), 400),
    "links.tar.gz": lambda: tar_of(tarfile.SYMTYPE, 60_000),
    "folders.tar.gz": lambda: tar_of(tarfile.DIRTYPE, 60_000),
    "entries.zip": lambda: zip_with_entries(21_000),
    "bomb.log.gz": lambda: deflated(b"0" * (1 << 20), 300, gzipped=True),
    "nested.docx": lambda: docx_of("<w:sdt><w:sdtContent>" * 50_000 + "</w:sdtContent></w:sdt>" * 50_000),
    "entities.docx": lambda: docx_of("&a;" * 60_000, f"<!--{' ' * 9000}-->{_ENTITIES}"),
    "entities_utf16.docx": lambda: docx_of("&a;" * 60_000, _ENTITIES, "utf-16"),
    "addresses.eml": lambda: _message(b"To: " + b"a@b," * 100_000),
    "brackets.eml": lambda: _message(b"Cc: " + b"<" * 400_000),
    "words.eml": lambda: _message(b"Subject: " + b"=?utf-8?q?a?= " * 40_000),
    "parts.eml": lambda: _message(b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\na\n" * 100_000),
    "headers.eml": lambda: _message(b"X: y\n" * 180_000),
    "circle.msg": _outlook,
    "huge_circle.msg": lambda: _outlook(size=0xFFFFFFF0),
    "tables.msg": lambda: _outlook(table=0x2C),
    "list_of_tables.msg": lambda: _outlook(table=0x48),
    "attachments.msg": lambda: msg({SUBJECT: "hi"}, attached=[{FILE: b"x"}] * 1200),
    "tags.msg": lambda: msg({PAGE: b"<a " * 200_000}),
    "packed.msg": lambda: msg({0x1009: packed_rtf(b"{\\rtf" + b"{" * 500_000)}),
    "nested.ipynb": lambda: b"[" * 500_000,
    "outputs.ipynb": lambda: json.dumps(
        {"cells": [{"source": "x", "outputs": [{"text": "a"}] * 20}] * 2000}
    ).encode(),
    "tags.html": lambda: b"<a " * 200_000,
    "comments.html": lambda: b"<!--" * 200_000,
    "nested.html": lambda: b"<div>" * 100_000 + b"x",
    "quotes.html": lambda: b'<a href="' + b"x <p>" * 100_000,
    "charset.html": lambda: b"<meta " * 100_000,
}
"""A name, whose suffix chooses the reader, and what makes the document."""
