"""Finds the part of a document that a place in words means: a line, a page, a row of a sheet."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from harlm.context.place_names import Where, as_label, without_sheet
from harlm.context.quotes import Span, Steps
from harlm.types import Document, Marks

_AT_ONCE = 4_096  # labels that are looked at in one step
_MOST_GROUPS = 50_000
_MOST_MEANT = 64  # parts that one number can mean


@dataclass(frozen=True, slots=True)
class Meant:
    """What a place means in a document.

    Attributes:
        spans: the parts that it can mean; several if it names no sheet and several sheets have the row.
        is_sure: whether it means exactly one part, which exists.
        is_wrong: whether it names something, such as a sheet, that the document does not have.
    """

    spans: tuple[Span, ...] = ()
    is_sure: bool = False
    is_wrong: bool = False


NOWHERE = Meant()


@dataclass(frozen=True, slots=True)
class _Groups:
    """The labels of a document. A group are the parts whose labels differ in their number only.

    Attributes:
        numbered: the ranges of parts by the words before the number.
        whole: the parts by labels that do not end with their number.
    """

    numbered: dict[str, list[range]] = field(default_factory=dict)
    whole: dict[str, int] = field(default_factory=dict)


class NamedParts:
    """The parts of documents by what they are called. The labels of each document are read once."""

    def __init__(self) -> None:
        self._groups: dict[int, tuple[Marks, _Groups]] = {}

    def meant(self, document: Document, where: Where) -> Steps[Meant]:
        """What ``where`` means in ``document``."""
        marks = document.marks
        if marks is None or not marks.labels:
            return _of_number(document, where)
        known = self._groups.get(id(marks))
        groups = (yield from _groups_of(marks)) if known is None else known[1]
        self._groups[id(marks)] = marks, groups
        return _of_label(document, marks, groups, where)


def _of_number(document: Document, where: Where) -> Meant:
    """A place in a document whose parts have numbers alone."""
    if not where.first:
        return NOWHERE
    unit = "line" if document.marks is None else document.marks.unit
    units = {unit, "row"} if unit == "line" else {unit}
    said = where.unit
    has_lines = document.marks is not None and document.marks.own_lines
    is_counted = said is None or not units.isdisjoint(said)
    is_line = said is not None and not is_counted and has_lines and "line" in said
    if said and not is_counted and not is_line:
        return NOWHERE  # a page of a document that has paragraphs
    extent = document.line_extent if is_line else document.extent
    first, last = extent(where.first), extent(where.last)
    if first is None:
        return NOWHERE
    is_sure = (is_counted or is_line) and not where.is_vague and not where.group
    return Meant(((first[0], (last or first)[1]),), is_sure)


def _of_label(document: Document, marks: Marks, groups: _Groups, where: Where) -> Meant:
    """A place in a document whose parts have labels."""
    whole = groups.whole.get(where.label)
    if whole is not None:
        return Meant((_span(document, marks, whole, whole),), is_sure=True)
    if not where.first:
        return Meant(is_wrong=bool(where.label))
    if not where.group:
        found = [
            span for each in groups.numbered.values() for span in _numbered(document, marks, each, where)
        ]
        return Meant(tuple(found[:_MOST_MEANT]), len(found) == 1 and not where.is_vague)
    for group in (where.group, without_sheet(where.group)):
        ranges = groups.numbered.get(f"{group} {marks.unit}") or groups.numbered.get(group)
        if ranges:
            found = _numbered(document, marks, ranges, where)
            return Meant(tuple(found), is_sure=len(found) == 1)
    return Meant(is_wrong=True)


def _numbered(document: Document, marks: Marks, ranges: list[range], where: Where) -> list[Span]:
    """The parts of a group with the numbers of ``where``."""
    found = []
    for each in ranges:
        at = _index(marks, each, where.first)
        if at < each.stop and _number(marks, at) == where.first:
            last = _index(marks, each, where.last + 1) - 1
            found.append(_span(document, marks, at, last))
    return found


def _index(marks: Marks, each: range, number: int) -> int:
    if not marks.numbers:
        return min(max(number - 1, each.start), each.stop)
    return bisect_left(marks.numbers, number, each.start, each.stop)


def _number(marks: Marks, at: int) -> int:
    return marks.numbers[at] if marks.numbers else at + 1


def _span(document: Document, marks: Marks, first: int, last: int) -> Span:
    after = last + 1
    return marks.starts[first], marks.starts[after] if after < len(marks.starts) else len(document.text)


def _groups_of(marks: Marks) -> Steps[_Groups]:
    groups = _Groups()
    prefix, start, previous = "", 0, -1
    for at, label in enumerate(marks.labels):
        if at % _AT_ONCE == 0:
            yield
        number = _number(marks, at)
        if at and number > previous and label == f"{prefix}{number}":
            previous = number
            continue
        _close(groups, marks, prefix, range(start, at))
        prefix, start, previous = label.removesuffix(str(number)), at, number
    _close(groups, marks, prefix, range(start, len(marks.labels)))
    return groups


def _close(groups: _Groups, marks: Marks, prefix: str, parts: range) -> None:
    if not parts or len(groups.numbered) + len(groups.whole) >= _MOST_GROUPS:
        return
    if prefix == marks.labels[parts.start]:
        groups.whole.setdefault(as_label(prefix), parts.start)
    else:
        groups.numbered.setdefault(as_label(prefix), []).append(parts)
