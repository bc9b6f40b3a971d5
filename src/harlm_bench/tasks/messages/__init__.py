"""Short messages of eight sorts, for tasks in which each must be judged by what it says.

A sort is what the writer is up to, not what the message is about: all sorts talk of the same things, people, places and
days, and few messages name their sort. So a rule of words finds little.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random

from harlm_bench.tasks import words
from harlm_bench.tasks.messages import apology, complaint, offer, plan, praise, report, request, warning

SENTENCES: Mapping[str, Sequence[str]] = {
    "apology": apology.SENTENCES,
    "complaint": complaint.SENTENCES,
    "offer": offer.SENTENCES,
    "plan": plan.SENTENCES,
    "praise": praise.SENTENCES,
    "report": report.SENTENCES,
    "request": request.SENTENCES,
    "warning": warning.SENTENCES,
}
"""At least sixty sentences of each label. Slots: a thing, a person, a place, a weekday, a number."""

MEANINGS: Mapping[str, str] = {
    "apology": "the writer owns up to a fault of their own",
    "complaint": "the writer is unhappy with something",
    "offer": "the writer would do or give something",
    "plan": "the writer says what is going to be done",
    "praise": "the writer is pleased with something or someone",
    "report": "the writer says what happened or how things are, without judging",
    "request": "the writer wants the reader to do something",
    "warning": "the writer tells of a danger or of trouble to come",
}

LABELS = tuple(SENTENCES)


class Messages:
    """Draws messages, from a stock of names that is drawn once.

    Args:
        chance: what the names are drawn from.
    """

    def __init__(self, chance: Random) -> None:
        self._places = words.places(chance, 150)

    def draw(self, chance: Random, labels: Sequence[str]) -> list[str]:
        """One message for each label."""
        count = len(labels)
        templates = [
            SENTENCES[label][int(at * len(SENTENCES[label]))]
            for label, at in zip(labels, _fractions(chance), strict=False)
        ]
        things = chance.choices(words.THINGS, k=count)
        people = chance.choices(words.FIRST_NAMES, k=count)
        places = chance.choices(self._places, k=count)
        days = chance.choices(words.WEEKDAYS, k=count)
        numbers = chance.choices(range(3, 13), k=count)
        return [
            template.format(t=thing, p=person, l=place, d=day, n=number)
            for template, thing, person, place, day, number in zip(
                templates, things, people, places, days, numbers, strict=True
            )
        ]


def _fractions(chance: Random) -> Iterator[float]:
    """Numbers from 0 to 1, 1 excluded, without end."""
    return iter(chance.random, 1.0)
