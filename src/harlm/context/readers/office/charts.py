"""A chart as lines: its title, then a table of its categories and the values of its series."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from harlm.context.readers.office.number_formats import NumberFormat, general
from harlm.context.readers.office.package import CHART, A

_MOST_CELLS = 1_000_000  # of a table of series side by side


@dataclass(frozen=True, slots=True)
class _Series:
    """One series: its name, and the texts of its categories and values by their index."""

    name: str
    categories: dict[str, str]
    values: dict[str, str]


def chart_lines(root: Element, *, with_values: bool = True) -> list[str]:
    """The lines of a chart part, classic or of Office 2016; empty if it shows nothing.

    Args:
        root: the root element of the part.
        with_values: whether to read the values, as they were stored when the file was saved, or the titles alone.
    """
    series = list(_series(root)) or list(_dimensions(root))
    titles = [text for each in _outermost(root, "title") if (text := _title(each))]
    first = titles[0] if _has_title(root) and titles else ""
    axes = titles[1:] if first else titles
    lines = [f"Chart: {first}".rstrip()] if first or series else []
    if axes:
        lines.append("Axes: " + ", ".join(axes))
    return lines + list(_table(series) if with_values else ())


def _has_title(root: Element) -> bool:
    chart = next(_outermost(root, "chart"), None)
    return chart is not None and any(each.tag.endswith("}title") for each in chart)


def _title(title: Element) -> str:
    paragraphs = ["".join(text.text or "" for text in each.iter(f"{A}t")) for each in _outermost(title, "p")]
    text = " ".join(filter(None, paragraphs)) or " ".join(each.text or "" for each in _outermost(title, "v"))
    return " ".join(text.split())


def _outermost(root: Element, name: str) -> Iterator[Element]:
    """The elements of a name below one that are not within one another, in order."""
    pending = [iter(root)]
    while pending:
        node = next(pending[-1], None)
        if node is None:
            pending.pop()
        elif node.tag.endswith(f"}}{name}"):
            yield node
        else:
            pending.append(iter(node))


def _series(root: Element) -> Iterator[_Series]:
    for each in _outermost(root, "ser"):
        name = each.find(f"{CHART}tx")
        words = "" if name is None else " ".join(value.text or "" for value in name.iter(f"{CHART}v"))
        yield _Series(
            " ".join(words.split()),
            _points(each, f"{CHART}cat") or _points(each, f"{CHART}xVal"),
            _points(each, f"{CHART}val") or _points(each, f"{CHART}yVal"),
        )


def _points(series: Element, tag: str) -> dict[str, str]:
    found = series.find(tag)
    if found is None:
        return {}
    lowest = next(found.iter(f"{CHART}lvl"), found)  # of categories in groups, the innermost
    points: dict[str, str] = {}
    code = next((each.text or "" for each in found.iter(f"{CHART}formatCode")), "")
    numbers = NumberFormat(code)
    is_number = (
        next(found.iter(f"{CHART}numCache"), None) is not None or found.find(f"{CHART}numLit") is not None
    )
    for point in lowest.iter(f"{CHART}pt"):
        text = point.findtext(f"{CHART}v") or ""
        points[point.attrib.get("idx", "")] = " ".join((numbers.show(text) if is_number else text).split())
    return points


def _dimensions(root: Element) -> Iterator[_Series]:
    """The series of a chart of Office 2016 (waterfall, funnel, map): its words, and its numbers."""
    for data in root.iter():
        if not data.tag.endswith("}data"):
            continue
        words: dict[str, str] = {}
        numbers: dict[str, str] = {}
        for dimension in data:
            into = numbers if dimension.tag.endswith("}numDim") else words
            level = next((each for each in dimension if each.tag.endswith("}lvl")), dimension)
            for point in level:
                if point.tag.endswith("}pt"):
                    text = general(point.text or "") if into is numbers else point.text or ""
                    into.setdefault(point.attrib.get("idx", ""), " ".join(text.split()))
        if words or numbers:
            yield _Series("", words, numbers)


def _table(series: list[_Series]) -> Iterator[str]:
    if not series:
        return
    categories = series[0].categories
    together = all(each.categories in ({}, categories) for each in series)
    rows = dict.fromkeys(index for each in series for index in (*each.categories, *each.values))
    if together and len(rows) * len(series) <= _MOST_CELLS:
        if any(each.name for each in series):
            yield "\t".join(["", *(each.name for each in series)])
        for index in rows:
            yield "\t".join([categories.get(index, ""), *(each.values.get(index, "") for each in series)])
        return
    for each in series:
        if each.name:
            yield each.name
        for index in dict.fromkeys((*each.categories, *each.values)):
            yield f"{each.categories.get(index, '')}\t{each.values.get(index, '')}"
