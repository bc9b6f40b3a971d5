"""CHAINS of two to eight relations, each told in another document in words that the question does not use.

All other documents tell of the same relations between other things. One question in ten has no answer: a link of its chain
is told nowhere, and the right answer is ``unknown``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from harlm_bench.items import Fact, Query, Question, Window
from harlm_bench.tasks import check_size, words
from harlm_bench.tasks.bulk import collection_paused
from harlm_bench.tasks.forms import Asked
from harlm_bench.tasks.prose import Prose, cut_to, stock_of
from harlm_bench.tasks.relations import BY_NAME, OF_KIND, Kind, Relation

UNKNOWN = "unknown"
_HOPS = (2, 4, 3, 6, 5, 2, 4, 8, 3, 6)
_ENDING = f"Answer with the name only, or with '{UNKNOWN}' if the documents do not say."
_NAMES = "|".join(BY_NAME)
_CHAIN = re.compile(
    rf"\b(?:who|what|find|name|give|state|tell)\b[^.?\n]{{0,30}}?\b(?P<chain>(?:(?:{_NAMES})\s+of\s+(?:the\s+)?)+)"
    r"(?P<start>[^?.,;\n]+)",
    re.IGNORECASE,
)
_OWNED = re.compile(
    rf"\b(?:who|what|find|name|give|state|tell)(?:\s+(?:or|what|me|is|was))*\s+(?P<start>[A-Z][^?.,;\n]*?)['’]s\s+"
    rf"(?P<chain>{_NAMES})\b",
    re.IGNORECASE,
)
_PAGE = 170  # tokens of a page in a long window
_LEAST_PAGE = 60
_PAGES_OF_A_QUESTION = 5  # in a short window, at least


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chain:
    """A chain of relations from a person on.

    Attributes:
        relations: of its links.
        things: the person, and the object of each link.
        broken: the number of the link that is told nowhere, from 0.
    """

    relations: tuple[Relation, ...]
    things: tuple[str, ...]
    broken: int | None

    @property
    def question(self) -> str:
        of = " of the ".join(relation.name for relation in reversed(self.relations))
        return f"Who or what is the {of} of {self.things[0]}? {_ENDING}"

    @property
    def gold(self) -> str:
        return UNKNOWN if self.broken is not None else self.things[-1]


class Multihop:
    """The family ``multihop-long``."""

    name = "multihop-long"
    version = 1

    def window(self, seed: int, tokens: int, questions: int) -> Window:
        """Numbered documents in an order by chance. A window too short for all questions has fewer, or shorter chains."""
        check_size(self.name, tokens, questions)
        chance = Random(f"{self.name} {self.version} {seed} {tokens}")
        page = min(_PAGE, max(_LEAST_PAGE, tokens // 60))
        world = _World(chance, round(1.3 * tokens / page) + 60)
        chains = [world.chain(hops, broken) for hops, broken in _plan(seed, tokens // page, questions)]
        with collection_paused():
            pages = _pages(chance, world, chains, tokens, page)
        return Window(
            task=self.name,
            version=self.version,
            seed=seed,
            tokens=tokens,
            documents={f"document {at + 1}": text for at, (text, _) in enumerate(pages)},
            questions=tuple(
                Question(
                    id=f"{at + 1}",
                    text=chain.question,
                    kind=f"{len(chain.relations)} hops",
                    gold=chain.gold,
                    scorer="exact",
                )
                for at, chain in enumerate(chains)
            ),
            facts=tuple(fact for _, facts in pages for fact in facts),
            is_searchable=True,
        )

    def understand(self, question: str) -> Query | None:
        """Reads ``Who (or what) is the R of the R of E?`` with any number of relations from one on, and ``E's R``."""
        read = _CHAIN.search(question) or _OWNED.search(question)
        if read is None:
            return None
        relations = [each.casefold() for each in re.findall(_NAMES, read["chain"], re.IGNORECASE)][::-1]
        start = read["start"].strip(" '\"").casefold()

        def answer(facts: Sequence[Fact]) -> str | None:
            known = {_key(fact): fact.attributes["object"] for fact in facts if fact.kind == "relation"}
            return _follow(known, start, relations) if known else None

        return Asked(
            wants=lambda fact: fact.kind == "relation" and fact.attributes["relation"] in relations,
            answer=answer,
        )


def _key(fact: Fact) -> tuple[str, str]:
    return fact.attributes["subject"].casefold(), fact.attributes["relation"]


def _follow(known: dict[tuple[str, str], str], start: str, relations: Sequence[str]) -> str:
    thing = start
    for relation in relations:
        found = known.get((thing.casefold(), relation))
        if found is None:
            return UNKNOWN
        thing = found
    return thing


def _plan(seed: int, pages: int, questions: int) -> list[tuple[int, bool]]:
    """The hops of each question, and whether its chain is broken."""
    count = min(questions, max(1, pages // _PAGES_OF_A_QUESTION))
    most = max(2, pages // count - 3)
    return [(min(most, _HOPS[(seed + at) % len(_HOPS)]), (3 * seed + at) % 10 == 7) for at in range(count)]


class _World:
    """Names of people, places and firms. Each is taken once as a subject; objects of other pages are any of them."""

    def __init__(self, chance: Random, size: int) -> None:
        self._chance = chance
        self.names: dict[Kind, list[str]] = {
            "person": words.people(chance, size),
            "place": words.places(chance, size),
            "firm": words.firms(chance, size),
        }
        self._next: dict[Kind, int] = {"person": 0, "place": 0, "firm": 0}

    def take(self, kind: Kind) -> str:
        """A name that no page is about."""
        self._next[kind] += 1
        return self.names[kind][self._next[kind] - 1]

    def some(self, kind: Kind) -> str:
        """Any name that no chain uses, whether or not a page is about it."""
        names = self.names[kind]
        return names[len(names) // 8 + int(self._chance.random() * (len(names) - len(names) // 8))]

    def chain(self, hops: int, is_broken: bool) -> _Chain:
        """A chain from a person on, with no word of the first name or surname in its other names."""
        relations: list[Relation] = []
        kind: Kind = "person"
        for _ in range(hops):
            relations.append(self._chance.choice(OF_KIND[kind]))
            kind = relations[-1].object
        start = self.take("person")
        things = [start]
        for relation in relations:
            name = self.take(relation.object)
            while not set(name.split()).isdisjoint(start.split()):
                name = self.take(relation.object)
            things.append(name)
        broken = self._chance.randint(1, hops - 1) if is_broken else None
        return _Chain(relations=tuple(relations), things=tuple(things), broken=broken)


def _pages(
    chance: Random, world: _World, chains: Sequence[_Chain], tokens: int, page: int
) -> list[tuple[str, tuple[Fact, ...]]]:
    """The pages of the chains, decoys for each link, and others, in an order by chance, with their facts."""
    prose = Prose(chance, stock_of(tokens))
    needed = [_told(chance, world, chain, at) for chain in chains for at in range(len(chain.relations))]
    decoys = [_decoy(chance, world, relation) for chain in chains for relation in chain.relations]
    made = [_page(chance, prose, each, page) for each in needed + decoys]
    others = max(0, round(1.1 * tokens / page) - len(made))
    kinds = list(BY_NAME.values())
    made += [_page(chance, prose, _decoy(chance, world, chance.choice(kinds)), page) for _ in range(others)]
    headed = [f"# document {at}\n{text}\n" for at, (text, _) in enumerate(made)]
    kept = made[: max(len(needed), cut_to(headed, tokens))]
    return chance.sample(kept, len(kept))


def _told(chance: Random, world: _World, chain: _Chain, at: int) -> list[Fact]:
    """What the page of a link tells: the link, unless it is the broken one, and another relation of the same thing."""
    relation, subject = chain.relations[at], chain.things[at]
    others = [each for each in OF_KIND[relation.subject] if each is not relation]
    extra = _fact(chance, chance.choice(others), subject, world)
    if at == chain.broken:
        return [extra]
    link = _fact(chance, relation, subject, world, chain.things[at + 1])
    return chance.choice(([link, extra], [extra, link], [link]))


def _decoy(chance: Random, world: _World, relation: Relation) -> list[Fact]:
    subject = world.take(relation.subject)
    facts = [_fact(chance, relation, subject, world)]
    if chance.random() < 0.5:
        other = chance.choice([each for each in OF_KIND[relation.subject] if each is not relation])
        facts.append(_fact(chance, other, subject, world))
    return facts


def _fact(chance: Random, relation: Relation, subject: str, world: _World, thing: str = "") -> Fact:
    found = thing or world.some(relation.object)
    while found == subject:
        found = world.some(relation.object)
    text = chance.choice(relation.sentences).format(s=subject, o=found)
    return Fact(
        text=text,
        kind="relation",
        attributes={"subject": subject, "relation": relation.name, "object": found},
        guessable={"relation": _NAMES_OF_KIND[relation.subject]},
    )


def _page(chance: Random, prose: Prose, facts: list[Fact], tokens: int) -> tuple[str, tuple[Fact, ...]]:
    """About one thing: its facts, each between sentences of prose."""
    room = tokens - 28 - 20 * len(facts)
    filler = prose.sentences(chance, max(18, round(room * chance.uniform(0.6, 1.4))))
    for fact in facts:
        filler.insert(chance.randint(0, len(filler)), fact.text)
    return f"About {facts[0].attributes['subject']}.\n{' '.join(filler)}", tuple(facts)


_NAMES_OF_KIND: dict[Kind, tuple[str, ...]] = {
    kind: tuple(each.name for each in relations) for kind, relations in OF_KIND.items()
}

FAMILY = Multihop()
