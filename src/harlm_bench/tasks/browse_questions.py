"""The words of questions about the encyclopedia, and what they mean. Knows traits and no window."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from harlm_bench.items import Fact, Query
from harlm_bench.tasks.browse_traits import CONSTRAINTS, LINKS

FORM = "Which person is described here: {constraints}? Answer with the name of the person, and nothing else."
_HOLDS = re.compile(r"does (?:this|the) (?:document|text|page|passage) satisfy", re.IGNORECASE)
_LINK = re.compile(
    r"does (?:this|the) document name as the (?P<aspect>\w+) of (?P<person>[^?\n]+?)\?", re.IGNORECASE
)

Constraint = tuple[str, str]
"""An aspect and its value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonQuery:
    """Who fits all of the constraints."""

    constraints: tuple[Constraint, ...]

    @property
    def in_head(self) -> bool:
        """Documents must be put together."""
        return True

    def wants(self, fact: Fact) -> bool:
        """Traits of the aspects in question, and what leads to them."""
        aspects = {aspect for aspect, _ in self.constraints}
        return (fact.attributes.get("aspect") or fact.attributes.get("relation")) in aspects

    def answer(self, facts: Sequence[Fact]) -> str | None:
        """The person who fits most constraints; of several the first by name; ``None`` if no person fits any."""
        wanted = [each for each in facts if self.wants(each)]
        fitting = {(each.attributes["subject"], _said(each)) for each in wanted if each.kind == "trait"}
        points: defaultdict[str, int] = defaultdict(int)
        for aspect, value in self.constraints:
            if aspect not in LINKS:
                for subject, said in fitting:
                    points[subject] += said == (aspect, value)
        for each in wanted:
            if each.kind == "relation":
                other, aspect = each.attributes["object"], each.attributes["relation"]
                values = [value for known, value in self.constraints if known == aspect]
                points[each.attributes["subject"]] += any(
                    (other, (aspect, value)) in fitting for value in values
                )
        best = max(points.values(), default=0)
        return min(name for name, count in points.items() if count == best) if best else None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldsQuery:
    """Whether a document says that the constraints hold: yes or no."""

    constraints: tuple[Constraint, ...]

    @property
    def in_head(self) -> bool:
        """Never: one sentence says it."""
        return False

    def wants(self, fact: Fact) -> bool:
        """Traits of the aspects in question."""
        return fact.kind == "trait" and fact.attributes["aspect"] in {
            aspect for aspect, _ in self.constraints
        }

    def answer(self, facts: Sequence[Fact]) -> str:
        """``yes`` if some fact says each of them. A document that says nothing does not satisfy."""
        said = {_said(each) for each in facts if self.wants(each)}
        return "yes" if said.issuperset(self.constraints) else "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkQuery:
    """Which place or thing a person's document leads to."""

    aspect: str
    person: str

    @property
    def in_head(self) -> bool:
        """Never: one sentence says it."""
        return False

    def wants(self, fact: Fact) -> bool:
        """The person's relation to it."""
        said = fact.attributes
        return fact.kind == "relation" and (said["relation"], said["subject"]) == (self.aspect, self.person)

    def answer(self, facts: Sequence[Fact]) -> str | None:
        """Its name."""
        return next((each.attributes["object"] for each in facts if self.wants(each)), None)


def understood(question: str) -> Query | None:
    """What a question means; ``None`` if it is not about the encyclopedia."""
    constraints = tuple(each for text, each in CONSTRAINTS.items() if text in question)
    if constraints:
        return (
            HoldsQuery(constraints=constraints)
            if _HOLDS.search(question)
            else PersonQuery(constraints=constraints)
        )
    found = _LINK.search(question)
    if found and found["aspect"].lower() in LINKS:
        return LinkQuery(aspect=found["aspect"].lower(), person=found["person"].strip())
    return None


def _said(fact: Fact) -> Constraint:
    return fact.attributes["aspect"], fact.attributes["value"]
