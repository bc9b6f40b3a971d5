"""What a client does with stored runs. Whole runs are in tests/flows/test_durable_runs.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from harlm import HARLM, Budget, Interrupted, TraceError
from harlm.events import Resumed, Reused
from harlm.interruption import Interruption
from harlm.testing import EventLog


class Model:
    """A root model of two turns, which is stopped in the second on demand; counts what it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.stop: Interruption | None = None

    async def __call__(self, messages: list[dict[str, str]]) -> str:
        self.asked += 1
        turns = sum(each["role"] == "assistant" for each in messages)
        if turns and self.stop is not None:
            self.stop.request()
            return "```repl\nprint('stopped')\n```"
        return "```repl\nFINAL(x)\n```" if turns else "```repl\nx = '7'\nprint(x)\n```"


@pytest.fixture
def stopped() -> tuple[Model, str]:
    """A model, and the run that was stopped in its second turn."""
    model = Model()
    model.stop = Interruption()
    with pytest.raises(Interrupted) as raised:
        HARLM(model=model, mode="full", cache=False).ask("What?", "a text", interruption=model.stop)
    assert raised.value.partial is not None
    assert model.asked == 2
    model.stop = None
    return model, raised.value.partial.run_id


def test_a_run_is_taken_up_under_its_id_and_pays_for_nothing_twice(stopped: tuple[Model, str]) -> None:
    model, run = stopped
    log = EventLog()
    client = HARLM(model=model)
    answer = client.resume(run[:20], sinks=[log])
    assert (answer.text, answer.run_id) == ("7", run)
    assert (len(log.of(Resumed)), len(log.of(Reused))) == (1, 2)
    assert answer.usage.calls == model.asked
    with pytest.raises(TraceError, match="has its answer"):
        client.resume("last")


def test_the_values_that_the_client_was_made_with_are_above_those_of_the_run(
    stopped: tuple[Model, str],
) -> None:
    model, run = stopped
    with pytest.raises(Exception, match="calls") as raised:
        HARLM(model=model, budget=Budget(calls=1)).resume(run)
    assert getattr(raised.value, "limit", "") == "calls"
    assert model.asked == 2


async def test_it_is_awaited_where_a_loop_runs(stopped: tuple[Model, str]) -> None:
    model, run = stopped
    assert (await HARLM(model=model).aresume(run, schema=int)).data == 7


def test_there_must_be_one_such_run(clean_environment: Path) -> None:
    for verb in (HARLM().resume, HARLM().replay):
        with pytest.raises(TraceError, match="there is no single run 'last'"):
            verb("last")


def test_a_run_is_replayed_under_the_settings_of_the_client(stopped: tuple[Model, str]) -> None:
    model, run = stopped
    client = HARLM(model=model)
    assert client.settings.engine.mode == "auto"
    client.resume(run)
    before = model.asked
    assert client.replay(run).difference is None
    assert model.asked == before


def test_other_documents_are_refused(stopped: tuple[Model, str]) -> None:
    model, run = stopped
    with pytest.raises(Exception, match="changed since run"):
        HARLM(model=model).resume(run, "another text")
    assert HARLM(model=model).resume(run, "another text", accept_changes=True).text == "7"
