"""What a model takes the items of a prompt for: some overlooked, some misjudged, some miscounted. Says nothing."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harlm_bench.items import Fact
from harlm_bench.simulator.noise import Noise
from harlm_bench.simulator.profile import Profile
from harlm_bench.simulator.store import Found

_WORD = re.compile(r"[^\W_]+(?:[-'][^\W_]+)*")
_COMMON = frozenset(
    """about after also answer before between could does each from have into least most only other question said same
    should some such text than that their them then there these they this those what when where which while whose will
    with would your""".split()
)
_SHORTEST = 4  # letters of a word that leads to an item


@dataclass(frozen=True, slots=True)
class Senses:
    """How one model reads one prompt.

    Attributes:
        profile: of the model.
        noise: the draws of the request.
        tokens: of the prompt.
    """

    profile: Profile
    noise: Noise
    tokens: int

    def noticed(self, wanted: Sequence[Found], question: str, decoys: int) -> list[Found]:
        """The items that the model does not overlook.

        Args:
            wanted: the items that matter.
            question: items that share a rare word with it are found more easily.
            decoys: the number of other items of their kind.
        """
        sought = content_words(question)
        factor = self.profile.curves.decoys.at(decoys)
        easy = self.profile.reads("lexical", self.tokens) * factor
        hard = self.profile.reads("semantic", self.tokens) * factor
        return [
            each
            for each in wanted
            if self.noise.is_right(
                each.id, b"seen", hard if sought.isdisjoint(content_words(each.fact.text)) else easy
            )
        ]

    def judged(self, items: Sequence[Found]) -> list[Fact]:
        """The facts as the model takes them, with some guesses wrong."""
        right = self.profile.reads("label", self.tokens) * self.profile.curves.batch.at(len(items))
        return [self._judged(each, right) for each in items]

    def _judged(self, item: Found, right: float) -> Fact:
        fact = item.fact
        changed = {}
        for name, options in fact.guessable.items():
            true = fact.attributes.get(name)
            others = [each for each in options if each != true]
            if others and not self.noise.is_right(item.id, name.encode(), right):
                changed[name] = self.noise.wrong(item.id + name.encode(), others)
        return replace(fact, attributes={**fact.attributes, **changed}) if changed else fact

    def miscounted(self, facts: Sequence[Fact]) -> list[Fact]:
        """The facts as they enter a count in the head: of a group too many or too few, often if there are many."""
        errors, count = self.profile.errors, len(facts)
        if self.noise.happens("counts rightly", math.exp(-count / errors.in_head_items)):
            return list(facts)
        groups = Counter(map(_group, facts))
        change = {}
        for group, size in groups.items():
            name = "off by " + "|".join(group)
            error = self.noise.normal(name) * max(errors.in_head_sd * size, 0.6)
            change[group] = round(error)
        return _resized(facts, change)


def content_words(text: str) -> frozenset[str]:
    """The words of a text that can lead to an item."""
    words = _WORD.findall(text.lower())
    return frozenset(each for each in words if len(each) >= _SHORTEST and each not in _COMMON)


def _group(fact: Fact) -> tuple[str, ...]:
    """Items that are counted together: those that are judged alike."""
    return tuple(fact.attributes.get(name, "") for name in fact.guessable)


def _resized(facts: Sequence[Fact], change: dict[tuple[str, ...], int]) -> list[Fact]:
    """The facts with so many of each group counted twice, or left out, spread evenly over the text."""
    sizes = Counter(map(_group, facts))
    seen: Counter[tuple[str, ...]] = Counter()
    kept: list[Fact] = []
    for fact in facts:
        group = _group(fact)
        size, off = sizes[group], change.get(group, 0)
        at = seen[group]
        seen[group] += 1
        is_changed = (at + 1) * abs(off) // size > at * abs(off) // size
        copies = 1 if not is_changed else (2 if off > 0 else 0)
        kept += [fact] * copies
    return kept
