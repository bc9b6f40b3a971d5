"""Takes questions such as ``Who is the heir of the mayor of X?`` apart by their words into steps from the inside out. Asks no model."""

from __future__ import annotations

import re
from typing import NamedTuple

from .wording import read_question

_ASKING = re.compile(
    r"^(?:please )?(?:(?:can you )?(?:find(?: out)?|name|give|state|tell(?: me| us)?|identify)(?: me)?|who|what|which|where)"
    r"(?:,? (?:or|and) (?:what|who|where))?(?: (?:is|was|are|were))?(?: the name of| called)?\s+(?P<thing>\S.*)$",
    re.IGNORECASE,
)
_OF = re.compile(r" of (?=the |a |an |his |her |its |their |[^\W\d_a-z]|[\"'`\d])")
_OWNED = re.compile(
    r"^(?P<owner>.+)'s? (?P<relation>[^\W\d_A-Z][^\W\d_A-Z]*(?: [^\W\d_A-Z][^\W\d_A-Z]*){0,3})$"
)
_WORD = r"(?:[a-z][a-z-]*|[A-Z]{2,5})"
_RELATION = re.compile(rf"{_WORD}(?: {_WORD}){{0,4}}")
_ARTICLE = re.compile(r"^(?:the|a|an|his|her|its|their) (?=[a-z]|[A-Z]{2,}\b)")
_MOST = 24  # steps
_LONGEST = 120  # characters of a name
_BOUND = re.compile(r"\b(?:that|which|who|whose|when|where|with|and|or|by|for|in|from)\b")


class Chain(NamedTuple):
    """A question as steps.

    Attributes:
        start: the thing that is named.
        relations: what is asked of it, then of what was found, and so on.
    """

    start: str
    relations: tuple[str, ...]


def chain_of(question: str) -> Chain | None:
    """The steps of a question that asks for one thing of another thing; ``None`` if it is no such question."""
    core = read_question(question).core.rstrip()
    asked = _ASKING.match(core)
    if asked is None:
        return None
    relations: list[str] = []
    thing = asked["thing"].rstrip("?.!").strip()
    while len(relations) < _MOST:
        thing = _ARTICLE.sub("", thing.strip())
        relation, rest = _outermost(thing)
        if not relation:
            break
        relations.append(relation)
        thing = rest
    thing = thing.removeprefix("the ")
    start = thing.strip(" \"'`")
    if not relations or not start or len(start) > _LONGEST or not _is_name(thing):
        return None
    return Chain(start, tuple(reversed(relations)))


def _outermost(thing: str) -> tuple[str, str]:
    """The relation that a phrase asks for last, and the phrase of what it is asked of; empty if it names a thing."""
    owned = _OWNED.match(thing)
    if owned is not None and not _OF.search(owned["relation"]) and not _starts_with_relation(thing):
        return owned["relation"], owned["owner"]
    of = _OF.search(thing)
    if of is None or not _RELATION.fullmatch(thing[: of.start()]) or _BOUND.search(thing[: of.start()]):
        return "", thing
    return " ".join(thing[: of.start()].split()), thing[of.end() :]


def _starts_with_relation(thing: str) -> bool:
    of = _OF.search(thing)
    return of is not None and _RELATION.fullmatch(thing[: of.start()]) is not None


def _is_name(thing: str) -> bool:
    """Whether words name one thing: with a capital, a digit or quotation marks, and no clause behind it."""
    first = thing.strip()[:1]
    return (first.isupper() or first.isdigit() or first in "\"'`") and not re.search(
        r"[?;:]| (?:that|which|who|whose|when|where|while|because) ", thing
    )
