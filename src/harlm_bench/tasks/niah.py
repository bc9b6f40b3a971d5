"""NEEDLES: one value for a key, in repeated filler, in prose, or among lines whose keys are nearly the same.

After the single-needle tasks of RULER (arXiv 2404.06654), with words of our own. Values are numbers, words or UUIDs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random
from uuid import UUID

from harlm_bench.items import Fact, Query, Question, Window
from harlm_bench.tasks import check_size, words
from harlm_bench.tasks.forms import Asked, Form, single
from harlm_bench.tasks.prose import Prose, cut_to, rate, stock_of

_KINDS = ("number", "word", "uuid")
_HAYSTACKS = ("filler", "prose", "near-duplicates")
_NEEDLE = Form("The registered {kind} of {key} is {value}.")
_QUESTION = Form(
    "What is the registered {kind} of {key}? Answer with the {kind} only.",
    kind="number|word|uuid",
    key=r"[\w-]+",
)
_ASKED = re.compile(
    r"\b(?P<kind>number|word|uuid)\s+(?:registered\s+|stored\s+)?(?:of|for)\s+(?:the\s+key\s+)?['\"]?"
    r"(?P<key>[a-z]+-[a-z]+-\d\d)\b",
    re.IGNORECASE,
)
_FILLER = (
    "The road bends to the left and then to the right. "
    "The field is wide and the sky is grey. "
    "Somewhere a door is opened and closed again. "
    "We walk on for a while. "
    "The hedge is high and the gate is low. "
    "There is nothing to see here, and that is fine."
)
_NUMBERS = (1_000_000, 9_999_999)
_NEAR = 40  # facts about keys that share a word with an asked one, for each question


class Needles:
    """The family ``s-niah``."""

    name = "s-niah"
    version = 1

    def window(self, seed: int, tokens: int, questions: int) -> Window:
        """The haystack and the kinds of values follow from the seed."""
        check_size(self.name, tokens, questions)
        chance = Random(f"{self.name} {self.version} {seed} {tokens}")
        haystack = _HAYSTACKS[seed % len(_HAYSTACKS)]
        keys = _Keys(chance)
        if haystack == "near-duplicates":
            text, facts, needles = _near_duplicates(chance, keys, tokens, questions)
        else:
            needles = [
                _fact(key, kind, _value(chance, kind))
                for key, kind in zip(keys.draw(questions), _kinds(seed, questions), strict=True)
            ]
            facts = needles
            text = _hidden(chance, haystack, [each.text for each in needles], tokens)
        return Window(
            task=self.name,
            version=self.version,
            seed=seed,
            tokens=tokens,
            documents={"notes": text},
            questions=tuple(_question(at, haystack, needle) for at, needle in enumerate(needles)),
            facts=tuple(facts),
        )

    def understand(self, question: str) -> Query | None:
        """Reads ``the registered KIND of KEY`` and ``the KIND for KEY``, wherever they stand."""
        read = _ASKED.search(question)
        if read is None:
            return None
        key, kind = read["key"].casefold(), read["kind"].casefold()

        def wants(fact: Fact) -> bool:
            return fact.kind == "needle" and fact.attributes["key"] == key and fact.attributes["kind"] == kind

        return Asked(
            wants=wants,
            answer=lambda facts: single([each.attributes["value"] for each in facts if wants(each)]),
        )


class _Keys:
    """Draws keys of two words and a number, never one twice."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._all = range(len(words.KEYWORDS) ** 2 * 90)

    def draw(self, count: int) -> list[str]:
        size = len(words.KEYWORDS)
        return [
            f"{words.KEYWORDS[at // 90 // size]}-{words.KEYWORDS[at // 90 % size]}-{at % 90 + 10}"
            for at in self._chance.sample(self._all, count)
        ]


def _near_duplicates(
    chance: Random, keys: _Keys, tokens: int, questions: int
) -> tuple[str, list[Fact], list[Fact]]:
    """Lines of one form only. The facts are those of the asked keys and of some keys that share a word with them."""
    sample = [_line(chance, key, _KINDS[at % 3]) for at, key in enumerate(_Keys(chance).draw(300))]
    count = questions + 5 + round(1.06 * tokens / rate([text for text, _, _ in sample]))
    drawn = keys.draw(count)
    kinds = chance.choices(_KINDS, k=count)
    lines = [(*_line(chance, key, kind)[:2], key, kind) for key, kind in zip(drawn, kinds, strict=True)]
    lines = lines[: cut_to([line[0] for line in lines], tokens)]
    asked = chance.sample(lines, min(questions, len(lines)))
    chosen = {key for _, _, key, _ in asked}
    shared = {part for key in chosen for part in key.split("-")[:2]}
    near = [
        line for line in lines if line[2] not in chosen and not shared.isdisjoint(line[2].split("-")[:2])
    ][: _NEAR * questions]
    needles = [_fact(key, kind, value) for _, value, key, kind in asked]
    facts = needles + [_fact(key, kind, value) for _, value, key, kind in near]
    return "\n".join(line[0] for line in lines), facts, needles


def _hidden(chance: Random, haystack: str, needles: Sequence[str], tokens: int) -> str:
    """Needles at the ends of paragraphs, each in its own part of the text."""
    room = tokens - round(rate(needles, " ") * len(needles))
    if haystack == "filler":
        paragraphs = [_FILLER] * round(room / rate([_FILLER] * 50))
    else:
        paragraphs = Prose(chance, stock_of(tokens)).paragraphs(chance, max(room, 60))
        paragraphs = paragraphs[: cut_to(paragraphs, room)]
    step = len(paragraphs) / len(needles)
    for at, needle in enumerate(chance.sample(list(needles), len(needles))):
        place = min(len(paragraphs) - 1, int((at + chance.random()) * step))
        paragraphs[place] += f" {needle}"
    return "\n".join(paragraphs)


def _question(at: int, haystack: str, needle: Fact) -> Question:
    key, kind = needle.attributes["key"], needle.attributes["kind"]
    return Question(
        id=f"{at + 1}",
        text=_QUESTION.write(kind=kind, key=key),
        kind=f"{kind} in {haystack}",
        gold=needle.attributes["value"],
        scorer="contains",
    )


def _fact(key: str, kind: str, value: str) -> Fact:
    text = _NEEDLE.write(kind=kind, key=key, value=value)
    return Fact(text=text, kind="needle", attributes={"key": key, "kind": kind, "value": value})


def _line(chance: Random, key: str, kind: str) -> tuple[str, str, str]:
    value = _value(chance, kind)
    return f"The registered {kind} of {key} is {value}.", value, kind


def _value(chance: Random, kind: str) -> str:
    if kind == "number":
        return str(chance.randint(*_NUMBERS))
    if kind == "uuid":
        return str(UUID(int=chance.getrandbits(128), version=4))
    return f"{chance.choice(words.COLOURS)}-{chance.choice(words.THINGS)}"


def _kinds(seed: int, count: int) -> list[str]:
    return [_KINDS[(seed + at) % len(_KINDS)] for at in range(count)]


FAMILY = Needles()
