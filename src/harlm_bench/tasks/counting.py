"""COUNTING the lines about a topic, easy enough for a language model of half a billion weights line by line.

Five topics that are clear from each line, and no line twice: for the suite with real weights.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

from harlm_bench.items import Fact, Query, Question, Window
from harlm_bench.tasks import check_size, words
from harlm_bench.tasks.bulk import collection_paused
from harlm_bench.tasks.forms import Asked, Form
from harlm_bench.tasks.prose import cut_to, rate
from harlm_bench.tasks.topics import SENTENCES

TOPICS = tuple(SENTENCES)
_TOPIC = "|".join(TOPICS)
_COUNT = Form("How many lines are about {topic}?", topic=_TOPIC)
_SUB_COUNT = re.compile(
    rf"\bhow\s+many\s+(?:of\s+(?:these|the)\s+)?(?:following\s+)?(?:lines|texts)\s+are\s+about\s+(?P<topic>{_TOPIC})\b",
    re.IGNORECASE,
)
_MOST = Form("Which topic are most lines about?")
_LEAST = Form("Which topic are the fewest lines about?")
_TOPICS = f"Each line is about one of these topics: {', '.join(TOPICS)}."
_NUMBER = "Give your final answer in the form 'Answer: number'."
_NAME = "Give your final answer in the form 'Answer: topic'."
_GUESSABLE = {"label": TOPICS}


class CountingLines:
    """The family ``counting``."""

    name = "counting"
    version = 1

    def window(self, seed: int, tokens: int, questions: int) -> Window:
        """Asks for the number of lines of each topic first, then for the most and the least frequent one."""
        check_size(self.name, tokens, questions)
        chance = Random(f"{self.name} {self.version} {seed} {tokens}")
        facts = _facts(chance, tokens)
        return Window(
            task=self.name,
            version=self.version,
            seed=seed,
            tokens=tokens,
            documents={"lines": "\n".join(fact.text for fact in facts)},
            questions=tuple(_questions(chance, facts, questions)),
            facts=facts,
        )

    def understand(self, question: str) -> Query | None:
        """Reads ``How many lines are about TOPIC?``, with ``of these`` or without, and the two for the extremes."""
        read = _SUB_COUNT.search(question)
        if read is not None:
            topic = read["topic"].casefold()
            return _asked(lambda counts: str(counts[topic]))
        if _MOST.read(question) is not None:
            return _asked(lambda counts: min(counts, key=lambda each: (-counts[each], each)))
        if _LEAST.read(question) is not None:
            return _asked(lambda counts: min(counts, key=lambda each: (counts[each], each)))
        return None


def _asked(solve: Callable[[Counter[str]], str]) -> Asked:
    def answer(facts: Sequence[Fact]) -> str | None:
        counts = Counter(fact.attributes["label"] for fact in facts if _is_line(fact))
        return solve(counts) if counts else None

    return Asked(wants=_is_line, answer=answer, in_head=True)


def _is_line(fact: Fact) -> bool:
    return fact.kind == "line" and fact.attributes.get("label") in SENTENCES


def _facts(chance: Random, tokens: int) -> tuple[Fact, ...]:
    sample = _lines(chance, chance.choices(TOPICS, k=300))
    count = round(1.1 * tokens / rate(sample)) + 5
    weights = [0.3 + chance.random() for _ in TOPICS]
    topics = chance.choices(TOPICS, weights=weights, k=round(1.05 * count))
    found = dict(zip(_lines(chance, topics), topics, strict=True))
    lines = list(found)
    with collection_paused():
        return tuple(
            Fact(text=line, kind="line", attributes={"label": found[line]}, guessable=_GUESSABLE)
            for line in lines[: cut_to(lines, tokens)]
        )


def _lines(chance: Random, topics: Sequence[str]) -> list[str]:
    places = words.places(chance, 200)
    surnames = list(words.surnames())
    return [
        sentences[int(chance.random() * len(sentences))]
        .strip()
        .format(
            p=f"{chance.choice(words.FIRST_NAMES)} {chance.choice(surnames)}",
            l=chance.choice(places),
            c=chance.choice(words.COLOURS),
            n=chance.randint(3, 90),
        )
        for sentences in map(SENTENCES.__getitem__, topics)
    ]


def _questions(chance: Random, facts: Sequence[Fact], count: int) -> list[Question]:
    counts = Counter(fact.attributes["label"] for fact in facts)
    ranked = counts.most_common()
    made: list[tuple[str, str, str, float]] = [
        (f"{_COUNT.write(topic=topic)} {_TOPICS} {_NUMBER}", str(counts[topic]), "count", 0.1)
        for topic in chance.sample(TOPICS, len(TOPICS))
    ]
    if ranked[0][1] > ranked[1][1]:
        made.append((f"{_MOST.write()} {_TOPICS} {_NAME}", ranked[0][0], "most frequent", 1 / len(TOPICS)))
    if ranked[-1][1] < ranked[-2][1] and len(ranked) == len(TOPICS):
        made.append((f"{_LEAST.write()} {_TOPICS} {_NAME}", ranked[-1][0], "least frequent", 1 / len(TOPICS)))
    return [
        Question(id=f"{number}", text=text, kind=kind, gold=gold, scorer="oolong", chance=luck)
        for number, (text, gold, kind, luck) in zip(range(1, count + 1), made, strict=False)
    ]


FAMILY = CountingLines()
