from __future__ import annotations

import re

import pytest

from harlm.branching.strategies import fitting
from harlm.branching.strategies.compare import propose
from tests.support.proposals import asked_of, final_of
from tests.support.scripted_leaf import ScriptedLeaf

RULES = "The latest report counts, by its date. Hearsay and plans do not count, nor does what another report calls a mistake."
TABLE = f"Make a table of the crew of these sites: Oakham, Elmham, Ashham. {RULES} Answer in CSV with the columns site, crew and source, and nothing else."
TEXTS = {
    "R-1": "Report R-1, May 1, 2020.\n\nThe crew of Oakham is 7. The crew of Elmham is 3, all told.",
    "R-2": "Report R-2, May 1, 2021.\n\nThe crew of Oakham is 9.",
    "R-3": "Report R-3, May 1, 2022.\n\nThe crew of Oakham is said to be 5.",
    "R-4": "Report R-4, May 1, 2022.\n\nWhat R-2 says of the crew of Oakham is an error. The crew of Oakham is 8.",
}


def honest(prompt: str, _: str) -> str:
    lines = []
    for source, date, body in re.findall(
        r"^## (\S+) \((\S+)\)\n(.*?)(?=\n\n##|\Z)", prompt, re.MULTILINE | re.DOTALL
    ):
        thing = re.search(r"crew of (\w+), and", prompt)
        assert thing is not None
        lines += [
            f"{voided} is mistaken, {source}, {date}" for voided in re.findall(r"What (R-\d) says", body)
        ]
        for said, value in re.findall(rf"crew of {thing[1]} is (said to be )?(\d[^.]*)\.", body):
            lines.append(f"{value}, {'hearsay' if said else 'stated'}, {source}, {date}")
    return "\n".join(lines) or "nothing"


def answer(question: str) -> object:
    proposal, *_ = fitting(asked_of(question, TEXTS))
    assert proposal.strategy == "compare"
    return final_of(proposal, TEXTS, ScriptedLeaf(honest))


def test_the_cells_write_the_table_in_the_form_that_was_asked_for() -> None:
    assert answer(TABLE) == 'site,crew,source\nOakham,8,R-4\nElmham,"3, all told",R-1\nAshham,,'


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        (f"What is the crew of Oakham? {RULES}", "8"),
        (f"Which report tells the crew of Oakham as it is? {RULES}", "R-4"),
        (
            "How many different values do the reports state for the crew of Oakham? Hearsay does not count.",
            "3",
        ),
        ("What is the crew of Oakham? The first report counts.", "7"),
        (f"What is the crew of Ashham? {RULES}", "NOT FOUND"),
    ],
)
def test_the_cells_answer_with_what_was_asked_for(question: str, expected: str) -> None:
    assert answer(question) == expected


def test_a_question_without_a_rule_is_left_to_others() -> None:
    assert propose(asked_of("What is the crew of Oakham?", TEXTS)) is None
    assert propose(asked_of(TABLE, "one text")) is None


def test_the_forecast_is_small_beside_the_text() -> None:
    texts = {f"R-{at}": f"Report R-{at}, May 1, 2020. " + "filler " * 400 for at in range(200)}
    asked = asked_of(TABLE, texts)
    proposal = propose(asked)
    assert proposal is not None
    assert proposal.forecast.input_tokens < 0.2 * asked.profile.tokens
    assert proposal.forecast.calls >= 3
    assert "latest" in proposal.reasons[1]
