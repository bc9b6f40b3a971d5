"""Lists of records with hidden labels, questions about them, and the answer of a strategy's cell when every label is right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from harlm.branching.strategies.asked import Asked
from harlm.branching.strategies.records import Records
from harlm.context import profile
from harlm.guest.combinators.items import split
from harlm.guest.combinators.pairing import pairs
from harlm.guest.worker.context import Library
from harlm.types import Context, ModelFacts, Proposal, Task

LABELS = ("ham", "spam", "not sure")
MODEL = ModelFacts(name="scripted/model", window=100_000)


@dataclass(frozen=True)
class Row:
    """One record, with the label that its line does not show."""

    user: int
    day: date
    label: str


def drawn(seed: int, count: int = 60, labels: Sequence[str] = LABELS) -> list[Row]:
    """Rows by chance: few users and days, so that each has several."""
    chance = Random(seed)
    users = chance.sample(range(10, 99), 6)
    first = date(2022, 11, 20)
    return [
        Row(chance.choice(users), first + timedelta(chance.randrange(90)), chance.choice(labels))
        for _ in range(count)
    ]


def text_of(rows: Sequence[Row], spoken: Callable[[date], str] = date.isoformat) -> str:
    """The list; the text of each record holds its number and its label backwards, which no question names."""
    return "".join(
        f"Date: {spoken(row.day)} || User: {row.user} || Instance: text {at} {row.label[::-1]}\n"
        for at, row in enumerate(rows)
    )


def asked_of(question: str, text: str) -> Asked:
    """The task of a question over a text."""
    context = Context.of_text(text, name="records.txt")
    return Asked(
        task=Task(question=question, context=context),
        profile=profile(context),
        root=MODEL,
        sub=MODEL,
        concurrency=8,
    )


def records_with(*labels: str, time: str = "Date", owner: str = "User") -> Records:
    """Records with these labels."""
    return Records(text="Instance", time=time, owner=owner, labels=labels or LABELS, meanings="")


def run(proposal: Proposal, text: str) -> Any:
    """What the cell of a proposal finishes with, if each record is labelled right."""
    library = Library(lambda function, arguments: None)
    library.add("records.txt", True, text)
    finished: list[Any] = []

    def label(items: Sequence[str], labels: Sequence[str], *_: object, answer: Any = None) -> list[str]:
        found = [item.split(" ", 2)[2][::-1] for item in items]
        assert set(found) <= set(labels)
        return found

    names = {
        "context": library.documents[0],
        "label": label,
        "pairs": pairs,
        "split": split,
        "FINAL": finished.append,
    }
    exec("\n".join(proposal.cells), names)
    (value,) = finished
    return value
