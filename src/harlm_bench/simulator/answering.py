"""Answers a question that a task knows, from the items in the prompt and from nothing else."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harlm_bench.items import Fact, Query
from harlm_bench.simulator.perceiving import Senses
from harlm_bench.simulator.store import Found

_TRIED = 12  # items that are tried one by one
_ENTRY = re.compile(r"\([^()]*\)[,;]?\s*|[^,;\n]+[,;\n]?\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer and what it rests on.

    Attributes:
        text: the answer; ``None`` if the text does not hold one.
        used: the items that it follows from.
    """

    text: str | None
    used: tuple[Found, ...] = ()


def answer(query: Query, question: str, found: Sequence[Found], senses: Senses) -> Said:
    """What the model answers.

    An item that is overlooked is missed, or one of its kind is taken for it. Without any evidence the answer is made up
    at the profile's rate, of what else stands in the text.
    """
    wanted = [each for each in found if query.wants(each.fact)]
    if query.in_head:
        return _counted(query, wanted, question, senses)
    kinds = {each.fact.kind for each in wanted}
    mattering = {id(each) for each in wanted}
    decoys = [each for each in found if each.fact.kind in kinds and id(each) not in mattering]
    seen = senses.noticed(wanted, question, len(decoys))
    text = query.answer(senses.judged(seen))
    if text is not None:
        return Said(text=text, used=tuple(_needed(query, seen, text, senses)))
    kept = {id(each) for each in seen}
    missed = [each for each in wanted if id(each) not in kept]
    if missed and senses.noise.happens("takes a decoy", senses.profile.errors.decoy):
        others = decoys or [each for each in found if id(each) not in mattering]
        if (wrong := _mistaken(query, wanted, missed, others, senses)) is not None:
            return wrong
    if senses.noise.happens("makes up", senses.profile.errors.hallucination):
        return Said(text=_made_up(found, senses))
    return Said(text=None, used=tuple(seen))


def relevant(query: Query, question: str, found: Sequence[Found], senses: Senses) -> list[Found]:
    """The items that the model takes for relevant to a question."""
    return senses.noticed([each for each in found if query.wants(each.fact)], question, 0)


def _needed(query: Query, seen: Sequence[Found], text: str, senses: Senses) -> Sequence[Found]:
    """The items without which the answer would be another; all of them if each can be done without."""
    if not 1 < len(seen) <= _TRIED:
        return seen
    facts = senses.judged(seen)
    needed = [each for at, each in enumerate(seen) if query.answer([*facts[:at], *facts[at + 1 :]]) != text]
    return needed or seen


def _counted(query: Query, wanted: Sequence[Found], question: str, senses: Senses) -> Said:
    """An answer that needs a count: of the items that are not overlooked, as they are judged and as they are counted."""
    seen = senses.noticed(wanted, question, 0)
    text = query.answer(senses.miscounted(senses.judged(seen)))
    cut = None if text is None else _cut(text, senses.profile.errors.list_items)
    return Said(text=cut, used=tuple(seen))


def _cut(text: str, entries: int) -> str:
    """The first entries of a long list: models do not write out what they cannot keep in their head."""
    if len(text) < 4 * entries:
        return text
    parts = _ENTRY.findall(text)
    return "".join(parts[:entries]).rstrip(",; \n") if len(parts) > entries else text


def _mistaken(
    query: Query, wanted: Sequence[Found], missed: Sequence[Found], others: Sequence[Found], senses: Senses
) -> Said | None:
    """An answer in which an overlooked item has a value of another one."""
    lost = senses.noise.choice("which is missed", missed)
    true = query.answer([each.fact for each in wanted])
    start = int(senses.noise.uniform("which decoy") * len(others)) if others else 0
    for other in [*others[start:], *others[:start]][:_TRIED]:
        for name, value in other.fact.attributes.items():
            if name not in lost.fact.attributes or lost.fact.attributes[name] == value:
                continue
            taken = replace(lost.fact, attributes={**lost.fact.attributes, name: value})
            facts: list[Fact] = [taken if each is lost else each.fact for each in wanted]
            text = query.answer(facts)
            if text is not None and text != true:
                return Said(text=text, used=(other,))
    return None


def _made_up(found: Sequence[Found], senses: Senses) -> str:
    """Something that looks like an answer: a value of an item that does not matter, or a number."""
    if found:
        values = list(senses.noise.choice("made of", found).fact.attributes.values())
        if values:
            return senses.noise.choice("made up value", values)
    return "".join(senses.noise.choice(f"made up digit {at}", string.digits[1:]) for at in range(4))
