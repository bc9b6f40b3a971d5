"""The questions of the demo over the standard library, each with a check of its answer against ``harlm.demo.truth``, and
how questions are asked and checked.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from harlm.client import HARLM
from harlm.demo.truth import facts_of_files, homes_of_class
from harlm.events import CallStarted, Event, NodeStarted
from harlm.types import Answer, Context, Mode

Show = Callable[[str], None]
"""Prints one or more lines."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its check.

    Attributes:
        kind: the kind of question, as it is shown.
        text: the question.
        is_right: takes the answer and the folder that was asked about; returns whether the answer is right, and
            the truth.
        by: the module of Python's standard library that finds the truth.
        mode: the mode to use; ``None`` lets the router choose.
        is_plain: whether its cells need no more of Python than Monty knows.
    """

    kind: str
    text: str
    is_right: Callable[[Answer, Path], tuple[bool, str]]
    by: str = "ast"
    mode: Mode | None = None
    is_plain: bool = False


def ask(client: HARLM, number: int, question: Question, context: Context, folder: Path, show: Show) -> bool:
    """Ask a question, and show and check its answer.

    Args:
        client: answers the question.
        number: of the question, as it is shown.
        question: the question.
        context: the files of the folder.
        folder: that ``context`` was read from.
        show: prints one or more lines.

    Returns:
        Whether the answer is right.
    """
    nodes = _Nodes()
    started = time.perf_counter()
    answer = client.ask(question.text, context, mode=question.mode, sinks=[nodes])
    took = time.perf_counter() - started
    right, truth = question.is_right(answer, folder)
    depth = f", {nodes.count} nodes, sub-calls down to depth {nodes.depth}" if nodes.depth else ""
    show(f"{number}. [{question.kind}] {question.text}")
    for line in _shortened(answer.text):
        show(f"   {line}")
    show(
        f"   {answer.mode} mode, {answer.usage.calls} calls{depth}, {len(answer.citations)} citations checked, {took:.2f} s"
    )
    show(f"   {'AGREES' if right else 'DIFFERS'} with {question.by}: {truth}\n")
    return right


class _Nodes:
    """Counts the nodes of a run, and the greatest depth of a sub-call. A ``TraceSink``."""

    def __init__(self) -> None:
        self.count = 0
        self.depth = 0

    def emit(self, event: Event) -> None:
        """Receive one event."""
        self.count += isinstance(event, NodeStarted)
        if isinstance(event, CallStarted) and event.role == "sub":
            self.depth = max(self.depth, event.node.count(".") + 1)


def _shortened(text: str) -> Iterator[str]:
    lines = [line for line in text.splitlines() if line.strip()]
    for line in lines[:7]:
        yield line if len(line) <= 150 else line[:149] + "…"
    if len(lines) > 7:
        yield f"… {len(lines) - 7} more lines"


def _even_median(answer: Answer, library: Path) -> tuple[bool, str]:
    truth = facts_of_files(library)["statistics.py"].docstrings["median"]
    line = next((line for line in truth.splitlines() if "even" in line), "").strip()
    right = any(each.source == "statistics.py" and each.quote in line for each in answer.citations[:1])
    return right, f"the docstring of statistics.median says: {line} …"


def _fraction(answer: Answer, library: Path) -> tuple[bool, str]:
    homes = homes_of_class("Fraction", library)
    return len(homes) == 1 and answer.text.startswith(homes[0]) and _cites(answer, homes[0]), ", ".join(homes)


def _importers(answer: Answer, library: Path) -> tuple[bool, str]:
    count = sum(
        any(name == "asyncio" or name.startswith("asyncio.") for name in file.imported)
        for file in facts_of_files(library).values()
    )
    return first_number(answer) == count, f"{count} modules"


def _etree_classes(answer: Answer, library: Path) -> tuple[bool, str]:
    names = [name for name, _ in facts_of_files(library)["xml/etree/ElementTree.py"].classes]
    return first_number(answer) == len(names) and all(name in answer.text for name in names), ", ".join(
        sorted(names)
    )


def _most_classes(answer: Answer, library: Path) -> tuple[bool, str]:
    counts = {name: len(file.classes) for name, file in facts_of_files(library).items()}
    best = max(counts, key=lambda name: counts[name])
    return answer.text.startswith(
        best
    ) and f"{counts[best]:,} classes" in answer.text, f"{best}, {counts[best]} classes"


def _base_of_http_server(answer: Answer, library: Path) -> tuple[bool, str]:
    base = dict(facts_of_files(library)["http/server.py"].classes)["HTTPServer"][0].split(".")[-1]
    home = homes_of_class(base, library)[0]
    right = home in answer.text and _cites(answer, home) and _cites(answer, "http/server.py")
    return right, f"HTTPServer({base}); {base} is defined in {home}"


def _both_sides(answer: Answer, library: Path) -> tuple[bool, str]:
    """Both modules are quoted, and every quote is in the module that it is cited from."""
    sources = {each.source for each in answer.citations}
    quoted = all(
        each.quote in (library / each.source).read_text(encoding="utf-8") for each in answer.citations
    )
    truth = "; ".join(
        f"{name}: {facts_of_files(library)[name].docstring}" for name in ("heapq.py", "bisect.py")
    )
    return quoted and {"heapq.py", "bisect.py"} <= sources, truth


def _cites(answer: Answer, source: str) -> bool:
    return any(each.source == source for each in answer.citations)


def first_number(answer: Answer) -> int:
    """The first number in an answer; -1 if there is none."""
    match = re.search(r"\d[\d,]*", answer.text)
    return int(match[0].replace(",", "")) if match else -1


QUESTIONS = (
    Question(
        "look-up",
        "What happens to the median when the number of data points is even?",
        _even_median,
        is_plain=True,
    ),
    Question("where-is", "Which module defines the class Fraction?", _fraction),
    Question("count", "How many modules import asyncio?", _importers),
    Question("list", "List the classes defined in xml/etree/ElementTree.py", _etree_classes),
    Question("superlative", "Which module defines the most classes?", _most_classes),
    Question("two-hop", "Which module defines the base class of HTTPServer?", _base_of_http_server),
    Question("compare", "Compare heapq.py and bisect.py", _both_sides, mode="full"),
)
"""Over the standard library."""
