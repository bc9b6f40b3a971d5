"""What every system holds to: it answers from what the endpoint says, and every failure is an outcome."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import pytest

from harlm.testing import ChatServer
from harlm.testing.faults import Html, Status
from harlm_bench.outcomes import Outcome
from harlm_bench.systems import Limits, Model, System
from harlm_bench.systems.bm25 import Bm25
from harlm_bench.systems.codeact import CodeAct
from harlm_bench.systems.direct import Base, TruncatedBase
from harlm_bench.systems.harlm import Harlm
from harlm_bench.systems.mapped import Mapped
from harlm_bench.systems.plan import ScriptedPlan
from harlm_bench.systems.rlm_paper import PaperRlm
from harlm_bench.systems.summary import SummaryAgent
from tests.support.bench_reader import QUESTION, fake_rival, reader, window_of

WINDOW = window_of(parts=2)
SPENT = '{"error": {"message": "this key has used its requests", "type": "insufficient_quota"}}'
OWN = (
    Base(),
    TruncatedBase(),
    SummaryAgent(),
    Bm25(),
    CodeAct(),
    CodeAct(sub_calls=True),
    PaperRlm(),
    PaperRlm(depth=0),
    Mapped(),
    ScriptedPlan(),
)


class Stoppable(System, Protocol):
    """A system with processes of its own."""

    def close(self) -> None:
        """End them."""


@pytest.fixture(scope="module")
def with_processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Stoppable]]:
    """The systems with processes, which start once."""
    home = tmp_path_factory.mktemp("systems")
    systems: dict[str, Stoppable] = {
        "rival": fake_rival(home),
        "harlm": Harlm(home=home),
        "scripted": Harlm(
            variant="scripted root", settings={"engine.mode": "full"}, is_scripted=True, home=home
        ),
    }
    yield systems
    for each in systems.values():
        each.close()


@pytest.fixture(params=[*(each.name for each in OWN), "rival", "harlm", "scripted"])
def each_system(request: pytest.FixtureRequest, with_processes: dict[str, Stoppable]) -> System:
    """Every system in turn."""
    own: dict[str, System] = {each.name: each for each in OWN}
    return own.get(request.param) or with_processes[request.param]


def asked(system: System, base_url: str, limits: Limits, window: int = 16_000) -> Outcome:
    """The outcome of the one question."""
    model = Model(base_url=base_url, root="root", sub="sub", window=window)
    return system.answer(WINDOW, QUESTION, model, limits)


def test_it_answers_from_what_the_endpoint_says(each_system: System) -> None:
    with ChatServer(reader) as server:
        outcome = asked(each_system, server.base_url, Limits(wall_s=60))
        arrived = server.arrived
    assert outcome.status == "answered", outcome.reason
    assert outcome.text == QUESTION.gold or each_system == PaperRlm(depth=0)
    assert 0 < outcome.wall_s < 60
    assert outcome.cpu_s > 0
    if "meter_calls" in outcome.notes:
        assert outcome.notes["meter_calls"] == arrived


def test_an_endpoint_that_is_away_is_said_to_be(each_system: System) -> None:
    with ChatServer(reader) as server, server.down():
        outcome = asked(each_system, server.base_url, Limits(wall_s=30))
    _is_endpoint(each_system, outcome)


def test_an_endpoint_that_sends_no_completions_is_said_to_be_at_fault(each_system: System) -> None:
    with ChatServer(lambda request: Html(200)) as server:
        outcome = asked(each_system, server.base_url, Limits(wall_s=30))
    _is_endpoint(each_system, outcome)


def test_a_spent_budget_is_a_limit(each_system: System) -> None:
    with ChatServer(lambda request: Status(402, SPENT)) as server:
        outcome = asked(each_system, server.base_url, Limits(wall_s=30))
    assert outcome.status == "limit", outcome.reason


def test_a_slow_endpoint_ends_in_the_limit_of_time(each_system: System) -> None:
    with ChatServer(reader, latency_s=3.0) as server:
        outcome = asked(each_system, server.base_url, Limits(wall_s=0.2))
    assert outcome.status == "limit", outcome.reason
    assert outcome.wall_s < 2.5


def _is_endpoint(system: System, outcome: Outcome) -> None:
    is_script = isinstance(system, Harlm) and system.is_scripted
    assert outcome.status == ("no answer" if is_script else "endpoint"), outcome.reason
    assert outcome.reason
    assert not outcome.text
