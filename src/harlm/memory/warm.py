"""The warm tier: summaries of entries for the current questions, and the check that a summary is true to its
source.

A summary is made from the original, never from another summary, and a new question gets a new one. It is
never the only copy of an entry.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from harlm.memory.extract import Measure, beginning, extracted, lines
from harlm.memory.outline import kind_of, outlined
from harlm.patterns import lazy_pattern
from harlm.threads import StopFlag
from harlm.types import Entry

Method = Literal["whole", "extract", "outline", "abstract"]
"""How a summary was made: the whole text, its best sentences, an outline of its structure, or by a model."""

_LEAST = 16  # tokens; a shorter extract would say nothing
_KEPT = 4096  # summaries
_PROBED = 64  # summaries, the last used, that ``probe`` reads
_MOST_READ = 100_000  # characters whose numbers and names are looked for at once
_TOLD_APART = lazy_pattern(r"\w+(?:[-./:@#]\w+)*")


@dataclass(frozen=True, slots=True)
class Summary:
    """A summary of an entry.

    Attributes:
        text: the summary.
        method: how it was made.
        tokens: of the summary.
        of: tokens of the original; bytes if it is not text.
    """

    text: str
    method: Method
    tokens: int
    of: int

    @property
    def ratio(self) -> float:
        """How many times shorter the summary is than the original."""
        return self.of / max(1, self.tokens)


def summarised(
    value: str | bytes, questions: Sequence[str], tokens: int, measure: Measure, stop: StopFlag | None = None
) -> Summary:
    """A summary of at most ``tokens`` tokens, made at once and without a model.

    Args:
        value: the value of an entry.
        questions: what the summary should say most about, the most important first.
        tokens: the most that it may have; if nothing fits, it is empty.
        measure: tokens of a text; must not be smaller for a longer one.
        stop: ends the work early.

    Raises:
        Stopped: the work is to end.
    """
    stop = stop or StopFlag()
    if isinstance(value, bytes):
        text = f"({len(value):,} bytes that are not text)"
        return Summary(beginning(text, tokens, measure), "outline", measure(text), len(value))
    size = measure(value)
    if size <= tokens:
        return Summary(value, "whole", size, size)
    kind = kind_of(value)
    if kind == "prose":
        text = extracted(value, questions, tokens, measure, stop=stop)
        return Summary(text, "extract", measure(text), size)
    outline = outlined(value, kind, stop)
    text = beginning(outline, tokens // 2 if any(questions) else tokens, measure)
    if (
        any(questions) and (left := tokens - measure(text)) > _LEAST
    ):  # the rows that the questions ask for, after the structure
        found = extracted(value, questions, left - left // 8, measure, lines, stop)
        both = f"{text}\n{found}" if found else text
        text = both if measure(both) <= tokens else text
    return Summary(text, "outline", measure(text), size)


def is_true_to(summary: str, source: str) -> bool:
    """Whether every number and every identifier of a summary occurs in its source; of a very long one, in its
    beginning or end, since no more is summarised.
    """
    half = _MOST_READ // 2
    known = set(_marks(source if len(source) <= _MOST_READ else f"{source[:half]} {source[-half:]}"))
    return all(each in known for each in _marks(summary))


def _marks(text: str) -> list[str]:
    """The words with a digit, an underscore or an inner capital, which a summary must not make up."""
    found = []
    for each in _TOLD_APART.findall(text):
        if each.isalpha() and each[1:].islower():
            continue
        bare = each.strip("-./:@#")
        has_digit = any(letter.isdigit() for letter in bare)
        is_name = "_" in bare or any(letter.isupper() for letter in bare[1:])
        if has_digit or is_name:
            found.append(bare.lower() if bare[:1].isupper() and bare[1:].islower() else bare)
    return found


_Asked = tuple[str, tuple[str, ...], int, Measure]
"""What identifies a summary: the entry's key, the questions, the most tokens, and the measure."""


class WarmTier:
    """The summaries made so far. Of those made without a model, the least recently used is dropped first.

    Attributes:
        kept: the summaries made without a model, the least recently used first.
    """

    def __init__(self) -> None:
        self.kept: OrderedDict[_Asked, Summary] = OrderedDict()
        self._abstracts: dict[str, Summary] = {}

    def known(self, key: str, questions: Sequence[str], tokens: int, measure: Measure) -> Summary | None:
        """A summary made before for these questions and size, or by a model; ``None`` if there is none."""
        abstract = self._abstracts.get(key)
        if abstract is not None and measure(abstract.text) <= tokens:
            return abstract
        at = (key, tuple(questions), tokens, measure)
        found = self.kept.get(at)
        if found is not None:
            self.kept.move_to_end(at)
        return found

    def make(
        self, key: str, value: str | bytes, questions: Sequence[str], tokens: int, measure: Measure
    ) -> Summary:
        """A new summary of ``value``, the original under ``key``; it is kept."""
        made = summarised(value, questions, tokens, measure)
        self.keep(key, questions, tokens, measure, made)
        return made

    def keep(
        self, key: str, questions: Sequence[str], tokens: int, measure: Measure, summary: Summary
    ) -> None:
        """Keep a summary that was made without a model."""
        self.kept[key, tuple(questions), tokens, measure] = summary
        while len(self.kept) > _KEPT:
            self.kept.popitem(last=False)

    def probe(self, answer: str, original: Callable[[str], Entry | None]) -> tuple[int, int]:
        """How many numbers and names of an answer survived in the summaries used last, as far as these and the
        answer are not too long to be read at once.

        Args:
            answer: the text whose numbers and names are counted.
            original: the entry under a key.

        Returns:
            how many stand in the summaries, and how many in the originals; one counts for each summary.
        """
        wanted = set(_marks(answer[:_MOST_READ]))
        kept = probed = 0
        left = _MOST_READ
        for (key, *_), summary in reversed(list(self.kept.items())[-_PROBED:] if wanted else []):
            entry = None if summary.method == "whole" else original(key)
            if entry is not None and isinstance(entry.value, str) and len(entry.value) <= left:
                left -= len(entry.value)
                in_original = wanted & set(_marks(entry.value))
                probed += len(in_original)
                kept += len(in_original & set(_marks(summary.text)))
        return kept, probed

    def take(self, key: str, text: str, source: str, most: int, measure: Measure) -> bool:
        """Keep a summary that a model wrote, if it has at most ``most`` tokens and is true to ``source``.

        Returns:
            whether it is kept.
        """
        tokens = measure(text)
        if not text.strip() or tokens > most or not is_true_to(text, source):
            return False
        self._abstracts[key] = Summary(text.strip(), "abstract", tokens, measure(source))
        return True
