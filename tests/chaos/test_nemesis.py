"""Runs that are killed, stopped and taken up again over a provider that fails: they end with the right answer, and pay once."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from harlm.journal import JOURNAL
from tests.support.chaos_many import Many
from tests.support.chaos_oracle import violations
from tests.support.chaos_provider import Provider
from tests.support.chaos_runs import Nemesis
from tests.support.chaos_scenarios import KINDS, Disturbance, Plan, Scenario, drawn_plan

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="it reads /proc"),
    pytest.mark.timeout(1800),
]
_SEEDS = range(120 if os.environ.get("HARLM_FUZZ") else 10)
_KILLED = (Disturbance("kill", after=20, seconds=0.01),)


@pytest.fixture(autouse=True)
def ctrl_c_is_heard() -> Iterator[None]:
    """A shell has its background jobs ignore it, and all that they start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as serving:
        yield serving


def test_disturbed_runs_end_with_the_right_answer_and_pay_once(provider: Provider, tmp_path: Path) -> None:
    plans = [drawn_plan(seed) for seed in _SEEDS]
    tally = Many(Nemesis(provider), provider, tmp_path).run(plans)
    assert not tally.found
    assert sum(tally.disturbances.values()) >= len(plans) // 2, "the premise"
    assert set(tally.runs) == set(KINDS)


def killed(provider: Provider, folder: Path, nemesis: Nemesis) -> set[str]:
    """The laws that do not hold of a run that is killed once, without mistakes of the provider."""
    plan = Plan(0, Scenario("loop", calls=24, has_cache=False), _KILLED, has_faults=False)
    story = nemesis.story(plan, "run", folder)
    assert [each.disturbance for each in story.attempts] == ["kill", "none"], "the premise"
    return {each.law for each in violations(story, provider.served_to("run"), plan.scenario.right)}


def test_replies_that_are_gone_are_noticed(provider: Provider, tmp_path: Path) -> None:
    def remove(folder: Path) -> None:
        for file in (*folder.glob(f"{JOURNAL}*"), folder / "events.jsonl"):
            file.unlink()

    assert killed(provider, tmp_path, Nemesis(provider, before_resume=remove)) == {"paid", "books"}


def test_a_journal_that_is_gone_is_made_again_from_the_trace(provider: Provider, tmp_path: Path) -> None:
    def remove_journal(folder: Path) -> None:
        for file in folder.glob(f"{JOURNAL}*"):
            file.unlink()

    assert "paid" not in killed(provider, tmp_path, Nemesis(provider, before_resume=remove_journal))
