"""Graphs of cells and of races."""

from __future__ import annotations

from harlm.events import Raced, RacedBranch, Scheduled, ScheduledCall
from harlm.viewer.graphs import graph_of_cell, graph_of_race
from harlm.viewer.shapes import NodeRow, SpanRow


def scheduled(*calls: ScheduledCall) -> Scheduled:
    return Scheduled(
        turn=2, pattern="map", calls=len(calls), early=1, claimed=0, wasted=1, critical_path_s=2, busy_s=2, parallelism=1.5, graph=calls,
    )  # fmt: skip


def made(number: int, began: float, seconds: float, *needs: int, function: str = "llm_query", early: bool = False, claimed: bool = True) -> ScheduledCall:  # fmt: skip
    return ScheduledCall(
        number=number,
        function=function,
        needs=needs,
        early=early,
        claimed=claimed,
        began_s=began,
        seconds=seconds,
    )


def span(number: int, start: float, end: float, **more: object) -> SpanRow:
    return SpanRow(id=number, kind="call", node=0, start=start, end=end, role="sub", state="ok", **more)  # type: ignore[arg-type]


CELL = SpanRow(id=9, kind="cell", node=0, start=10.0, end=13.0, turn=2)


def test_calls_are_found_by_their_times_whenever_the_clock_of_the_cell_began() -> None:
    event = scheduled(made(1, 0.5, 1.0), made(2, 0.5, 2.0), made(3, 2.5, 0.4, 1, 2))
    spans = [span(4, 10.1, 11.1), span(5, 10.1, 12.1), span(6, 12.1, 12.5)]
    graph = graph_of_cell(event, CELL, spans, [])
    assert [(row.number, row.span, row.needs) for row in graph.rows] == [
        (1, 4, ()),
        (2, 5, ()),
        (3, 6, (1, 2)),
    ]
    assert (graph.id, graph.turn, graph.title, graph.wasted) == ("cell 9", 2, "map", 1)


def test_early_retracted_cancelled_and_failed_calls_differ() -> None:
    event = scheduled(
        made(1, 0.0, 1.0, early=True), made(2, 0.2, 2.0, early=True, claimed=False), made(3, 0.4, 0.5, early=True, claimed=False), made(4, 3.0, 1.0)
    )  # fmt: skip
    spans = [span(0, 10.0, 11.0), span(1, 10.2, 12.2), span(2, 10.4, 10.9), span(3, 13.0, 14.0)]
    spans[2].state, spans[3].state = "cancelled", "failed"
    graph = graph_of_cell(event, CELL, spans, [])
    assert [(row.state, row.is_early) for row in graph.rows] == [
        ("ok", True), ("retracted", True), ("cancelled", True), ("failed", False),
    ]  # fmt: skip
    assert [each.early for each in spans] == [1, 2, 2, 0]


def test_children_are_found_among_nodes() -> None:
    event = scheduled(made(1, 0.1, 2.0, function="rlm_query"), made(2, 0.1, 1.0, function="rlm_query"))
    children = [
        NodeRow(id=3, name="0.0", parent=0, depth=1, start=10.1, end=11.1, status="failed"),
        NodeRow(id=4, name="0.1", parent=0, depth=1, start=10.1, end=12.1, status="ok"),
    ]
    graph = graph_of_cell(event, CELL, [], children)
    assert [(row.node, row.state) for row in graph.rows] == [(4, "ok"), (3, "failed")]


def test_what_is_not_in_the_trace_is_drawn_without_a_way_to_it() -> None:
    graph = graph_of_cell(scheduled(made(1, 0.0, 5.0), made(2, 9.0, 5.0)), CELL, [span(0, 10.0, 15.0)], [])
    assert [row.span for row in graph.rows] == [0, None]


def test_branches_of_a_race_that_won_lost_and_were_cancelled() -> None:
    branches = (
        RacedBranch(
            strategy="label", node="0.0", status="won", seconds=2, calls=4, tokens=100, cost_micros=500
        ),
        RacedBranch(strategy="map", node="0.1", status="beaten", seconds=3),
        RacedBranch(strategy="search", node="0.2", status="cancelled", reason="stopped"),
        RacedBranch(strategy="table", node="", status="not started"),
    )
    names = {f"0.{at}": NodeRow(id=at + 1, name=f"0.{at}", parent=0, depth=1, start=0) for at in range(3)}
    graph = graph_of_race(
        Raced(branches=branches, winner="label", stopped_by="confidence", seconds=3), 0, 7, names
    )
    assert [row.state for row in graph.rows] == ["ok", "won", "lost", "cancelled", "waiting", "ok"]
    assert graph.rows[-1].needs == (1,)
    assert [row.node for row in graph.rows[1:5]] == [1, 2, 3, None]
    assert (names["0.1"].race, names["0.1"].strategy) == ("beaten", "map")
    assert graph.rows[1].note == "4 calls, 100 tokens, $0.0005"


def test_a_race_that_all_lost_has_no_answer() -> None:
    branches = (RacedBranch(strategy="map", node="", status="failed", reason="no key"),)
    graph = graph_of_race(Raced(branches=branches, winner=None, stopped_by="failure", seconds=1), 0, 0, {})
    assert (graph.rows[-1].label, graph.rows[-1].state, graph.rows[-1].needs) == (
        "no answer",
        "failed",
        (1,),
    )
