"""How honestly the offline model answers: right in the first line, wrong although its status is ok, or not found.

The set is our own (perf/data/questions): documents of many kinds, invented for this purpose, and questions about them,
of which every fourth has no answer there. The model was tuned on the questions about every other document; "held out"
are the rest.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harlm import HARLM
from harlm.config import Config
from harlm.context import load
from perf.measure import Table, report

DATA = Path(__file__).parent / "data" / "questions"
Verdict = Literal["right", "wrong", "not found"]


@dataclass(frozen=True)
class Item:
    """A question about one document, or about all of them (``*``), and what its first line must hold."""

    document: str
    question: str
    expected: str
    held_out: bool


@dataclass(frozen=True)
class Score:
    """The first line of one answer, its status, and the verdict."""

    item: Item
    status: str
    line: str
    verdict: Verdict


def items() -> list[Item]:
    """The questions, in the order of the file. Those about every other document are held out."""
    found = []
    order: list[str] = []
    for line in (DATA / "questions.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        document, question, expected = (part.strip() for part in line.split(" | "))
        if document not in order:
            order.append(document)
        found.append(Item(document, question, expected, held_out=order.index(document) % 2 == 1))
    return found


def judged(item: Item, status: str, line: str) -> Verdict:
    """The verdict on an answer by its status and its first line.

    An answer that is not ok is right where there is no answer, and counts as not found elsewhere.
    """
    if status != "ok":
        return "right" if item.expected == "none" else "not found"
    if item.expected == "none":
        return "wrong"
    if item.expected in ("yes", "no"):
        return "right" if re.match(rf"{item.expected}\b", line, re.IGNORECASE) else "wrong"
    return "right" if item.expected.casefold() in line.casefold() else "wrong"


def scores(asked: Sequence[Item]) -> Iterator[Score]:
    """The offline model's answers, through HARLM's public door."""
    with tempfile.TemporaryDirectory() as home:
        client = HARLM(model="offline/extractive", home=home, settings=Config())
        loaded = {
            name: load(DATA / "documents" / name.replace("*", ""))
            for name in {each.document for each in asked}
        }
        for item in asked:
            answer = client.ask(item.question, loaded[item.document])
            line = answer.text.strip().split("\n")[0]
            yield Score(item, answer.status, line, judged(item, answer.status, line))


def main() -> None:
    """Score both halves."""
    found = list(scores(items()))
    rows: list[list[object]] = []
    for half, held_out in (("tuned on", False), ("held out", True)):
        part = Counter(each.verdict for each in found if each.item.held_out == held_out)
        shares = (
            f"{100 * part[verdict] / part.total():.1f} %" for verdict in ("right", "wrong", "not found")
        )
        rows.append([half, part.total(), *shares])
    report(
        "questions",
        "Honest answers without a language model",
        f"Over {len(found)} questions of our own about documents of many kinds: right in the first line (or not found, where "
        f"there is no answer), wrong although the status is ok, and not found although there is an answer.",
        [Table("By half", ["", "questions", "right", "wrong, status ok", "not found"], rows)],
    )


if __name__ == "__main__":
    main()
