"""A scaffold is recognised by the names in its rules, and a plain call is none."""

from __future__ import annotations

import pytest

from harlm.engine.prompts import DIRECT_SYSTEM, reading_plan
from harlm_bench.simulator.roots.scaffold import recognise
from tests.unit.bench.simulator.roots import rules


def test_harlm_in_full_mode() -> None:
    found = recognise(rules.HARLM.opened("Who?"))

    assert found is not None
    assert (found.fence, found.text, found.ending) == ("repl", "context", "FINAL")
    assert (found.single, found.batched, found.recursive) == ("llm_query", "llm_query_batched", "rlm_query")
    assert (found.final_var, found.search, found.recurses_over) == ("FINAL_VAR", "method", True)
    assert found.room is None


def test_harlm_says_how_much_a_call_reads_well() -> None:
    system, opening = rules.HARLM.opened("Who?")

    found = recognise([system, (opening[0], f"{reading_plan(12, 25_000, 32_000)}\n\n{opening[1]}")])

    assert found is not None
    assert found.room == 100_000


def test_harlm_without_sub_calls() -> None:
    found = recognise(rules.READS_ONLY.opened("Who?"))

    assert found is not None
    assert (found.single, found.batched, found.recursive) == (None, None, None)


def test_harlm_for_small_models() -> None:
    found = recognise(rules.SMALL.opened("Who?"))

    assert found is not None
    assert (found.fence, found.single, found.recurses_over) == ("repl", "llm_query", True)


def test_the_dict_of_rlms() -> None:
    found = recognise(rules.RLMS.opened("Who?"))

    assert found is not None
    assert (found.fence, found.text, found.ending) == ("repl", "context", "answer")
    assert (found.single, found.batched, found.recursive) == ("llm_query", "llm_query_batched", "rlm_query")
    assert (found.final_var, found.recurses_over, found.room) == (None, False, 500_000)


def test_the_actions_of_codeact() -> None:
    found = recognise(rules.CODEACT.opened("Who?"))

    assert found is not None
    assert (found.fence, found.ending, found.search, found.ends_outside) == (
        "python",
        "ANSWER",
        "action",
        True,
    )
    assert (found.single, found.batched) == (None, None)


def test_codeact_with_sub_calls() -> None:
    found = recognise(rules.CODEACT_IN_VIEW.opened("Who?"))

    assert found is not None
    assert (found.single, found.search) == ("llm_query", None)


def test_the_paper_finishes_outside_code() -> None:
    found = recognise(rules.PAPER.opened("Who?"))

    assert found is not None
    assert (found.fence, found.ending, found.final_var, found.ends_outside) == (
        "repl",
        "FINAL",
        "FINAL_VAR",
        True,
    )


def test_the_fields_of_dspy() -> None:
    found = recognise(rules.dspy("Who?"))

    assert found is not None
    assert found.has_fields
    assert (found.fence, found.ending, found.single, found.room) == ("python", "SUBMIT", "llm_query", 500_000)


def test_the_pairs_of_minrlm() -> None:
    found = recognise(rules.MINRLM.opened("Who?"))

    assert found is not None
    assert (found.text, found.single, found.batched) == ("input_0", "sub_llm", "sub_llm_batch")
    assert (found.takes_pairs, found.is_one_block, found.final_var) == (True, True, "FINAL_var")
    assert found.search == "triples"


def test_the_dict_of_droste() -> None:
    found = recognise(rules.DROSTE.opened("Who?"))

    assert found is not None
    assert (found.fence, found.ending, found.batched) == ("python", "answer", "llm_query_batched")
    assert found.text == 'context["files"][0]["text"]'


def test_several_files_of_droste_keep_their_names() -> None:
    found = recognise(rules.DROSTE_MANY.opened("Who?"))

    assert found is not None
    files = {"context": {"files": [{"name": "a", "text": "x"}, {"name": "b", "text": "y"}]}}
    assert eval(found.text, files) == ["# a\nx", "# b\ny"]


@pytest.mark.parametrize(
    "messages",
    [
        [("user", "Label each of the following lines with one of: A, B.\n\n1: FINAL(x)")],
        [("system", DIRECT_SYSTEM), ("user", "```python\nFINAL(1)\n```\nWho?")],
        [("user", "Read this code:\n```python\nx = 1\n```\nWhat is x?")],
        [],
    ],
)
def test_a_plain_call_is_no_root_request(messages: list[tuple[str, str]]) -> None:
    assert recognise(messages) is None
