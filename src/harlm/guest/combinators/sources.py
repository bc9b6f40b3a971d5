"""The sentences of a text that speak of a thing: those that name it, and those of the same paragraph that name what is asked of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .dates import date_of
from .items import parts_of, split

_NAME = 80  # characters of the name of a source
_HEAD = 240  # characters of the first line of a text
_PARAGRAPH = re.compile(r"\n[ \t]*\n\s*")


class SourcePassage(NamedTuple):
    """What one source says of a thing.

    Attributes:
        source: names the source: the name of its text, or ``T`` and its number.
        date: of the source, as YYYY-MM-DD; empty if its beginning tells none.
        head: its first line.
        sentences: in order.
    """

    source: str
    date: str
    head: str
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        """The head and the sentences, one a line."""
        lines = self.sentences if self.head in self.sentences else (self.head, *self.sentences)
        return "\n".join(line for line in lines if line)


class SourceText(NamedTuple):
    """A text with what its beginning tells."""

    name: str
    date: str
    head: str
    text: str


def sources_of(texts: Sequence[str], numbered: str = "") -> list[SourceText]:
    """The sources.

    Args:
        texts: each with its name, if it has one.
        numbered: the form of the numbers by which sources call each other, as a regular expression; empty if it is not known. A
            source is named by its number, else by the name of its text, else ``T`` and its place.
    """
    names = [_number(text, numbered) or " ".join(str(getattr(text, "name", "")).split()) for text in texts]
    seen = Counter(names)
    found = []
    for at, (name, text) in enumerate(zip(names, texts, strict=True), 1):
        head = next((line.strip() for line in text.splitlines() if line.strip()), "")
        usable = name and seen[name] == 1 and "," not in name and len(name) <= _NAME
        found.append(SourceText(name if usable else f"T{at}", date_of(text), head[:_HEAD], str(text)))
    return found


def _number(text: str, numbered: str) -> str:
    if not numbered:
        return ""
    found = re.search(numbered, str(getattr(text, "name", ""))) or re.search(numbered, text[:_HEAD])
    return found[0] if found else ""


def passages_about(
    sources: Sequence[SourceText], about: Sequence[str], characters: int
) -> list[SourcePassage]:
    """What the sources say of a thing, those that do not name it left out. One that has more to say than so many characters makes
    several passages.

    Args:
        sources: the texts.
        about: the name of the thing, and words for what is asked of it. Without any, all texts are taken whole. If several sources
            use all of the words in one sentence, only such sentences are taken.
        characters: of the sentences of a passage, at most.
    """
    said = _about(sources, about) if about else [(each, _lines(each.text, characters)) for each in sources]
    return [
        SourcePassage(source.name, source.date, source.head, part)
        for source, lines in said
        for part in _parts(lines, characters)
    ]


def _about(sources: Sequence[SourceText], about: Sequence[str]) -> list[tuple[SourceText, list[str]]]:
    named = [_named(word) for word in about]
    near = [(each, _near(each.text, named)) for each in sources if named[0].search(each.text)]
    exact = [
        (source, [line for line in lines if all(word.search(line) for word in named)])
        for source, lines in near
    ]
    if sum(bool(lines) for _, lines in exact) >= 2:
        near = exact
    return near


def _lines(text: str, characters: int) -> list[str]:
    return [part for line in text.splitlines() if line.strip() for part in parts_of(line, characters)]


def _parts(lines: Sequence[str], characters: int) -> Iterator[tuple[str, ...]]:
    part: list[str] = []
    size = 0
    for line in lines:
        if part and size + len(line) > characters:
            yield tuple(part)
            part, size = [], 0
        part.append(line)
        size += len(line) + 1
    if part:
        yield tuple(part)


def _near(text: str, named: Sequence[re.Pattern[str]]) -> list[str]:
    found: list[str] = []
    for paragraph in _PARAGRAPH.split(text):
        if named[0].search(paragraph):
            sentences = [part for line in split(paragraph, "line") for part in split(line, "sentence")]
            found += [each for each in sentences if any(word.search(each) for word in named)]
    return list(dict.fromkeys(found))


def _named(name: str) -> re.Pattern[str]:
    words = r"\s+".join(map(re.escape, name.split()))
    return re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE)
