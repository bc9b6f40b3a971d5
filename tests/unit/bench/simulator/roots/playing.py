"""Plays a question through a scaffold in one process: runs the root's code in a plain namespace over an exact leaf."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from typing import Self

from harlm_bench.items import TaskFamily, Window
from harlm_bench.simulator.draw import Draw
from harlm_bench.simulator.roots import turn
from harlm_bench.simulator.roots.policy import Quality
from tests.unit.bench.simulator.roots import rules
from tests.unit.bench.simulator.roots.rules import Rules

_TURNS = 14


@dataclass
class Leaf:
    """Reads without error: labels numbered lines, answers questions from the facts in a text, says NOT FOUND else."""

    family: TaskFamily
    window: Window
    calls: int = 0
    by_text: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for fact in self.window.facts:
            self.by_text[fact.text] = fact.attributes
            self.by_text[fact.text.rpartition("Instance: ")[2]] = fact.attributes

    def __call__(self, prompt: str) -> str:
        """The reply to one prompt."""
        self.calls += 1
        instruction, _, text = prompt.partition("\n\n")
        if instruction.startswith("Label each"):
            return "\n".join(self._labelled(line) for line in text.splitlines() if line.strip())
        if instruction.startswith("Is the proposed answer"):
            return "yes"
        asked, _, content = text.partition("\n\nText:")
        if instruction.startswith("Does this document"):
            asked, content = instruction, text
        if instruction.startswith("Copy"):
            return self.copy(asked, content)
        return self.read(asked, content)

    def copy(self, question: str, text: str) -> str:
        """The items of a text that bear on a question."""
        query = self.family.understand(question)
        if query is None:
            return "NOTHING"
        return (
            "\n".join(each.text for each in self.window.facts if each.text in text and query.wants(each))
            or "NOTHING"
        )

    def read(self, question: str, text: str) -> str:
        """The answer to a question over a text."""
        query = self.family.understand(question)
        if query is None:
            return "NOT FOUND"
        return query.answer([fact for fact in self.window.facts if fact.text in text]) or "NOT FOUND"

    def _labelled(self, line: str) -> str:
        number, _, item = line.partition(": ")
        return f"{number}: {self.by_text.get(item.strip(), {}).get('label', 'unknown')}"


class Finished(Exception):
    """Code finished with an answer."""


class Answer(dict[str, object]):
    """The dict of the scaffolds that finish with one."""

    def __setitem__(self, key: str, value: object) -> None:
        super().__setitem__(key, value)
        if key == "ready" and value:
            raise Finished(str(self["content"]))


@dataclass
class Hit:
    """A passage that a search found."""

    text: str


def ranked(texts: Iterable[str], query: str, k: int) -> list[Hit]:
    """The paragraphs that share the most words with a query."""
    words = query.lower().split()
    blocks = [block for text in texts for block in text.split("\n\n")]
    blocks.sort(key=lambda block: -sum(word in block.lower() for word in words))
    return [Hit(block) for block in blocks[:k]]


class Named(str):
    """A document with its name, as HARLM's are."""

    name: str

    def __new__(cls, text: str, name: str) -> Self:
        made = super().__new__(cls, text)
        made.name = name
        return made

    def search(self, query: str, k: int = 10) -> list[Hit]:
        """The best passages."""
        return ranked([self], query, k)


class Documents(list[Named]):
    """Several documents, as HARLM's context is."""

    def search(self, query: str, k: int = 10) -> list[Hit]:
        """The best passages of all documents."""
        return ranked(self, query, k)


def play(
    scaffold: Rules,
    window: Window,
    question: str,
    leaf: Leaf,
    *,
    seed: str = "1",
    mix: Mapping[Quality, float],
    documents: bool = False,
) -> str:
    """The answer of a root under a scaffold; empty if it does not finish."""
    if scaffold is rules.DROSTE and len(window.documents) > 1:
        scaffold = rules.DROSTE_MANY
    names = _names(window, leaf, documents, files=scaffold.name.startswith("droste"))
    messages = scaffold.opened(question)
    steps: list[tuple[str, str]] = []
    for _ in range(_TURNS):
        reply = turn(
            messages, Draw(seed), mix=mix, reader=lambda instruction, text: leaf(f"{instruction}\n\n{text}")
        )
        assert reply is not None
        code = re.search(r"```(?:repl|python)\n(.*?)\n```", reply, re.DOTALL)
        if code is None:
            if named := re.search(r"FINAL_VAR\((\w+)\)", reply):
                return str(names.get(named[1], ""))
            given = re.search(r"(?:FINAL|ANSWER|SUBMIT)\((.*)\)", reply, re.DOTALL)
            return given[1] if given else reply
        output, error = run(code[1], names)
        if isinstance(error, Finished):
            return str(error)
        steps.append((code[1], f"[Error] {error}" if error else output))
        messages = _continued(scaffold, messages, question, reply, output, error, steps)
    return ""


def run(code: str, names: dict[str, object]) -> tuple[str, Exception | None]:
    """What code prints, and what it raises."""
    printed = io.StringIO()
    try:
        with redirect_stdout(printed):
            exec(compile(code, "<cell>", "exec"), names)
    except Exception as error:  # noqa: BLE001
        return printed.getvalue(), error if isinstance(error, Finished) else type(error)(
            f"{type(error).__name__}: {error}"
        )
    return printed.getvalue(), None


def _continued(
    scaffold: Rules,
    messages: list[tuple[str, str]],
    question: str,
    reply: str,
    output: str,
    error: Exception | None,
    steps: list[tuple[str, str]],
) -> list[tuple[str, str]]:
    if scaffold is rules.DSPY:
        return rules.dspy(question, *steps)
    if error is not None:
        return scaffold.went_wrong(messages, reply, str(error))
    return scaffold.went_on(messages, reply, output[:20_000])


def _names(window: Window, leaf: Leaf, documents: bool, files: bool) -> dict[str, object]:
    text: object = Named(window.text, "all")
    if documents:
        text = Documents(Named(text, name) for name, text in window.documents.items())

    def finish(value: object) -> None:
        raise Finished(str(value))

    def batched(prompts: list[str]) -> list[str]:
        return [leaf(each) for each in prompts]

    if files:
        text = {"files": [{"name": name, "text": text} for name, text in window.documents.items()]}
    return {
        "context": text,
        "input_0": window.text,
        "llm_query": leaf,
        "llm_query_batched": batched,
        "rlm_query": lambda prompt, part="": leaf(f"{prompt}\n\n{part}"),
        "sub_llm": lambda task, part: leaf(f"{task}\n\n{part}"),
        "sub_llm_batch": lambda pairs: [leaf(f"{task}\n\n{part}") for task, part in pairs],
        "FINAL": finish,
        "SUBMIT": finish,
        "answer": Answer(),
    }
