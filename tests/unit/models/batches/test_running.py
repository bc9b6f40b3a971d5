"""The life of one batch, with a wire that follows a script."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import pytest

from harlm.errors import ModelError, ModelUnavailable
from harlm.models.batches.running import BatchRun
from harlm.models.batches.wire import BatchResult, BatchState, Results

ENDED = BatchState(has_ended=True)
RESULTS: Results = {"a": BatchResult(status=200)}
AWAY = ModelUnavailable("away", model="m", status=503)
GONE = ModelError("gone", model="m", status=404)
IN_DOUBT = ModelUnavailable("broke off", model="m", perhaps_billed=True)


class ScriptedWire:
    """Does what its scripts say, one after another."""

    most_requests, most_bytes = 10, 1_000

    def __init__(self, **scripts: Sequence[object]) -> None:
        self._scripts = {name: list(script) for name, script in scripts.items()}
        self.done: list[str] = []

    def line(self, request: str, body: Mapping[str, Any]) -> bytes:
        return b""

    async def create(self, lines: Sequence[bytes]) -> str:
        return str(self._next("create", "b1"))

    async def state(self, batch: str) -> BatchState:
        return cast("BatchState", self._next("state", ENDED))

    async def results(self, state: BatchState) -> Results:
        return cast("Results", self._next("results", RESULTS))

    async def cancel(self, batch: str) -> None:
        self._next("cancel", None)

    def _next(self, what: str, usual: Any) -> Any:
        self.done.append(what)
        script = self._scripts.get(what)
        outcome = script.pop(0) if script else usual
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


async def outcome_of(wire: ScriptedWire, prepare: Callable[[BatchRun], None] = lambda run: None) -> object:
    run = BatchRun(wire)
    try:
        await run.create([b""])
        prepare(run)
        return await run.results()
    except ModelError as error:
        return error


async def test_failures_that_pass_are_waited_out() -> None:
    under_way = BatchState(has_ended=False)
    wire = ScriptedWire(create=[AWAY], state=[AWAY, under_way, AWAY], results=[AWAY, GONE])
    assert await outcome_of(wire) == RESULTS
    assert wire.done == ["create"] * 2 + ["state"] * 4 + ["results"] * 3


async def test_a_batch_that_may_have_been_made_is_not_made_a_second_time() -> None:
    wire = ScriptedWire(create=[IN_DOUBT])
    error = await outcome_of(wire)
    assert isinstance(error, ModelError)
    assert error.perhaps_billed
    assert wire.done == ["create"]


@pytest.mark.parametrize("script", [{"state": [GONE]}, {"results": [AWAY] * 9}])
async def test_a_batch_whose_results_cannot_be_had_may_have_been_billed(script: dict[str, Any]) -> None:
    error = await outcome_of(ScriptedWire(**script))
    assert isinstance(error, ModelError)
    assert error.perhaps_billed


async def test_a_batch_that_the_provider_refuses_as_a_whole_costs_nothing() -> None:
    error = await outcome_of(ScriptedWire(state=[BatchState(has_ended=True, failure="queue is full")]))
    assert isinstance(error, ModelError)
    assert (str(error), error.perhaps_billed) == ("queue is full", False)


async def test_a_batch_is_cancelled_once_the_last_call_has_left() -> None:
    wire = ScriptedWire()
    error = await outcome_of(wire, BatchRun.leave)
    assert isinstance(error, ModelError)
    assert error.perhaps_billed
    assert wire.done == ["create", "cancel"]
