"""The lines about events that stay on the terminal."""

from __future__ import annotations

from harlm import events
from harlm.tracing.notes import Notes, counted
from tests.support.story import STORY


def retried(error: str, wait_s: float = 3.0, model: str = "a/b") -> events.Retried:
    return events.Retried(model=model, attempt=1, error=error, wait_s=wait_s)


def said(*told: events.Event) -> list[str]:
    notes = Notes()
    return [note.text for event in told if (note := notes.of(event)) is not None]


def test_a_short_wait_is_not_reported() -> None:
    waits = [retried(f"slow after {wait}", wait) for wait in (1.9, 2.0)]
    assert said(*waits) == ["note: slow after 2.0; retrying in 2 s"]


def test_a_limit_and_a_fallback_are_reported() -> None:
    assert said(
        events.LimitReached(limit="usd", used=1, allowed=1, message="$1 of $1 are used"),
        events.FellBack(model="a/b", instead="c/d", error="a/b is away"),
    ) == [
        "limit: $1 of $1 are used; finishing with the findings so far",
        "note: a/b is away; using c/d instead",
    ]


def test_failures_that_differ_in_a_number_are_told_once() -> None:
    told = [retried(f"busy; wait {number} s") for number in range(50)]
    assert said(*told, retried("away"), retried("busy; wait 7 s", model="c/d")) == [
        "note: busy; wait 0 s; retrying in 3 s",
        "note: away; retrying in 3 s",
        "note: busy; wait 7 s; retrying in 3 s",
    ]


def test_the_kinds_of_failures_that_are_told_are_bounded() -> None:
    told = (retried("x" * number) for number in range(1, 500))
    assert len(said(*told)) == 100


def test_no_line_controls_the_terminal() -> None:
    lines = said(*STORY)
    assert lines[0] == "2 documents, about 3 tokens · a/b"
    assert any(r"\x1b[31m" in line for line in lines)
    assert not any("\x1b" in line for line in lines)


def test_counts_have_a_plural() -> None:
    assert [counted(number, "file") for number in (0, 1, 2_247)] == ["0 files", "1 file", "2,247 files"]


def test_a_race_is_told_with_what_each_branch_cost() -> None:
    won = events.RacedBranch(strategy="search", node="0.0", status="won", calls=2, cost_micros=1_200)
    lost = events.RacedBranch(strategy="map", node="0.1", status="cancelled", calls=9, cost_micros=None)
    not_run = events.RacedBranch(strategy="label", node="", status="not started")
    assert said(
        events.Raced(branches=(won, lost, not_run), winner="search", stopped_by="agreement", seconds=2.14)
    ) == [
        "race stopped by agreement after 2.1 s: search won $0.0012, map cancelled of unknown cost, label not started"
    ]
