"""What is drawn on a slide, a sheet or a page: texts in shapes, tables, charts and SmartArt, as lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from harlm.context.readers.office.charts import chart_lines
from harlm.context.readers.office.list_numbers import shown_number
from harlm.context.readers.office.package import CHART, DIAGRAM, MATH, MC, A, P, Package, R, Relation

LONGEST_REPEATED = 200  # characters of a merged cell that are repeated in each row it covers
_PICTURE, _FRAME_OF_OTHERS, _TEXT_BODY = "pic", "oleObj", "txBody"
_NUMBERED = {
    "arabic": "decimal",
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
}
_AROUND = {"Period": "{}.", "ParenR": "{})", "ParenBoth": "({})", "Plain": "{}"}
_DEEPEST = 9  # levels of a list


def local(tag: str) -> str:
    """The name of a tag without its namespace."""
    return tag.rpartition("}")[2]


@dataclass(frozen=True, slots=True)
class _Otherwise:
    """Comes after the branch of an ``AlternateContent`` that is read first.

    Attributes:
        branches: the elements to read if that branch had nothing.
        before: what had been found before that branch.
    """

    branches: list[Element]
    before: int


def drawn_lines(
    package: Package, root: Element, related: Mapping[str, Relation], *, with_values: bool = True
) -> list[str]:
    """The lines of all shapes of a drawing, in its order.

    Args:
        package: the file; counts what is left out.
        root: the root element of a slide, of its notes, or of a drawing.
        related: the parts that the drawing refers to.
        with_values: whether a chart is read with its values, or by its titles alone.
    """
    lines: list[str] = []
    numbers = _Numbers()
    pending: list[Element | _Otherwise] = [root]
    while pending:
        node = pending.pop()
        if isinstance(node, _Otherwise):
            if node.before == len(lines) + package.left_out.total():
                pending.extend(reversed(node.branches))
            continue
        tag = node.tag
        name = local(tag)
        if tag == f"{MC}AlternateContent":
            first, rest = branches_of(node)
            pending.append(_Otherwise(rest, len(lines) + package.left_out.total()))
            pending.extend(reversed(first))
        elif tag == f"{A}p":
            lines += [line for line in numbers.text(node).split("\n") if line.strip()]
        elif tag == f"{A}tbl":
            lines += table_lines(node)
        elif (part := drawn_part(node)) is not None:
            lines += part_lines(package, part, related, with_values=with_values)
        elif name == _PICTURE:
            package.left_out["images"] += 1
        elif name == _FRAME_OF_OTHERS:
            package.left_out["objects"] += 1
        elif not (name == "sp" and _is_slide_number(node)):
            if name == _TEXT_BODY:
                numbers = _Numbers()
            pending.extend(reversed(node))
    return lines


def branches_of(alternatives: Element) -> tuple[list[Element], list[Element]]:
    """The children of the first ``Choice`` of an ``AlternateContent``, and those of its ``Fallback``."""
    choice = alternatives.find(f"{MC}Choice")
    fallback = alternatives.find(f"{MC}Fallback")
    return list(choice if choice is not None else ()), list(fallback if fallback is not None else ())


def drawn_part(node: Element) -> str | None:
    """The relationship id of the chart or the SmartArt that stands here; ``None`` if none does."""
    if node.tag == f"{CHART}chart" or (local(node.tag) == "chart" and "chartex" in node.tag):
        return node.attrib.get(f"{R}id")
    if node.tag == f"{DIAGRAM}relIds":
        return node.attrib.get(f"{R}dm")
    return None


def part_lines(
    package: Package, link: str, related: Mapping[str, Relation], *, with_values: bool = True
) -> list[str]:
    """The lines of a chart or SmartArt in a part of its own. One that the file does not have is counted."""
    relation = related.get(link)
    if relation is None or not package.has(relation.part):
        package.left_out["parts"] += 1
        return []
    root = package.xml(relation.part)
    if root.tag == f"{DIAGRAM}dataModel":
        return list(_smart_art(root))
    return chart_lines(root, with_values=with_values)


def table_lines(table: Element) -> Iterator[str]:
    """The rows of a table, with tabs between the cells. A cell that spans rows is repeated in each."""
    above: dict[int, str] = {}
    for row in table.iterfind(f"{A}tr"):
        cells: list[str] = []
        for column, cell in enumerate(row.iterfind(f"{A}tc")):
            text = _joined(cell.iterfind(f"{A}txBody/{A}p"))
            if cell.attrib.get("vMerge") in ("1", "true"):
                text = above.get(column, "")
            above[column] = text if len(text) <= LONGEST_REPEATED else ""
            cells.append(text)
        line = "\t".join(cells).rstrip("\t")
        if line.strip():
            yield line


def _smart_art(model: Element) -> Iterator[str]:
    for point in model.iterfind(f"{DIAGRAM}ptLst/{DIAGRAM}pt"):
        if point.attrib.get("type", "node") in ("node", "asst"):
            text = _joined(point.iterfind(f"{DIAGRAM}t/{A}p"))
            if text:
                yield text


def _is_slide_number(shape: Element) -> bool:
    place = shape.find(f"{P}nvSpPr/{P}nvPr/{P}ph")
    return place is not None and place.attrib.get("type") == "sldNum"


def _joined(paragraphs: Iterable[Element]) -> str:
    """The text of paragraphs in one line."""
    return " ".join(filter(None, (" ".join(paragraph_text(each).split()) for each in paragraphs)))


def paragraph_text(paragraph: Element) -> str:
    """The text of a paragraph of a shape, with a line end for each break in it."""
    pieces: list[str] = []

    def otherwise(branches: list[Element], before: int) -> Iterator[Element]:
        if before == len(pieces):
            yield from branches

    pending = [iter(paragraph)]
    while pending:
        node = next(pending[-1], None)
        if node is None:
            pending.pop()
        elif node.tag in (f"{A}t", f"{MATH}t"):
            pieces.append(node.text or "")
        elif node.tag == f"{A}br":
            pieces.append("\n")
        elif node.tag == f"{MC}AlternateContent":
            first, rest = branches_of(node)
            pending += [otherwise(rest, len(pieces)), iter(first)]
        else:
            pending.append(iter(node))
    return "".join(pieces).replace("\v", "\n")


class _Numbers:
    """Counts the numbered paragraphs of one text body."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._kinds: dict[int, str] = {}

    def text(self, paragraph: Element) -> str:
        """The text of a paragraph with its number, if it has one."""
        text = paragraph_text(paragraph)
        properties = paragraph.find(f"{A}pPr")
        if not text.strip():
            return ""
        if properties is None:
            self._forget(0)
            return text
        stored = properties.attrib.get("lvl", "0")
        level = int(stored) if stored.isdecimal() and len(stored) == 1 else 0
        marker = properties.find(f"{A}buAutoNum")
        if marker is None:
            self._forget(level)
            return text
        kind = marker.attrib.get("type", "")
        if self._kinds.get(level) != kind:
            self._forget(level)
        start = marker.attrib.get("startAt", "1")
        first = int(start) if start.isdecimal() and len(start) < 6 else 1
        self._kinds[level] = kind
        self._counts[level] = self._counts.get(level, first - 1) + 1
        self._forget(level + 1)
        return f"{_marker(kind, self._counts[level])} {text}"

    def _forget(self, level: int) -> None:
        for deeper in range(level, _DEEPEST + 1):
            self._counts.pop(deeper, None)
            self._kinds.pop(deeper, None)


def _marker(kind: str, number: int) -> str:
    form = next((form for start, form in _NUMBERED.items() if kind.startswith(start)), "decimal")
    around = next((around for end, around in _AROUND.items() if kind.endswith(end)), "{}.")
    return around.format(shown_number(number, form))
