"""Reads the head of a citation as the name of a document and a place in it, such as ``a.py, line 2``, ``b.pdf:p3``,
``c.py#L2-L3`` or ``d.xlsx:Costs row 3``.

A name may hold anything that can stand between it and its place, so every split of a head is tried against the names
that exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from harlm.patterns import lazy_pattern
from harlm.types import Unit

_SPLIT = lazy_pattern(r"(?=[\s:#,;(\[|@]|[-–—](?=\s)|!)")
_BEFORE = " \t:#,;([|@-–—!"
_AFTER = " \t)],;:.|-–—"
_WIDE = {
    **{code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)},
    **dict.fromkeys(map(ord, "\u00a0\u2009\u202f\u3000"), " "),
    **dict.fromkeys(map(ord, "‐‑‒–—―−～〜"), "-"),
    ord("、"): ",",
}
_UNITS: tuple[tuple[Unit, str], ...] = (
    ("line", r"lines?|l\.?|ln\.?|lns|zeilen?|z\.|lignes?|l[ií]neas?|righe|riga|linhas?|行目?"),
    ("page", r"pages?|p\.?|pp\.?|pg\.?|pgs\.?|seiten?|s\.|p[aá]ginas?|pagin[ae]|页|頁|ページ"),
    ("row", r"rows?|zeilen?|lignes?|filas?|righe|riga|linhas?|行目?"),
    ("slide", r"slides?|folien?|diapositives?|diapos?|diapositivas?|幻灯片|スライド|pages?|p\.?"),
    ("cell", r"cells?|zellen?|cellules?|celdas?|单元格|セル"),
    (
        "paragraph",
        r"paragraphs?|paras?\.?|par\.?|abs[aä]tze|absatz|abs\.|¶{1,2}|alin[ée]as?|p[aá]rrafos?|段落?",
    ),
)
_ANY_UNIT = "|".join(words for _, words in _UNITS) + "|§{1,2}|sections?|abschnitte?"
_NUMBER = r"(?:l(?=\d))?(?P<{0}>\d{{1,9}})(?:(?:c|:|\.|,\s?col(?:umn)?\.?\s?)(?P<{0}_column>\d{{1,6}}))?"
_WHERE = lazy_pattern(
    rf"""(?P<unit>(?:{_ANY_UNIT}))?\s?第?\s?
        {_NUMBER.format("first")}
        (?:\s?(?:-|\.\.\.?|…|to|bis|à|until|through|,|;|&|and|und|et|至|到)\s?(?:(?:{_ANY_UNIT})\s?)?{_NUMBER.format("last")})?
        (?:\s?(?P<unit_after>页|頁|ページ|行目?|段落?|单元格|セル|スライド))?(?:\s?ff?\.?)?""",
    re.VERBOSE | re.IGNORECASE,
)
_CELL_NAME = lazy_pattern(
    r"(?P<before>.*?[\s!])?\$?[A-Za-z]{1,3}\$?(?P<first>\d{1,7})(?:\s?[:-]\s?\$?[A-Za-z]{1,3}\$?(?P<last>\d{1,7}))?"
)
_TAIL = lazy_pattern(
    r"""(?:(?:\b|(?<=\W))(?:rows?|zeilen?|lignes?|slides?|folien?|cells?|pages?|lines?|paragraphs?)\s?|(?<=[\s!:,])|(?<=\A))
        (?P<first>\d{1,9})(?:\s?(?:-|to|bis|à|,|&|and)\s?(?:rows?\s)?(?P<last>\d{1,9}))?\Z""",
    re.VERBOSE | re.IGNORECASE,
)
_SHEET = lazy_pattern(
    r"\A(?:the\s)?(?:sheet|worksheet|tab|blatt|tabellenblatt|feuille|tabelle|hoja)\s(?=\S)|\s(?:sheet|tab)\Z"
)
_BLANKS = lazy_pattern(r"[\s:,;!'\"()#|_\[\]-]++")
_LONGEST = 300  # characters of a place


@dataclass(frozen=True, slots=True)
class Where:
    """A place as an answer names it.

    Attributes:
        label: its words as ``as_label`` makes them, to be compared with whole labels.
        group: the words before its number, without the unit: the name of a sheet; empty if there are none.
        unit: what its unit can be, nothing for a unit that is not counted (a section); ``None`` if it is not said.
        first, last: the numbers of a range, which are equal for one number; 0 if there is none.
        is_vague: whether more is said than the number, so that it is a hint only.
    """

    label: str
    group: str = ""
    unit: frozenset[Unit] | None = None
    first: int = 0
    last: int = 0
    is_vague: bool = False


def splits(head: str) -> Iterator[tuple[str, str]]:
    """What can be the name and the place in a head: the longest name first."""
    plain = head if head.isascii() else head.translate(_WIDE)
    for at in sorted((match.start() for match in _SPLIT.finditer(plain)), reverse=True):
        if at:
            yield head[: len(plain[:at].rstrip(_BEFORE))], head[at:]


def where(place: str) -> Where:
    """The place that words behind the name of a document mean."""
    said = " ".join(place.translate(_WIDE).replace("=", " ").lstrip(_BEFORE).split()).rstrip(_AFTER)[
        :_LONGEST
    ]
    said = said.removeprefix("at ").removeprefix("on ").removeprefix("in ")
    label = as_label(said)
    if found := _WHERE.fullmatch(said):
        return Where(label, "", _units_in(found), *_range(found))
    if found := _CELL_NAME.fullmatch(said):  # ``Costs!B3``
        return Where(label, as_label(found["before"] or ""), frozenset({"row"}), *_range(found))
    if found := _TAIL.search(said):
        return Where(label, as_label(said[: found.start()]), None, *_range(found))
    if found := _WHERE.match(said):
        return Where(label, "", _units_in(found), *_range(found), is_vague=True)
    return Where(label)


def as_label(words: str) -> str:
    """Words as labels are compared: without case, with one blank for whatever stands between words."""
    return _BLANKS.sub(" ", words.translate(_WIDE)).strip().casefold()


def without_sheet(label: str) -> str:
    """A label without the word for a sheet."""
    return _SHEET.sub("", label)


def _units_in(found: re.Match[str]) -> frozenset[Unit] | None:
    said = found["unit"] or found["unit_after"]
    if said is None:
        return frozenset({"line"}) if found["first_column"] or found[0][:1] in "lL" else None
    return frozenset(unit for unit, words in _UNITS if re.fullmatch(words, said, re.IGNORECASE))


def _range(found: re.Match[str]) -> tuple[int, int]:
    first = int(found["first"])
    last = int(found["last"] or first)
    return first, max(last, first)
