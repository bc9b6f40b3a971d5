"""Presentations: one document of slides, each with its notes and comments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element

from harlm.context.readers.office.drawing import drawn_lines, local, paragraph_text
from harlm.context.readers.office.package import A, P, Package, R
from harlm.context.readers.reading import Parts
from harlm.errors import ContextError
from harlm.types import ReadResult

_HIDDEN = "[hidden slide]"
_LONGEST_AUTHOR = 100
_OFF = ("0", "false")


def read_pptx(name: str, data: bytes) -> ReadResult:
    """One document of slides, numbered as in the deck. A hidden slide says so in its first line.

    Raises:
        ContextError: the file is broken, exceeds a limit, or has no text.
    """
    with Package(data) as package:
        main = package.main("ppt/presentation.xml")
        related = package.related(main)
        authors: dict[str, str] = {}
        for kind in ("commentAuthors", "authors"):
            for part in package.parts(related, kind):
                authors.update(_authors(package.xml(part)))
        parts = Parts("slide")
        is_blank = True
        for slide in package.xml(main).iter(f"{P}sldId"):
            relation = related.get(slide.attrib.get(f"{R}id", ""))
            if relation is None or not package.has(relation.part):
                package.left_out["parts"] += 1
                parts.add("")
                continue
            is_hidden, lines = _slide(package, relation.part, authors)
            is_blank = is_blank and not lines
            parts.add("\n".join([*[_HIDDEN] * is_hidden, *lines]))
        skipped = package.skipped(name)
    if is_blank:
        raise ContextError("contains no text")
    return ReadResult((parts.document(name, "pptx"),), skipped)


def _slide(package: Package, part: str, authors: Mapping[str, str]) -> tuple[bool, list[str]]:
    """Whether a slide is hidden, and its lines."""
    root = package.xml(part)
    related = package.related(part)
    lines = drawn_lines(package, root, related)
    for each in related.values():
        if each.kind == "notesSlide" and package.has(each.part):
            notes = "\n".join(drawn_lines(package, package.xml(each.part), package.related(each.part)))
            lines += [f"Notes: {notes}"] if notes else []
    for each in related.values():
        if each.kind == "comments" and package.has(each.part):
            lines += _comments(package.xml(each.part), authors)
    return root.attrib.get("show", "1") in _OFF, lines


def _authors(root: Element) -> Iterator[tuple[str, str]]:
    for author in root.iter():
        if "id" in author.attrib and "name" in author.attrib:
            yield author.attrib["id"], " ".join(author.attrib["name"][:_LONGEST_AUTHOR].split())


def _comments(root: Element, authors: Mapping[str, str]) -> Iterator[str]:
    """The comments of a slide and the replies to them, in the old and in the new form."""
    for comment in root.iter():
        if local(comment.tag) not in ("cm", "reply"):
            continue
        pieces: list[str] = []
        for child in comment:
            if local(child.tag) == "text":
                pieces.append(child.text or "")
            elif local(child.tag) == "txBody":
                pieces += map(paragraph_text, child.iterfind(f"{A}p"))
        text = " ".join(" ".join(pieces).split())
        author = authors.get(comment.attrib.get("authorId", ""), "")
        if text:
            yield f"Comment ({author}): {text}" if author else f"Comment: {text}"
