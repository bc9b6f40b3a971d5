"""What must hold of every run, whatever was done to it."""

from __future__ import annotations

import signal
import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from tests.support.chaos_provider import Served
from tests.support.chaos_runs import Attempt, Story
from tests.support.chaos_scenarios import KEY

LAWS: Mapping[str, str] = {
    "answer": "the answer is that of a run that nothing disturbs",
    "end": "a process ends with an answer or a typed refusal, and a stored run is taken up again",
    "paid": "no reply is paid for twice, except those that were in flight",
    "books": "the usage that is reported is what was billed, and what is in doubt",
    "tools": "no tool that changes something is called twice",
    "orphans": "no process is left two seconds later",
    "key": "the API key is written nowhere",
}
"""What must hold."""

_REFUSALS = {3, 4, 5, 6, 7, 8, 130, 143, -signal.SIGINT}  # the last is 130 as Python may say it
_NOT_TAKEN_UP = 8
_JUST_BEFORE_S = 0.5
"""A reply that left the server so long before a process was disturbed may not have been read by it yet: two cores are busy."""
_JUST_SETTLED = 1
"""Replies whose cost is written down, and whose words are not yet: the next statement does that."""


class Violation(NamedTuple):
    """A law that does not hold, and how that shows."""

    law: str
    what: str


def violations(story: Story, served: Sequence[Served], right: str | None) -> list[Violation]:
    """What is wrong with a run; empty if nothing is.

    Args:
        story: the run.
        served: what the provider has served to it.
        right: the answer of a run that nothing disturbs; ``None`` if it is not compared.
    """
    found = {
        "answer": _answers(story, right),
        "end": _endings(story),
        "paid": _paid_twice(story, served),
        "books": _books(story, served),
        "tools": _done_twice(story),
        "orphans": (each for attempt in story.attempts for each in attempt.orphans),
        "key": places_of_the_key(story),
    }
    return [Violation(law, what) for law, all_of_it in found.items() for what in all_of_it]


def _answers(story: Story, right: str | None) -> Iterator[str]:
    answer = story.answer
    if answer is not None and right is not None and answer["answer"] != right:
        yield f"({answer.get('status')}) {answer['answer'][:200]!r}, not {right[:200]!r}"


def _endings(story: Story) -> Iterator[str]:
    for attempt in story.attempts:
        said = attempt.errors
        if "Traceback" in said or "internal error" in said:
            yield f"{attempt.verb} failed: {said[-600:]!r}"
        if attempt.code not in _REFUSALS | {0} and not attempt.was_killed:
            yield f"{attempt.verb} ended with {attempt.code} after {attempt.disturbance}: {said[-300:]!r}"
    last = story.attempts[-1]
    if story.answer is None and last.code == _NOT_TAKEN_UP:
        yield f"a stored run is not taken up again: {last.errors[-300:]!r}"
    if story.answer is None and (last.was_killed or last.code in (0, 130, 143, -signal.SIGINT)):
        yield f"the run did not end: {last.code} {last.errors[-300:]!r}"


def _paid_twice(story: Story, served: Sequence[Served]) -> Iterator[str]:
    """Whole replies to one prompt, except those that were under way when a process ended."""
    times: defaultdict[str, list[float]] = defaultdict(list)
    for each in served:
        if each.is_whole:
            times[each.prompt].append(each.at)
    disturbed = [
        each for each in story.attempts if each.disturbed_at is not None and each.disturbance != "stop"
    ]
    lost = [0] * len(disturbed)
    if story.lost:
        yield f"{story.lost} replies were paid for by a run that was not stored"
    for prompt, all_at in times.items():
        for at in sorted(all_at)[:-1]:
            within = [number for number, each in enumerate(disturbed) if _is_near(at, each)]
            if not within:
                yield f"paid for {len(all_at)} times, not in flight at an end: {prompt}"
                break
            lost[within[0]] += 1
    before = 0
    for count, attempt in zip(lost, disturbed, strict=True):
        most = attempt.in_doubt - before + _JUST_SETTLED
        if count > most:
            yield f"{count} replies were lost with a process, and at most {most} requests were in flight"
        before = attempt.in_doubt


def _is_near(at: float, attempt: Attempt) -> bool:
    """Whether a reply left the server when a process was about to end."""
    if attempt.disturbed_at is None:
        return False
    return attempt.disturbed_at - _JUST_BEFORE_S <= at <= attempt.ended_at + _JUST_BEFORE_S


def _books(story: Story, served: Sequence[Served]) -> Iterator[str]:
    answer = story.answer
    if answer is None or story.lost:
        return
    usage = answer["usage"]
    calls, tokens = usage["calls"], usage["input_tokens"] + usage["output_tokens"]
    billed = sum(each.tokens for each in served)
    if calls < len(served):
        yield f"the answer reports {calls} calls, and {len(served)} were billed"
    if calls > len(served) + story.doubtful_calls:
        yield f"the answer reports {calls} calls; {len(served)} were billed, {story.doubtful_calls} in doubt"
    if tokens < billed:
        yield f"the answer reports {tokens} tokens, and {billed} were billed"
    if tokens > billed + story.doubtful_tokens:
        yield f"the answer reports {tokens} tokens; {billed} were billed, {story.doubtful_tokens} in doubt"


def _done_twice(story: Story) -> Iterator[str]:
    if story.plan.repeats:
        return
    for line in sorted(set(story.notes)):
        if (times := story.notes.count(line)) > 1:
            yield f"the tool wrote {line!r} {times} times"


def places_of_the_key(story: Story) -> Iterator[str]:
    """Where the planted key is written."""
    key = KEY.encode()
    for number, attempt in enumerate(story.attempts):
        if KEY in attempt.errors or KEY in attempt.output:
            yield f"the output of attempt {number + 1}"
    for file in sorted((story.folder / "home").rglob("*")):
        if not file.is_file():
            continue
        data = file.read_bytes()
        if key in data or key in file.name.encode():
            yield str(file.relative_to(story.folder))
        if data.startswith(b"SQLite format 3"):
            yield from (f"{file.name}, {where}" for where in _in_database(file, key))
        elif _holds(data, key):
            yield str(file.relative_to(story.folder))


def _in_database(file: Path, key: bytes) -> Iterator[str]:
    with closing(sqlite3.connect(file)) as connection, suppress(sqlite3.Error):
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            for row in connection.execute(f"SELECT * FROM {table!r}"):
                if any(_holds(each, key) for each in row):
                    yield f"table {table}"


def _holds(value: object, key: bytes) -> bool:
    data = value.encode("utf-8", "replace") if isinstance(value, str) else value
    if not isinstance(data, bytes):
        return False
    forms = [data]
    for packed in (data, data[1:]):
        with suppress(zlib.error):
            forms.append(zlib.decompress(packed, wbits=47 if packed[:2] == b"\x1f\x8b" else 15))
    return any(key in each for each in forms)
