"""RTF: the text without its markup; places are paragraphs, and a table row is one with tabs between its cells.

Headers, footers, comments and hidden text are left out and told; footnotes stand in the text where they are called.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from harlm.context.readers.reading import Parts
from harlm.errors import ContextError
from harlm.patterns import lazy_pattern
from harlm.types import ReadResult, Skipped

_TOKEN = lazy_pattern(
    rb"\\(?P<word>[a-zA-Z]{1,32})(?P<number>-?[0-9]{1,10})? ?"
    rb"|\\'(?P<byte>[0-9a-fA-F]{2})"
    rb"|\\(?P<sign>.)"
    rb"|(?P<brace>[{}])"
    rb"|(?P<text>[^\\{}\r\n\0]++)",
    re.DOTALL,
)
_LETTERS: Mapping[bytes, str] = {
    b"tab": "\t", b"emdash": "—", b"endash": "–", b"emspace": "\u2003", b"enspace": "\u2002", b"qmspace": "\u2005", b"bullet": "•",
    b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”", b"cell": "\t", b"nestcell": "\t", b"zwj": "\u200d",
    b"zwnj": "\u200c",
}  # fmt: skip
_SIGNS: Mapping[bytes, str] = {b"~": "\xa0", b"-": "\xad", b"_": "\u2011", b"{": "{", b"}": "}", b"\\": "\\"}
_ENDS = frozenset({b"par", b"line", b"sect", b"page", b"row", b"nestrow", b"column"})
_OF_NO_TEXT = frozenset(
    b"""colortbl stylesheet info pict objdata themedata colorschememapping latentstyles datastore filetbl listtable
    listoverridetable revtbl rsidtbl generator xmlnstbl pgptbl tc xe bkmkstart bkmkend ftnsep ftnsepc ftncn aftnsep aftnsepc
    aftncn nonesttables nonshppict sp upr txe rxe mmathPr""".split()
)
_TOLD: Mapping[bytes, str] = {
    **dict.fromkeys(
        b"header headerl headerr headerf footer footerl footerr footerf".split(),
        "headers and footers are left out",
    ),
    **dict.fromkeys(b"annotation atnid atnauthor atnref atrfstart atrfend".split(), "comments are left out"),
}
_READ_THOUGH_STARRED = frozenset({b"ud", b"shppict", b"shptxt", b"fldinst", b"fldrslt", b"footnote"})
NO_TEXT = "contains no text"
"""Why a file without any is an error."""

_HIDDEN = "text that is hidden is left out"
_CODECS: Mapping[int, str] = {
    77: "mac-roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030", 136: "cp950", 161: "cp1253", 162: "cp1254",
    163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251", 222: "cp874", 238: "cp1250", 254: "cp437",
    255: "cp850",
}  # fmt: skip
"""The encoding of each character set of a font; all others have that of the document."""

_PAGES = {932: "cp932", 936: "gb18030", 949: "cp949", 950: "cp950", 65001: "utf-8", 10000: "mac-roman"}
_DOCUMENT_CODECS = {b"mac": "mac-roman", b"pc": "cp437", b"pca": "cp850"}
_ADDRESS = lazy_pattern(r'HYPERLINK\s++"([^"]*+)"')


def read(name: str, data: bytes) -> ReadResult:
    """One document of paragraphs."""
    if not data.lstrip().startswith(b"{\\rtf"):
        raise ContextError(
            "is not an RTF file; save it again with the program it came from, or save it as plain text"
        )
    text = _Text()
    at = 0
    while at < len(data):
        token = _TOKEN.match(data, at)
        if token is None:  # line ends and zeros mean nothing
            at += 1
            continue
        at = token.end()
        if token["word"] == b"bin":
            at += max(0, int(token["number"] or 0))
        elif not text.take(token):
            break
    text.end_paragraph()
    if text.parts.is_blank:
        raise ContextError(NO_TEXT)
    return ReadResult(
        (text.parts.document(name, "rtf"),),
        tuple(Skipped(name=name, reason=reason) for reason in text.left_out),
    )


@dataclass(frozen=True, slots=True)
class _Group:
    """What holds inside a group, until its closing brace.

    Attributes:
        kind: ``text``, or what takes its text instead: ``nothing``, ``fonts``, ``instruction``.
        is_starred: whether the next word, if it is unknown, makes the group one without text.
        fallback: how many characters after a Unicode one stand for it in old programs.
        font: the number of the font.
        is_hidden, is_in_table: properties of its text.
        closing: what its closing brace adds to the text.
    """

    kind: str = "text"
    is_starred: bool = False
    fallback: int = 1
    font: int = -1
    is_hidden: bool = False
    is_in_table: bool = False
    closing: str = ""


class _Text:
    """The text as it grows.

    Attributes:
        parts: the paragraphs.
        left_out: what was left out, in the order in which it came.
    """

    def __init__(self) -> None:
        self.parts = Parts("paragraph", separator="\n")
        self.left_out: dict[str, None] = {}
        self._group = _Group()
        self._outer: list[_Group] = []
        self._paragraph: list[str] = []
        self._bytes = bytearray()
        self._bytes_font = -1
        self._codec = "cp1252"
        self._fonts: dict[int, str] = {}
        self._default_font = -1
        self._to_skip = 0
        self._instruction: list[str] = []
        self._address = ""

    def take(self, token: re.Match[bytes]) -> bool:
        """Take a token; returns whether the document continues."""
        kind = token.lastgroup
        if kind == "brace":
            return self._take_brace(token["brace"])
        if token["word"]:
            self._take_word(token["word"], token["number"])
        elif kind == "byte":
            self._take_bytes(bytes((int(token["byte"], 16),)), 1)
        elif kind == "text":
            self._take_bytes(token["text"], len(token["text"]))
        elif token["sign"] == b"*":
            self._group = replace(self._group, is_starred=True)
        elif token["sign"] in b"\r\n":
            self.end_paragraph()
        else:
            self._take_letter(_SIGNS.get(token["sign"], ""))
        return True

    def end_paragraph(self) -> None:
        """End the paragraph."""
        self._decode_bytes()
        text = "".join(self._paragraph).strip(" \t") if self._paragraph else ""
        if text:
            halves = text.encode("utf-16", "surrogatepass")  # of letters that were sent as two numbers
            self.parts.add(halves.decode("utf-16", "replace"))
        self._paragraph.clear()

    def _take_brace(self, brace: bytes) -> bool:
        self._to_skip = 0
        if brace == b"{":
            self._outer.append(self._group)
            self._group = replace(self._group, is_starred=False, closing="")
            return True
        if self._group.closing:
            self._take_letter(self._group.closing)
        if self._group.kind == "instruction" and self._instruction:
            found = _ADDRESS.search("".join(self._instruction))
            self._address = found[1] if found and "://" in found[1] else self._address
            self._instruction.clear()
        if not self._outer:
            return False
        self._group = self._outer.pop()
        return bool(self._outer)

    def _take_word(self, word: bytes, number: bytes | None) -> None:
        self._to_skip = 0
        value = None if number is None else int(number)
        group = self._group
        if group.is_starred:
            self._group = group = replace(group, is_starred=False)
            if word not in _READ_THOUGH_STARRED and word not in _TOLD:
                self._group = replace(group, kind="nothing")
                return
        if word == b"u" and value is not None:
            self._take_letter(chr(value & 0xFFFF))
            self._to_skip = group.fallback
        elif word in _LETTERS:
            self._take_letter(_LETTERS[word])
        elif word in _ENDS:
            self._end(word)
        elif word in _OF_NO_TEXT:
            self._group = replace(group, kind="nothing")
        elif word in _TOLD:
            self.left_out[_TOLD[word]] = None
            self._group = replace(group, kind="nothing")
        elif word in (b"fonttbl", b"fldinst", b"fldrslt", b"footnote", b"ud", b"object", b"field"):
            self._start_destination(word)
        else:
            self._set(word, value)

    def _start_destination(self, word: bytes) -> None:
        group = self._group
        if word == b"fonttbl":
            self._group = replace(group, kind="fonts")
        elif word == b"fldinst":
            self._group = replace(group, kind="instruction")
        elif word == b"fldrslt":
            self._group = replace(group, closing=f" ({self._address})" if self._address else "")
            self._address = ""
        elif word == b"footnote":
            self._take_letter(" (")
            self._group = replace(group, closing=")")
        elif word == b"ud":
            self._group = replace(group, kind="text")

    def _set(self, word: bytes, value: int | None) -> None:
        """A word that sets a property."""
        group = self._group
        if word == b"uc":
            self._group = replace(group, fallback=max(0, min(value or 0, 8)))
        elif word == b"f" and value is not None:
            self._group = replace(group, font=value)
        elif word == b"deff" and value is not None:
            self._default_font = value
            self._group = replace(group, font=value)
        elif word == b"plain":
            self._group = replace(group, font=self._default_font, is_hidden=False)
        elif word in (b"v", b"deleted"):
            self._group = replace(group, is_hidden=value != 0)
        elif word in (b"intbl", b"pard"):
            self._group = replace(group, is_in_table=word == b"intbl")
        elif word == b"ansicpg" and value is not None:
            self._codec = _PAGES.get(
                value,
                f"cp{value}" if 1250 <= value <= 1258 or value in (437, 850, 852, 866, 874) else "cp1252",
            )
        elif word in _DOCUMENT_CODECS:
            self._codec = _DOCUMENT_CODECS[word]
        elif word == b"fcharset" and group.kind == "fonts" and value is not None and value in _CODECS:
            self._fonts[group.font] = _CODECS[value]

    def _end(self, word: bytes) -> None:
        """A word that ends a paragraph, or a line or a row."""
        if self._group.kind != "text":
            return
        if self._group.is_in_table and word in (b"par", b"line"):
            self._take_letter(" ")
        else:
            self.end_paragraph()

    def _take_letter(self, letter: str) -> None:
        if self._is_shown(letter):
            self._decode_bytes()
            self._paragraph.append(letter)
        elif self._group.kind == "instruction":
            self._instruction.append(letter)

    def _take_bytes(self, data: bytes, letters: int) -> None:
        if self._to_skip:
            skipped = min(self._to_skip, letters)
            self._to_skip -= skipped
            data = data[skipped:]
        if not data:
            return
        if self._group.kind == "instruction":
            self._instruction.append(data.decode("cp1252", "replace"))
        elif self._is_shown(data.decode("latin-1")):
            if self._bytes_font != self._group.font:
                self._decode_bytes()
                self._bytes_font = self._group.font
            self._bytes += data

    def _is_shown(self, text: str) -> bool:
        if self._group.kind != "text":
            return False
        if self._group.is_hidden and text.strip():
            self.left_out[_HIDDEN] = None
        return not self._group.is_hidden

    def _decode_bytes(self) -> None:
        """Decode the bytes that came since the last letter: a character may consist of several."""
        if self._bytes:
            codec = self._fonts.get(self._bytes_font, self._codec)
            self._paragraph.append(self._bytes.decode(codec, "replace"))
            self._bytes.clear()
