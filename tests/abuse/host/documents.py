"""Documents of each format, small on disk and made to cost much to read. Each function returns files by name."""

from __future__ import annotations

import gzip
import io
import json
import random
import struct
import tarfile
import zlib
from collections.abc import Callable, Iterable, Mapping

from tests.support import making

_MANY = 25_000  # members; an archive may have 20,000
_ZEROS = bytes(1 << 20)
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def html() -> Mapping[str, bytes]:
    """Pages whose tags never end, or never stop."""
    pages = {
        "unclosed tags": "<a " * 20_000,
        "unclosed comments": "<!--" * 100_000,
        "unclosed declarations": "<!" * 100_000,
        "unclosed instructions": "<?" * 100_000,
        "unclosed attributes": '<a b="' * 60_000,
        "unclosed entities": "&#x" * 100_000,
        "unclosed scripts": "<script>" + "</scrip" * 60_000,
        "open blocks": "<div>" * 100_000,
        "closed blocks": "</div>" * 100_000,
        "tables in one another": "<table><tr><td>" * 30_000,
        "one tag with many attributes": "<a " + "b " * 200_000 + ">",
        "slashes": "<a/" * 100_000,
        "angles": "<" * 300_000,
        "marked sections": "<![CDATA[" * 50_000,
    }
    return {f"{name}.html": f"<html><body>{text}".encode() for name, text in pages.items()}


def _tar(members: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=9) as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _link(number: int, kind: bytes) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(f"m{number}")
    member.type, member.linkname = kind, "m0"
    return member, b""


def _header(size: int, kind: bytes) -> bytes:
    """A tar that says that its first header goes on for ``size`` zeros, compressed."""
    member = tarfile.TarInfo("long")
    member.type, member.size = kind, size
    head = member.tobuf(tarfile.GNU_FORMAT)
    check = zlib.crc32(head)
    for _ in range(size >> 20):
        check = zlib.crc32(_ZEROS, check)
    gzip_head, gzip_end = b"\x1f\x8b\x08" + bytes(7), struct.pack("<LL", check, len(head) + size)
    return gzip_head + _deflated(head, size >> 20) + gzip_end


def _deflated(head: bytes, megabytes: int) -> bytes:
    """These bytes and so many MB of zeros, deflated: one MB is, and what it became is repeated."""
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    first = packed.compress(head) + packed.flush(zlib.Z_FULL_FLUSH)
    piece = packed.compress(_ZEROS) + packed.flush(zlib.Z_FULL_FLUSH)
    return first + piece * megabytes + packed.flush()


def _zlib_bomb(megabytes: int) -> bytes:
    """So many MB of zeros, as ``zlib.compress`` would give them."""
    check = 1
    for _ in range(megabytes):
        check = zlib.adler32(_ZEROS, check)
    return b"\x78\xda" + _deflated(b"", megabytes) + struct.pack(">L", check)


def archives(megabytes: int) -> Mapping[str, bytes]:
    """Archives that become ``megabytes``, or very many members."""
    nested = making.zipped({"text.txt": "deep"})
    for level in range(20):
        nested = making.zipped({f"{level}.zip": nested})
    return {
        "pax header.tar.gz": _header(megabytes << 20, tarfile.XHDTYPE),
        "long name.tar.gz": _header(megabytes << 20, tarfile.GNUTYPE_LONGNAME),
        "links.tar.gz": _tar(_link(number, tarfile.SYMTYPE) for number in range(_MANY)),
        "folders.tar.gz": _tar(_link(number, tarfile.DIRTYPE) for number in range(_MANY)),
        "devices.tar.gz": _tar(_link(number, tarfile.CHRTYPE) for number in range(100)),
        "names outside.tar.gz": _tar([(tarfile.TarInfo("../../outside.txt"), b"out"), (tarfile.TarInfo("/outside.txt"), b"out")]),
        "zeros.gz": gzip.compress(_ZEROS) * megabytes,
        "zeros.zip": making.zipped({"zeros.txt": _ZEROS * min(megabytes, 64)}),
        "members.zip": making.zipped({f"{number}.txt": "a" for number in range(10_000)}),
        "zips in one another.zip": nested,
        "names outside.zip": making.zipped({"../../outside.txt": "out", "/outside.txt": "out"}),
        "lies about its size.zip": making.zipped({"a.txt": "a" * 1000}).replace((1000).to_bytes(4, "little"), (1 << 31).to_bytes(4, "little")),
        "cut.zip": making.zipped({"a.txt": "a" * 1000})[:-30],
        "cut.tar.gz": _tar([(tarfile.TarInfo("a.txt"), b"a" * 1000)])[:-20],
    }  # fmt: skip


def pdfs(megabytes: int) -> Mapping[str, bytes]:
    """PDFs whose streams or pages are far larger than they are."""
    bomb = _zlib_bomb(megabytes)
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R >>"
    stream = b"<< /Length %d /Filter /FlateDecode >>\nstream\n%b\nendstream" % (len(bomb), bomb)
    twice = zlib.compress(bomb, 9)
    again = b"<< /Length %d /Filter [/FlateDecode /FlateDecode] >>\nstream\n%b\nendstream" % (
        len(twice),
        twice,
    )
    huge = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 1e9 1e9] /Contents 4 0 R >>"
    words = zlib.compress(b"BT /F1 1 Tf " + b"(a) Tj " * 2_000_000, 9)
    text = b"<< /Length %d /Filter /FlateDecode >>\nstream\n%b\nendstream" % (len(words), words)
    return {
        "deflated page.pdf": _pdf(page, stream),
        "deflated twice.pdf": _pdf(page, again),
        "huge page.pdf": _pdf(huge, b"<< /Length 0 >>\nstream\n\nendstream"),
        "two million words.pdf": _pdf(page, text),
        "many pages.pdf": making.pdf(["a"] * 3_000),
        "pages in a circle.pdf": making.pdf(["a"]).replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]"),
        "cut.pdf": making.pdf(["a"] * 20)[:-400],
        "no pdf.pdf": b"%PDF-1.7\n" + bytes(range(256)) * 400,
    }


def _pdf(page: bytes, content: bytes) -> bytes:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        page,
        content,
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    end = b"trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(out)
    return out + b"xref\n0 5\n0000000000 65535 f \n" + table + end


def mails() -> Mapping[str, bytes]:
    """Mails of many addresses, parts and encodings."""
    parts = "".join(f"--b\nContent-Type: text/plain\n\npart {number}\n" for number in range(20_000))
    nested = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(1_500))
    head = "From: a@example.org\nSubject: s\nMIME-Version: 1.0\n"
    return {
        "addresses.eml": (head + "To: " + "a@b.c,\n " * 50_000 + "\n\nbody").encode(),
        "comments in an address.eml": (head + "To: " + "(" * 100_000 + "\n\nbody").encode(),
        "quotes in an address.eml": (head + 'To: "' + '\\"' * 100_000 + "\n\nbody").encode(),
        "encoded words.eml": (head + "X: " + "=?utf-8?q?a?= " * 30_000 + "\n\nbody").encode(),
        "parts.eml": (head + 'Content-Type: multipart/mixed; boundary="b"\n\n' + parts + "--b--\n").encode(),
        "parts in one another.eml": (head + nested + "deep").encode(),
        "headers.eml": (head + "".join(f"X-{n}: v\n" for n in range(40_000)) + "\nbody").encode(),
        "parameters.eml": (
            head + "Content-Type: text/plain" + "; a*0*=b" * 30_000 + "\n\nbody"
        ).encode(),
    }  # fmt: skip


def office() -> Mapping[str, bytes]:
    """Office files whose XML is nested, declared or repeated beyond measure."""
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "a"}">' for n in range(12))
    many = f"<!DOCTYPE w [{entities}]>"
    body = f"<w:document {_W}><w:body><w:p><w:r><w:t>&e11;</w:t></w:r></w:p></w:body></w:document>"
    nested = f"<w:document {_W}><w:body>{'<w:p>' * 100_000}{'</w:p>' * 100_000}</w:body></w:document>"
    tables = f"<w:document {_W}><w:body>{'<w:tbl><w:tr><w:tc>' * 5_000}"
    wide = f"<w:document {_W}><w:body>{'<w:p/>' * 3_000_000}</w:body></w:document>"
    sheet = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    far = f'{sheet}<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>far</t></is></c></row></sheetData></worksheet>'
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c></row>' for n in range(1, 20_001))
    labels = '<mergeCell ref="B1:B20000"/><mergeCell ref="A1:A20000"/>' * 20_000
    spanned = f"{sheet}{rows}</sheetData>{labels}</worksheet>"
    box = "<w:p><w:r><w:pict><w:txbxContent>", "</w:txbxContent></w:pict></w:r></w:p>"
    boxes = f"<w:document {_W}><w:body>{box[0] * 50_000}{box[1] * 50_000}</w:body></w:document>"
    book = {
        "xl/workbook.xml": (
            '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.'
            'openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="s" sheetId="1" r:id="r1"/>'
            "</sheets></workbook>"
        ),
        "xl/_rels/workbook.xml.rels": (
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
            'Id="r1" Type="t" Target="worksheets/sheet1.xml"/></Relationships>'
        ),
    }
    return {
        "entities.docx": making.zipped({"word/document.xml": f"<?xml version='1.0'?>{many}{body}"}),
        "entities behind a comment.docx": making.zipped(
            {"word/document.xml": f"<?xml version='1.0'?><!--{'x' * 5_000}-->{many}{body}"}
        ),
        "entities in UTF-16.docx": making.zipped(
            {"word/document.xml": f"<?xml version='1.0' encoding='utf-16'?>{many}{body}".encode("utf-16")}
        ),
        "nested.docx": making.zipped({"word/document.xml": nested}),
        "tables in one another.docx": making.zipped({"word/document.xml": tables}),
        "three million paragraphs.docx": making.zipped({"word/document.xml": wide}),
        "a cell far away.xlsx": making.zipped({**book, "xl/worksheets/sheet1.xml": far}),
        "labels that span all rows.xlsx": making.zipped({**book, "xl/worksheets/sheet1.xml": spanned}),
        "text boxes in one another.docx": making.zipped({"word/document.xml": boxes}),
    }


def notebooks() -> Mapping[str, bytes]:
    """Notebooks and JSON, nested and wide."""
    cell = {"cell_type": "code", "source": ["a\n"] * 2_000, "outputs": [], "metadata": {}}
    return {
        "nested.ipynb": b'{"cells": ' + b"[" * 100_000,
        "cells.ipynb": json.dumps({"cells": [cell] * 100, "nbformat": 4}).encode(),
        "odd.ipynb": json.dumps({"cells": [1, None, {}, {"source": {"a": 1}}, []], "nbformat": "x"}).encode(),
        "nested.json": b"[" * 200_000,
        "numbers.json": b"[" + b"1," * 200_000 + b"1" * 50_000 + b"]",
        "nested.jsonl": b'{"a":' * 50_000 + b"\n",
        "quotes.csv": b'"' * 400_000,
        "separators.csv": b"," * 400_000 + b"\n" + b";" * 400_000,
        "one long line.txt": b"word " * 180_000,
        "marks.txt": ("\u202e\u200b\u0301" * 100_000).encode(),
        "no text.txt": bytes(range(256)) * 2_000,
        "utf-16.txt": ("\ufeff" + "a\u0100" * 100_000).encode("utf-16-le"),
    }


def ignore_files() -> Mapping[str, bytes]:
    """Ignore files of one line, each hard to match; the names that they are matched with are in ``named_to_match``."""
    return {
        "stars": ("a/**/" + "b/**/" * 30 + "c").encode(),
        "wildcards": ("*a" * 12 + "b").encode(),
        "questions": ("?" * 100 + "*" * 50 + "x").encode(),
        "sets": ("[a-z]*" * 40 + "!").encode(),
        "an open set": ("[" * 5_000).encode(),
        "escapes": ("\\" * 9_999).encode(),
        "many lines": "".join(f"*{number}*a*b\n" for number in range(5_000)).encode(),
        "all but": ("*\n" + "!*a*\n" * 1_900).encode(),
    }


def named_to_match() -> list[str]:
    """Paths that come near to what the ignore files match."""
    return ["a" * 200 + ".txt", "/".join(["a", *["b"] * 40, "d.txt"]), "abc" * 60 + ".txt"]


KINDS: Mapping[str, Callable[[], Mapping[str, bytes]]] = {
    "html": html,
    "pdf": lambda: pdfs(400),
    "mail": mails,
    "office": office,
    "notebooks": notebooks,
}
"""The documents of each format that is read in a folder."""


def broken(chance: random.Random, good: bytes) -> bytes:
    """A document with a few bytes changed, removed or repeated."""
    found = bytearray(good)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(max(len(found), 1))
        part = found[at : at + chance.randint(1, 64)]
        match chance.randrange(3):
            case 0:
                found[at : at + len(part)] = chance.randbytes(len(part))
            case 1:
                del found[at : at + len(part)]
            case _:
                found[at:at] = part * chance.randint(2, 200)
    return bytes(found)


def good() -> Mapping[str, bytes]:
    """A small sound document of each format, to be broken."""
    return {
        "a.html": b"<html><body><p>one<table><tr><td>two</table></html>",
        "a.pdf": making.pdf(["one", "two"]),
        "a.docx": making.docx(["# one", "two"], [["three", "four"]]),
        "a.zip": making.zipped({"one.txt": "one", "two.html": "<p>two"}),
        "a.tar.gz": _tar([(tarfile.TarInfo("one.txt"), b"one")]),
        "a.eml": b"From: a@b.c\nTo: d@e.f\nSubject: one\n\ntwo",
        "a.ipynb": json.dumps({"cells": [{"cell_type": "code", "source": "one", "outputs": []}], "nbformat": 4}).encode(),
        "a.csv": b"a,b\n1,2\n",
    }  # fmt: skip


__all__ = ["KINDS", "archives", "broken", "good", "html", "ignore_files", "named_to_match"]
