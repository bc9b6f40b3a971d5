"""Parts that several runs share."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from harlm import common_parts
from harlm.assembly import open_run
from harlm.budget import Account, Caps
from harlm.common_parts import open_common
from harlm.config import Config, overridden
from harlm.errors import CallLimit
from harlm.testing import FaultyServer
from harlm.testing.limits import Limits
from harlm.types import Amounts, Message, Sampling


def named(model: str, **flags: object) -> Config:
    return overridden(Config(), {"models.root": model, "tracing.home": str(Path.cwd()), **flags})


async def test_runs_share_what_was_opened_once_and_keep_their_own_books() -> None:
    config = named("offline/extractive")
    purse = Account(Caps(calls=3))
    async with open_common(config, environment={}, purse=purse) as common:
        async with open_run(config, common=common) as first, open_run(config, common=common) as second:
            assert first.models is second.models
            assert first.run.sandbox is second.run.sandbox
            assert first.run.id != second.run.id
            assert first.run.memory is not second.run.memory
            for node in (first, second):
                (await node.account.reserve(Amounts(calls=1))).settle(Amounts(calls=1))
            assert (first.account.committed.calls, purse.committed.calls) == (1, 2)
            (await second.account.reserve(Amounts(calls=1))).settle(Amounts(calls=1))
            with pytest.raises(CallLimit):
                await first.account.reserve(Amounts(calls=1))
        async with open_run(config, common=common) as third:  # what is shared stays open
            assert third.models is common.models


@pytest.fixture
def busy_server() -> Iterator[FaultyServer]:
    """A provider that takes 20 requests at once."""
    with FaultyServer(lambda request: "yes", latency_s=0.2, limits=Limits(in_flight=20)) as server:
        yield server


async def refused_in_run(server: FaultyServer, key: str = "sk-of-the-user", **flags: object) -> int:
    """How many requests the server refuses of a run that makes 24 calls at once."""
    before = server.refused
    config = named(f"openai/x@{server.base_url}", **{"models.api_key": key, **flags})
    async with open_common(config, environment={}) as common:
        line = common.layers.around(common.models.root, lambda model: model)
        asked = (Message(role="user", content="?"),)
        await asyncio.gather(*(line.complete(asked, Sampling()) for _ in range(24)))
    return server.refused - before


def another_process() -> None:
    """Forget what this process knows."""
    common_parts._known_limits.cache_clear()


async def test_a_limit_is_learned_once_for_this_process_and_for_later_ones(busy_server: FaultyServer) -> None:
    assert await refused_in_run(busy_server) >= 4
    assert await refused_in_run(busy_server) == 0
    another_process()
    assert await refused_in_run(busy_server) == 0
    assert await refused_in_run(busy_server, key="sk-of-another-account") >= 4


async def test_the_stored_limits_are_the_user_s_only_and_hold_no_secret(busy_server: FaultyServer) -> None:
    await refused_in_run(busy_server)
    file = Path.cwd() / "limits.json"
    stored = file.read_text("utf-8")
    assert busy_server.base_url in stored
    assert "sk-of-the-user" not in stored
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("data", [b"nonsense", b'{"format": 9, "endpoints": 3}', b"x" * 300_000, None])
async def test_a_file_of_limits_that_cannot_be_used_costs_no_run(
    busy_server: FaultyServer, data: bytes | None
) -> None:
    file = Path.cwd() / "limits.json"
    another_process()
    if data is None:
        file.mkdir()
    else:
        file.write_bytes(data)
    assert await refused_in_run(busy_server) >= 4
    assert await refused_in_run(busy_server) == 0, "this process knows them"


async def test_a_run_without_a_provider_stores_no_limits() -> None:
    async with open_common(named("offline/extractive"), environment={}):
        pass
    assert not (Path.cwd() / "limits.json").exists()
