"""HTML: the visible text, with marks for headings and list items; places are lines of the file."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from harlm.context.decode import decode
from harlm.context.readers.reading import Parts, ReadResult
from harlm.errors import ContextError

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
    parser = _Visible()
    parser.feed(source)
    parser.close()
    parser.end_block()
    return parser.parts


def _decode(data: bytes) -> str | None:
    declared = _CHARSET.search(data[:4096])
    if declared and not declared[1].lower().startswith(b"utf"):  # the bytes themselves show which UTF it is
        try:
            return data.decode(declared[1].decode("ascii"), "replace").replace("\r\n", "\n")
        except (LookupError, ValueError):  # an unknown encoding, or one that decodes nothing ("undefined")
            pass
    return decode(data)


class _Visible(HTMLParser):
    """Collects blocks of visible text. Accepts any nesting of tags, even an invalid one."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts = Parts("line", separator="\n", longest=None)
        self._block: list[str] = []
        self._line = 1
        self._hidden = 0
        self._prefix = ""
        self._verbatim = 0

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """Skip sections such as ``<![if …]>``. As in a browser, an unknown section is a comment."""
        try:
            return super().parse_marked_section(i, report)
        except AssertionError:
            return self.parse_bogus_comment(i)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag in _BLOCKS:
            self.end_block()
            self._verbatim += tag == "pre"
            if len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
                self._prefix = "#" * int(tag[1]) + " "
            elif tag == "li":
                self._prefix = "- "

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self.end_block()

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag in _BLOCKS:
            self.end_block()
            self._verbatim = max(0, self._verbatim - (tag == "pre"))

    def handle_data(self, data: str) -> None:
        if self._hidden or not (data.strip() or self._block):
            return
        if not self._block:
            blank = data[: len(data) - len(data.lstrip())]
            self._line = self.getpos()[0] + blank.count("\n")
        self._block.append(data)

    def end_block(self) -> None:
        """End the current block of text."""
        text = "".join(self._block)
        text = text.strip("\n") if self._verbatim else _BLANKS.sub(" ", text).strip()
        if text.strip():
            self.parts.add(self._prefix + text, number=self._line)
            self._prefix = ""
        self._block.clear()
