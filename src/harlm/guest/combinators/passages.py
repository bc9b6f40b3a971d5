"""Passages of a context: found by search or by a name that they hold, joined where they touch, and packed to the size of a call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from .blocks import block_around, frames_of, is_header

AROUND = 900
"""Characters of a passage around a name."""

_GAP = 120  # characters between two passages that are shown as one
_LONGEST = 4_000  # characters of joined passages
_LONGEST_BLOCK = 16_000  # characters of a block of code that is taken whole
_MOST_LINES = 400  # in which a name is looked for


class Excerpt(NamedTuple):
    """A stretch of a text.

    Attributes:
        source: the text that it belongs to; a plain ``str`` if it is in no text of the context.
        start, end: where, in characters of it.
    """

    source: Any
    start: int
    end: int

    @property
    def text(self) -> str:
        """Its words."""
        return str(self.source[self.start : self.end])

    @property
    def name(self) -> str:
        """The name of its text; empty if that has none."""
        return str(getattr(self.source, "name", ""))

    @property
    def place(self) -> str:
        """Where it begins, as citations name it."""
        return self.place_at(self.start)

    def place_at(self, offset: int) -> str:
        """The place of a character of its text, such as ``notes.txt:12``; empty if the text has no name."""
        if not self.name:
            return ""
        if getattr(self.source, "has_lines", True):
            return f"{self.name}:{str.count(self.source, chr(10), 0, offset) + 1}"
        start = str.rfind(self.source, "\n", 0, offset) + 1
        end = str.find(self.source, "\n", offset)
        line = str(self.source[start : end if end >= 0 else None])
        for hit in self.source.grep(re.escape(line[:200]), 50) if line.strip() else ():
            if hit.start <= offset <= hit.end:
                return str(hit.place)
        return self.name


def searched(context: Any, query: str, k: int) -> list[Excerpt]:
    """The passages that fit a query best, best first.

    Args:
        context: a text or the texts of a REPL; also a list of some of them, each of which is searched.
        query: words.
        k: of each.
    """
    if hasattr(context, "search"):
        return [Excerpt(hit.document, hit.start, hit.end) for hit in context.search(query, k)]
    return [each for text in context if hasattr(text, "search") for each in searched(text, query, k)]


def naming(context: Any, name: str, most: int, size: int = AROUND) -> list[Excerpt]:
    """The passages that hold a name, in the order of the texts: the function or class that it stands in, or its paragraph if that is
    short. Case counts unless nothing is found with it.

    Args:
        context: the text or texts.
        name: the name.
        most: passages, before those that touch are joined.
        size: characters of a passage that is not a block of code; of less than the usual size, no blocks are taken.
    """
    pattern = named(name)
    if pattern is None:
        return []
    for flags in (0, re.IGNORECASE):
        if found := _spans(context, re.compile(pattern.pattern, flags), most, size):
            return joined(found)
    return []


def named(name: str) -> re.Pattern[str] | None:
    """A pattern for a name as whole words, in any case, whatever blanks are between them; ``None`` for a name without letters and
    digits.
    """
    words = name.split()
    if not any(map(str.isalnum, name)):
        return None
    first = re.escape(words[0])
    before = rf"(?<!\w{first})" if words[0][:1].isalnum() else ""
    after = r"(?!\w)" if name.strip()[-1:].isalnum() else ""
    return re.compile(r"\s+".join([f"{first}{before}", *map(re.escape, words[1:])]) + after, re.IGNORECASE)


def members(context: Any, owner: str, member: str) -> list[Excerpt]:
    """The blocks of code that define a member of a class or the like, after the headers that they stand under."""
    pattern, inner = named(owner), named(member)
    if pattern is None or inner is None:
        return []
    texts = context if isinstance(context, list | tuple) else [context]
    found: list[Excerpt] = []
    for text in texts:
        for hit in text.grep(pattern, _MOST_LINES) if hasattr(text, "grep") else ():
            at = hit.start
            if not is_header(text, at) or pattern.search(text, at, hit.end) is None:
                continue
            block = block_around(text, at, len(text))
            for match in inner.finditer(text, hit.end, block[1]) if block else ():
                line = str.rfind(text, "\n", 0, match.start()) + 1
                if is_header(text, line):
                    found += _in_code(text, line)
    return joined(found)


def _spans(context: Any, pattern: re.Pattern[str], most: int, size: int) -> list[Excerpt]:
    if not hasattr(context, "grep"):
        texts = [text for text in context if hasattr(text, "grep")]
        return [each for text in texts for each in _spans(text, pattern, most, size)][:most]
    found: list[Excerpt] = []
    for hit in context.grep(pattern, _MOST_LINES):
        at = hit.start
        while (match := pattern.search(hit.document, at, hit.end)) is not None and len(found) < most:
            framed = _in_code(hit.document, match.start()) if size >= AROUND else []
            framed = framed or [_around(hit.document, match.start(), match.end(), size)]
            found += framed
            at = max(match.end(), framed[-1].end)
        if len(found) >= most:
            break
    return found


def _in_code(text: Any, at: int) -> list[Excerpt]:
    """The block of code around a place, after the headers that it stands under; nothing if there is none."""
    block = block_around(text, at, _LONGEST_BLOCK)
    if block is None:
        return []
    return [Excerpt(text, *span) for span in (*frames_of(text, block[0]), block)]


def _around(text: Any, start: int, end: int, size: int) -> Excerpt:
    """The paragraph around a span; of a long one, the whole lines or sentences near it."""
    spare = max(0, size - (end - start)) // 2
    first, last = max(0, start - spare), min(len(text), end + spare)
    before, after = str(text[first:start]), str(text[end:last])
    cut = max(before.rfind("\n\n"), before.rfind("\n\r\n"))
    if cut < 0 and first:
        cut = _first_seam(before)
    ends = [at for at in (after.find("\n\n"), after.find("\n\r\n")) if at >= 0]
    stop = min(ends) if ends else len(after) if last == len(text) else _last_seam(after)
    begin = first if cut < 0 else first + cut
    return Excerpt(text, begin + _blank(str(text[begin:start])), end + stop)


def _blank(text: str) -> int:
    return len(text) - len(text.lstrip())


def _first_seam(text: str) -> int:
    """After the first line or sentence that may be cut at its beginning."""
    found = re.search(r"\n|[.!?][\"')\]]*\s", text)
    return -1 if found is None else found.end()


def _last_seam(text: str) -> int:
    """At the end of the last whole line or sentence."""
    seams = [found.end() for found in re.finditer(r"[.!?][\"')\]]*(?=\s)|(?=\n)", text)]
    return seams[-1] if seams else len(text)


def joined(passages: Iterable[Excerpt]) -> list[Excerpt]:
    """Passages without those that lie in others; those that touch or nearly touch are one, at the rank of the better one."""
    kept: list[Excerpt] = []
    for each in passages:
        rank = len(kept)
        while (at := next((at for at, other in enumerate(kept) if _touch(each, other)), None)) is not None:
            other = kept.pop(at)
            rank = min(rank, at)
            each = Excerpt(each.source, min(each.start, other.start), max(each.end, other.end))
        kept.insert(rank, each)
    return kept


def in_order(passages: Sequence[Excerpt]) -> list[Excerpt]:
    """Passages in the order of their texts; texts in the order in which they come first."""
    texts = list(dict.fromkeys(id(each.source) for each in passages))
    return sorted(passages, key=lambda each: (texts.index(id(each.source)), each.start))


def _touch(one: Excerpt, other: Excerpt) -> bool:
    if one.source is not other.source:
        return False
    first, second = (one, other) if one.start <= other.start else (other, one)
    if second.end <= first.end:
        return True
    return second.start - first.end <= _GAP and second.end - first.start <= _LONGEST


def packed(passages: Sequence[Excerpt], characters: int) -> list[list[Excerpt]]:
    """The passages in groups of at most so many characters, in order; a longer passage is cut into parts."""
    groups: list[list[Excerpt]] = []
    room = 0
    for each in passages:
        for part in _parts(each, max(200, characters)):
            size = part.end - part.start + 40
            if not groups or size > room:
                groups.append([])
                room = max(200, characters)
            groups[-1].append(part)
            room -= size
    return groups


def _parts(passage: Excerpt, characters: int) -> Iterable[Excerpt]:
    start = passage.start
    while passage.end - start > characters:
        text = str(passage.source[start : start + characters])
        seam = max(text.rfind("\n", characters // 2), text.rfind(". ", characters // 2) + 1)
        end = start + (seam + 1 if seam > 0 else characters)
        yield Excerpt(passage.source, start, end)
        start = end
    if start < passage.end:
        yield Excerpt(passage.source, start, passage.end)
