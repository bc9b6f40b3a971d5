"""Tells which of several conditions each text of a prompt meets: numbered documents, or numbered lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harlm_bench.items import Fact, Query
from harlm_bench.simulator.intents import Asked
from harlm_bench.simulator.perceiving import Senses, content_words
from harlm_bench.simulator.prompt import Prompt
from harlm_bench.simulator.store import Found

_DOCUMENT = re.compile(
    r"<document\b[^>\n]*?\bnumber=\"?(?P<number>\d{1,6})\"?[^>\n]*>\n(?P<text>.*?)\n</document>", re.DOTALL
)
_LINE = re.compile(r"^[ \t]*(?P<number>\d{1,6})[:.)] (?P<text>\S.*)$", re.MULTILINE)
_BEGIN = re.compile(
    r"^[#*\s]*(?:texts?|documents?|items?|lines?|passages?)\**\s*:\**[ \t]*$", re.IGNORECASE | re.MULTILINE
)
_SHARED = 2  # rare words of a condition that no task knows, in a text that meets it


@dataclass(frozen=True, slots=True)
class Row:
    """What is said of one text: its number, the words, and the items that they rest on."""

    number: str
    said: str
    used: tuple[Found, ...]


def matched(asked: Asked, prompt: Prompt, senses: Senses) -> list[Row]:
    """Which conditions each text meets, by their numbers; yes or no if the prompt states one without a number."""
    texts = _texts(prompt)
    if not texts or not asked.conditions:
        return []
    judged = _judged(asked, prompt, senses)
    is_listed = len(asked.conditions) > 1
    rows = []
    for number, (start, end) in texts.items():
        inside = [(item, fact) for item, fact in judged if start <= item.start < end]
        met = [at for at, (words, query) in enumerate(asked.conditions, 1) if _is_met(query, words, inside)]
        said = (", ".join(map(str, met)) or "none") if is_listed else ("yes" if met else "no")
        rows.append(Row(number, said, tuple(item for item, _ in inside if met)))
    return rows


def _texts(prompt: Prompt) -> Mapping[str, tuple[int, int]]:
    """The place of each numbered text."""
    found = {each["number"]: each.span("text") for each in _DOCUMENT.finditer(prompt.text)}
    if found:
        return found
    begins = list(_BEGIN.finditer(prompt.text))
    start = begins[-1].end() if begins else 0
    return {each["number"]: each.span("text") for each in _LINE.finditer(prompt.text, start)}


def _judged(asked: Asked, prompt: Prompt, senses: Senses) -> Sequence[tuple[Found, Fact]]:
    """The items that bear on some condition and are not overlooked, as they are judged."""
    queries = [query for _, query in asked.conditions if query is not None]
    if not queries:
        return [(each, each.fact) for each in prompt.found]
    wanted = [each for each in prompt.found if any(query.wants(each.fact) for query in queries)]
    seen = senses.noticed(
        wanted, " ".join(words for words, _ in asked.conditions), len(prompt.found) - len(wanted)
    )
    return list(zip(seen, senses.judged(seen), strict=True))


def _is_met(query: Query | None, words: str, inside: Sequence[tuple[Found, Fact]]) -> bool:
    if query is None:
        sought = content_words(words)
        return any(len(sought & content_words(fact.text)) >= _SHARED for _, fact in inside)
    said = query.answer([fact for _, fact in inside if query.wants(fact)])
    return said is not None and said.strip().lower() not in ("", "no", "nothing", "0")
