"""The warm tier: entries made short for the questions that are known. Knows how, and whether a summary is true to its source;
refuses to be the only copy of anything.

A summary is always made from the original, never from another summary, and made anew for a new question.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from harlm.memory.extract import Measure, beginning, extracted, lines
from harlm.memory.outline import kind_of, outlined
from harlm.types import Entry

Method = Literal["whole", "extract", "outline", "abstract"]
"""How a summary was made: not at all, by leaving out, by saying how it is built, or by a model."""

_LEAST = 16  # tokens of an extract that says anything
_KEPT = 4096  # summaries
_PROBED = 64  # that are looked into at the end
_TOLD_APART = re.compile(r"\w+(?:[-./:@#]\w+)*")


@dataclass(frozen=True, slots=True)
class Summary:
    """A text made short.

    Attributes:
        tokens: of it.
        of: tokens of the original.
    """

    text: str
    method: Method
    tokens: int
    of: int

    @property
    def ratio(self) -> float:
        """How many times shorter than the original."""
        return self.of / max(1, self.tokens)


def summarised(value: str | bytes, questions: Sequence[str], tokens: int, measure: Measure) -> Summary:
    """An entry in at most so many tokens, at once and without a model."""
    if isinstance(value, bytes):
        text = f"({len(value):,} bytes that are no text)"
        return Summary(beginning(text, tokens, measure), "outline", measure(text), len(value))
    size = measure(value)
    if size <= tokens:
        return Summary(value, "whole", size, size)
    kind = kind_of(value)
    if kind == "prose":
        text = extracted(value, questions, tokens, measure)
        return Summary(text, "extract", measure(text), size)
    outline = outlined(value, kind)
    text = beginning(outline, tokens // 2 if any(questions) else tokens, measure)
    if (
        any(questions) and (left := tokens - measure(text)) > _LEAST
    ):  # what they ask for, beside how it is built
        found = extracted(value, questions, left - left // 8, measure, lines)
        both = f"{text}\n{found}" if found else text
        text = both if measure(both) <= tokens else text
    return Summary(text, "outline", measure(text), size)


def is_true_to(summary: str, source: str) -> bool:
    """Whether every number and every identifier of a summary occurs in its source."""
    there = set(_marks(source))
    return all(each in there for each in _marks(summary))


def _marks(text: str) -> list[str]:
    """Words that hold a digit, an underscore or a capital within: what a summary must not make up."""
    found = []
    for each in _TOLD_APART.findall(text):
        bare = each.strip("-./:@#")
        has_digit = any(letter.isdigit() for letter in bare)
        is_name = "_" in bare or any(letter.isupper() for letter in bare[1:])
        if has_digit or is_name:
            found.append(bare.lower() if bare[:1].isupper() and bare[1:].islower() else bare)
    return found


_Asked = tuple[str, tuple[str, ...], int, Measure]
"""What a summary was made for: of which entry, for which questions, how short by which measure."""


class WarmTier:
    """The summaries that were made, by entry and by what they were made for; the least recently used go first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[_Asked, Summary] = OrderedDict()
        self._abstracts: dict[str, Summary] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def known(self, key: str, questions: Sequence[str], tokens: int, measure: Measure) -> Summary | None:
        """A summary that was made before."""
        abstract = self._abstracts.get(key)
        if abstract is not None and measure(abstract.text) <= tokens:
            return abstract
        at = (key, tuple(questions), tokens, measure)
        found = self._kept.get(at)
        if found is not None:
            self._kept.move_to_end(at)
        return found

    def make(
        self, key: str, value: str | bytes, questions: Sequence[str], tokens: int, measure: Measure
    ) -> Summary:
        """A summary from the original."""
        made = self._kept[key, tuple(questions), tokens, measure] = summarised(
            value, questions, tokens, measure
        )
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return made

    def probe(self, answer: str, original: Callable[[str], Entry | None]) -> tuple[int, int]:
        """Of the numbers and names of an answer that stand in what was summarised, how many stand in the summaries: (kept, of)."""
        wanted = set(_marks(answer))
        kept = probed = 0
        for (key, *_), summary in list(self._kept.items())[-_PROBED:] if wanted else ():
            entry = None if summary.method == "whole" else original(key)
            if entry is not None and isinstance(entry.value, str):
                there = wanted & set(_marks(entry.value))
                probed += len(there)
                kept += len(there & set(_marks(summary.text)))
        return kept, probed

    def take(self, key: str, text: str, source: str, most: int, measure: Measure) -> bool:
        """Take a summary that a model wrote; whether it is short enough and true to its source."""
        tokens = measure(text)
        if not text.strip() or tokens > most or not is_true_to(text, source):
            return False
        self._abstracts[key] = Summary(text.strip(), "abstract", tokens, measure(source))
        return True
