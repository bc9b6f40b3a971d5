"""Found sites become sites of the plan."""

from __future__ import annotations

from harlm.scheduler.found import FoundSite, OpenLoop
from harlm.scheduler.taint import as_earlier


def site(*loops: str) -> FoundSite:
    return FoundSite(
        number=3,
        tool="llm_query",
        line=7,
        source="llm_query(x)",
        loops=tuple(map(OpenLoop, loops)),
        through=("helper",),
    )


def test_a_site_keeps_its_place_and_lists_other_sites_in_order() -> None:
    found = site()
    found.needs |= {2, 1, 3}
    found.decided_by |= {3, 2}
    made = found.as_call_site()
    assert (made.number, made.tool, made.line, made.source) == (3, "llm_query", 7, "llm_query(x)")
    assert made.through == ("helper",)
    assert (made.needs, made.decided_by) == ((1, 2), (2,))


def test_a_loop_whose_rounds_need_earlier_results_is_a_chain() -> None:
    found = site("for a in b", "while c")
    found.needs |= as_earlier(frozenset({3}), {3}, 2)
    assert [(loop.header, loop.flow) for loop in found.as_call_site().loops] == [
        ("for a in b", "map"),
        ("while c", "chain"),
    ]


def test_a_loop_that_a_result_may_end_is_a_search() -> None:
    found = site("for a in b")
    found.decided_by |= as_earlier(frozenset({1}), {1}, 1)
    assert [loop.flow for loop in found.as_call_site().loops] == ["search"]


def test_a_chain_that_a_result_may_end_is_a_chain() -> None:
    found = site("for a in b")
    found.needs |= as_earlier(frozenset({3}), {3}, 1)
    found.decided_by |= as_earlier(frozenset({3}), {3}, 1)
    assert [loop.flow for loop in found.as_call_site().loops] == ["chain"]


def test_results_of_earlier_rounds_are_not_listed_as_needs() -> None:
    found = site("for a in b")
    found.needs |= as_earlier(frozenset({1, 3}), {1, 3}, 1)
    assert found.as_call_site().needs == ()
