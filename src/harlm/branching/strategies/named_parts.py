"""The part of a context that a question names: documents by their names, or a section by its heading."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harlm.branching.strategies.asked import Asked
from harlm.patterns import lazy_pattern
from harlm.types import Document

_MOST = 8  # documents of a part
_LEAST_NAME = 4  # characters of a name without a suffix that is looked for in a question
_HEADINGS = 2_000_000  # characters of a document whose headings are read
_PATH = lazy_pattern(r"[\w~-][\w./~+-]*\.\w{1,8}(?!\w)")
_SECTION = lazy_pattern(
    r"\b(?:section|chapter|part|article|clause|heading|paragraph|appendix)s? "
    r"(?:(?:called|named|titled|entitled|headed|on|about) )?(?P<name>\"[^\"\n]{1,100}\"|'[^'\n]{1,100}'|`[^`\n]{1,100}`|\d+(?:\.\d+)*|[A-Z]\b)",
    re.IGNORECASE,
)
_HEADING = lazy_pattern(r"^(?P<marks>#{1,6})[ \t](?P<title>.*)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPart:
    """A part of a context.

    Attributes:
        code: an expression of a cell for it.
        characters: its size.
        says: what it is, in words.
    """

    code: str
    characters: int
    says: str


def named_part(asked: Asked) -> NamedPart | None:
    """The part that the question names; ``None`` if it names none, or all of the context."""
    documents = asked.task.context.documents
    if len(documents) == 1:
        return _section(asked.question, documents[0])
    named = _documents(asked.question, documents)
    if not named or len(named) > _MOST or len(named) == len(documents):
        return None
    names = [each.name for each in named]
    return NamedPart(
        code=repr(names),
        characters=sum(len(each.text) for each in named),
        says=f"the question names {', '.join(names)}",
    )


def _documents(question: str, documents: Sequence[Document]) -> list[Document]:
    """The documents whose names stand in a question: a path, the end of one, or a name as words."""
    paths = [each.strip("./") for each in _PATH.findall(question)]
    exact = [each for each in documents if each.name in paths]
    if exact:
        return exact
    ends = tuple(f"/{each}" for each in paths)
    if ends and (ending := [each for each in documents if each.name.endswith(ends)]):
        return ending
    folded = question.casefold()
    held = [each for each in documents if len(each.name) >= _LEAST_NAME and each.name.casefold() in folded]
    return [each for each in held if _stands_in(each.name, question)]


def _stands_in(name: str, question: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", question, re.IGNORECASE) is not None


def _section(question: str, document: Document) -> NamedPart | None:
    """The one section of a document whose heading a question names."""
    named = {each["name"].strip("\"'`").casefold() for each in _SECTION.finditer(question)}
    if not named or len(document.text) > _HEADINGS:
        return None
    found = [(start, end, title) for start, end, title in _sections(document.text) if _is_named(title, named)]
    if len(found) != 1:
        return None
    start, end, title = found[0]
    return NamedPart(
        code=f"context[{start}:{end}]",
        characters=end - start,
        says=f"the question names the section {title!r}",
    )


def _is_named(title: str, named: set[str]) -> bool:
    folded = title.casefold()
    return folded in named or any(
        re.match(rf"(?:\w+ )?{re.escape(each)}(?:[.:)]? |$)", folded) for each in named
    )


def _sections(text: str) -> Iterator[tuple[int, int, str]]:
    """Each section with its subsections: start, end, title."""
    heads = [
        (each.start(), len(each["marks"]), each["title"].strip(" \t#")) for each in _HEADING.finditer(text)
    ]
    for at, (start, level, title) in enumerate(heads):
        end = next((later for later, other, _ in heads[at + 1 :] if other <= level), len(text))
        yield start, end, title
