"""The values of cells, as the text that a sheet shows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from xml.etree.ElementTree import Element

from harlm.context.readers.office.number_formats import BUILT_IN, NumberFormat, general
from harlm.context.readers.office.package import Package, Relation, S
from harlm.patterns import lazy_pattern

_ESCAPED = lazy_pattern("_x([0-9A-Fa-f]{4})_")
_DAY_ONE = datetime(1899, 12, 30)
_DAYS_TO_1904 = 1462
_TRUE = ("1", "true")
_LONGEST_FORMULA = 8_192  # characters; Excel's own limit


class CellTexts:
    """Turns the stored value of a cell into text.

    Args:
        package: the file; counts the formulas without a stored result.
        main: the name of the part of the workbook.
        related: the parts that it refers to.
        from_1904: whether the days of the workbook count from 1904.
    """

    def __init__(
        self, package: Package, main: str, related: Mapping[str, Relation], *, from_1904: bool
    ) -> None:
        self._left_out = package.left_out
        self._from_1904 = from_1904
        self._strings: list[str] = []
        if (part := package.only(main, related, "sharedStrings")) is not None:
            self._strings = [words(item) for item in package.each(part, (f"{S}si",))]
        self._formats: list[NumberFormat] = []
        if (part := package.only(main, related, "styles")) is not None:
            self._formats = self._find_formats(package.xml(part))

    def value(self, cell: Element) -> str:
        """The text of one cell; for a formula without a stored result, the formula."""
        kind = cell.attrib.get("t", "n")
        if kind == "inlineStr":
            text = cell.find(f"{S}is")
            return "" if text is None else words(text)
        value = cell.find(f"{S}v")
        stored = "" if value is None else value.text or ""
        if not stored:
            return "" if kind == "str" and value is not None else self._formula(cell)
        if kind == "s":
            return self._strings[int(stored)]
        if kind == "b":
            return "TRUE" if stored.lower() in _TRUE else "FALSE"
        style = cell.attrib.get("s", "0")
        if kind == "n":
            return self._format(style, stored)
        return self._day(style, stored) if kind == "d" else stored

    def _formula(self, cell: Element) -> str:
        formula = cell.find(f"{S}f")
        if formula is None:
            return ""
        self._left_out["formulas"] += 1
        if formula.text:
            return "=" + " ".join(formula.text[:_LONGEST_FORMULA].removeprefix("=").split())
        return (
            "=(the formula of the cells beside it)"  # Excel stores a formula once for all cells that share it
        )

    def _format(self, style: str, stored: str) -> str:
        number = int(style) if style.isdecimal() and len(style) < 8 else 0
        return self._formats[number].show(stored) if number < len(self._formats) else general(stored)

    def _day(self, style: str, stored: str) -> str:
        """A day or time that is stored in words, ``2024-03-15T00:00:00``."""
        try:
            moment = datetime.fromisoformat(stored.removesuffix("Z")).replace(tzinfo=None)
        except ValueError:
            return stored
        days = (moment - _DAY_ONE).total_seconds() / 86_400 - _DAYS_TO_1904 * self._from_1904
        number = int(style) if style.isdecimal() and len(style) < 8 else 0
        if number < len(self._formats) and self._formats[number].is_date:
            return self._formats[number].show(repr(days))
        return stored.removesuffix("Z").removesuffix("T00:00:00").replace("T", " ")

    def _find_formats(self, styles: Element) -> list[NumberFormat]:
        codes = dict(BUILT_IN)
        for form in styles.iterfind(f"{S}numFmts/{S}numFmt"):
            own = form.attrib.get("numFmtId", "")
            if own.isdecimal() and len(own) < 8:
                codes[int(own)] = form.attrib.get("formatCode", "")
        made: dict[str, NumberFormat] = {}
        formats = []
        for style in styles.iterfind(f"{S}cellXfs/{S}xf"):
            own = style.attrib.get("numFmtId", "0")
            code = codes.get(int(own) if own.isdecimal() and len(own) < 8 else 0, "")
            formats.append(
                made.get(code) or made.setdefault(code, NumberFormat(code, from_1904=self._from_1904))
            )
        return formats


def words(item: Element) -> str:
    """The text of a string of one or several runs, without the reading of its letters (``rPh``)."""
    pieces: list[str] = []
    for child in item:
        if child.tag == f"{S}t":
            pieces.append(child.text or "")
        elif child.tag == f"{S}r":
            pieces += [text.text or "" for text in child.iterfind(f"{S}t")]
    return _unescaped("".join(pieces))


def _unescaped(text: str) -> str:
    """``text`` with the letters that Excel writes as ``_x000D_``; an underscore before such letters is ``_x005F_``."""
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text).replace("\r\n", "\n").replace("\r", "\n")
