"""Word files: one document of paragraphs, each with what hangs on it: text boxes, notes, comments, charts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from harlm.context.readers.office.drawing import LONGEST_REPEATED, branches_of, drawn_part, local, part_lines
from harlm.context.readers.office.package import MATH, MC, Package, Relation, W
from harlm.context.readers.office.symbols import symbol
from harlm.context.readers.office.word_lists import WordLists
from harlm.context.readers.reading import Parts
from harlm.errors import ContextError
from harlm.types import ReadResult

_PARAGRAPH, _ROW, _CELL, _TABLE = f"{W}p", f"{W}tr", f"{W}tc", f"{W}tbl"
_BOX, _ALTERNATIVES = f"{W}txbxContent", f"{MC}AlternateContent"
_SILENT = frozenset(
    f"{W}{tag}"
    for tag in "pPr rPr rubyPr sdtPr sdtEndPr tblPr tblGrid trPr tcPr sectPr del moveFrom rt instrText delText "
    "delInstrText fldData customXmlPr smartTagPr footnoteRef endnoteRef annotationRef".split()
)
"""What has no text that the page shows; of ruby, the reading above its base."""
_AS_TEXT = {f"{W}br": " ", f"{W}cr": " ", f"{W}tab": "\t", f"{W}ptab": "\t", f"{W}noBreakHyphen": "-"}
_IN_FORMULA = {f"{MATH}num": "", f"{MATH}den": "/", f"{MATH}sup": "^", f"{MATH}sub": "_"}
"""The sign before the parts of a formula, in one line: ``a/b`` and ``x^2``."""
_INSERTED = frozenset((f"{W}altChunk", f"{W}subDoc"))
_NOTES = {f"{W}footnoteReference": "Footnote", f"{W}endnoteReference": "Endnote"}
_MOST_SPANNED = 64  # columns; Word's own limit is 63
_LONGEST_AUTHOR = 100
_OFF = ("0", "false", "off")


def read_docx(name: str, data: bytes) -> ReadResult:
    """One document of paragraphs; a table row is a paragraph with tabs between its cells.

    Headers, footers and comments without a place follow the text.

    Raises:
        ContextError: the file is broken, exceeds a limit, or has no text.
    """
    with Package(data) as package:
        main = package.main("word/document.xml")
        root = package.xml(main)
        reader = _WordText(package, main)
        parts = Parts("paragraph", separator="\n")
        for text in reader.body(root):
            parts.add(text)
        for text in reader.around():
            parts.add(text)
        skipped = package.skipped(name)
    if parts.is_blank:
        raise ContextError("contains no text")
    return ReadResult((parts.document(name, "docx"),), skipped)


@dataclass(slots=True)
class _Hanging:
    """What hangs on a paragraph and follows its text.

    Attributes:
        waiting: blocks that are not read yet, each with its title. What a text box has is one line for each
            paragraph and has no title; a note is one line.
        lines: the lines that are complete, such as those of a chart.
    """

    waiting: list[tuple[str, Element]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.waiting) + len(self.lines)


class _WordText:
    """Walks through the parts of one file, without recursion, since a hostile file may be nested without end."""

    def __init__(self, package: Package, main: str) -> None:
        self._package = package
        self._name = main
        self._main: Mapping[str, Relation] = package.related(main)
        self._related = self._main
        self._lists = WordLists(self._part("styles"), self._part("numbering"))
        self._notes = {
            "Footnote": self._stored("footnotes", "footnote"),
            "Endnote": self._stored("endnotes", "endnote"),
        }
        self._comments = self._stored("comments", "comment")
        self._counts = dict.fromkeys(self._notes, 0)
        self._above: dict[int, str] = {}  # the texts of the row before, for cells that span rows

    def _part(self, kind: str) -> Element | None:
        name = self._package.only(self._name, self._main, kind)
        return None if name is None else self._package.xml(name)

    def _stored(self, kind: str, tag: str) -> dict[str, Element]:
        """The notes or comments of a part, by their id."""
        root = self._part(kind)
        return {
            each.attrib.get(f"{W}id", ""): each
            for each in (() if root is None else root.iterfind(f"{W}{tag}"))
            if each.attrib.get(f"{W}type", "normal") == "normal"
        }

    def body(self, root: Element) -> Iterator[str]:
        """The text of every paragraph and table row, with the lines that hang on it."""
        body = root.find(f"{W}body")
        for block in () if body is None else self._down(body, {_PARAGRAPH, _ROW}):
            yield self._block(block)

    def around(self) -> Iterator[str]:
        """The lines of headers and footers, each once, then the comments that no text refers to."""
        seen: set[str] = set()
        for kind, title in (("header", "Header"), ("footer", "Footer")):
            for part in self._package.parts(self._main, kind):
                self._related = self._package.related(part)
                for block in self._down(self._package.xml(part), {_PARAGRAPH, _ROW}):
                    text = self._block(block).strip()
                    if text and not text.isdecimal() and text not in seen:
                        seen.add(text)
                        yield f"{title}: {text}"
        for each in list(self._comments):
            hanging = _Hanging()
            self._comment(each, hanging)
            yield from self._read(hanging)

    def _block(self, block: Element) -> str:
        hanging = _Hanging()
        if block.tag == _ROW:
            text = self._row(block, hanging)
        else:
            properties = block.find(f"{W}pPr")
            text = self._text(block, hanging).strip("\t")
            if text.strip():
                level = self._lists.heading(properties)
                text = "#" * level + " " * bool(level) + text
        return "\n".join([text, *self._read(hanging)]) if hanging else text

    def _read(self, hanging: _Hanging) -> Iterator[str]:
        """The lines of what hangs on a paragraph, and of what hangs on those."""
        at = 0
        while at < len(hanging.waiting):
            title, element = hanging.waiting[at]
            at += 1
            blocks = self._down(element, {_PARAGRAPH, _ROW})
            texts = [
                self._row(each, hanging) if each.tag == _ROW else self._text(each, hanging) for each in blocks
            ]
            lines = [text.strip() for text in texts if text.strip()]
            if title and lines:
                yield f"{title}: {' '.join(lines)}"
            elif not title:
                yield from lines
        yield from hanging.lines

    def _down(self, root: Element, wanted: Set[str]) -> Iterator[Element]:
        """The wanted elements below one, through content controls and other wrappers, not through one another."""
        found = 0

        def otherwise(branches: list[Element], before: int) -> Iterator[Element]:
            if found == before:
                yield from branches

        pending = [iter(root)]
        while pending:
            node = next(pending[-1], None)
            if node is None:
                pending.pop()
            elif node.tag in wanted:
                if not (node.tag == _ROW and node.find(f"{W}trPr/{W}del") is not None):
                    found += 1
                    yield node
            elif node.tag in _INSERTED:
                self._package.left_out["documents"] += 1
            elif node.tag == _ALTERNATIVES:
                first, rest = branches_of(node)
                pending += [otherwise(rest, found), iter(first)]
            elif node.tag not in _SILENT and node.tag != _BOX:
                if node.tag == _TABLE:
                    self._above = {}
                pending.append(iter(node))

    def _row(self, row: Element, hanging: _Hanging) -> str:
        """A row with tabs between its cells. A cell that spans rows is repeated in each, if it is short."""
        cells = [""] * _spanned(row.find(f"{W}trPr/{W}gridBefore"), 0)
        for cell in self._down(row, {_CELL}):
            text = self._text(cell, hanging).replace("\t", " ").strip()
            merged = cell.find(f"{W}tcPr/{W}vMerge")
            if merged is not None and merged.attrib.get(f"{W}val", "continue") == "continue" and not text:
                text = self._above.get(len(cells), "")
            self._above[len(cells)] = text if len(text) <= LONGEST_REPEATED else ""
            cells += [text, *[""] * (_spanned(cell.find(f"{W}tcPr/{W}gridSpan"), 1) - 1)]
        return "\t".join(cells).rstrip("\t")

    def _text(self, root: Element, hanging: _Hanging) -> str:
        """The text of a paragraph or cell, with a blank between the paragraphs of a cell."""
        pieces: list[str] = []

        def found() -> int:
            return len(pieces) + len(hanging) + self._package.left_out.total()

        def closing(sign: str) -> Iterator[Element]:
            pieces.append(sign)
            yield from ()

        def otherwise(branches: list[Element], before: int) -> Iterator[Element]:
            if before == found():
                yield from branches

        if root.tag == _PARAGRAPH:
            pieces += self._number(root)
        pending = [iter(root)]
        while pending:
            node = next(pending[-1], None)
            if node is None:
                pending.pop()
                continue
            if self._is_leaf(node, pieces, hanging):
                continue
            if node.tag == _ALTERNATIVES:
                first, rest = branches_of(node)
                pending += [otherwise(rest, found()), iter(first)]
                continue
            if node.tag == _PARAGRAPH:
                pieces += [" "] * bool(pieces) + self._number(node)
            elif node.tag in _IN_FORMULA:
                before, after = _signs_around(node)
                pieces.append(before)
                pending.append(closing(after))
            pending.append(iter(node))
        return "".join(pieces)

    def _is_leaf(self, node: Element, pieces: list[str], hanging: _Hanging) -> bool:
        """Whether nothing below an element is read for the text it stands in. If so its own text is added."""
        tag = node.tag
        if tag in (f"{W}t", f"{MATH}t"):
            pieces.append(node.text or "")
        elif tag in _AS_TEXT:
            is_break = node.attrib.get(f"{W}type") in ("page", "column")
            pieces.append("" if is_break and not pieces else _AS_TEXT[tag])
        elif tag == f"{W}sym":
            pieces.append(symbol(node.attrib.get(f"{W}font", ""), node.attrib.get(f"{W}char", "")))
        elif tag == f"{W}fldChar":
            pieces.append(_form_field(node))
        elif tag == f"{W}r" and _is_hidden(node):
            self._package.left_out["hidden text"] += 1
        else:
            return tag in _SILENT or self._hangs(node, hanging)
        return True

    def _number(self, paragraph: Element) -> list[str]:
        number = self._lists.number(paragraph.find(f"{W}pPr"))
        return [number + " "] if number and _has_runs(paragraph) else []

    def _hangs(self, node: Element, hanging: _Hanging) -> bool:
        """Whether an element stands outside the text of its paragraph: a box, a note, a comment, or something left out. If so, note it."""
        tag = node.tag
        if tag == _BOX:
            hanging.waiting.append(("", node))
        elif tag in _NOTES:
            self._note(_NOTES[tag], node.attrib.get(f"{W}id", ""), hanging)
        elif tag == f"{W}commentReference":
            self._comment(node.attrib.get(f"{W}id", ""), hanging)
        elif (part := drawn_part(node)) is not None:
            hanging.lines += part_lines(self._package, part, self._related)
        elif tag == f"{W}object":
            self._package.left_out["objects"] += 1
        elif local(tag) in ("pic", "imagedata"):
            self._package.left_out["images"] += 1
        elif local(tag) == "textpath":  # letters along a line: a watermark
            hanging.lines += [text for text in (node.attrib.get("string", "").strip(),) if text]
        else:
            return False
        return True

    def _note(self, kind: str, own_id: str, hanging: _Hanging) -> None:
        note = self._notes[kind].pop(own_id, None)
        if note is not None:
            self._counts[kind] += 1
            hanging.waiting.append((f"{kind} {self._counts[kind]}", note))

    def _comment(self, own_id: str, hanging: _Hanging) -> None:
        comment = self._comments.pop(own_id, None)
        if comment is not None:
            author = " ".join(comment.attrib.get(f"{W}author", "")[:_LONGEST_AUTHOR].split())
            hanging.waiting.append((f"Comment ({author})" if author else "Comment", comment))


def _spanned(stored: Element | None, otherwise: int) -> int:
    value = "" if stored is None else stored.attrib.get(f"{W}val", "")
    return min(int(value), _MOST_SPANNED) if value.isdecimal() and len(value) < 6 else otherwise


def _is_hidden(run: Element) -> bool:
    """Whether a run has text that Word hides."""
    hidden = run.find(f"{W}rPr/{W}vanish")
    return (
        hidden is not None and hidden.attrib.get(f"{W}val", "1") not in _OFF and run.find(f"{W}t") is not None
    )


def _form_field(mark: Element) -> str:
    """The state of a check box or the choice in a list of an old form; empty for other fields, whose text follows."""
    box = mark.find(f"{W}ffData/{W}checkBox")
    if box is not None:
        state = box.find(f"{W}checked")
        state = box.find(f"{W}default") if state is None else state
        return "☒" if state is not None and state.attrib.get(f"{W}val", "1") not in _OFF else "☐"
    choices = mark.find(f"{W}ffData/{W}ddList")
    if choices is None:
        return ""
    entries = choices.findall(f"{W}listEntry")
    chosen = choices.find(f"{W}result")
    value = "0" if chosen is None else chosen.attrib.get(f"{W}val", "0")
    at = int(value) if value.isdecimal() and len(value) < 6 else 0
    return entries[at].attrib.get(f"{W}val", "") if at < len(entries) else ""


def _signs_around(part: Element) -> tuple[str, str]:
    """What stands before and after a part of a formula, with brackets if it is more than one word or number."""
    sign = _IN_FORMULA[part.tag]
    texts = [each.findtext(f"{MATH}t") or "" for each in part if each.tag != f"{MATH}ctrlPr"]
    return (sign, "") if len(texts) <= 1 and "".join(texts).isalnum() else (f"{sign}(", ")")


def _has_runs(paragraph: Element) -> bool:
    """Whether a paragraph has anything but its properties."""
    return any(child.tag != f"{W}pPr" for child in paragraph)
