"""SHORT questions about a page of notes: one direct call is enough, and a system that does more only loses.

For the worth of knowing when not to take a text apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from harlm.tokens import estimate_tokens
from harlm_bench.items import Fact, Query, Question, Window
from harlm_bench.tasks import check_size
from harlm_bench.tasks.errands import ERRANDS, Errand, Values
from harlm_bench.tasks.forms import Asked
from harlm_bench.tasks.notes import SECTIONS
from harlm_bench.tasks.prose import Prose, cut_to

_LEAST_LINES, _MOST_LINES = 4, 9
_TOKENS_OF_A_LINE = 190  # of the window, for one line in each section
_TRIES = 20


class Short:
    """The family ``short``."""

    name = "short"
    version = 1

    def window(self, seed: int, tokens: int, questions: int) -> Window:
        """All sections in an order by chance, with prose between them up to the size."""
        check_size(self.name, tokens, questions)
        chance = Random(f"{self.name} {self.version} {seed} {tokens}")
        lines = max(_LEAST_LINES, min(_MOST_LINES, tokens // _TOKENS_OF_A_LINE))
        sections = {heading: make(chance, lines) for heading, make in SECTIONS.items()}
        facts = tuple(fact for section in sections.values() for fact in section)
        return Window(
            task=self.name,
            version=self.version,
            seed=seed,
            tokens=tokens,
            documents={"notes": _text(chance, sections, tokens)},
            questions=tuple(_questions(chance, facts, questions)),
            facts=facts,
        )

    def understand(self, question: str) -> Query | None:
        """Reads the questions of ``ERRANDS``."""
        for errand in ERRANDS.values():
            values = errand.form.read(question)
            if values is not None:
                return _asked(errand, values)
        return None


def _asked(errand: Errand, values: Values) -> Asked:
    def wants(fact: Fact) -> bool:
        return fact.kind == errand.about

    return Asked(
        wants=wants,
        answer=lambda facts: errand.solve([fact for fact in facts if wants(fact)], values),
        in_head=errand.in_head,
    )


def _text(chance: Random, sections: dict[str, list[Fact]], tokens: int) -> str:
    blocks = [
        "\n".join([f"## {heading}", *(fact.text for fact in section)])
        for heading, section in sections.items()
    ]
    chance.shuffle(blocks)
    room = tokens - estimate_tokens("\n\n".join(blocks))
    if room > 40:
        paragraphs = Prose(chance, 200).sentences(chance, room)
        paragraphs = paragraphs[: cut_to(paragraphs, room, "\n\n")]
        for paragraph in paragraphs:
            at = chance.randrange(len(blocks))
            blocks[at] += f"\n\n{paragraph}"
    return "\n\n".join(blocks)


def _questions(chance: Random, facts: Sequence[Fact], count: int) -> list[Question]:
    """All kinds in turn, in an order by chance."""
    names = chance.sample(list(ERRANDS), len(ERRANDS))
    asked: dict[str, Question] = {}
    for at in range(3 * count + len(names)):
        name = names[at % len(names)]
        for _ in range(_TRIES):
            question = _question(chance, facts, name, f"{len(asked) + 1}")
            if question is not None and question.text not in asked:
                asked[question.text] = question
                break
        if len(asked) == count:
            break
    return list(asked.values())


def _question(chance: Random, facts: Sequence[Fact], name: str, number: str) -> Question | None:
    errand = ERRANDS[name]
    held = [fact for fact in facts if fact.kind == errand.about]
    values = errand.values(chance, held)
    gold = errand.solve(held, values)
    if gold is None:
        return None
    return Question(
        id=number,
        text=f"{errand.form.write(**values)} {errand.ending}",
        kind=name,
        gold=gold,
        scorer=errand.scorer,
        chance=errand.chance,
    )


FAMILY = Short()
