"""Subtitles in the format SubRip (.srt): one paragraph for each, with the time at which it is shown."""

from __future__ import annotations

import re

from harlm.context.readers.reading import Parts
from harlm.errors import ContextError
from harlm.types import ReadResult

_TIMES = re.compile(r"^(\d+:\d\d:\d\d)[,.]\d+\s*-->\s*\d+:\d\d:\d\d[,.]\d+.*$")
_MARKUP = re.compile(r"</?[a-z][^>]*>|\{\\[^}]*\}", re.IGNORECASE)


def read(name: str, data: bytes) -> ReadResult:
    """One document, whose places are the numbers of its subtitles.

    Raises:
        ContextError: the file has no subtitles.
    """
    parts = Parts("paragraph")
    text = data.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    for number, block in enumerate(filter(None, re.split(r"\n\s*\n", text.strip())), start=1):
        lines = [line.strip() for line in block.split("\n")]
        at = next((at for at, line in enumerate(lines[:2]) if _TIMES.match(line)), None)
        if at is None:
            continue
        began = _TIMES.match(lines[at])
        words = _MARKUP.sub("", " ".join(lines[at + 1 :])).strip()
        if began is not None and words:
            own = int(lines[0]) if at and lines[0].isascii() and lines[0].isdecimal() else number
            parts.add(f"[{began[1]}] {words}", number=own, label=f"paragraph {own}")
    if parts.is_blank:
        raise ContextError("has no subtitles; each is a number, a line of times with -->, and its words")
    return ReadResult((parts.document(name, "srt"),))
