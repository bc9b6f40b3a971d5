"""The facts that the simulated model can know, each found by the exact text of its item and by nothing else.

A text is opened only by showing it: the table holds keyed hashes of items, and no name, number or header leads to one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple
from zlib import crc32

from harlm_bench.items import Fact, Window
from harlm_bench.simulator.segments import Piece, fields, has_more, pieces, readings, sentences_of

_SENTENCES = 4  # the most of one item
_AROUND = 40  # characters that may stand around an item in its line


class Found(NamedTuple):
    """An item that stands in a text.

    Attributes:
        start, end: where, in characters.
        fact: what a perfect reader knows of it from what is shown.
        id: names the item in draws and in the audit log.
        number: the number that stands before it, such as ``12``; empty if there is none.
    """

    start: int
    end: int
    fact: Fact
    id: bytes
    number: str


_Known = tuple[tuple[Fact, ...], bytes]
"""The facts of a text, and its name in draws."""


class Store:
    """Facts by the text of their items.

    Args:
        facts: of any number of windows. A text that stands for several facts shows all of them.
        key: opens the table; to any other key the store is of no use.
    """

    def __init__(self, facts: Iterable[Fact] = (), key: str = "") -> None:
        self._key = hashlib.blake2b(key.encode(), digest_size=16).digest()
        self._facts: dict[bytes, _Known] = {}
        self._seen: set[int] = set()  # short sums of the texts, to pass over most others quickly
        self._blocks: dict[str, tuple[int, ...]] = {}  # lines of items of several, by their first line
        self._most_sentences = 1  # of an item
        self._most_characters = 0
        self._least_characters = 1 << 30  # of an item or the first line of one
        self.add(facts)

    def __len__(self) -> int:
        return len(self._facts)

    @classmethod
    def of(cls, windows: Iterable[Window], key: str = "") -> Store:
        """The facts of windows."""
        return cls((fact for window in windows for fact in window.facts), key)

    def add(self, facts: Iterable[Fact]) -> None:
        """Add facts."""
        for fact in facts:
            text = fact.text.strip()
            self._put(text, fact)
            if "\n" in text:
                self._put_block(text)
                continue
            parts = sentences_of(text)
            if len(parts) > 1:
                self._most_sentences = max(self._most_sentences, min(len(parts), _SENTENCES))
                self._see(parts[0])
            for field in fields(text):
                self._put(field, _shown(fact, field))

    def opened_with(self, key: str) -> Store:
        """The same table, looked into with another key. For tests of the simulator."""
        other = Store(key=key)
        other._facts, other._seen, other._blocks = self._facts, self._seen, self._blocks
        other._most_sentences, other._most_characters = self._most_sentences, self._most_characters
        other._least_characters = self._least_characters
        return other

    def find(self, text: str) -> tuple[Found, ...]:
        """All items in a text, in order, whatever stands around them: numbers, bullets, quotation marks, escapes.

        What only the frame of an item tells is known only where the frame stands before it.
        """
        starts: dict[str, int] = {"": -1}  # where each frame stands first
        known = []
        for each in self._found(text):
            frame = each.fact.frame
            if frame not in starts:
                starts[frame] = _place(frame, text)
            if starts[frame] < each.start:
                known.append(each)
            elif (fact := _unframed(each.fact)).attributes:
                known.append(each._replace(fact=fact))
        return tuple(known)

    def _found(self, text: str) -> Iterator[Found]:
        at, least, seen = 0, self._least_characters, self._seen
        prose = self._most_characters + _AROUND
        lines = text.split("\n")
        for index, line in enumerate(lines):
            if len(line) >= least:
                plain = line.strip()
                if crc32(plain.encode()) in seen and (whole := self._whole(lines, index, plain, at)):
                    yield from whole
                elif len(plain) > prose or has_more(plain):
                    for piece, offset in pieces(line):
                        yield from self._in_piece(piece, at + offset)
            at += len(line) + 1

    def _whole(self, lines: list[str], index: int, plain: str, at: int) -> list[Found]:
        """The item that a line is, and that of several lines that begins with it."""
        start = at + lines[index].index(plain)
        found: list[Found] = []
        for count in self._blocks.get(plain, ()):
            text = "\n".join(lines[index : index + count]).strip()
            if (known := self._get(text)) is not None:
                found += _at(start, start + len(text), known)
                break
        if (known := self._get(plain)) is not None:
            found += _at(start, start + len(plain), known)
        return found

    def _in_piece(self, piece: str, at: int) -> Iterator[Found]:
        is_prose = len(piece) > self._most_characters + _AROUND
        if not is_prose:
            for text, number in readings(piece):
                if (known := self._get(text)) is not None:
                    start = max(0, piece.find(text))
                    yield from _at(at + start, at + min(len(piece), start + len(text)), known, number)
                    return
        parts = sentences_of(piece)
        if len(parts) > 1:
            yield from self._in_prose(piece, parts, at)

    def _in_prose(self, piece: str, parts: list[str], at: int) -> Iterator[Found]:
        number = ""
        if not parts[0][:1].isalpha() or ": " in parts[0]:
            usual = Piece(parts[0], "")
            parts[0], number = next((each for each in readings(parts[0]) if self._is_seen(each.text)), usual)
        if not self._is_seen(parts[-1]):
            parts[-1] = parts[-1].rstrip("\"'”’`)],; ")
        seen = self._seen
        hits = [index for index, part in enumerate(parts) if crc32(part.encode()) in seen]
        start, after = 0, 0
        for index in hits:
            if index < after:
                continue
            count, known = self._starting(parts, index)
            if known is not None:
                start = max(start, piece.find(parts[index], start))
                last = parts[index + count - 1]
                end = piece.find(last, start) + len(last)
                yield from _at(at + start, at + end, known, number if index == 0 else "")
                start, after = end, index + count

    def _starting(self, parts: Sequence[str], index: int) -> tuple[int, _Known | None]:
        """How many sentences from ``index`` on are one item, and that item."""
        if (known := self._get(parts[index])) is not None:
            return 1, known
        for count in range(2, min(self._most_sentences, len(parts) - index) + 1):
            if (known := self._get(" ".join(parts[index : index + count]))) is not None:
                return count, known
        return 1, None

    def _is_seen(self, text: str) -> bool:
        return crc32(text.encode()) in self._seen

    def _get(self, text: str) -> _Known | None:
        data = text.encode()
        if crc32(data) not in self._seen:
            return None
        return self._facts.get(self._digest(data))

    def _put(self, text: str, fact: Fact) -> None:
        data = text.encode()
        self._see(text)
        self._most_characters = max(self._most_characters, len(text))
        digest = self._digest(data)
        facts, name = self._facts.get(digest, ((), item_id(fact.text)))
        if fact not in facts:
            self._facts[digest] = (*facts, fact), name

    def _put_block(self, text: str) -> None:
        lines = text.split("\n")
        opening = lines[0].strip()
        self._see(opening)
        self._blocks[opening] = tuple(sorted({*self._blocks.get(opening, ()), len(lines)}, reverse=True))

    def _see(self, text: str) -> None:
        self._seen.add(crc32(text.encode()))
        self._least_characters = min(self._least_characters, len(text))

    def _digest(self, data: bytes) -> bytes:
        return hashlib.blake2b(data, digest_size=16, key=self._key).digest()


def _at(start: int, end: int, known: _Known, number: str = "") -> list[Found]:
    facts, name = known
    return [Found(start, end, fact, name, number) for fact in facts]


def _place(frame: str, text: str) -> int:
    """Where the words of a frame stand first, however they are set apart; behind the text if they do not."""
    words = r"\W{1,6}".join(map(re.escape, re.findall(r"\w+", frame)))
    found = re.search(rf"(?<!\w){words}(?!\w)", text)
    return found.start() if found else len(text)


def _unframed(fact: Fact) -> Fact:
    """What an item tells without its frame."""
    framed = fact.framed
    return replace(
        fact,
        attributes={name: value for name, value in fact.attributes.items() if name not in framed},
        guessable={name: options for name, options in fact.guessable.items() if name not in framed},
    )


def item_id(text: str) -> bytes:
    """Names an item in draws and in the audit log."""
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def _shown(fact: Fact, field: str) -> Fact:
    """What can be told from one field of an item: what it says itself, and what needs judgement of its words."""
    known = {
        name: value for name, value in fact.attributes.items() if name in fact.guessable or value in field
    }
    return replace(fact, attributes=known)
