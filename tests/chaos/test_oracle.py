"""The oracle of the nemesis notices what it is there to notice."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.chaos_oracle import LAWS, violations
from tests.support.chaos_provider import Served
from tests.support.chaos_runs import Attempt, Story
from tests.support.chaos_scenarios import KEY, Plan, Scenario

_KILLED = Attempt(
    verb="ask",
    disturbance="kill",
    code=-9,
    output="",
    errors="",
    disturbed_at=10.0,
    ended_at=10.1,
    in_doubt=1,
)
_ANSWER = (
    '{"answer": "right", "status": "ok", "usage": {"calls": 3, "input_tokens": 20, "output_tokens": 10}}'
)
_ENDED = Attempt(
    verb="resume",
    disturbance="none",
    code=0,
    output=_ANSWER,
    errors="",
    disturbed_at=None,
    ended_at=20.0,
    in_doubt=1,
)
_SERVED = (Served("one", 10, True, 5.0), Served("two", 10, True, 9.9), Served("two", 10, True, 15.0))


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """A run that was killed while one request was in flight, and then has answered."""
    (tmp_path / "home").mkdir()
    return Story(Plan(0, Scenario("loop")), tmp_path, [_KILLED, _ENDED], run="run", notes=["a", "b"])


def broken(story: Story, served: Sequence[Served] = _SERVED) -> set[str]:
    """The laws that do not hold."""
    return {each.law for each in violations(story, served, "right")}


def test_a_run_that_keeps_all_laws_has_none_broken(story: Story) -> None:
    assert broken(story) == set()
    assert set(LAWS) == {"answer", "end", "paid", "books", "tools", "orphans", "key"}


def test_another_answer(story: Story) -> None:
    story.attempts[-1] = replace(_ENDED, output=_ANSWER.replace("right", "wrong"))
    assert broken(story) == {"answer"}


@pytest.mark.parametrize(
    "ended",
    [
        replace(_ENDED, code=1),
        replace(_ENDED, code=-11),
        replace(_ENDED, errors="Traceback (most recent call last):"),
        replace(_ENDED, errors="harlm: internal error: ValueError"),
    ],
)
def test_an_end_that_is_no_answer_and_no_refusal(story: Story, ended: Attempt) -> None:
    story.attempts[-1] = ended
    assert "end" in broken(story)


def test_a_reply_that_is_paid_for_again_long_after_it_arrived(story: Story) -> None:
    assert broken(story, [*_SERVED[1:], Served("one", 5, True, 5.0), Served("one", 5, True, 15.0)]) >= {
        "paid"
    }


def test_more_replies_lost_than_were_in_flight(story: Story) -> None:
    lost = [Served(f"prompt {at}", 1, True, when) for at in range(3) for when in (9.9, 15.0)]
    assert "paid" in broken(story, lost)


def test_less_or_more_usage_than_was_billed_and_is_in_doubt(story: Story) -> None:
    assert broken(story, [*_SERVED, Served("three", 10, False, 12.0)]) == {"books"}
    assert broken(story, _SERVED[:2]) == {"books"}
    story.doubtful_calls, story.doubtful_tokens = 1, 10
    assert broken(story, _SERVED[:2]) == set()


def test_a_tool_that_was_called_twice(story: Story) -> None:
    story.notes.append("a")
    assert broken(story) == {"tools"}
    story.plan = replace(story.plan, repeats=True)
    assert broken(story) == set()


def test_a_process_that_is_left(story: Story) -> None:
    story.attempts[0] = replace(_KILLED, orphans=("17 python",))
    assert broken(story) == {"orphans"}


def test_the_key_in_a_file_in_a_compressed_value_and_on_stderr(story: Story) -> None:
    database = story.folder / "home" / "journal.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE replies (reply BLOB)")
        connection.execute("INSERT INTO replies VALUES (?)", (b"z" + zlib.compress(KEY.encode() * 20),))
        connection.commit()
    assert KEY.encode() not in database.read_bytes(), "the premise"
    assert broken(story) == {"key"}
    database.unlink()
    (story.folder / "home" / "events.jsonl").write_text(f'"{KEY}"')
    assert broken(story) == {"key"}
    (story.folder / "home" / "events.jsonl").unlink()
    story.attempts[0] = replace(_KILLED, errors=f"a key: {KEY}")
    assert broken(story) == {"key"}
