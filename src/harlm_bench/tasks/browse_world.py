"""A made-up world of people with their birthplaces, schools, works and prizes, in which many people are almost alike.
Knows who they are and what their documents say, and no question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from harlm_bench.items import Fact
from harlm_bench.tasks import words
from harlm_bench.tasks.browse_traits import ASPECTS, BIRTHS, ERAS, LINKS, RELATIONS, TRAITS, VALUES

NEGATIVES = 20
"""People who differ from one target in one or two things."""

_SCHOOLS = ("School", "Academy", "College", "Institute")
_PRIZES = ("Medal", "Prize", "Award", "Ribbon")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A person who may be asked for.

    Attributes:
        name: the full name.
        traits: the value of each aspect; for a linked one, that of the place or thing.
        links: the name of the place or thing, by the linked aspect.
    """

    name: str
    traits: Mapping[str, str]
    links: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """All people, and all places and things with their traits, by their aspect."""

    people: tuple[Person, ...]
    others: Mapping[str, Mapping[str, str]]


def world(documents: int, chance: Random) -> World:
    """A world of so many documents. Four in ten are about places and things, the rest about people."""
    each = max(2, documents // 10)
    others = {aspect: _others(aspect, each, chance) for aspect in LINKS}
    count = max(4, documents - each * len(LINKS))
    return World(people=tuple(_people(words.people(chance, count), others, chance)), others=others)


def facts_of_person(person: Person, chance: Random) -> list[Fact]:
    """What the document of a person says of the person, in any order."""
    year = chance.choice(ERAS[person.traits["era"]])
    birth = chance.choice(BIRTHS).format(name=person.name, year=year)
    facts = [
        _trait(birth, person.name, "era", person.traits["era"]),
        *(fact_of(person.name, each, person.traits[each], chance) for each in ("habit", "calling")),
        *(_link(person.name, aspect, other, chance) for aspect, other in person.links.items()),
    ]
    chance.shuffle(facts)
    return facts


def fact_of(name: str, aspect: str, value: str, chance: Random) -> Fact:
    """A trait of a person, place or thing, in the words of a document."""
    return _trait(_capital(chance.choice(TRAITS[aspect][value]).format(name=name)), name, aspect, value)


def _link(name: str, aspect: str, other: str, chance: Random) -> Fact:
    text = chance.choice(RELATIONS[aspect]).format(name=name, other=other)
    return Fact(text=text, kind="relation", attributes={"subject": name, "relation": aspect, "object": other})


def _trait(text: str, subject: str, aspect: str, value: str) -> Fact:
    said = {"subject": subject, "aspect": aspect, "value": value}
    return Fact(text=text, kind="trait", attributes=said, guessable={"value": VALUES[aspect]})


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _others(aspect: str, count: int, chance: Random) -> dict[str, str]:
    """Places or things with their traits; all traits come equally often."""
    values = list(VALUES[aspect])
    chance.shuffle(values)
    return {name: values[number % len(values)] for number, name in enumerate(_names(aspect, count, chance))}


def _names(aspect: str, count: int, chance: Random) -> list[str]:
    if aspect == "birthplace":
        return words.places(chance, count)
    if aspect == "work":
        pairs = [
            f"the {colour.title()} {thing.title()}" for colour in words.COLOURS for thing in words.KEYWORDS
        ]
        return chance.sample(pairs, count)
    kinds = _SCHOOLS if aspect == "school" else _PRIZES
    names = chance.sample(sorted(set(words.surnames())), count)
    return [f"{'' if aspect == 'school' else 'the '}{name} {chance.choice(kinds)}" for name in names]


def _people(names: list[str], others: Mapping[str, Mapping[str, str]], chance: Random) -> Iterator[Person]:
    """People in groups: one, and those who differ from that one in one or two things. No two have all traits in common."""
    seen: set[tuple[str, ...]] = set()
    first: Person | None = None
    for number, name in enumerate(names):
        if number % (NEGATIVES + 1) == 0:
            first = None
        person = _person(name, others, chance, first)
        while (traits := tuple(person.traits[each] for each in ASPECTS)) in seen:
            person = _person(name, others, chance, first)
        seen.add(traits)
        first = first or person
        yield person


def _person(
    name: str, others: Mapping[str, Mapping[str, str]], chance: Random, like: Person | None
) -> Person:
    """Any person, or one ``like`` another except in one or two aspects."""
    changed = set(ASPECTS) if like is None else set(chance.sample(ASPECTS, chance.choice((1, 2, 2))))
    traits, links = (dict(like.traits), dict(like.links)) if like else ({}, {})
    for aspect in ASPECTS:
        if aspect in changed:
            if aspect in LINKS:
                links[aspect] = chance.choice(list(others[aspect]))
                traits[aspect] = others[aspect][links[aspect]]
            else:
                traits[aspect] = chance.choice(VALUES[aspect])
    return Person(name=name, traits=traits, links={each: links[each] for each in LINKS})
