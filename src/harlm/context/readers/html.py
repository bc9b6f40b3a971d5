"""HTML: the text that a browser shows, with marks for headings and list items; places are lines of the file.

The tokens are those of the HTML standard. Their parser takes time in proportion to the text, whatever it holds. Cells of a
row stand on one line with tabs between them, the address of a link follows its text, a picture is its alternative text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from harlm.context.decode import Decoded, decode_labelled
from harlm.context.readers.list_numbers import Lists
from harlm.context.readers.page_text import PageText
from harlm.errors import ContextError
from harlm.patterns import lazy_pattern
from harlm.types import ReadResult, Skipped

_NEVER_SHOWN = frozenset(
    {
        "script",
        "style",
        "template",
        "noscript",
        "svg",
        "iframe",
        "object",
        "annotation",
        "annotation-xml",
        "rp",
        "noframes",
    }
)
_BLOCKS = frozenset(
    """address article aside blockquote body br caption center dd details dialog dir div dl dt fieldset figcaption figure
    footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol optgroup option p pre search section
    summary title ul listing xmp plaintext""".split()
)
_VERBATIM = frozenset({"pre", "listing", "xmp", "plaintext", "textarea"})
_LISTS = frozenset({"ol", "ul", "menu", "dir"})
_SPACED = frozenset({"button", "select", "textarea", "input", "label"})
_ROW_GROUPS = frozenset({"thead", "tbody", "tfoot", "caption"})
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_GROUPS = frozenset({"thead", "tbody", "tfoot"})
_ENDED_BY: Mapping[str, frozenset[str]] = {
    "p": _BLOCKS - {"br"} | {"table"},
    "li": frozenset({"li"}),
    "dt": frozenset({"dt", "dd"}),
    "dd": frozenset({"dt", "dd"}),
    "option": frozenset({"option", "optgroup"}),
    "optgroup": frozenset({"optgroup"}),
    "td": frozenset({"td", "th", "tr"}) | _GROUPS,
    "th": frozenset({"td", "th", "tr"}) | _GROUPS,
    "tr": frozenset({"tr"}) | _GROUPS,
    "thead": _GROUPS,
    "tbody": _GROUPS,
    "tfoot": _GROUPS,
}
"""The elements whose end may be left out, each with those whose beginning ends it."""

_CONTAINERS = frozenset({"ul", "ol", "menu", "dl", "table", "select"})
_HIDING = lazy_pattern(
    r"(?:^|[;\s])(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse))(?![\w-])", re.IGNORECASE
)
_MOST_SPANNED = 20  # cells
_ADDRESS = ("https://", "http://", "mailto:", "tel:", "ftp://")
_META = lazy_pattern(rb"""<meta\s[^>]*?charset\s*+=\s*+["']?\s*+([\w.:-]+)""", re.IGNORECASE)
_XML = lazy_pattern(rb"""^\s*<\?xml\s[^>]*?encoding\s*=\s*["']([\w.:-]+)""", re.IGNORECASE)
_COMMENT = lazy_pattern(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_HEAD = 4096  # bytes in which a page declares its encoding
HIDDEN = "text that the page hides is left out"
"""The note on a page with hidden text."""


def read(name: str, data: bytes) -> ReadResult:
    """One document of the visible text."""
    source = decode_page(data)
    if source is None:
        raise ContextError("is binary, not HTML; convert it to text first")
    page = parse(source.text)
    document = page.text.document(name, "html")
    if not document.text.strip():
        raise ContextError("contains no visible text; name a page that does")
    notes = [*source.notes, HIDDEN] if page.hides_text else source.notes
    return ReadResult((document,), tuple(Skipped(name=name, reason=note) for note in notes))


def decode_page(data: bytes, label: str | None = None) -> Decoded | None:
    """The source of a page; ``None`` if it is not text.

    Args:
        data: the page.
        label: the encoding by what brought the page, which counts more than what the page says.
    """
    if label is None:
        head = _COMMENT.sub(b"", data[:_HEAD])
        if found := _META.search(head) or _XML.search(head):
            label = found[1].decode("ascii", "replace")
    return decode_labelled(data, label)


def parse(source: str) -> Page:
    """What a browser shows of an HTML text."""
    from turbohtml import TokenType, tokenize  # 60 ms to import, for HTML only

    page = Page()
    is_xml = source[:100].lstrip().startswith("<?xml")  # where any element can end at once
    for token in tokenize(source):
        if token.type is TokenType.TEXT:
            page.add(token.data or "", token.line)
        elif token.type is TokenType.START_TAG and token.tag:
            attributes = {name: value or "" for name, value in reversed(token.attrs)} if token.attrs else {}
            page.start(token.tag, attributes, token.line, is_empty=token.self_closing, is_xml=is_xml)
        elif token.type is TokenType.END_TAG and token.tag:
            page.end(token.tag, token.line)
    return page


class Page:
    """Follows the tags of a page. Accepts any nesting of them, even an invalid one.

    Attributes:
        text: the visible text.
        hides_text: whether an element with text is hidden by its attributes.
    """

    def __init__(self) -> None:
        self.text = PageText()
        self.hides_text = False
        self._lists = Lists()
        self._unseen = 0  # elements like scripts that are open
        self._hidden = _Hidden()
        self._verbatim = 0
        self._address = ""
        self._link_text: list[str] = []

    def start(
        self, tag: str, attributes: dict[str, str], line: int, *, is_empty: bool, is_xml: bool = False
    ) -> None:
        """A tag begins.

        Args:
            tag: its name, in lower case.
            attributes: its attributes, by name in lower case.
            line: its line.
            is_empty: whether it ends in a slash, as ``<svg/>``.
            is_xml: whether such a slash ends any element at once.
        """
        if tag in _NEVER_SHOWN:
            self._unseen += not is_empty
        elif self._unseen or self._hidden.start(
            tag, attributes, is_empty=(is_empty and is_xml) or tag in _VOID
        ):
            return
        elif tag in _BLOCKS:
            self._start_block(tag, attributes, is_empty=is_empty)
        elif tag in ("td", "th"):
            self.text.start_cell()
            self.text.span(min(_number(attributes.get("colspan", "")) or 1, _MOST_SPANNED) - 1)
        elif tag == "tr":
            self.text.start_row()
        elif tag == "table":
            self.text.start_table()
        elif tag in _ROW_GROUPS:
            self.text.end_row()
        else:
            self._start_inline(tag, attributes, line)

    def end(self, tag: str, line: int) -> None:
        """A tag ends."""
        if tag in _NEVER_SHOWN:
            self._unseen = max(0, self._unseen - 1)
        elif self._unseen or self._hidden.end(tag):
            return
        elif tag in _BLOCKS:
            self.text.end_block()
            if tag in _LISTS:
                self._lists.end()
            self._verbatim = max(0, self._verbatim - (tag in _VERBATIM))
        elif tag == "table":
            self.text.end_table()
        elif tag in _ROW_GROUPS or tag == "tr":
            self.text.end_row()
        elif tag == "a":
            self._end_link(line)
        elif tag == "rt":
            self.text.words(")", line)
        elif tag in _SPACED:
            self.text.space()
            self._verbatim = max(0, self._verbatim - (tag in _VERBATIM))

    def add(self, text: str, line: int) -> None:
        """Text that stands between two tags.

        Args:
            text: the text.
            line: the line on which it begins.
        """
        if self._unseen:
            return
        if self._hidden.is_open:
            self.hides_text = self.hides_text or not text.isspace()
            return
        if self._address:
            self._link_text.append(text)
        if self._verbatim:
            self.text.verbatim(text, line)
        else:
            self.text.words(text, line)

    def _start_block(self, tag: str, attributes: dict[str, str], *, is_empty: bool) -> None:
        self.text.end_block()
        if is_empty:
            return
        if tag in _VERBATIM:
            self._verbatim += 1
            self.text.start_verbatim()
        elif len(tag) == 2 and tag[0] == "h" and tag[1].isdigit():
            self.text.begin_with("#" * int(tag[1]) + " ")
        elif tag in _LISTS:
            self._lists.start(attributes, is_ordered=tag == "ol")
        elif tag == "li":
            self.text.begin_with(self._lists.item(attributes.get("value", "")))

    def _start_inline(self, tag: str, attributes: dict[str, str], line: int) -> None:
        if tag == "a":
            self._end_link(line)
            address = attributes.get("href", "").strip()
            self._address = address if address.lower().startswith(_ADDRESS) else ""
        elif tag == "img":
            if alternative := attributes.get("alt", ""):
                self.text.space()
                self.add(" ".join(alternative.split()), line)
                self.text.space()
        elif tag == "rt":
            self.text.words("(", line)
        elif tag in _SPACED:
            self.text.space()
            self._verbatim += tag in _VERBATIM

    def _end_link(self, line: int) -> None:
        """Add the address of a link, unless the link has no text or its text is the address."""
        address, self._address = self._address, ""
        shown = " ".join("".join(self._link_text).split())
        self._link_text.clear()
        if not address or not shown:
            return
        bare = address.removeprefix("mailto:").removeprefix("tel:")
        if bare.split("://")[-1].rstrip("/").lower() not in shown.lower():
            self.text.aside(f"({' '.join(bare.split())})", line)


class _Hidden:
    """Follows an element that a browser does not show, to its end.

    Attributes:
        is_open: whether such an element is open.
    """

    def __init__(self) -> None:
        self.is_open = False
        self._tag = ""
        self._depth = self._containers = 0

    def start(self, tag: str, attributes: dict[str, str], *, is_empty: bool) -> bool:
        """Whether an element that begins is hidden."""
        if self.is_open and not self._ends_before(tag):
            if not is_empty:
                self._depth += tag == self._tag
                self._containers += tag in _CONTAINERS
            return True
        self.is_open = False
        if not _is_hidden(attributes):
            return False
        if not is_empty:
            self.is_open, self._tag, self._depth, self._containers = True, tag, 1, 0
        return True

    def end(self, tag: str) -> bool:
        """Whether the end of an element is hidden."""
        if not self.is_open:
            return False
        if tag == self._tag:
            self._depth -= 1
            self.is_open = self._depth > 0
            return True
        if tag in _CONTAINERS:
            self._containers -= 1
        is_around = self._containers < 0 or (not self._containers and tag in _GROUPS | {"tr"})
        is_around |= self._tag == "p" and tag in _BLOCKS | {"td", "th"}  # those inside would have ended it
        if is_around and self._tag in _ENDED_BY:
            self.is_open = False
        return self.is_open

    def _ends_before(self, tag: str) -> bool:
        """Whether an element that begins ends the hidden one, whose end may be left out."""
        return not self._containers and tag in _ENDED_BY.get(self._tag, ())


def _is_hidden(attributes: dict[str, str]) -> bool:
    if not attributes:
        return False
    if attributes.get("hidden", "until-found").lower() != "until-found":
        return True
    return "style" in attributes and bool(_HIDING.search(attributes["style"]))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
