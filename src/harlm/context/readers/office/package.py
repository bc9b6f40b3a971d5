"""The zip of an Office file: its XML parts, found by the type of their relationship, in both OOXML dialects.

Files may be hostile. A document type declaration is rejected, since no Office file has one and XML entities
are an attack; so are files that would fill the memory: parts beyond the archive limits, or with more tags
than any real document.
"""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import cast
from xml.etree import ElementTree
from xml.etree.ElementTree import Element
from xml.parsers import expat

from harlm.context.readers.reading import MOST_PARTS
from harlm.context.readers.zipped_xml import ADVICE, ZipPackage
from harlm.errors import ContextError
from harlm.types import Skipped

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
S = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"

_STRICT = "{http://purl.oclc.org/ooxml/"
_TRANSITIONAL = "{http://schemas.openxmlformats.org/"
_MOST_TAGS = 4_000_000  # in memory at once: some thousand pages, and half a gigabyte
_MOST_TAGS_IN_ALL = 40_000_000  # in a part that is read piece by piece: a sheet of about ten million cells
_PIECE = 1 << 14  # bytes of such a piece; with larger ones elements live longer, which costs time
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_LOCKED = "is an Office file that needs a password; save it without one"
_REFUSAL = (
    "is not an Office file that can be opened (an old binary format, or broken); "
    "save it as .docx, .pptx or .xlsx"
)
_OLE = b"\xd0\xcf\x11\xe0"

_REASONS = {
    "images": "{count} {images} not read: text in images needs text recognition (OCR)",
    "objects": "{count} embedded {objects} not read: open them in their own program and save them",
    "macros": "macros are not read: they are programs, not text",
    "hidden text": "hidden text is left out: Word does not show it",
    "documents": "{count} inserted {documents} not read: save them by themselves",
    "formulas": "{count} {formulas} without a stored result, shown as a formula: open the file in Excel and save it",
    "parts": "{count} {parts} not read: the file refers to them and does not have them",
}
"""Why each kind of thing is left out, and what the user can do."""


@dataclass(frozen=True, slots=True)
class Relation:
    """What one part refers to: the last word of the relationship's type, and the name of the other part."""

    kind: str
    part: str


class Package(ZipPackage):
    """An Office file opened for reading, with a limit on the bytes that it unpacks to.

    Attributes:
        left_out: how often each kind of thing was left out.

    Raises:
        ContextError: the file is no zip, or has too many members.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__(data, _LOCKED if data.startswith(_OLE) and _ENCRYPTED in data else _REFUSAL)
        self.left_out: Counter[str] = Counter()
        # Names differ in case from those in relationships, and some programs write backslashes.
        self._names = {_key(name): name for name in self._zip.NameToInfo}

    def main(self, usual: str) -> str:
        """The name of the main part: the one that the package names, or the usual one."""
        for relation in self.related("").values():
            if relation.kind == "officeDocument" and self.has(relation.part):
                return relation.part
        return usual

    def xml(self, part: str) -> Element:
        """The root element of one part."""
        # Safe, since ``_source`` refuses declarations of entities.
        root = ElementTree.fromstring(self._source(part, _MOST_TAGS))  # noqa: S314
        _as_transitional(root)
        return root

    def each(self, part: str, tags: Collection[str]) -> Iterator[Element]:
        """Every element of some kinds in a part, by their Transitional names.

        Each is emptied before the next, since sheets may not fit into memory.
        """
        source = self._source(part, _MOST_TAGS_IN_ALL)
        parser: ElementTree.XMLPullParser[Element] = ElementTree.XMLPullParser(("end",))
        wanted = {*tags, *map(_strict, tags)}
        found = kept = 0
        for start in range(0, len(source), _PIECE):
            parser.feed(source[start : start + _PIECE])
            for event in parser.read_events():
                element = cast("tuple[str, Element]", event)[1]
                kept += 1
                if element.tag in wanted:
                    _as_transitional(element)
                    yield element
                    element.clear()
                    found, kept = found + 1, 0
                if kept > _MOST_TAGS or found > MOST_PARTS:
                    raise _too_many(_MOST_TAGS)
        parser.close()

    def _source(self, part: str, most_tags: int) -> bytes:
        source = self.member(self._names.get(_key(part), part))
        _refuse_declarations(source)
        if source.count(b"<") > most_tags:
            raise _too_many(most_tags)
        return source

    def related(self, part: str) -> Mapping[str, Relation]:
        """What a part refers to in the package, by relationship id. The package itself is the part with an empty name."""
        folder, file = posixpath.split(part)
        listed = posixpath.join(folder, "_rels", f"{file}.rels")
        if not self.has(listed):
            return {}
        relations: dict[str, Relation] = {}
        for link in self.xml(listed):
            target = link.attrib.get("Target", "").replace("\\", "/")
            if link.attrib.get("TargetMode") != "External" and "Id" in link.attrib:
                name = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                kind = link.attrib.get("Type", "").rpartition("/")[2]
                relations[link.attrib["Id"]] = Relation(kind, name)
        return relations

    def parts(self, related: Mapping[str, Relation], kind: str) -> list[str]:
        """The names of the parts of one kind, without those that the file does not have."""
        return list(
            dict.fromkeys(each.part for each in related.values() if each.kind == kind and self.has(each.part))
        )

    def only(self, main: str, related: Mapping[str, Relation], kind: str) -> str | None:
        """The name of the part of a kind of which there is one, or of the file of that name beside the main part."""
        found = self.parts(related, kind)
        beside = posixpath.join(posixpath.dirname(main), f"{kind}.xml")
        return found[0] if found else beside if self.has(beside) else None

    def has(self, part: str) -> bool:
        """Whether the file has such a part."""
        return _key(part) in self._names

    def skipped(self, name: str) -> tuple[Skipped, ...]:
        """What was left out of the file ``name``, one entry for each kind."""
        if any(key.endswith("vbaproject.bin") for key in self._names):
            self.left_out["macros"] = 1
        return tuple(
            Skipped(name=f"{name}:{kind}", reason=_reason(kind, self.left_out[kind]))
            for kind in _REASONS
            if self.left_out[kind]
        )


def _reason(kind: str, count: int) -> str:
    counted = kind[:-1] if count == 1 else kind
    return _REASONS[kind].format(count=f"{count:,}", **{kind: counted})


def _key(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _strict(tag: str) -> str:
    """The Strict name of a Transitional tag: the same without the year in its namespace."""
    return tag.replace(_TRANSITIONAL, _STRICT, 1).replace("/2006/", "/", 1)


def _as_transitional(root: Element) -> None:
    """Rename what is named in a Strict namespace. Only Strict parts pay for it."""
    if not root.tag.startswith(_STRICT):
        return
    names: dict[str, str] = {}
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = names.get(element.tag) or names.setdefault(element.tag, _renamed(element.tag))
        for name in [name for name in element.attrib if name.startswith(_STRICT)]:
            element.attrib[_renamed(name)] = element.attrib.pop(name)


def _renamed(name: str) -> str:
    if not name.startswith(_STRICT):
        return name
    space, _, local = name.partition("}")
    before, _, last = space[len(_STRICT) :].rpartition("/")
    return f"{_TRANSITIONAL}{before}/2006/{last}}}{local}"


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
    return ContextError(f"has a part with more than {tags:,} tags; {ADVICE}")
