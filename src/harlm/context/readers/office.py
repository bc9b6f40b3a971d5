"""Word, PowerPoint and Excel files, read as zips of XML; places are paragraphs, slides or rows.

Files may be hostile. A document type declaration is rejected, since no Office file has one and XML entities
are an attack; so are files that would fill the memory: parts beyond the archive limits, or with more tags
than any real document.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Self, cast
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.parsers import expat

from harlm.context.document_names import shown_name
from harlm.context.readers.archive import SizeMeter, refuse_many_entries
from harlm.context.readers.reading import MOST_PARTS, MOST_TEXT, Parts
from harlm.errors import ContextError
from harlm.types import ReadResult

_ADVICE = "save the part you need as a text or CSV file"
_MOST_TAGS = 4_000_000  # in memory at once: some thousand pages, and half a gigabyte
_MOST_TAGS_IN_ALL = 40_000_000  # in a part that is read piece by piece: a sheet of about ten million cells
_PIECE = 1 << 14  # bytes of such a piece; with larger ones elements live longer, which costs time
_LONGEST_TITLE = 100  # characters of a sheet's name, which is part of every label; Excel allows 31
_LONGEST_FORMAT = 255  # characters of a number format; Excel's own limit
_MOST_COLUMNS, _MOST_ROWS = 16_384, 1_048_576  # Excel's own limits
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_EPOCH = datetime(1899, 12, 30)
_DATE_FORMATS = frozenset({*range(14, 23), *range(45, 48)})
_DATE_CODE = re.compile(r"(?:^|[^\\\"])[dmyhs]", re.IGNORECASE)


def read_docx(name: str, data: bytes) -> ReadResult:
    """One document of paragraphs; a table row is a paragraph with tabs between its cells."""
    with _Package(data) as package:
        body = package.xml("word/document.xml").find(f"{_W}body")
        parts = Parts("paragraph", separator="\n")
        for block in () if body is None else body:
            for text in _word_block(block):
                parts.add(text)
    if parts.is_blank:
        raise ContextError("contains no text")
    return ReadResult((parts.document(name, "docx"),))


def read_pptx(name: str, data: bytes) -> ReadResult:
    """One document of slides, each with its notes."""
    with _Package(data) as package:
        presentation = package.xml("ppt/presentation.xml")
        related = package.related("ppt/presentation.xml")
        parts = Parts("slide")
        for slide in presentation.iter():
            if slide.tag.endswith("}sldId"):
                parts.add(_slide(package, related[slide.attrib[f"{_R}id"]]))
    if parts.is_blank:
        raise ContextError("contains no text")
    return ReadResult((parts.document(name, "pptx"),))


def read_xlsx(name: str, data: bytes) -> ReadResult:
    """One document of rows with tabs between cells, each row labelled with its sheet."""
    with _Package(data) as package:
        book = package.xml("xl/workbook.xml")
        related = package.related("xl/workbook.xml")
        cells = _Cells(package)
        parts = Parts("row", separator="\n")
        for sheet in book.iter(f"{_S}sheet"):
            title = shown_name(sheet.attrib["name"][:_LONGEST_TITLE])
            rows = package.each(related[sheet.attrib[f"{_R}id"]], f"{_S}row")
            for number, row in _rows(rows, cells):
                parts.add(row, number=number, label=f"{title} row {number}")
    if parts.is_blank:
        raise ContextError("contains no values")
    return ReadResult((parts.document(name, "xlsx"),))


class _Package:
    """An Office file opened for reading, with a limit on the bytes that it unpacks to."""

    def __init__(self, data: bytes) -> None:
        self._meter = SizeMeter(len(data), advice=_ADVICE)
        refuse_many_entries(data, _ADVICE)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except zipfile.BadZipFile as error:
            raise ContextError(
                "is not an Office file that can be opened (an old binary format, or broken); "
                "save it as .docx, .pptx or .xlsx"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def xml(self, member: str) -> Element:
        """The root element of one part."""
        # Safe, since ``_source`` refuses declarations of entities.
        return ElementTree.fromstring(self._source(member, _MOST_TAGS))  # noqa: S314

    def each(self, member: str, tag: str) -> Iterator[Element]:
        """Every element of one kind in a part.

        Each is emptied before the next, since sheets may not fit into memory.
        """
        source = self._source(member, _MOST_TAGS_IN_ALL)
        parser: ElementTree.XMLPullParser[Element] = ElementTree.XMLPullParser(("end",))
        found = kept = 0
        for start in range(0, len(source), _PIECE):
            parser.feed(source[start : start + _PIECE])
            for event in parser.read_events():
                element = cast("tuple[str, Element]", event)[1]
                kept += 1
                if element.tag == tag:
                    yield element
                    element.clear()
                    found, kept = found + 1, 0
                if kept > _MOST_TAGS or found > MOST_PARTS:
                    raise _too_many(_MOST_TAGS)
        parser.close()

    def _source(self, member: str, most_tags: int) -> bytes:
        info = self._zip.getinfo(member)
        self._meter.allow(info.file_size)
        with self._zip.open(info) as stream:
            source = self._meter.read(stream)
        _refuse_declarations(source)
        if source.count(b"<") > most_tags:
            raise _too_many(most_tags)
        return source

    def related(self, member: str) -> dict[str, str]:
        """The names of the parts that a part refers to, by relationship id."""
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
        """Whether the file has such a part."""
        return member in self._zip.NameToInfo


def _refuse_declarations(source: bytes) -> None:
    """Refuse a document type, in any encoding and after any comment: expat itself finds it, and stops at the root.

    Raises:
        ContextError: there is one.
    """
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise ContextError(
            "declares XML entities, which no Office program does; save it again in an Office program"
        )

    def stop(*_: object) -> None:
        raise _RootFound

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = stop
    with suppress(_RootFound, expat.ExpatError):  # a broken part is reported when it is parsed
        parser.Parse(source, True)


class _RootFound(Exception):
    """The root element begins, so that no declaration can follow."""


def _too_many(tags: int) -> ContextError:
    return ContextError(f"has a part with more than {tags:,} tags; {_ADVICE}")


def _word_block(block: Element) -> Iterator[str]:
    if block.tag == f"{_W}p":
        text = _word_text(block)
        yield _heading_marks(block) + text if text.strip() else text
    elif block.tag == f"{_W}tbl":
        for row in _word_rows(block):
            yield "\t".join(_word_text(cell).strip() for cell in row.findall(f"{_W}tc"))
    elif block.tag == f"{_W}sdt":
        for inner in block.iterfind(f"{_W}sdtContent/*"):
            yield from _word_block(inner)


def _heading_marks(paragraph: Element) -> str:
    properties = paragraph.find(f"{_W}pPr")
    style = None if properties is None else properties.find(f"{_W}pStyle")
    level = None if style is None else re.fullmatch(r"[Hh]eading(\d)", style.attrib.get(f"{_W}val", ""))
    return "#" * int(level[1]) + " " if level else ""


def _word_rows(table: Element) -> Iterator[Element]:
    """The rows of a table. A nested table belongs to its cell."""
    for child in table:
        if child.tag == f"{_W}tr":
            yield child
        elif child.tag == f"{_W}sdt":
            yield from child.iterfind(f"{_W}sdtContent/{_W}tr")


def _word_text(block: Element) -> str:
    """The text of a paragraph or of a table cell, with a blank between the paragraphs of a cell."""
    pieces: list[str] = []
    for node in block.iter():
        if node.tag == f"{_W}t":
            pieces.append(node.text or "")
        elif node.tag == f"{_W}tab" and not node.attrib:  # with attributes it defines a tab stop
            pieces.append("\t")
        elif node.tag in (f"{_W}br", f"{_W}cr") or (node.tag == f"{_W}p" and pieces):
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
    paragraphs: list[list[str]] = []
    for node in root.iter():
        if node.tag == f"{_A}p":
            paragraphs.append([])
        elif node.tag == f"{_A}t" and paragraphs:
            paragraphs[-1].append(node.text or "")
    return "\n".join(text for text in map("".join, paragraphs) if text.strip())


class _Cells:
    """Turns the stored value of a cell into the text that Excel shows."""

    def __init__(self, package: _Package) -> None:
        self._strings: list[str] = []
        if package.has("xl/sharedStrings.xml"):
            shared = package.each("xl/sharedStrings.xml", f"{_S}si")
            self._strings = ["".join(t.text or "" for t in item.iter(f"{_S}t")) for item in shared]
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
            return _date(stored)
        return stored

    @staticmethod
    def _find_date_styles(package: _Package) -> frozenset[int]:
        if not package.has("xl/styles.xml"):
            return frozenset()
        styles = package.xml("xl/styles.xml")
        codes = {
            int(form.attrib["numFmtId"]): form.attrib.get("formatCode", "")[:_LONGEST_FORMAT]
            for form in styles.iter(f"{_S}numFmt")
        }
        dates = _DATE_FORMATS.union(number for number, code in codes.items() if _shows_a_date(code))
        formats = styles.find(f"{_S}cellXfs")
        return frozenset(
            number
            for number, style in enumerate(() if formats is None else formats)
            if int(style.attrib.get("numFmtId", 0)) in dates
        )


def _shows_a_date(code: str) -> bool:
    return _DATE_CODE.search(re.sub(r"\[[^\]]*\]|\"[^\"]*\"", "", code)) is not None


def _date(stored: str) -> str:
    try:
        serial = float(stored)
        moment = _EPOCH + timedelta(days=serial)
    except (ValueError, OverflowError):  # a number outside the calendar, for which Excel shows ####
        return stored
    return (
        moment.date().isoformat() if serial == int(serial) else moment.isoformat(sep=" ", timespec="seconds")
    )


def _rows(stored: Iterable[Element], cells: _Cells) -> Iterator[tuple[int, str]]:
    """The number and text of every row that is not empty, without the columns that are empty in all rows."""
    rows = list(_filled_rows(stored, cells))
    columns = sorted({column for _, row in rows for column in row})
    for number, row in rows:
        last = max(row)
        yield number, "\t".join(row.get(column, "") for column in columns if column <= last)


def _filled_rows(stored: Iterable[Element], cells: _Cells) -> Iterator[tuple[int, dict[int, str]]]:
    """The number of every row that is not empty, with its values by column."""
    number = characters = 0
    for row in stored:
        own = row.attrib.get("r", "")
        number = int(own) if 0 < len(own) <= len(str(_MOST_ROWS)) else number + 1
        values: dict[int, str] = {}
        column = 0
        for cell in row.findall(f"{_S}c"):
            column = max(_column(cell.attrib.get("r", "")), column + 1)
            value = cells.value(cell)
            characters += len(value)
            if column > _MOST_COLUMNS or characters > MOST_TEXT:
                raise ContextError(
                    f"has a sheet of more than {_MOST_COLUMNS:,} columns or {MOST_TEXT:,} characters; "
                    f"{_ADVICE}"
                )
            if value:
                values[column] = value.replace("\n", " ")
        if values:
            yield number, values


def _column(reference: str) -> int:
    """The column of a cell reference: 3 for ``C7``; 0 if the reference is empty."""
    column = 0
    for letter in reference[:4]:  # Excel's last column is XFD
        if not letter.isalpha():
            break
        column = 26 * column + ord(letter.upper()) - 64
    return column
