"""The bound of a router: the best of the forced modes, question by question."""

from __future__ import annotations

from pathlib import Path

from harlm.types import MODES
from harlm_bench.outcomes import Result
from harlm_bench.report.bounds import BEST_MODE, measured, with_best_mode
from harlm_bench.report.groups import Group, grouped
from harlm_bench.report.sections import chapters
from harlm_bench.suites import Entry
from tests.unit.bench.made import EMBEDDED, ENTRIES, a_usage, header, journal, result

DIRECT, PLAN, REPL, FULL = (f"HARLM 0.1.0, always {mode}" for mode in MODES)
SYSTEMS = (
    *ENTRIES,
    *(
        Entry(key=f"harlm-{name.rpartition(' ')[2]}", role="mode", reads=1.0, name=name)
        for name in (DIRECT, PLAN, REPL, FULL)
    ),
    Entry(key="oracle-plan", role="bound", reads=0.0, name="oracle plan (upper bound)"),
)


def of(*results: Result) -> Group:
    head = header(EMBEDDED, systems=SYSTEMS)
    (group,) = grouped([journal(Path("a.jsonl"), list(results), head, fresh=True)])
    return group


def forced(question: str, scores: tuple[float, float, float], costs: tuple[int, int, int]) -> list[Result]:
    """By modes that call a model in every turn; a plan is wrong and cheap."""
    return [
        result(name, question=question, score=score, usage=a_usage(micro_usd=cost))
        for name, score, cost in zip((PLAN, DIRECT, REPL, FULL), (0.1, *scores), (0, *costs), strict=True)
    ]


def test_each_question_has_the_best_score_and_of_equal_ones_the_cheapest() -> None:
    group = of(*forced("q0", (0.2, 0.9, 0.4), (1, 2, 3)), *forced("q1", (1.0, 0.0, 1.0), (900, 1, 800)))
    best = with_best_mode(group).of(BEST_MODE)
    assert [(each.question, each.score, each.usage.micro_usd) for each in best] == [
        ("q0", 0.9, 2),
        ("q1", 1.0, 800),
    ]
    assert with_best_mode(group).names("bound") == (BEST_MODE,)


def test_without_every_forced_mode_there_is_no_bound() -> None:
    group = of(*forced("q0", (0.2, 0.9, 0.4), (1, 2, 3))[:3])
    assert with_best_mode(group) == group


def test_a_question_that_one_mode_was_not_asked_is_left_out() -> None:
    group = of(*forced("q0", (0.2, 0.9, 0.4), (1, 2, 3)), *forced("q1", (1.0, 0.0, 1.0), (1, 2, 3))[:3])
    assert [each.question for each in with_best_mode(group).of(BEST_MODE)] == ["q0"]


def test_a_report_shows_bounds_as_bounds_and_never_times_or_bills_of_them() -> None:
    oracle = result("oracle plan (upper bound)", usage=a_usage(calls=0, micro_usd=0))
    group = of(result(score=0.5), *forced("q0", (0.2, 0.9, 0.4), (1, 2, 3)), oracle)
    assert "oracle plan (upper bound)" not in measured(group).names()
    tables = {
        section.table.id: section.table
        for section in chapters([group])[0].sections
        if section.table is not None
    }
    main = {row.head: row.cells[0].text for row in tables["main"].rows}
    assert "$" not in main["oracle plan (upper bound)"]
    assert main[BEST_MODE].startswith("90.0")
    gains = {row.head: row.cells for row in tables["modes"].rows}
    assert gains["oracle plan (upper bound)"][-1].text == "–"
    assert all("is no result" in tables[name].notes[-1] for name in ("main", "modes"))
    for name in ("bills", "latency"):
        assert not [row.head for row in tables[name].rows if "upper bound" in row.head]
