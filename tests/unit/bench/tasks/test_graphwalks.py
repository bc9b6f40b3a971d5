from __future__ import annotations

import re

import pytest

from harlm.errors import ConfigError
from harlm_bench.tasks.graphwalks import FAMILY
from tests.unit.bench.tasks.solving import reference_score, size_error, unfound


def _edges(text: str) -> set[tuple[str, str]]:
    return set(re.findall(r"^(\w+) -> (\w+)$", text, re.MULTILINE))


def test_the_gold_answers_follow_from_the_text_alone() -> None:
    window = FAMILY.window(3, 8_192, 12)
    edges = _edges(window.text)
    for question in window.questions:
        node = re.search(r"node (\w{12})", question.text)
        assert node
        gold = set(question.gold.split(", "))
        if question.kind == "parents":
            assert gold == {start for start, end in edges if end == node[1]}
            continue
        distance = {node[1]: 0}
        for step in range(1, int(question.kind[0]) + 1):
            border = {end for start, end in edges if distance.get(start) == step - 1}
            distance |= {end: step for end in border if end not in distance}
        assert gold == {each for each, steps in distance.items() if steps == int(question.kind[0])}


@pytest.mark.parametrize("tokens", [2_048])
def test_windows_have_their_size_and_a_perfect_reader_solves_them(tokens: int) -> None:
    for seed in range(2):
        window = FAMILY.window(seed, tokens, 9)
        assert size_error(window) <= 0.05
        assert reference_score(FAMILY, window) == 1.0
    assert not unfound(FAMILY.window(0, 2_048, 3))


def test_a_walk_needs_edges_of_its_start() -> None:
    window = FAMILY.window(0, 2_048, 1)
    query = FAMILY.understand(window.questions[0].text)
    assert query is not None
    assert query.in_head
    assert query.answer([]) is None
    assert query.answer([each for each in window.facts if each.attributes["from"] != query.node]) is None


def test_the_children_of_a_node_are_a_smaller_question() -> None:
    window = FAMILY.window(0, 2_048, 1)
    start = window.facts[0].attributes["from"]
    query = FAMILY.understand(f"Which nodes does the node {start} point to?")
    assert query is not None
    assert not query.in_head
    ends = sorted(end for begin, end in _edges(window.text) if begin == start)
    assert query.answer(window.facts) == ", ".join(ends)


def test_other_questions_are_not_understood() -> None:
    assert FAMILY.understand("How many nodes are there?") is None


def test_no_question_is_no_window() -> None:
    with pytest.raises(ConfigError, match="at least one question"):
        FAMILY.window(0, 2_048, 0)
