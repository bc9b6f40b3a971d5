"""The contract of strategies, run over each of ours."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from harlm.branching.strategies import (
    Asked,
    compare,
    direct,
    filter,
    follow,
    label,
    map,
    search,
    table,
)
from harlm.testing.contracts import StrategyContract, asked_of
from harlm.testing.contracts.strategy import Propose

LINES = "\n".join(f"line {number}: the pump is {'hot' if number % 3 else 'cold'}" for number in range(60))
CSV = "city,total\n" + "".join(f"Oslo,{number}\n" for number in range(40))
MANY = {
    f"report{number}.txt": f"Report {number}. The bridge opened in {1880 + number}." for number in range(12)
}
SITES = "What is the crew of Oakham? The latest report counts, by its date. Hearsay does not count."
REPORTS = {
    "R-1": "Report R-1, May 1, 2020.\n\nThe crew of Oakham is 7.",
    "R-2": "Report R-2, May 1, 2021.\n\nThe crew of Oakham is 9.",
}

CASES: dict[str, tuple[Propose, str, Mapping[str, str] | str]] = {
    "label": (label.propose, "How many of the lines have the label hot? The labels are: hot, cold.", LINES),
    "compare": (compare.propose, SITES, REPORTS),
    "filter": (filter.propose, "Who is meant here: she sang at night; and she never married.", MANY),
    "table": (table.propose, "What is the sum of total where city is Oslo?", {"orders.csv": CSV}),
    "follow": (follow.propose, "Who is the heir of the mayor of the port of Ham?", MANY),
    "direct": (direct.propose, "When did the bridge open?", "The bridge opened in 1883."),
    "search": (search.propose, "When did the bridge open?", MANY),
    "map": (map.propose, "Summarise the reports.", MANY),
}


class TestStrategies(StrategyContract):
    @pytest.fixture(params=CASES)
    def case(self, request: pytest.FixtureRequest) -> tuple[Propose, str, Mapping[str, str] | str]:
        return CASES[request.param]

    @pytest.fixture
    def propose(self, case: tuple[Propose, str, Mapping[str, str] | str]) -> Propose:
        return case[0]

    @pytest.fixture
    def fitting(self, case: tuple[Propose, str, Mapping[str, str] | str]) -> Asked:
        return asked_of(case[1], case[2])
