"""``harlm plan``: the plan of a cell, as text, JSON, dot or SVG."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from harlm.cli.verbs.plan import command
from harlm.errors import ContextError

CELL = "for c in chunks:\n    first(c)\nprint(llm_query('all'))\n"
HELPER = "def first(c):\n    return llm_query(c)\n"


@pytest.fixture(autouse=True)
def cells(clean_environment: Path) -> None:
    Path("cell.py").write_text(CELL)
    Path("helper.py").write_text(HELPER)


def plan(*arguments: str, stdin: str | None = None) -> str:
    ran = CliRunner().invoke(command, list(arguments), input=stdin, catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return ran.output


def test_the_text_has_a_line_for_each_call() -> None:
    assert plan("cell.py").splitlines()[0] == "[1] line 3: llm_query('all')"


def test_helper_functions_come_from_earlier_cells() -> None:
    made = json.loads(plan("cell.py", "--after", "helper.py", "--json"))
    assert [(site["tool"], site["through"]) for site in made["calls"]] == [
        ("llm_query", ["first"]),
        ("llm_query", []),
    ]
    assert made["calls"][0]["loops"] == [{"header": "for c in chunks", "flow": "map"}]
    assert made["shape"] == "mixed"


@pytest.mark.parametrize(("flag", "start"), [("--dot", "digraph plan {"), ("--svg", "<svg ")])
def test_a_plan_can_be_drawn(flag: str, start: str) -> None:
    assert plan("cell.py", flag).startswith(start)


def test_a_dash_is_standard_input() -> None:
    assert "llm_query('x')" in plan("-", stdin="llm_query('x')")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"x = (", r"'bad.py' is not Python: .* \(line 1\); fix the code"),
        (b"\xff", r"'bad.py' cannot be read: .*; name a file with Python code"),
        (None, r"'bad.py' cannot be read: .*; name a file with Python code"),
    ],
)
def test_a_file_that_cannot_be_analysed_is_named(data: bytes | None, said: str) -> None:
    if data is not None:
        Path("bad.py").write_bytes(data)
    with pytest.raises(ContextError, match=said):
        plan("bad.py")


LINES = "".join(f"Date: Mar {day}, 2023 || User: {day % 3} || Text: line {day}\n" for day in range(10, 20))
COUNT = "How many messages have the label 'praise'? The labels are: praise, request, plan."


def test_a_question_shows_the_strategy_its_cost_and_its_code() -> None:
    Path("lines.txt").write_text(LINES)
    shown = plan(COUNT, "lines.txt", "-m", "openai/gpt-5", "--sub-model", "openai/gpt-5-mini")
    assert shown.startswith("strategy label · $0.00")
    assert "labels = label(" in shown
    assert "openai/gpt-5-mini: to choose a label for an item" in shown


def test_a_question_as_json_has_the_whole_proposal() -> None:
    Path("lines.txt").write_text(LINES)
    made, *_ = json.loads(plan(COUNT, "lines.txt", "-m", "openai/gpt-5", "--json"))["proposals"]
    assert made["strategy"] == "label"
    assert made["forecast"]["calls"] > 0


def test_a_question_that_no_strategy_understands_says_what_happens_instead() -> None:
    Path("lines.txt").write_text(LINES * 20_000)  # no call reads it, and no word is to be searched
    assert "no strategy understands this question" in plan("Why?", "lines.txt", "-m", "openai/gpt-5")


def test_options_of_cells_are_refused_for_a_question() -> None:
    Path("lines.txt").write_text(LINES)
    ran = CliRunner().invoke(command, [COUNT, "lines.txt", "--svg"])
    assert ran.exit_code == 2
    assert "for the plan of one cell" in ran.output
