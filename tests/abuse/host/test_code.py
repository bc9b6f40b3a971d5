"""Cells that cost the host nothing to run, but much to look at."""

from __future__ import annotations

from tests.support.host import Host, cells


def test_nested_comprehensions_do_not_hold_the_loop(host: Host) -> None:
    """F1."""
    for depth in (12, 24):
        comprehensions = "[" * depth + "llm_query('x')" + " for _ in [1]]" * depth
        host.hold(cells(f"{depth} comprehensions", f"x = {comprehensions}\nprint(1)"))
