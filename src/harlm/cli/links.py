"""Links from the places in an answer to their files, on terminals that take them (OSC 8). The visible text is the same."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterable, Mapping
from typing import TextIO
from urllib.parse import quote

from harlm.patterns import lazy_pattern
from harlm.tracing.ci import in_ci
from harlm.types import Citation
from harlm.visible import harmless

_PLACE = lazy_pattern(
    r"(?<=\[)[^\[\]\n]{1,500}(?=\])|(?<=`)[^`\n]{1,500}(?=`)|(?<=^source: ).{1,500}?(?= “)|(?<=^  ).{1,500}?(?=: “)",
    re.MULTILINE,
)
_NO_LINKS = ("", "dumb", "linux")  # terminals that show the escapes, or drop what follows


def takes_links(stream: TextIO) -> bool:
    """Whether links can be printed on a stream: it is a terminal that the user has not asked to stay plain, and no log of a build."""
    is_plain = os.environ.get("TERM", "") in _NO_LINKS or bool(os.environ.get("NO_COLOR")) or in_ci()
    return not is_plain and stream.isatty()


def links_of(citations: Iterable[Citation]) -> Mapping[str, str]:
    """The address of the file for each place that is in one."""
    return {
        harmless(each.place): address_of(each.path, each.line)
        for each in citations
        if each.path is not None and each.path.startswith("/")
    }


def address_of(path: str, line: int | None) -> str:
    """The address of a file, with the line for terminals that open it there; others do not open an address with one."""
    opens_lines = os.environ.get("TERM") == "xterm-kitty" or os.environ.get("TERM_PROGRAM") == "vscode"
    at = f"#{line}" if line is not None and opens_lines else ""
    return f"file://{socket.gethostname()}{quote(path)}{at}"


def linked(text: str, address: str) -> str:
    """Text that is safe to print, as a link."""
    return f"\x1b]8;;{address}\x1b\\{text}\x1b]8;;\x1b\\"


def with_links(text: str, links: Mapping[str, str]) -> str:
    """Text that is safe to print, with its places as links."""

    def replaced(match: re.Match[str]) -> str:
        address = links.get(match[0])
        return match[0] if address is None else linked(match[0], address)

    return _PLACE.sub(replaced, text) if links else text
