from __future__ import annotations

import re

import pytest

from harlm_bench.items import Fact
from harlm_bench.scoring import score
from harlm_bench.tasks.crossdoc import FAMILY
from tests.unit.bench.tasks.solving import answered, reference_score, size_error, unfound


def _report(number: str, day: str) -> Fact:
    return Fact(text=f"Report {number}", kind="report", attributes={"report": number, "date": day})


def _said(number: str, value: str, standing: str = "stated", site: str = "Ashby") -> Fact:
    said = {"report": number, "field": "crew", "site": site, "value": value, "standing": standing}
    return Fact(text=f"{number} {value}", kind="statement", attributes=said)


def _void(number: str, voids: str) -> Fact:
    said = {"report": number, "field": "crew", "site": "Ashby", "voids": voids}
    return Fact(text=f"{number} {voids}", kind="withdrawal", attributes=said)


_DATES = (_report("R-9000", "2021-05-01"), _report("R-2000", "2022-05-01"), _report("R-3000", "2023-05-01"))


def _asked(question: str, *facts: Fact) -> str | None:
    query = FAMILY.understand(question)
    assert query is not None
    return query.answer([*_DATES, *facts])


def test_the_latest_report_counts_whatever_its_number() -> None:
    facts = (_said("R-2000", "20"), _said("R-9000", "90"))
    assert _asked("What is the crew of Ashby?", *facts) == "20"
    assert _asked("Which report tells the crew of Ashby as it is?", *facts) == "R-2000"
    assert _asked("How many different values do the reports state for the crew of Ashby?", *facts) == "2"


def test_hearsay_plans_and_mistakes_do_not_count() -> None:
    facts = (_said("R-9000", "90"), _said("R-2000", "20", "hearsay"), _said("R-3000", "30", "planned"))
    assert _asked("What is the crew of Ashby?", *facts) == "90"
    assert (
        _asked(
            "What is the crew of Ashby?",
            _said("R-9000", "90"),
            _said("R-2000", "20"),
            _void("R-3000", "R-2000"),
        )
        == "90"
    )
    assert _asked("What is the crew of Ashby?", _said("R-9000", "90"), _void("R-3000", "R-9000")) is None
    assert _asked("What is the crew of Oakby?", *facts) is None


def test_a_table_leaves_out_what_nobody_states() -> None:
    facts = (_said("R-9000", "90"), _said("R-2000", "7", site="Oakby"))
    asked = "Make a table of the crew of these sites: Ashby, Oakby, Elmby. The latest report counts."
    assert _asked(asked, *facts) == "site,crew,source\nAshby,90,R-9000\nOakby,7,R-2000"


def test_a_program_may_ask_one_report() -> None:
    asked = "What does this report say of the crew of Ashby, and what is its date?"
    assert _asked(asked, _said("R-2000", "20", "hearsay")) == "20, hearsay, R-2000, 2022-05-01"
    assert _asked(asked, _void("R-3000", "R-2000")) == "R-2000 is mistaken, R-3000, 2023-05-01"
    assert _asked(asked, _said("R-2000", "20", site="Oakby")) == "nothing"


@pytest.mark.parametrize("tokens", [2_048, 131_072])
def test_windows_have_their_size_and_a_perfect_reader_solves_them(tokens: int) -> None:
    for seed in range(2):
        window = FAMILY.window(seed, tokens, 12)
        assert size_error(window) <= 0.05
        assert 30 <= len(window.documents) <= 300
        assert reference_score(FAMILY, window) == 1.0
    assert not unfound(FAMILY.window(0, 8_192, 3))


def test_each_fact_stands_once_in_the_document_of_its_report() -> None:
    window = FAMILY.window(1, 65_536, 1)
    for fact in window.facts:
        assert window.documents[fact.attributes["report"]].count(fact.text) == 1
    assert len({fact.text for fact in window.facts}) == len(window.facts)


def test_reading_only_the_last_statements_is_not_enough() -> None:
    """A solver that takes the latest number beside a site, whatever is said of it, is right in fewer than three of four."""
    scores = []
    for seed in range(2):
        window = FAMILY.window(seed, 65_536, 20)
        naive = [
            Fact(text=each.text, kind=each.kind, attributes={**each.attributes, "standing": "stated"})
            for each in window.facts
            if each.kind != "withdrawal"
        ]
        scores += [score(each, answered(FAMILY, each, naive)) for each in window.questions]
    assert sum(scores) / len(scores) < 0.75


def test_a_table_scores_by_its_cells() -> None:
    question = next(each for each in FAMILY.window(0, 65_536, 4).questions if each.kind == "table")
    head, first, *rest = question.gold.splitlines()
    wrong = re.sub(r"R-\d+$", "R-0", first)
    assert 0.5 < score(question, "\n".join((head, wrong, *rest))) < 1.0
