"""A small kind of task for tests of the simulator: lines with a mood that must be judged, codes that are copied, and links."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from harlm_bench.items import Fact, Query, Question, Window

MOODS = ("glad", "angry", "afraid")
_WORDS = "river stone lamp winter garden paper copper bridge signal meadow harbour candle".split()
_COUNT = re.compile(r"How many lines are (\w+)\?")
_MOST = re.compile(r"Which mood is the most frequent\?")
_CODE = re.compile(r"What is the code of (\w+-\d+)\?")
_HOP = re.compile(r"What is the code of the project that (\w+) leads\?")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Count(Query):
    mood: str | None
    in_head: bool = True

    def wants(self, fact: Fact) -> bool:
        return fact.kind == "line"

    def answer(self, facts: Sequence[Fact]) -> str | None:
        if not facts:
            return None
        moods = [fact.attributes["mood"] for fact in facts]
        if self.mood is not None:
            return str(moods.count(self.mood))
        return max(MOODS, key=moods.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Code(Query):
    project: str | None = None
    leader: str | None = None
    in_head: bool = False

    def wants(self, fact: Fact) -> bool:
        if self.leader is not None and fact.kind == "lead":
            return fact.attributes["leader"] == self.leader
        is_asked = self.leader is not None or fact.attributes.get("project") == self.project
        return fact.kind == "code" and is_asked

    def answer(self, facts: Sequence[Fact]) -> str | None:
        project = self.project
        if self.leader is not None:
            leads = [each.attributes["project"] for each in facts if each.kind == "lead"]
            project = leads[0] if leads else None
        codes = [each for each in facts if each.kind == "code" and each.attributes["project"] == project]
        return codes[0].attributes["code"] if codes else None


class Tiny:
    """The family ``tiny``: 12 tokens a line."""

    name = "tiny"
    version = 1

    def window(self, seed: int, tokens: int, questions: int = 6) -> Window:
        chance = Random(f"tiny {seed} {tokens}")
        count = max(6, tokens // 24)
        lines = [_line(chance, at) for at in range(count)]
        codes = [_code(chance, at) for at in range(max(3, count // 8))]
        leads = [_lead(each, at) for at, each in enumerate(codes)]
        facts = [*lines, *codes, *leads]
        chance.shuffle(facts)
        return Window(
            task=self.name,
            version=1,
            seed=seed,
            tokens=tokens,
            documents={"notes.txt": "\n".join(fact.text for fact in facts)},
            questions=_questions(lines, codes, leads)[:questions],
            facts=tuple(facts),
        )

    def understand(self, question: str) -> Query | None:
        if found := _COUNT.search(question):
            return _Count(mood=found[1]) if found[1] in MOODS else None
        if _MOST.search(question):
            return _Count(mood=None)
        if found := _CODE.search(question):
            return _Code(project=found[1])
        if found := _HOP.search(question):
            return _Code(leader=found[1])
        return None


def _questions(lines: Sequence[Fact], codes: Sequence[Fact], leads: Sequence[Fact]) -> tuple[Question, ...]:
    moods = [each.attributes["mood"] for each in lines]
    code, lead, hop = codes[0], leads[1], codes[1]
    return (
        Question(
            id="1",
            text=f"How many lines are {MOODS[0]}?",
            kind="count",
            gold=str(moods.count(MOODS[0])),
            scorer="exact",
        ),
        Question(
            id="2",
            text="Which mood is the most frequent?",
            kind="most",
            gold=max(MOODS, key=moods.count),
            scorer="exact",
            chance=1 / 3,
        ),
        Question(
            id="3",
            text=f"What is the code of {code.attributes['project']}?",
            kind="code",
            gold=code.attributes["code"],
            scorer="exact",
        ),
        Question(
            id="4",
            text=f"What is the code of the project that {lead.attributes['leader']} leads?",
            kind="hop",
            gold=hop.attributes["code"],
            scorer="exact",
        ),
    )


def _line(chance: Random, at: int) -> Fact:
    words = " ".join(chance.choices(_WORDS, k=5))
    return Fact(
        text=f"2024-03-{at % 28 + 1:02} | user {chance.randint(1, 9)} | the {words} of day {at}",
        kind="line",
        attributes={"mood": chance.choice(MOODS), "date": f"2024-03-{at % 28 + 1:02}"},
        guessable={"mood": MOODS},
    )


def _code(chance: Random, at: int) -> Fact:
    project, code = f"{chance.choice(_WORDS)}-{at}", str(chance.randint(10_000, 99_999))
    return Fact(
        text=f"The code of {project} is {code}.", kind="code", attributes={"project": project, "code": code}
    )


def _lead(code: Fact, at: int) -> Fact:
    leader, project = f"Person{at}", code.attributes["project"]
    return Fact(
        text=f"{leader} is at the head of {project}.",
        kind="lead",
        attributes={"leader": leader, "project": project},
    )
