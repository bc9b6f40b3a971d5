"""HTML: the visible text, with marks for headings and list items; places are lines of the file.

The tokens are those of the HTML standard. Their parser takes time in proportion to the text, whatever it holds.
"""

from __future__ import annotations

import re

from harlm.context.decode import decode
from harlm.context.readers.reading import Parts
from harlm.errors import ContextError
from harlm.types import ReadResult

_HIDDEN = frozenset({"script", "style", "template", "noscript", "svg", "math", "iframe", "object"})
_BLOCKS = frozenset(
    """address article aside blockquote body br caption dd details div dl dt fieldset figcaption figure footer form h1
    h2 h3 h4 h5 h6 header hr html li main nav ol option p pre section summary table tbody td tfoot th thead title tr
    ul""".split()
)
_BLANKS = re.compile(r"\s+")
_CHARSET = re.compile(rb"""<meta[^>]+charset=["']?([\w-]+)""", re.IGNORECASE)


def read(name: str, data: bytes) -> ReadResult:
    """One document of the visible text."""
    source = _decode(data)
    if source is None:
        raise ContextError("is binary, not HTML; convert it to text first")
    document = parse(source).document(name, "html")
    if not document.text.strip():
        raise ContextError("contains no visible text; name a page that does")
    return ReadResult((document,))


def parse(source: str) -> Parts:
    """The visible blocks of an HTML text, each with the number of its first line."""
    from turbohtml import TokenType, tokenize  # 60 ms to import, for HTML only

    visible = _Visible()
    for token in tokenize(source, capture_attributes=False):
        if token.type is TokenType.TEXT:
            visible.add(token.data or "", token.line)
        elif token.type is TokenType.START_TAG and token.tag:
            visible.start(token.tag, is_empty=token.self_closing)
        elif token.type is TokenType.END_TAG and token.tag:
            visible.end(token.tag)
    visible.end_block()
    return visible.parts


def _decode(data: bytes) -> str | None:
    declared = _CHARSET.search(data[:4096])
    if declared and not declared[1].lower().startswith(b"utf"):  # the bytes themselves show which UTF it is
        try:
            return data.decode(declared[1].decode("ascii"), "replace").replace("\r\n", "\n")
        except (LookupError, ValueError):  # an unknown encoding, or one that decodes nothing ("undefined")
            pass
    return decode(data)


class _Visible:
    """Collects blocks of visible text. Accepts any nesting of tags, even an invalid one."""

    def __init__(self) -> None:
        self.parts = Parts("line", separator="\n", longest=None)
        self._block: list[str] = []
        self._line = 1
        self._hidden = 0
        self._prefix = ""
        self._verbatim = 0

    def start(self, tag: str, *, is_empty: bool) -> None:
        """A tag begins.

        Args:
            tag: its name, in lower case.
            is_empty: whether it ends at once, as ``<svg/>``.
        """
        if tag in _HIDDEN:
            self._hidden += not is_empty
        elif tag in _BLOCKS:
            self.end_block()
            if is_empty:
                return
            self._verbatim += tag == "pre"
            if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
                self._prefix = "#" * int(tag[1]) + " "
            elif tag == "li":
                self._prefix = "- "

    def end(self, tag: str) -> None:
        """A tag ends."""
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag in _BLOCKS:
            self.end_block()
            self._verbatim = max(0, self._verbatim - (tag == "pre"))

    def add(self, text: str, line: int) -> None:
        """Text that stands between two tags.

        Args:
            text: the text.
            line: the line on which it begins.
        """
        if self._hidden or not (text.strip() or self._block):
            return
        if not self._block:
            blank = text[: len(text) - len(text.lstrip())]
            self._line = line + blank.count("\n")
        self._block.append(text)

    def end_block(self) -> None:
        """End the current block of text."""
        text = "".join(self._block)
        text = text.strip("\n") if self._verbatim else _BLANKS.sub(" ", text).strip()
        if text.strip():
            self.parts.add(self._prefix + text, number=self._line)
            self._prefix = ""
        self._block.clear()
