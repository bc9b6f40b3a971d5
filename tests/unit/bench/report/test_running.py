from __future__ import annotations

from pathlib import Path

from harlm_bench.labels import Label
from harlm_bench.outcomes import Result, Status
from harlm_bench.report import running, scores
from harlm_bench.report.groups import Group, grouped
from harlm_bench.report.plots import latency
from harlm_bench.report.tables import Table
from tests.unit.bench.made import a_usage, header, journal, result, results


def group(of: list[Result]) -> Group:
    (found,) = grouped([journal(Path("a.jsonl"), of, header(), fresh=True)])
    return found


def texts(table: Table | None, row: int = 0) -> list[str]:
    assert table is not None
    return [cell.text for cell in table.rows[row].cells]


def test_times_have_a_95th_percentile_only_when_there_are_enough() -> None:
    few = [result(question=f"q{n}", wall_s=1.0 + n) for n in range(5)]
    assert texts(running.latency_table(group(few))) == [
        "5", "3.00 s", "n < 200", "2.0", "1.50", "2", "0.10 s",
    ]  # fmt: skip
    many = [result(question=f"q{n}", wall_s=float(n)) for n in range(1, 201)]
    assert texts(running.latency_table(group(many)))[2] == "190.0 s"


def test_simulated_times_are_told_as_such() -> None:
    assert "scaled clock" in running.latency_table(group([result()])).notes[-1]


def test_no_time_of_recorded_replies_is_told() -> None:
    label = Label(kind="REPLAY", detail="tape.jsonl", origin="SIMULATED")
    (replayed,) = grouped([journal(Path("a.jsonl"), results(), header(label), fresh=True)])
    table = running.latency_table(replayed)
    assert texts(table) == ["33", "–", "–", "2.0", "–", "–", "0.10 s"]
    assert table.heading == "Time and calls · REPLAY of SIMULATED"
    assert latency.latency(replayed) is None
    (gain, *_) = scores.gains(replayed, "HARLM 0.1.0", ["base"])
    assert gain.wall is None


def test_every_way_to_end_is_counted_with_its_reason() -> None:
    ends: tuple[Status, ...] = ("limit", "crashed", "crashed", "endpoint")
    failed = [result(question=f"q{n}", status=status, score=0.0) for n, status in enumerate(ends, 1)]
    of = [result(question="q0"), *failed]
    table = running.failures_table(group(of))
    assert table.columns[1:-1] == ("answered", "no answer", "limit", "crashed", "not installed", "endpoint")
    assert texts(table) == ["1", "0", "1", "2", "0", "1", "why crashed"]


def test_the_bill_of_the_gateway_stands_beside_the_meter_of_the_system() -> None:
    of = [result(notes={"meter_micro_usd": 1_004}), result("base")]
    table = running.bills_table(group(of))
    assert texts(table, 1) == ["900", "0", "100", "0", "$0.001000", "+4 µ$"]
    assert texts(table, 0)[-1] == "–"


def test_an_unknown_bill_makes_the_sum_unknown_and_not_smaller() -> None:
    unknown = a_usage(micro_usd=None)
    of = [result(notes={"meter_micro_usd": 9}), result(question="q1", usage=unknown), result("base")]
    table = running.bills_table(group(of))
    assert texts(table, 1)[-2:] == ["–", "-991 µ$"]
    metered = [result(notes={"meter_micro_usd": 9}, usage=unknown), result("base")]
    assert texts(running.bills_table(group(metered)), 1)[-2:] == ["–", "–"]


def test_memory_and_routes_are_told_for_systems_that_tell_them() -> None:
    whole = group(results())
    memory, routes = running.memory_table(whole), running.routes_table(whole)
    assert texts(memory) == ["33", "33.3", "0", "0", "0", "66", "50.0"]
    assert routes is not None
    assert [row.cells[0].text for row in routes.rows] == ["direct", "full"]
    assert running.memory_table(group([result("base")])) is None
    assert running.routes_table(group([result("base")])) is None
