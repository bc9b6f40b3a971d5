"""Every program of the bank is valid Python under every scaffold, takes no name of a scaffold, and the half that must not be
tuned is as its last repair left it.
"""

from __future__ import annotations

import ast
import itertools
import re

import pytest

from harlm_bench.simulator.draw import Draw
from harlm_bench.simulator.roots.bank import FAMILIES, Family, by_eye, programs, untuned
from harlm_bench.simulator.roots.bank.checking import CHECKS, EARLY
from harlm_bench.simulator.roots.bank.looking import LOOKS
from harlm_bench.simulator.roots.conversation import Conversation
from harlm_bench.simulator.roots.play import Player
from harlm_bench.simulator.roots.policy import QUALITIES, drawn
from harlm_bench.simulator.roots.scaffold import Scaffold, recognise
from harlm_bench.simulator.roots.understanding import understood
from tests.unit.bench.simulator.roots import rules

QUESTIONS: dict[Family, str] = {
    "short": "Which thing on the price list costs the most? Answer with the thing only.",
    "s-niah": "What is the registered number of amber-lagoon-42? Answer with the number only.",
    "oolong": "In the data above, how many messages should be classified as label 'plan'? Each message has one of these labels: "
    "offer, plan, report. Give your final answer in the form 'Answer: number'.",
    "pairs": "List all pairs of user IDs such that both users have at least one message with label plan or label offer, and all "
    "messages with label plan of both users were written after May 2, 2023. Each message has one of these labels: offer, plan.",
    "browse": "Which person is described here: the person hardly slept; the person's school cost nothing? Answer with the name.",
    "codeqa": "In json/decoder.py, what is the default value of the parameter `strict` of `Reader.read`?\nA) 1\nB) 2\nC) 3\nD) 4",
    "multihop-long": "Who or what is the owner of the employer of Ida Malrose? Answer with the name only.",
    "crossdoc": "Make a table of the depth of these sites: Oakham, Elmton. The latest report counts, by its date.",
    "tables": "What is the sum of the column price over the rows in which holds: city is Oakham and quantity is at least 3?",
    "mrcr": "Give the assistant's second poem about the old lamp, word for word, with ab12 and a blank before it.",
    "graphwalks": "Start at the node a1b2 and follow the edges. Which nodes are reached in 2 steps and in no fewer?",
    "counting": "How many lines are about food? Each line is about one of these topics: food, sport. Answer with the number.",
}
SCAFFOLDS = (*rules.CODERS, rules.DROSTE_MANY)
_TAKEN = frozenset(
    "answer context history input_0 task_0 search peek llm_query llm_query_batched rlm_query "
    "rlm_query_batched sub_llm sub_llm_batch memory budget FINAL FINAL_VAR SUBMIT SHOW_VARS print".split()
)


def scaffolds() -> list[Scaffold]:
    found = [recognise(each.opened("Who?")) for each in SCAFFOLDS]
    return [each for each in found if each is not None]


def codes(family: Family) -> list[str]:
    """The code of each step of each program of a family, for each scaffold."""
    asked = understood(QUESTIONS[family])
    assert asked.family == family
    steps = [step for each in programs(family) for step in each.steps]
    steps += [*LOOKS, *CHECKS, EARLY, *by_eye.PROGRAM.steps]
    return [
        Player(
            asked=asked,
            policy=drawn(Draw("1")),
            scaffold=scaffold,
            talk=Conversation(question=asked.question),
        ).code_of(step)
        for scaffold, step in itertools.product(scaffolds(), steps)
    ]


def _assigned(tree: ast.Module) -> set[str]:
    """The names that code assigns in its own scope, not in that of a comprehension."""
    inside = {
        id(name)
        for node in ast.walk(tree)
        if isinstance(node, ast.comprehension)
        for name in ast.walk(node.target)
    }
    return {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in inside
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_every_program_is_valid_python_under_every_scaffold(family: Family) -> None:
    for code in codes(family):
        tree = ast.parse(code)
        assert not _assigned(tree) & _TAKEN
        assert re.search(r"\$[a-z]", code) is None


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_has_two_programs_of_each_quality(family: Family) -> None:
    assert [each.quality for each in programs(family)] == [*QUALITIES, *QUALITIES]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_last_step_of_each_program_leaves_a_result(family: Family) -> None:
    for each in programs(family):
        assert 'print("result:", result)' in each.steps[-1].code


def test_typical_programs_with_calls_are_plain_loops() -> None:
    for family in FAMILIES:
        for each in programs(family):
            code = "\n".join(step.code for step in each.steps)
            if each.quality == "typical":
                assert "$batched" not in code
            if each.quality == "typical" and each.calls:
                assert "$single" in code


def test_the_untuned_half_is_as_its_last_repair_left_it() -> None:
    """If this fails, a program of ``bank.untuned`` was changed. A repair belongs in the list in that package."""
    assert untuned.digest() == untuned.REPAIRED
