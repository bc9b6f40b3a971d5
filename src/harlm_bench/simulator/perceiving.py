"""What a model takes the items of a prompt for: some overlooked, some misjudged, some miscounted. Says nothing."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

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
_KEYS = 3  # ways in which items are counted together, at most
_SLIP = 0.4  # items: the least spread of an error
_MANY = 1_000  # items of a count whose error a profile states
_SHORTEST = 4  # letters of a word that leads to an item


_Group = tuple[str, ...]


class Labeller(Protocol):
    """Judges lines in place of a profile's curve of labels."""

    @property
    def detail(self) -> str:
        """What it is, for the label of a result."""
        ...

    def learn(self, facts: Iterable[Fact]) -> None:
        """Judge lines before anybody waits for it."""
        ...

    def labels(self, facts: Sequence[Fact]) -> Sequence[str | None]:
        """What it takes each line for; ``None`` where it has no judgement."""
        ...


@dataclass(frozen=True, slots=True)
class Senses:
    """How one model reads one prompt.

    Attributes:
        profile: of the model.
        noise: the draws of the request.
        tokens: of the prompt.
        labeller: decides the attribute ``label``; ``None`` if the profile does.
    """

    profile: Profile
    noise: Noise
    tokens: int
    labeller: Labeller | None = None

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
        if min(easy, hard) >= 1:
            return list(wanted)
        return [
            each
            for each in wanted
            if self.noise.is_right(
                each.id, b"seen", hard if sought.isdisjoint(content_words(each.fact.text)) else easy
            )
        ]

    def judged(self, items: Sequence[Found]) -> list[Fact]:
        """The facts as the model takes them, with some guesses wrong."""
        batch = self.profile.curves.batch.at(len(items))
        right = self.profile.reads("label", self.tokens) * batch
        if self.labeller is None:
            return [self._judged(each, right) for each in items]
        told = self.labeller.labels([each.fact for each in items])
        kept = self.profile.curves.label.kept(self.tokens) * batch
        return [
            self._judged(each, right) if label is None else self._judged(_taken(each, label), right, kept)
            for each, label in zip(items, told, strict=True)
        ]

    def _judged(self, item: Found, right: float, label: float | None = None) -> Fact:
        """A fact with some guesses wrong: each is right at a rate, ``label`` at its own if it has one."""
        fact = item.fact
        changed = {}
        for name, options in fact.guessable.items():
            true = fact.attributes.get(name)
            others = [each for each in options if each != true]
            rate = label if name == "label" and label is not None else right
            if others and not self.noise.is_right(item.id, name.encode(), rate):
                changed[name] = self.noise.wrong(item.id + name.encode(), others)
        return replace(fact, attributes={**fact.attributes, **changed}) if changed else fact

    def miscounted(self, facts: Sequence[Fact]) -> list[Fact]:
        """The facts as they enter a count in the head: of a group too many or too few, often if there are many."""
        errors, count = self.profile.errors, len(facts)
        if self.noise.happens("counts rightly", math.exp(-count / errors.in_head_items)):
            return list(facts)
        spread = errors.in_head_sd * math.sqrt(count / _MANY)
        kept = list(facts)
        for names in _keys(facts):
            groups = [tuple([fact.attributes.get(name, "") for name in names]) for fact in kept]
            kept = self._regrouped(kept, groups, " ".join(names), spread)
        return kept

    def _regrouped(self, facts: list[Fact], groups: Sequence[_Group], name: str, spread: float) -> list[Fact]:
        """The facts with the size of each group off by a normal error of ``spread`` of it, and some by one."""
        sizes = Counter(groups)
        change = {
            group: round(self.noise.normal(f"off {name} {group}") * max(spread * size, _SLIP))
            for group, size in sizes.items()
        }
        return _resized(facts, groups, sizes, change)


def _taken(item: Found, label: str) -> Found:
    """An item under the label that it is taken for. What a long prompt spoils of it comes on top."""
    fact = replace(item.fact, attributes={**item.fact.attributes, "label": label})
    return item._replace(fact=fact)


@lru_cache(maxsize=1 << 16)
def content_words(text: str) -> frozenset[str]:
    """The words of a text that can lead to an item."""
    words = _WORD.findall(text.lower())
    return frozenset(each for each in words if len(each) >= _SHORTEST and each not in _COMMON)


def _keys(facts: Sequence[Fact]) -> list[tuple[str, ...]]:
    """The attributes by which items are counted together: what they are judged to be, and what several have in common."""
    first = facts[0]
    shared = [
        (name,)
        for name in first.attributes
        if name not in first.guessable
        and len({fact.attributes.get(name) for fact in facts}) * 4 <= len(facts)
    ]
    judged = [tuple(first.guessable)] if first.guessable else []
    return [*judged, *shared][:_KEYS]


def _resized(
    facts: Sequence[Fact], groups: Sequence[_Group], sizes: Mapping[_Group, int], change: Mapping[_Group, int]
) -> list[Fact]:
    """The facts with so many of each group counted twice, or left out, spread evenly over the text."""
    seen = dict.fromkeys(sizes, 0)
    kept: list[Fact] = []
    for fact, group in zip(facts, groups, strict=True):
        off, at = change[group], seen[group]
        seen[group] = at + 1
        is_changed = off and (at + 1) * abs(off) // sizes[group] > at * abs(off) // sizes[group]
        if not is_changed:
            kept.append(fact)
        elif off > 0:
            kept += (fact, fact)
    return kept
