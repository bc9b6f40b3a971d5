"""A local model as a model of a run: shared, described, counted, and an error once its server has ended."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from harlm.config import ModelSettings
from harlm.errors import ConfigError, ModelError
from harlm.models.access import Access
from harlm.models.choosing import ModelMaker
from harlm.models.local import chat
from harlm.models.local.chat import LocalChat
from harlm.models.local.pool import Pool
from harlm.models.local.server import start
from harlm.models.wrappers import Layers
from harlm.types import Message, Sampling
from tests.support.fake_llama import real_llama
from tests.support.tiny_model import ANSWER, write_tiny_model

HELLO = (Message(role="user", content="Who is it?"),)


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Pool:
    made = Pool(lambda plan, stop: start(plan, stop=stop), kept_s=0.0)
    monkeypatch.setattr(chat, "POOL", made)
    return made


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    real_llama(tmp_path, monkeypatch)
    file = tmp_path / "tiny.gguf"
    write_tiny_model(file)
    return file


def maker(cleanup: AsyncExitStack, folder: Path, **settings: object) -> ModelMaker:
    made = ModelSettings(**settings)  # type: ignore[arg-type] # settings of the test
    return ModelMaker(made, Access(made, {}, cleanup), Layers(), lambda name: None, folder)


async def test_models_of_one_file_share_a_server_which_ends_with_the_run(pool: Pool, tiny: Path) -> None:
    async with AsyncExitStack() as cleanup:
        made = maker(cleanup, tiny.parent, window=2_048, offline=True)
        root, sub = await made.make(f"local/{tiny}"), await made.make("local/tiny")
        assert isinstance(root, LocalChat)
        assert isinstance(sub, LocalChat)
        assert root._server is sub._server
        assert (root.name, sub.name, root.window) == (f"local/{tiny}", "local/tiny", 2_048)
        assert root.description is not None
        assert root.description.is_small
        assert (await root.complete(HELLO, Sampling(temperature=0))).text == ANSWER
        counter = made.counter_of("local/tiny")
        assert counter is not None
        assert counter.count("abc") == 3
        server = root._server
    assert server.wait().startswith("exit code 0")


async def test_a_server_that_ends_in_a_run_is_an_error_that_no_retry_repeats(pool: Pool, tiny: Path) -> None:
    async with AsyncExitStack() as cleanup:
        model = await maker(cleanup, tiny.parent).make("local/tiny")
        assert isinstance(model, LocalChat)
        model._server._process.kill()
        model._server.wait()
        with pytest.raises(
            ModelError, match=r"the server of local/tiny has ended \(killed by SIGKILL"
        ) as caught:
            await model.complete(HELLO, Sampling())
        assert type(caught.value) is ModelError


async def test_no_proxy_stands_before_it(pool: Pool, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with AsyncExitStack() as cleanup:
        model = await maker(cleanup, tiny.parent, proxy="http://127.0.0.1:9").make("local/tiny")
        assert (await model.complete(HELLO, Sampling(temperature=0))).text == ANSWER


async def test_replies_are_reused_for_the_same_state_of_a_file_only(pool: Pool, tiny: Path) -> None:
    async def identity() -> str | None:
        async with AsyncExitStack() as cleanup:
            made = maker(cleanup, tiny.parent)
            return made.identity_of(await made.make("local/tiny"))

    first = await identity()
    assert first is not None
    assert first == await identity()
    await asyncio.to_thread(os.utime, tiny, (1, 1))
    assert await identity() != first


async def test_a_file_that_is_no_model_is_an_error_before_anything_is_started(
    tmp_path: Path, pool: Pool
) -> None:
    (tmp_path / "zip.gguf").write_bytes(b"PK")
    async with AsyncExitStack() as cleanup:
        with pytest.raises(ConfigError, match="is not a GGUF file"):
            await maker(cleanup, tmp_path).make("local/zip")
