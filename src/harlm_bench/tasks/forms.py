"""Sentences with blanks, which write questions and read them again, and questions as pairs of functions. Knows no task."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harlm_bench.items import Fact

_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a question means: a ``Query`` made of two functions.

    Attributes:
        wants: whether a fact matters.
        answer: what follows from facts, among which may be some that do not matter.
        in_head: whether a model must count or compare over many facts.
    """

    wants: Callable[[Fact], bool]
    answer: Callable[[Sequence[Fact]], str | None]
    in_head: bool = False


class Form:
    """A sentence with named blanks, such as ``What is the value of {key}?``.

    Args:
        sentence: with a blank as ``{name}``. One that ends in a blank without a pattern is read up to the end of the line.
        blanks: a pattern for what may stand in a blank; any text without a line break if it has none.
    """

    def __init__(self, sentence: str, **blanks: str) -> None:
        self._sentence = sentence
        self.blanks = frozenset(_SLOT.findall(sentence))
        parts = _SLOT.split(sentence)
        pattern, seen = "", set[str]()
        for at, part in enumerate(parts):
            if at % 2 == 0:
                pattern += re.sub(r"(?:\\ )+", lambda _: r"\s+", re.escape(part))
            elif part in seen:
                pattern += f"(?P={part})"
            else:
                seen.add(part)
                pattern += f"(?P<{part}>{blanks.get(part, '.+?')})"
        if parts[-1] == "" and len(parts) > 1 and parts[-2] not in blanks:
            pattern += r"(?=\s*(?:\n|$))"
        self._pattern = re.compile(pattern, re.IGNORECASE)

    def write(self, **values: object) -> str:
        """The sentence with its blanks filled."""
        return self._sentence.format_map(values)

    def read(self, text: str) -> dict[str, str] | None:
        """What stands in the blanks where the sentence first occurs in a text; ``None`` if it does not."""
        found = self._pattern.search(text)
        return found.groupdict() if found else None


def single(values: Sequence[str]) -> str | None:
    """The first of some values; ``None`` if there is none. A reader takes the first that it meets."""
    return values[0] if values else None
