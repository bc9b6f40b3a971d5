from __future__ import annotations

import pytest

from harlm_bench.outcomes import Status
from harlm_bench.progress import Progress
from tests.unit.bench.made import a_usage, result


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_rest_takes_as_long_as_each_system_has_taken() -> None:
    assert Progress({"slow": 3}, jobs=2, clock=Clock()).seconds_left is None
    progress = Progress({"slow": 3, "fast": 5}, jobs=2, clock=Clock())
    progress.finished(result("slow", wall_s=100.0))
    progress.finished(result("fast", wall_s=2.0))
    assert progress.seconds_left == (2 * 100 + 4 * 2) / 2
    progress.kept("slow")
    assert progress.seconds_left == (1 * 100 + 4 * 2) / 2
    assert progress.line().startswith("3 of 8 questions, 54 s left, $0.00")


def test_failures_are_counted_where_the_user_looks() -> None:
    progress = Progress({"one": 3}, jobs=1, clock=Clock())
    ends: tuple[Status, ...] = ("crashed", "limit", "crashed")
    for status in ends:
        progress.finished(result("one", status=status, wall_s=1.0))
    assert progress.line() == "3 of 3 questions, $0.00; 2 crashed, 1 limit"


def test_unknown_bills_are_told_beside_the_known_ones() -> None:
    progress = Progress({"one": 2}, jobs=1, clock=Clock())
    progress.finished(result("one"))
    progress.finished(result("one", usage=a_usage(micro_usd=None)))
    assert progress.line() == "2 of 2 questions, $0.00 and unknown bills"


def test_elsewhere_than_on_a_terminal_a_line_comes_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with Progress({"one": 4}, jobs=1, clock=clock) as progress:
        for seconds in (1.0, 20.0, 21.0):
            clock.now = seconds
            progress.finished(result("one", wall_s=200.0))
    said = capsys.readouterr().err.splitlines()
    assert [line.partition(",")[0] for line in said] == ["2 of 4 questions", "3 of 4 questions"]
    assert "7 min left" in said[0]


def test_hours_are_said_as_hours() -> None:
    progress = Progress({"one": 11}, jobs=1, clock=Clock())
    progress.finished(result("one", wall_s=1_000.0))
    assert "2.8 h left" in progress.line()
