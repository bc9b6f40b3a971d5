"""Links from the places in an answer to their files, on terminals that take them (OSC 8). The visible text is the same."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterable, Mapping
from typing import TextIO
from urllib.parse import quote

from harlm.patterns import lazy_pattern
from harlm.types import Citation
from harlm.visible import harmless

_PLACE = lazy_pattern(
    r"(?<=\[)[^\[\]\n]{1,500}(?=\])|(?<=`)[^`\n]{1,500}(?=`)|(?<=^source: ).{1,500}?(?= “)|(?<=^  ).{1,500}?(?=: “)",
    re.MULTILINE,
)
_NO_LINKS = ("", "dumb", "linux")  # terminals that show the escapes, or drop what follows


def takes_links(stream: TextIO) -> bool:
    """Whether links can be printed on a stream: it is a terminal that the user has not asked to stay plain."""
    is_plain = os.environ.get("TERM", "") in _NO_LINKS or bool(os.environ.get("NO_COLOR"))
    return not is_plain and stream.isatty()


def links_of(citations: Iterable[Citation]) -> Mapping[str, str]:
    """The address of the file for each place that is in one."""
    host = socket.gethostname()
    return {
        harmless(each.place): f"file://{host}{quote(each.path)}"
        for each in citations
        if each.path is not None and each.path.startswith("/")
    }


def with_links(text: str, links: Mapping[str, str]) -> str:
    """Text that is safe to print, with its places as links."""

    def linked(match: re.Match[str]) -> str:
        address = links.get(match[0])
        return match[0] if address is None else f"\x1b]8;;{address}\x1b\\{match[0]}\x1b]8;;\x1b\\"

    return _PLACE.sub(linked, text) if links else text
