"""Word, PowerPoint and Excel files, as the zips of XML that they are: text with paragraphs, slides or rows as places.

Refuses document type declarations (no Office file has one, and entities are how XML attacks) and members beyond the
archive limits.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Self
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from harlm.context.readers.archive import BROKEN
from harlm.context.readers.reading import Parts, Reading
from harlm.errors import ContextError

_MAX_MEMBER = 256 << 20
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_EPOCH = datetime(1899, 12, 30)
_DATE_FORMATS = frozenset({*range(14, 23), *range(45, 48)})
_DATE_CODE = re.compile(r"(?:^|[^\\\"])[dmyhs]", re.IGNORECASE)


def read_docx(name: str, data: bytes) -> Reading:
    """One document of paragraphs; a table row is a paragraph with tabs between its cells."""
    with _Package(data) as package:
        body = package.xml("word/document.xml").find(f"{_W}body")
        parts = Parts("paragraph", separator="\n")
        for block in () if body is None else body:
            for text in _word_block(block):
                parts.add(text)
    if parts.is_blank:
        raise ContextError("holds no text")
    return Reading((parts.document(name, "docx"),))


def read_pptx(name: str, data: bytes) -> Reading:
    """One document of slides, each with its notes."""
    with _Package(data) as package:
        presentation = package.xml("ppt/presentation.xml")
        related = package.related("ppt/presentation.xml")
        parts = Parts("slide")
        for slide in presentation.iter():
            if slide.tag.endswith("}sldId"):
                parts.add(_slide(package, related[slide.attrib[f"{_R}id"]]))
    if parts.is_blank:
        raise ContextError("holds no text")
    return Reading((parts.document(name, "pptx"),))


def read_xlsx(name: str, data: bytes) -> Reading:
    """One document of rows with tabs between cells, each row labelled with its sheet."""
    with _Package(data) as package:
        book = package.xml("xl/workbook.xml")
        related = package.related("xl/workbook.xml")
        cells = _Cells(package)
        parts = Parts("row", separator="\n")
        for sheet in book.iter(f"{_S}sheet"):
            title = sheet.attrib["name"]
            for number, row in _rows(package.xml(related[sheet.attrib[f"{_R}id"]]), cells):
                parts.add(row, number=number, label=f"{title} row {number}")
    if parts.is_blank:
        raise ContextError("holds no values")
    return Reading((parts.document(name, "xlsx"),))


class _Package:
    """An Office file opened for reading. Turns whatever is wrong with it into a ``ContextError``."""

    def __init__(self, data: bytes) -> None:
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except zipfile.BadZipFile as error:
            raise ContextError(
                "is not an Office file that can be opened (an old binary format, or broken)"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._zip.close()
        if isinstance(error, (*BROKEN, ElementTree.ParseError)):
            raise ContextError(f"is an Office file with a broken part ({error})") from error

    def xml(self, member: str) -> Element:
        """The root element of one part."""
        info = self._zip.getinfo(member)
        if info.file_size > _MAX_MEMBER:
            raise ContextError(f"has a part of {info.file_size:,} bytes; the limit is {_MAX_MEMBER:,}")
        with self._zip.open(info) as stream:
            source = stream.read(_MAX_MEMBER + 1)
        if b"<!DOCTYPE" in source[:4096] or b"<!ENTITY" in source[:4096]:
            raise ContextError("declares XML entities, which no Office program does; it is not read")
        return ElementTree.fromstring(source)  # noqa: S314 - without entities there is nothing to expand

    def related(self, member: str) -> dict[str, str]:
        """The parts that a part refers to, by id."""
        folder, file = posixpath.split(member)
        try:
            root = self.xml(f"{folder}/_rels/{file}.rels")
        except KeyError:
            return {}
        return {
            link.attrib["Id"]: posixpath.normpath(posixpath.join(folder, link.attrib["Target"])).lstrip("/")
            if not link.attrib["Target"].startswith("/")
            else link.attrib["Target"].lstrip("/")
            for link in root
            if link.attrib.get("TargetMode") != "External"
        }

    def has(self, member: str) -> bool:
        """Whether there is such a part."""
        return member in self._zip.NameToInfo


def _word_block(block: Element) -> Iterator[str]:
    if block.tag == f"{_W}p":
        style = block.find(f"{_W}pPr/{_W}pStyle")
        level = (
            re.fullmatch(r"[Hh]eading(\d)", style.attrib.get(f"{_W}val", "")) if style is not None else None
        )
        text = _word_text(block)
        yield "#" * int(level[1]) + " " + text if level and text.strip() else text
    elif block.tag == f"{_W}tbl":
        for row in block.iter(f"{_W}tr"):
            cells = row.findall(f"{_W}tc")
            yield "\t".join(" ".join(_word_text(p) for p in cell.iter(f"{_W}p")).strip() for cell in cells)
    elif block.tag == f"{_W}sdt":
        for inner in block.iterfind(f"{_W}sdtContent/*"):
            yield from _word_block(inner)


def _word_text(paragraph: Element) -> str:
    pieces = []
    for node in paragraph.iter():
        if node.tag == f"{_W}t":
            pieces.append(node.text or "")
        elif node.tag == f"{_W}tab":
            pieces.append("\t")
        elif node.tag in (f"{_W}br", f"{_W}cr"):
            pieces.append(" ")
    return "".join(pieces).strip("\t")


def _slide(package: _Package, member: str) -> str:
    text = _drawn_text(package.xml(member))
    for note in package.related(member).values():
        if "notesSlide" in note and package.has(note):
            notes = _drawn_text(package.xml(note))
            text += f"\nNotes: {notes}" if notes else ""
    return text


def _drawn_text(root: Element) -> str:
    paragraphs = ("".join(t.text or "" for t in p.iter(f"{_A}t")) for p in root.iter(f"{_A}p"))
    return "\n".join(text for text in paragraphs if text.strip())


class _Cells:
    """Turns the stored value of a cell into what a reader would see."""

    def __init__(self, package: _Package) -> None:
        self._strings: list[str] = []
        if package.has("xl/sharedStrings.xml"):
            shared = package.xml("xl/sharedStrings.xml")
            self._strings = [
                "".join(t.text or "" for t in item.iter(f"{_S}t")) for item in shared.iter(f"{_S}si")
            ]
        self._date_styles = self._find_date_styles(package)

    def value(self, cell: Element) -> str:
        """The text of one cell."""
        kind = cell.attrib.get("t", "n")
        if kind == "inlineStr":
            return "".join(t.text or "" for t in cell.iter(f"{_S}t"))
        stored = cell.findtext(f"{_S}v") or ""
        if kind == "s" and stored:
            return self._strings[int(stored)]
        if kind == "b":
            return "TRUE" if stored == "1" else "FALSE"
        if kind == "n" and stored and int(cell.attrib.get("s", 0)) in self._date_styles:
            return _date(float(stored))
        return stored

    @staticmethod
    def _find_date_styles(package: _Package) -> frozenset[int]:
        if not package.has("xl/styles.xml"):
            return frozenset()
        styles = package.xml("xl/styles.xml")
        own = {
            int(form.attrib["numFmtId"])
            for form in styles.iter(f"{_S}numFmt")
            if _DATE_CODE.search(re.sub(r"\[[^\]]*\]|\"[^\"]*\"", "", form.attrib.get("formatCode", "")))
        }
        formats = styles.find(f"{_S}cellXfs")
        return frozenset(
            number
            for number, style in enumerate(() if formats is None else formats)
            if int(style.attrib.get("numFmtId", 0)) in _DATE_FORMATS | own
        )


def _date(serial: float) -> str:
    moment = _EPOCH + timedelta(days=serial)
    return (
        moment.date().isoformat() if serial == int(serial) else moment.isoformat(sep=" ", timespec="seconds")
    )


def _rows(sheet: Element, cells: _Cells) -> Iterator[tuple[int, str]]:
    number = 0
    for row in sheet.iter(f"{_S}row"):
        number = int(row.attrib.get("r", number + 1))
        values: list[str] = []
        for cell in row.findall(f"{_S}c"):
            column = _column(cell.attrib.get("r", ""))
            values.extend([""] * (min(column, 16_384) - len(values) - 1 if column else 0))
            values.append(cells.value(cell).replace("\n", " "))
        if any(values):
            yield number, "\t".join(values)


def _column(reference: str) -> int:
    """``C7`` is in column 3; 0 when the cell does not say."""
    column = 0
    for letter in reference:
        if not letter.isalpha():
            break
        column = 26 * column + ord(letter.upper()) - 64
    return column
