"""Providers that are busy or away: runs wait as they are told to, and name what fails."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import threading
import time
from typing import Any

import aiohappyeyeballs
import pytest

from harlm import (
    HARLM,
    ModelError,
    ModelUnavailable,
    events,
)
from harlm.config import Config, ModelSettings
from harlm.models.http import Transport
from harlm.models.wrappers import KnownLimits
from harlm.testing import EventLog, FaultyServer, Limits
from harlm.types import Sampling
from tests.support.busy import eventually
from tests.support.fault_runs import (
    ASKED,
    chat,
    client,
    closed_port,
    echoed,
    error,
    line_to,
    right,
    words_for,
)

pytestmark = pytest.mark.usefixtures("short_waits")


async def test_a_burst_of_512_calls_is_hardly_ever_refused() -> None:
    """The first run learns how many fit."""
    limits, known = Limits(in_flight=20, per_minute=60_000), KnownLimits()
    with FaultyServer(words_for(0), limits=limits, latency_s=0.05) as server:
        before = server.counts()
        for share in (0.05, 0.02, 0.02):
            async with line_to(server, known=known) as line:
                assert all(await asyncio.gather(*(echoed(line, number) for number in range(512))))
            counts = server.counts()
            refused, requests = (counts[each] - before[each] for each in ("refused", "requests"))
            before = counts
            assert refused <= share * requests
    assert counts["most_in_flight"] == 20, "what the provider takes is used"


async def test_a_burst_that_uses_up_a_minute_waits_here() -> None:
    """60 at once, then 40 a second."""
    limits = Limits(per_minute=2400, burst=60)
    with FaultyServer(words_for(0), limits=limits, latency_s=0.02) as server:
        began = time.monotonic()
        async with line_to(server) as line:
            assert all(await asyncio.gather(*(echoed(line, number) for number in range(160))))
        took, counts = time.monotonic() - began, server.counts()
    assert counts["refused"] <= 0.02 * counts["requests"]
    assert took < 1.5 * (160 - 60) / 40 + 3


async def test_a_wait_that_the_provider_asks_for_is_obeyed(real_waits: None) -> None:
    log = EventLog()
    with FaultyServer(words_for(3), faults=[error(429, retry_after="1")]) as server:
        began = time.monotonic()
        await client(server).aask("What do they say?", "the item", sinks=[log])
        assert time.monotonic() - began >= 1.0
    assert [round(each.wait_s) for each in log.of(events.Retried)] == [1]


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
async def test_a_wait_is_read_from_every_refusal_that_passes(status: int) -> None:
    with FaultyServer(words_for(0), faults=[error(status, retry_after="7")]) as server:
        async with Transport(ModelSettings()) as transport:
            with pytest.raises(ModelError) as caught:
                await chat(server.base_url, transport).complete(ASKED, Sampling())
    assert caught.value.retry_after == 7.0


def test_a_provider_that_is_away_for_two_seconds_is_waited_for(real_waits: None) -> None:
    with FaultyServer(words_for(60), latency_s=0.1) as server:

        def leave() -> None:
            eventually(lambda: len(server.requests) >= 20, 30)
            with server.down():
                time.sleep(2)

        away = threading.Thread(target=leave)
        away.start()
        answer = client(server, timeout_s=10).ask("What do they say?", "the item")
        away.join()
    assert answer.text == right(60)


def test_another_model_answers_where_one_is_gone() -> None:
    log = EventLog()
    with FaultyServer(words_for(4)) as server:
        harlm_ = HARLM(
            model=f"openai/root@{server.base_url}",
            sub_model=f"openai/sub@http://{closed_port()}/v1",
            mode="full",
            settings=Config(models=ModelSettings(retries=1, fallback=f"openai/sub@{server.base_url}")),
        )
        answer = harlm_.ask("What do they say?", "the item", sinks=[log])
    assert answer.text == right(4)
    assert len(log.of(events.FellBack)) == 4


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENETUNREACH], ids=errno.errorcode.get)
async def test_descriptors_that_are_used_up_are_a_failure_that_passes_and_is_named(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, failing = aiohappyeyeballs.start_connection, [3]

    async def start_connection(*arguments: Any, **options: Any) -> socket.socket:
        if failing[0]:
            failing[0] -= 1
            raise OSError(number, os.strerror(number))
        opened: socket.socket = await connect(*arguments, **options)
        return opened

    monkeypatch.setattr(aiohappyeyeballs, "start_connection", start_connection)
    with FaultyServer(words_for(0)) as server:
        async with Transport(ModelSettings()) as transport:
            with pytest.raises(ModelUnavailable) as caught:
                await chat(server.base_url, transport).complete(ASKED, Sampling())
        assert not caught.value.perhaps_billed
        async with line_to(server) as line:
            assert await echoed(line, 1)
    if number in (errno.EMFILE, errno.ENFILE):
        assert "open files" in str(caught.value)
        assert "check the address" not in str(caught.value)


async def test_a_connection_that_is_not_taken_names_its_own_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    async def start_connection(*_: Any, **__: Any) -> socket.socket:
        await asyncio.sleep(30)
        raise AssertionError

    monkeypatch.setattr(aiohappyeyeballs, "start_connection", start_connection)
    async with Transport(ModelSettings(connect_timeout_s=0.05, timeout_s=600)) as transport:
        with pytest.raises(ModelUnavailable) as caught:
            await chat("http://127.0.0.1:9/v1", transport).complete(ASKED, Sampling())
    assert not caught.value.perhaps_billed
    assert "0.05 s" in str(caught.value)
    assert "models.connect_timeout_s" in str(caught.value)
