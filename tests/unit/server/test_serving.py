"""Runs the server, and ends it with every run saved."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import IncompleteRead

import pytest

from harlm.errors import ConfigError
from harlm.server.serving import socket_at
from harlm.testing import ChatServer
from tests.support.busy import eventually
from tests.support.served import ANSWER, asking_of, says, served


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com"])
def test_other_machines_are_served_with_keys_only(host: str) -> None:
    with pytest.raises(ConfigError, match="HARLM_SERVER_API_KEY"):
        socket_at(host, 0, has_keys=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2"])
def test_this_machine_is_served_without(host: str) -> None:
    with closing(socket_at(host, 0, has_keys=False)) as listening:
        assert listening.getsockname()[1] > 0


def test_with_keys_any_address_may_be_taken() -> None:
    with closing(socket_at("0.0.0.0", 0, has_keys=True)) as listening:
        assert listening.getsockname()[0] == "0.0.0.0"


@pytest.mark.parametrize("host", ["no.such.host.invalid", "192.0.2.1", "x" * 300])
def test_an_address_that_is_none_is_refused(host: str) -> None:
    with pytest.raises(ConfigError, match="--host"):
        socket_at(host, 0, has_keys=True)


def test_a_port_that_is_taken_is_told() -> None:
    with closing(socket_at("127.0.0.1", 0, has_keys=False)) as listening:
        taken = listening.getsockname()[1]
        with pytest.raises(ConfigError, match="--port"):
            socket_at("127.0.0.1", taken, has_keys=False)


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
