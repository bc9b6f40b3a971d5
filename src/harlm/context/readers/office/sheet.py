"""Workbooks: one document of rows, then the comments and drawings of all sheets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from xml.etree.ElementTree import Element

from harlm.context.document_names import shown_name
from harlm.context.readers.office.cells import CellTexts, words
from harlm.context.readers.office.drawing import LONGEST_REPEATED, drawn_lines, local
from harlm.context.readers.office.package import Package, R, Relation, S
from harlm.context.readers.reading import MOST_TEXT, Parts
from harlm.context.readers.zipped_xml import ADVICE
from harlm.errors import ContextError
from harlm.types import ReadResult

_LONGEST_TITLE = 100  # characters of a sheet's name, which is part of every label; Excel allows 31
_LONGEST_AUTHOR = 100
_LONGEST_REFERENCE = 10  # characters of XFD1048576
_MOST_COLUMNS, _MOST_ROWS = 16_384, 1_048_576  # Excel's own limits
_MOST_REPEATS = 1_000_000  # cells of a workbook that are filled from merged ones
_ROW, _CELL, _MERGED = f"{S}row", f"{S}c", f"{S}mergeCell"
_THREADED = "[Threaded comment]"  # the copy for old programs of a comment that has its own part


@dataclass(frozen=True, slots=True)
class _Remark:
    """A comment on a cell, or a line that is drawn on a sheet."""

    text: str
    label: str
    row: int


def read_xlsx(name: str, data: bytes) -> ReadResult:
    """One document of rows with tabs between cells, each row labelled with its sheet, ``Prices row 5``.

    A hidden sheet says so in its label. Comments, charts and text boxes follow the rows of all sheets.

    Raises:
        ContextError: the file is broken, exceeds a limit, or has no values.
    """
    with Package(data) as package:
        main = package.main("xl/workbook.xml")
        book = package.xml(main)
        related = package.related(main)
        cells = CellTexts(package, main, related, from_1904=_counts_from_1904(book))
        parts = Parts("row", separator="\n")
        remarks: list[_Remark] = []
        people = _people(package, related)
        for sheet in book.iterfind(f"{S}sheets/{S}sheet"):
            relation = related.get(sheet.attrib.get(f"{R}id", ""))
            if relation is None or not package.has(relation.part):
                package.left_out["parts"] += 1
                continue
            title = shown_name(sheet.attrib["name"][:_LONGEST_TITLE])
            if sheet.attrib.get("state", "visible") != "visible":
                title += " (hidden)"
            for number, row in _rows(package.each(relation.part, (_ROW, _MERGED)), cells):
                parts.add(row, number=number, label=f"{title} row {number}")
            remarks += _remarks(package, relation.part, title, people)
        for remark in remarks:
            parts.add(remark.text, number=remark.row, label=remark.label)
        skipped = package.skipped(name)
    if parts.is_blank:
        raise ContextError("contains no values")
    return ReadResult((parts.document(name, "xlsx"),), skipped)


def _counts_from_1904(book: Element) -> bool:
    properties = book.find(f"{S}workbookPr")
    return properties is not None and properties.attrib.get("date1904", "0") in ("1", "true", "on")


def _rows(stored: Iterable[Element], cells: CellTexts) -> Iterator[tuple[int, str]]:
    """The number and text of every row that is not empty, without the columns that are empty in all rows."""
    merged: list[str] = []
    rows = list(_filled_rows(stored, cells, merged))
    _repeat_merged(rows, merged)
    columns = sorted({column for _, row in rows for column in row})
    for number, row in rows:
        last = max(row)
        yield number, "\t".join(row.get(column, "") for column in columns if column <= last)


def _filled_rows(
    stored: Iterable[Element], cells: CellTexts, merged: list[str]
) -> Iterator[tuple[int, dict[int, str]]]:
    """The number of every row that is not empty, with its values by column.

    Adds the ranges of merged cells that span rows to ``merged``.
    """
    number = characters = 0
    for element in stored:
        if element.tag == _MERGED:
            merged.append(element.attrib.get("ref", "")[: 2 * _LONGEST_REFERENCE + 1])
            continue
        own = element.attrib.get("r", "")
        number = int(own) if own.isdecimal() and len(own) <= len(str(_MOST_ROWS)) else number + 1
        values: dict[int, str] = {}
        column = 0
        for cell in element.iterfind(_CELL):
            column = max(_column(cell.attrib.get("r", "")), column + 1)
            value = cells.value(cell)
            characters += len(value)
            if column > _MOST_COLUMNS or characters > MOST_TEXT:
                raise ContextError(
                    f"has a sheet of more than {_MOST_COLUMNS:,} columns or {MOST_TEXT:,} characters; "
                    f"{ADVICE}"
                )
            if value:
                values[column] = value.replace("\n", " ").replace("\t", " ")
        if values:
            yield number, values


def _repeat_merged(rows: list[tuple[int, dict[int, str]]], merged: Iterable[str]) -> None:
    """Write a short value of a cell that spans rows into each of them that is not empty."""
    places: dict[int, int] = {}
    repeats = 0
    for place, (number, _) in enumerate(rows):
        places.setdefault(number, place)
    for reference in merged:
        first, _, last = reference.partition(":")
        if not last or _row_of(first) not in places:
            continue
        place = places[_row_of(first)]
        column, until = _column(first), _row_of(last)
        value = rows[place][1].get(column, "")
        if not value or len(value) > LONGEST_REPEATED:
            continue
        place += 1
        while place < len(rows) and rows[place][0] <= until and repeats < _MOST_REPEATS:
            rows[place][1].setdefault(column, value)
            place += 1
            repeats += 1


def _column(reference: str) -> int:
    """The column of a cell reference: 3 for ``C7``; 0 if the reference is empty."""
    return _column_of(reference[:_LONGEST_REFERENCE].lstrip("$").rstrip("0123456789"))


@lru_cache(maxsize=1024)
def _column_of(letters: str) -> int:
    column = 0
    for letter in letters[:4]:  # Excel's last column is XFD
        if not ("A" <= letter <= "Z" or "a" <= letter <= "z"):
            break
        column = 26 * column + ord(letter.upper()) - 64
    return column


def _row_of(reference: str) -> int:
    """The row of a cell reference: 7 for ``C7`` or ``$C$7``; 0 if it has none."""
    digits = "".join(letter for letter in reference[:_LONGEST_REFERENCE] if letter in "0123456789")
    return int(digits) if digits else 0


def _remarks(package: Package, part: str, title: str, people: Mapping[str, str]) -> Iterator[_Remark]:
    """The comments of a sheet in the order of its rows, then what is drawn on it."""
    related = package.related(part)
    comments: list[tuple[str, str, str]] = []
    for each in package.parts(related, "threadedComment"):
        comments += _threaded(package.xml(each), people)
    for each in package.parts(related, "comments"):
        comments += [each for each in _comments(package.xml(each)) if not each[2].startswith(_THREADED)]
    for reference, author, text in sorted(comments, key=lambda each: _row_of(each[0])):
        by = f" ({author})" if author else ""
        yield _Remark(
            f"Comment on {reference}{by}: {text}", f"{title} comment {reference}", _row_of(reference)
        )
    for each in package.parts(related, "drawing"):
        # The values of a chart are those of cells.
        for line in drawn_lines(package, package.xml(each), package.related(each), with_values=False):
            yield _Remark(line, f"{title} drawing", 0)
    package.left_out["objects"] += sum(each.kind in ("oleObject", "package") for each in related.values())


def _comments(root: Element) -> Iterator[tuple[str, str, str]]:
    """The cell, the author and the text of each comment."""
    authors = [each.text or "" for each in root.iterfind(f"{S}authors/{S}author")]
    for comment in root.iterfind(f"{S}commentList/{S}comment"):
        own = comment.attrib.get("authorId", "")
        author = authors[int(own)] if own.isdecimal() and len(own) < 8 and int(own) < len(authors) else ""
        said = comment.find(f"{S}text")
        text = "" if said is None else " ".join(words(said).split())
        if text:
            yield _shown(comment), _name(author), text.removeprefix(f"{author}:").strip()


def _threaded(root: Element, people: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for comment in root:
        said = next((each for each in comment if local(each.tag) == "text"), None)
        text = "" if said is None else " ".join((said.text or "").split())
        if text:
            yield _shown(comment), people.get(comment.attrib.get("personId", ""), ""), text


def _people(package: Package, related: Mapping[str, Relation]) -> dict[str, str]:
    """The authors of threaded comments."""
    return {
        person.attrib.get("id", ""): _name(person.attrib.get("displayName", ""))
        for part in package.parts(related, "person")
        for person in package.xml(part)
    }


def _shown(comment: Element) -> str:
    return shown_name(comment.attrib.get("ref", "")[:_LONGEST_REFERENCE])


def _name(author: str) -> str:
    return " ".join(author[:_LONGEST_AUTHOR].split())
