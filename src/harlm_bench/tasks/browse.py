"""An encyclopedia of made-up people, and vague descriptions that fit exactly one of them.

As BrowseComp-Plus (Chen et al., arXiv 2508.06600): the answer needs five documents, the one of the person and four to which it
leads; twenty documents of people who are almost alike stand beside them. Questions share no words with the documents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random

from harlm_bench.items import Fact, Query, Question, Window
from harlm_bench.tasks import check_size
from harlm_bench.tasks.browse_questions import FORM, understood
from harlm_bench.tasks.browse_traits import ASPECTS, CONSTRAINTS, LINKS
from harlm_bench.tasks.browse_world import Person, World, fact_of, facts_of_person, world
from harlm_bench.tasks.filling import filled

_LEAST, _MANY, _MOST = 18, 100, 1_000  # documents
_SHORT, _LONG = 110, 1_000  # tokens of a document in a small and in a large window
_WORDS = {aspect_and_value: text for text, aspect_and_value in CONSTRAINTS.items()}


class Browse:
    """The family ``browse``."""

    name = "browse"
    version = 1

    def window(self, seed: int, tokens: int, questions: int) -> Window:
        """100 to 1,000 documents from 11,000 tokens on, fewer in smaller windows.

        Raises:
            ConfigError: no window has so many or so few ``tokens``, or ``questions`` is below 1.
        """
        check_size(self.name, tokens, questions)
        chance = Random(f"browse {self.version} {seed} {tokens}")
        count = max(_LEAST, min(tokens // _SHORT, max(_MANY, tokens // _LONG), _MOST))
        made = world(count, chance)
        said = _said(made, chance)
        return Window(
            task=self.name,
            version=self.version,
            seed=seed,
            tokens=tokens,
            documents=filled(
                {name: [each.text for each in facts] for name, facts in said.items()}, tokens, chance
            ),
            questions=_questions(made, questions, chance),
            facts=tuple(fact for facts in said.values() for fact in facts),
            is_searchable=True,
        )

    def understand(self, question: str) -> Query | None:
        """The descriptions of people; whether a document satisfies a constraint; where a person's document leads to."""
        return understood(question)


FAMILY = Browse()


def _said(made: World, chance: Random) -> dict[str, list[Fact]]:
    """The facts of each document by its name, in any order of documents."""
    said = {person.name: facts_of_person(person, chance) for person in made.people}
    for aspect, others in made.others.items():
        said |= {name: [fact_of(name, aspect, value, chance)] for name, value in others.items()}
    names = list(said)
    chance.shuffle(names)
    return {name: said[name] for name in names}


def _questions(made: World, wanted: int, chance: Random) -> tuple[Question, ...]:
    people = list(made.people)
    chance.shuffle(people)
    surnames = Counter(person.name.split()[-1] for person in people)
    questions = []
    for number in range(wanted):
        person = people[number % len(people)]
        aspects = _aspects(person, made.people, 4 + number % 4, chance)
        text = FORM.format(constraints="; ".join(_WORDS[each, person.traits[each]] for each in aspects))
        gold = " | ".join(_aliases(person.name, surnames))
        questions.append(
            Question(
                id=f"q{number + 1}", text=text, kind=f"{len(aspects)} constraints", gold=gold, scorer="exact"
            )
        )
    return tuple(questions)


def _aspects(person: Person, people: Sequence[Person], count: int, chance: Random) -> list[str]:
    """At least ``count`` aspects, most of them told by other documents, that only this person has."""
    links, own = chance.sample(LINKS, len(LINKS)), [each for each in ASPECTS if each not in LINKS]
    chance.shuffle(own)
    order = [*links[:3], own[0], links[3], *own[1:]]
    while not _is_only(person, order[:count], people):
        count += 1
    chosen = order[:count]
    chance.shuffle(chosen)
    return chosen


def _is_only(person: Person, aspects: Sequence[str], people: Sequence[Person]) -> bool:
    return sum(all(each.traits[a] == person.traits[a] for a in aspects) for each in people) == 1


def _aliases(name: str, surnames: Counter[str]) -> Iterator[str]:
    """The full name; the surname too if no other person has it."""
    yield name
    first, _, last = name.partition(" ")
    if surnames[last] == 1:
        yield from (f"{first[0]}. {last}", last)
