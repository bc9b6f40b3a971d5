"""What an instruction asks for, by its words alone: to label, match, copy, judge, choose, check, shorten, pick out or answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from harlm_bench.items import Query, TaskFamily
from harlm_bench.simulator.prompt import Prompt, paragraphs

Intent = Literal["label", "match", "copy", "holds", "choose", "check", "shorten", "pick", "ask"]

_ITEMS = r"(?:lines?|sentences?|passages?|facts?|information|evidence|parts?|details?|snippets?|statements?|quotes?|excerpts?|rows?|notes?)"
_START = r"(?:^|[.!?:;\n*•-]\s*)(?:please |now |first,? |then |your (?:task|job) is to |you (?:must|should|will|need to) |and |to )*"
_LABEL = re.compile(rf"{_START}(?:label|classify|categori[sz]e|annotate|tag|assign)\b", re.IGNORECASE)
_PERHAPS_LABEL = re.compile(
    r"\bwhich (?:label|category|class)\b|\bone of (?:these|the following)\b|\b(?:label|classify|categori[sz]e|choose)\b",
    re.IGNORECASE,
)
_SHORTEN = re.compile(
    rf"{_START}(?:summari[sz]e|shorten|condense|compress|compact|write (?:a|an|the) (?:short |brief |concise )?summary"
    r"|give (?:a|an) (?:short |brief )?summary)\b",
    re.IGNORECASE,
)
_COPY = re.compile(
    rf"{_START}(?:copy|extract|quote|list|collect|find|return|note|identify|give|report)\b[^.\n]{{0,80}}\b{_ITEMS}\b[^.\n]{{0,90}}"
    r"\b(?:help|helps|bear|bears|relevant|relate|relates|related|answer|needed|useful|support|supports|about)\b"
    rf"|\b(?:relevant|related|useful) {_ITEMS}\b",
    re.IGNORECASE,
)
_HOLDS = re.compile(
    r"\byes or no\b|\byes/no\b|\btrue or false\b|\b(?:answer|reply|respond|say|return)\b[^.\n]{0,30}\b(?:yes|true)\b[^.\n]{0,12}\b(?:no|false)\b",
    re.IGNORECASE,
)
_CHECK = re.compile(
    r"\bproposed answer\b|\bis (?:this|the|that) answer (?:right|correct|true)\b|\bcandidate answer\b",
    re.IGNORECASE,
)
_CHOOSE = re.compile(
    r"\b(?:answers?|results?|findings|summaries)\b[^.\n]{0,60}\b(?:different|several|each|partial|other|all|from|below)\b[^.\n]{0,60}"
    r"\b(?:parts?|chunks?|pieces?|sections?|documents?|answers?|batches?|segments?)\b|\bpartial (?:answers?|results?|counts?)\b",
    re.IGNORECASE,
)
_MATCH = re.compile(
    r"\bfor each\b[^.\n]{0,60}\b(?:texts?|documents?|passages?|items?|entries|entry|lines?)\b[^.\n]{0,80}"
    r"\b(?:conditions?|criteri(?:a|on)|meets?|satisf(?:y|ies))\b",
    re.IGNORECASE,
)
_CONDITIONS = re.compile(
    r"^[#*\s]*(?:conditions?|criteri(?:a|on))\**\s*:\**\s*(?P<lines>\S.*?)\s*(?:\n\s*\n|\Z)",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
_NUMBER = re.compile(r"^\s*(?:[-*•]|\(?\d{1,3}\)?\s*[:.)])\s*")
_PICK = re.compile(rf"{_START}(?:extract|pick out|parse|read off|give|return|list)\b", re.IGNORECASE)
_SAYS_NOT_FOUND = re.compile(
    r"\b(?:say|answer|reply|respond|return|write|output|print)\b(?: only| exactly| just| with| the| words?| string)*[\s:]*"
    r"(?:[\"'`“](?P<quoted>[^\"'`”\n]{2,40})[\"'`”]|(?P<loud>[A-Z][A-Z_]{2,}(?: [A-Z]{2,}){0,3}|N/A))"
)
_NEGATIVE = re.compile(r"\b(?:no|not|none|nothing|unknown|n/a|null|empty|missing)\b|not_|no_", re.IGNORECASE)

Conditions = tuple[tuple[str, Query | None], ...]

Understand = Callable[[str], Query | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for.

    Attributes:
        intent: what to do.
        words: the instruction.
        question: the question in it, or that it is; the likeliest if no task knows it.
        query: what the question means; ``None`` if no task knows it.
        attribute: for ``label``: the attribute that the labels belong to; empty if none is known.
        not_found: what to say if the text holds no answer.
        conditions: for ``match``: each condition in its words, and what it means.
    """

    intent: Intent
    words: str
    question: str
    query: Query | None = None
    attribute: str = ""
    not_found: str = ""
    conditions: Conditions = ()


class Reader:
    """Tells what requests ask for.

    Args:
        families: the kinds of tasks whose questions it understands.
    """

    def __init__(self, families: Iterable[TaskFamily]) -> None:
        self._families = tuple(families)
        self._understood = lru_cache(maxsize=4_096)(self._meaning)

    def asked(self, prompt: Prompt) -> Asked:
        """What a request asks for."""
        question, query = self._question(prompt.questions())
        frame = _without(prompt.asked, question)
        words = frame if paragraphs(frame) else f"{frame}\n\n{prompt.rules}"
        if query is None and not _has_task(words):
            words = f"{words}\n\n{prompt.rules}"
        attribute = _attribute(prompt, f"{words}\n{question}")
        intent = _intent(words, question, query, attribute)
        if intent == "ask" and _HOLDS.search(question) and question in paragraphs(prompt.asked):
            intent = "holds"
        return Asked(
            intent=intent,
            words=words,
            question=question,
            query=query,
            attribute=attribute,
            not_found=_not_found(words) or _not_found(prompt.rules),
            conditions=self._conditions(prompt) if intent == "match" else (),
        )

    def _conditions(self, prompt: Prompt) -> Conditions:
        return tuple(
            (each, self._understood(f"Does this document satisfy: {each}?"))
            for each in conditions_in(prompt.asked)
        )

    def _question(self, candidates: Iterable[str]) -> tuple[str, Query | None]:
        first = ""
        for each in candidates:
            if (query := self._understood(each)) is not None:
                return each, query
            first = first or each
        return first, None

    def _meaning(self, question: str) -> Query | None:
        return next(
            (query for family in self._families if (query := family.understand(question)) is not None), None
        )


def conditions_in(words: str) -> list[str]:
    """The conditions that an instruction lists, each in its line after its number, or the one that it states."""
    block = _CONDITIONS.search(words)
    if block is None:
        return []
    lines = [_NUMBER.sub("", line).strip() for line in block["lines"].splitlines()]
    return [line for line in lines if line]


def spelled(values: Sequence[str], words: str) -> Mapping[str, str]:
    """Those of ``values`` that stand in ``words``, as they are spelled there."""
    found = {}
    for value in values:
        pattern = re.escape(value).replace(r"\ ", r"[\s_-]+")
        if match := re.search(rf"(?<!\w){pattern}(?!\w)", words, re.IGNORECASE):
            found[value] = match[0]
    return found


def _intent(words: str, question: str, query: Query | None, attribute: str) -> Intent:
    """What the words around the question ask for; the question itself decides only if no task knows it."""
    everything = words if query is not None else f"{words}\n{question}"
    if attribute and (_LABEL.search(everything) or (query is None and _PERHAPS_LABEL.search(everything))):
        return "label"
    order: tuple[tuple[Intent, re.Pattern[str]], ...] = (
        ("match", _MATCH),
        ("check", _CHECK),
        ("shorten", _SHORTEN),
        ("copy", _COPY),
        ("choose", _CHOOSE),
        ("holds", _HOLDS),
    )
    for intent, pattern in order:
        if pattern.search(everything):
            return intent
    return "pick" if query is None and _PICK.search(everything) else "ask"


def _attribute(prompt: Prompt, words: str) -> str:
    """The attribute of the items of which most values are named in the instruction, if two are."""
    values: dict[str, tuple[str, ...]] = {}
    for each in prompt.found:
        values.update(each.fact.guessable)
        if len(values) > 3:
            break
    named = {name: len(spelled(options, words)) for name, options in values.items()}
    best = max(named, key=lambda name: named[name], default="")
    return best if best and named[best] >= min(2, len(values[best])) else ""


def _has_task(words: str) -> bool:
    return (
        any(each.search(words) for each in (_LABEL, _SHORTEN, _COPY, _CHOOSE, _HOLDS, _CHECK, _PICK))
        or "?" in words
    )


def _without(words: str, question: str) -> str:
    """The instruction without the question in it; all of it if the question is all of it."""
    if not question or words.strip() == question.strip():
        return words
    return words.replace(question, " ", 1)


def _not_found(words: str) -> str:
    for each in _SAYS_NOT_FOUND.finditer(words):
        said = each["quoted"] or each["loud"]
        if _NEGATIVE.search(said):
            return said.strip()
    return ""
