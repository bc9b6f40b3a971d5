from __future__ import annotations

from harlm.types import TimedCall
from harlm.types.timeline import critical_chain


def call(began_s: float, seconds: float, role: str = "sub", **more: object) -> TimedCall:
    return TimedCall(model="a/b", role=role, node="0", depth=0, began_s=began_s, seconds=seconds, **more)  # type: ignore[arg-type]


def test_the_chain_is_what_the_run_waited_for() -> None:
    root, short, long, last = call(0, 1, "root"), call(1, 1), call(1.1, 4), call(5.1, 1, "root")
    assert critical_chain([short, long, last, root]) == (root, long, last)


def test_calls_that_failed_or_were_known_are_no_part_of_it() -> None:
    kept = call(0, 1)
    assert critical_chain([kept, call(2, 1, status="failed"), call(2, 0, status="reused")]) == (kept,)
    assert critical_chain([]) == ()


def test_the_end_of_a_call() -> None:
    assert call(1.5, 0.5).ended_s == 2
