"""Which sentence a line was made from, so that no line is judged by a head that has seen its sentence. Knows no labels."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from harlm_bench.tasks import words

_SLOT = re.compile(r"\{\w\}")
_FILLED = r"[^:|]{1,60}?"  # what stands in a blank: a name or a number, never a field's name


class Message(NamedTuple):
    """What a line says, without date, sender and number.

    Attributes:
        text: the message.
        template: the place of its sentence among the templates.
    """

    text: str
    template: int


class Templates:
    """Sentences with blanks, which recognise what was made from them.

    Args:
        sentences: such as ``The bakery in {l} sells {n} kinds of bread``.
    """

    def __init__(self, sentences: Sequence[str]) -> None:
        self._sentences = sentences
        self._known = [(max(_SLOT.split(each), key=len), _pattern(each)) for each in sentences]

    def find(self, line: str) -> Message | None:
        """The message that a line ends with; the longest if several fit, ``None`` if none does."""
        fitting = [
            Message(found["said"], at)
            for at, (literal, pattern) in enumerate(self._known)
            if literal in line and (found := pattern.search(line)) is not None
        ]
        return max(fitting, key=lambda each: len(each.text), default=None)

    def filled(self, chance: Random) -> list[str]:
        """One message of each sentence, with drawn names and numbers in the blanks."""
        places = words.places(chance, 150)
        return [
            each.format(
                t=chance.choice(words.THINGS),
                p=chance.choice(words.FIRST_NAMES),
                l=chance.choice(places),
                d=chance.choice(words.WEEKDAYS),
                n=chance.randint(3, 12),
                c=chance.choice(words.COLOURS),
            )
            for each in self._sentences
        ]


def _pattern(sentence: str) -> re.Pattern[str]:
    parts = map(re.escape, _SLOT.split(sentence))
    return re.compile(rf"(?:\A|: )(?P<said>{_FILLED.join(parts)})\s*\Z")
