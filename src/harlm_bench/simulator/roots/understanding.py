"""What a model can tell from the words of a question alone: its sort, and the names, labels and dates in it.

Knows no generator and no text. A question that is of no known sort is answered as one about a short text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from harlm_bench.simulator.roots.bank import Family
from harlm_bench.simulator.roots.render import Value
from harlm_bench.simulator.roots.sorts import RECOGNISERS

_STOP: Final = frozenset(
    """
    a about above after all also an and any are as at be been before below between both by can could did do does each
    exactly find for form from give given had has have how if in into is it its list many me more most name no not of
    on one only or other out over say says she so some such text than that the their them then there these they this
    those to under up was were what when where which who whose why will with would you your answer question following
    document documents word words single nothing else just reply
    """.split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question, as a model understands it.

    Attributes:
        question: its words.
        family: the sort of work that it asks for.
        values: what programs may name as ``$name``: ``words`` that bear meaning, ``keys`` that stand in quotation marks
            or look like names, and what belongs to the family.
    """

    question: str
    family: Family
    values: Mapping[str, Value] = field(default_factory=dict)


def words_of(question: str) -> tuple[str, ...]:
    """The words that bear meaning, in lower case, each once, in order."""
    found = re.findall(r"[\w][\w'-]*", question.lower())
    return tuple(dict.fromkeys(word for word in found if word not in _STOP and len(word) > 2))[:24]


def keys_of(question: str) -> tuple[str, ...]:
    """What stands in quotation marks or backticks; where nothing does, names and identifiers."""
    quoted = [
        a or b or c
        for a, b, c in re.findall(r"\"([^\"\n]{2,80})\"|`([^`\n]{2,80})`|'([^'\n]{3,80})'(?!\w)", question)
    ]
    if quoted:
        return tuple(dict.fromkeys(quoted))
    named = re.findall(
        r"(?<!^)(?<![.?!] )\b[A-Z][\w-]+(?: [A-Z][\w-]+)*|\b\w+(?:[_-]\w+)+\b|\b\w*\d\w*\b", question
    )
    return tuple(dict.fromkeys(named))[:12]


@lru_cache(maxsize=1_024)
def understood(question: str) -> Asked:
    """What a question asks for, from its words."""
    plain: Mapping[str, Value] = {"words": words_of(question), "keys": keys_of(question)}
    for recogniser in RECOGNISERS:
        if found := recogniser(question):
            family, values = found
            return Asked(question=question, family=family, values={**plain, **values})
    return Asked(question=question, family="short", values=plain)
