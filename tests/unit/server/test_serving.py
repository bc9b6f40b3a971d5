"""Runs the server, and ends it with every run saved."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from http.client import IncompleteRead

import pytest

from harlm.testing import ChatServer
from tests.support.busy import eventually
from tests.support.served import ANSWER, asking_of, says, served


def test_a_stop_lets_runs_finish_and_refuses_new_ones() -> None:
    goes_on = threading.Event()

    async def reply(_: object) -> str:
        await asyncio.to_thread(goes_on.wait, 30)
        return ANSWER

    with (
        ChatServer(reply) as model,
        served(asking_of(model), grace_s=20) as server,
        ThreadPoolExecutor() as pool,
    ):
        first = pool.submit(server.chat)
        assert eventually(lambda: model.in_flight == 1)
        server.stop()
        assert eventually(lambda: server.asking.is_closing)
        for refused in (server.chat(), server.call("GET", "/healthz"), server.call("GET", "/v1/models")):
            assert (refused.status, refused.json["error"]["code"]) == (503, "shutting_down")
            assert "retry-after" in refused.headers
        goes_on.set()
        got = first.result(30)
        assert got.status == 200
        assert got.json["choices"][0]["message"]["content"] == ANSWER


@pytest.mark.parametrize("stops", [1, 2])
def test_runs_that_do_not_finish_are_cut_short(stops: int) -> None:
    with (
        ChatServer(says, latency_s=60) as model,
        served(asking_of(model), grace_s=0.3 if stops == 1 else 60) as server,
        ThreadPoolExecutor() as pool,
    ):
        first = pool.submit(server.chat, stream=True)
        assert eventually(lambda: model.in_flight == 1)
        for _ in range(stops):
            server.stop()
        with pytest.raises(IncompleteRead) as cut:
            first.result(30)
        assert cut.value.partial.startswith(b'data: {"id":"chatcmpl-')
        assert eventually(lambda: server.asking.under_way == 0)
