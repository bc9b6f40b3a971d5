"""Walks on a graph that is given as a list of edges: the nodes at a distance, and the parents of a node.

As OpenAI's GraphWalks (2025): node names are meaningless, and answers are sets, scored by F1.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from harlm.tokens import estimate_tokens
from harlm_bench.items import Fact, Question, Window
from harlm_bench.tasks import check_size
from harlm_bench.tasks.prose import cut_to, rate

Walk = Literal["steps", "parents", "children"]

_INTRODUCTION = (
    "A directed graph. Each line is one edge: the node before the arrow points to the node after it.\n"
)
_NAME = 12  # hexadecimal digits of a node
_OUT = 3.0  # edges for each node, on average
_MOST_FOUND = 40  # nodes in an answer, so that it can be written down
_TRIES = 400
_DEPTHS = (2, 3, 4)
_FORM = "Answer with the names of the nodes, separated by commas, in any order, and nothing else; with 'none' if there is no such node."
_BFS = (
    "Start at the node {node} and follow the edges. Which nodes are reached in {depth} steps and in no fewer? "
    + _FORM
)
_PARENTS = "Which nodes point to the node {node}? " + _FORM
_CHILDREN = "Which nodes does the node {node} point to? " + _FORM
_ASKED: tuple[tuple[Walk, re.Pattern[str]], ...] = (
    (
        "steps",
        re.compile(r"Start at the node (?P<node>\w+) and .* reached in (?P<depth>\d+) steps and in no fewer"),
    ),
    ("parents", re.compile(r"Which nodes point to the node (?P<node>\w+)\?")),
    ("children", re.compile(r"Which nodes does the node (?P<node>\w+) point to\?")),
)

Edges = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkQuery:
    """A question about a graph.

    Attributes:
        walk: what is asked.
        node: where it starts.
        depth: the number of steps; 1 for parents and children.
    """

    walk: Walk
    node: str
    depth: int = 1

    @property
    def in_head(self) -> bool:
        """Whether edges must be put together."""
        return self.depth > 1

    def wants(self, fact: Fact) -> bool:
        """For a walk of several steps all edges, else those of the node."""
        if fact.kind != "edge":
            return False
        if self.walk == "parents":
            return fact.attributes["to"] == self.node
        return self.depth > 1 or fact.attributes["from"] == self.node

    def answer(self, facts: Sequence[Fact]) -> str | None:
        """The nodes in the order of their names."""
        edges = [(each.attributes["from"], each.attributes["to"]) for each in facts if self.wants(each)]
        if not edges:
            return None
        if self.walk == "parents":
            return _listed({start for start, _ in edges})
        children = defaultdict(list)
        for start, end in edges:
            children[start].append(end)
        if self.node not in children:
            return None
        return _listed(_reached(children, self.node, self.depth))


class GraphWalks:
    """The family ``graphwalks``."""

    name = "graphwalks"
    version = 1

    def window(self, seed: int, tokens: int, questions: int) -> Window:
        """A list of edges of a random graph. Two of three questions are walks of two to four steps, one asks for parents.

        Raises:
            ConfigError: no window has so many or so few ``tokens``, or ``questions`` is below 1.
        """
        check_size(self.name, tokens, questions)
        chance = Random(f"graphwalks {self.version} {seed} {tokens}")
        pairs = _edges(tokens, chance)
        lines = [f"{start} -> {end}" for start, end in pairs]
        lines = lines[: cut_to(lines, tokens - estimate_tokens(_INTRODUCTION))]
        pairs = pairs[: len(lines)]
        facts = tuple(
            Fact(text=line, kind="edge", attributes={"from": start, "to": end})
            for line, (start, end) in zip(lines, pairs, strict=True)
        )
        return Window(
            task=self.name,
            version=self.version,
            seed=seed,
            tokens=tokens,
            documents={"graph": _INTRODUCTION + "\n".join(lines) + "\n"},
            questions=_questions(pairs, questions, chance),
            facts=facts,
        )

    def understand(self, question: str) -> WalkQuery | None:
        """Walks of some steps, parents, and the children of one node."""
        for walk, pattern in _ASKED:
            found = pattern.search(question)
            if found:
                return WalkQuery(walk=walk, node=found["node"], depth=int(found.groupdict().get("depth", 1)))
        return None


FAMILY = GraphWalks()


def _edges(tokens: int, chance: Random) -> list[tuple[str, str]]:
    """Different edges between random nodes, in any order."""
    sample = [
        f"{chance.getrandbits(4 * _NAME):012x} -> {chance.getrandbits(4 * _NAME):012x}" for _ in range(2_000)
    ]
    count = max(12, int(tokens / rate(sample) * 1.04) + 40)
    nodes = max(6, int(count / _OUT))
    names = [f"{each:012x}" for each in chance.sample(range(16**_NAME), nodes)]
    starts = chance.choices(names, k=count)
    ends = chance.choices(names, k=len(starts))
    drawn = dict.fromkeys((start, end) for start, end in zip(starts, ends, strict=True) if start != end)
    return list(drawn)


def _questions(pairs: Sequence[tuple[str, str]], wanted: int, chance: Random) -> tuple[Question, ...]:
    children, parents = defaultdict(list), defaultdict(list)
    for start, end in pairs:
        children[start].append(end)
        parents[end].append(start)
    starts, ends = list(children), list(parents)
    made = []
    for number in range(wanted):
        if number % 3 == 2:
            node = chance.choice(ends)
            text, kind, found = _PARENTS.format(node=node), "parents", set(parents[node])
        else:
            depth = _DEPTHS[(number + number // 3) % len(_DEPTHS)]
            node, found = _walk(children, starts, depth, chance)
            text, kind = _BFS.format(node=node, depth=depth), f"{depth} steps"
        made.append(Question(id=f"q{number + 1}", text=text, kind=kind, gold=_listed(found), scorer="set"))
    return tuple(made)


def _walk(children: Edges, starts: Sequence[str], depth: int, chance: Random) -> tuple[str, set[str]]:
    """A node from which a walk finds some nodes, but not too many."""
    found: set[str] = set()
    for _ in range(_TRIES):
        node = chance.choice(starts)
        found = _reached(children, node, depth)
        if 2 <= len(found) <= _MOST_FOUND:
            break
    return node, found


def _reached(children: Edges, node: str, depth: int) -> set[str]:
    seen, border = {node}, {node}
    for _ in range(depth):
        border = {end for start in border for end in children.get(start, ())} - seen
        seen |= border
    return border


def _listed(nodes: set[str]) -> str:
    return ", ".join(sorted(nodes)) or "none"
