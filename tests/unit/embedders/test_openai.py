"""Vectors over OpenAI's protocol: what is sent, retries, and replies that cannot be used."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from harlm.config import ModelSettings
from harlm.embedders.openai import OpenAIEmbedder, VectorMeter
from harlm.errors import BadCompletion, ModelError, TokenLimit
from harlm.models.access import Endpoint
from harlm.models.http import Transport
from tests.support.embedding_server import Embeddings, embedding_server

Send = Callable[[], Awaitable[tuple[Any, int | None]]]


def over(address: str, transport: Transport, meter: VectorMeter | None = None) -> OpenAIEmbedder:
    return OpenAIEmbedder(
        Endpoint(name="openai/embed", model="embed", base_url=address, key=None, transport=transport), meter
    )


async def embedded(does: Embeddings, *texts: str) -> Sequence[bytes]:
    """The vectors of some texts, from a server that does so."""
    with embedding_server(does) as address:
        async with Transport(ModelSettings()) as transport:
            return await over(address, transport).embed(texts)


async def test_a_request_is_retried_after_a_temporary_failure() -> None:
    does = Embeddings()
    does.fails = 1
    with embedding_server(does) as address:
        async with Transport(ModelSettings()) as transport:
            assert len(await over(address, transport).embed(["a", "b"])) == 2
    assert len(does.requests) == 2


async def test_a_refusal_is_raised_at_once() -> None:
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
async def test_vectors_are_accepted_whatever_usage_the_server_reports(
    usage: object, counted: int | None
) -> None:
    class Meter:
        async def pay(self, texts: Sequence[str], send: Send) -> Any:
            value, tokens = await send()
            seen.append(tokens)
            return value

    seen: list[int | None] = []
    does = Embeddings()
    does.usage = usage
    with embedding_server(does) as address:
        async with Transport(ModelSettings()) as transport:
            embedder = over(address, transport, meter=Meter())
            assert len(await embedder.embed(["a", "b"])) == 2
    assert seen == [counted]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts, which are not waited for."""
    waited: list[float] = []
    sleep = asyncio.sleep

    async def skip(seconds: float) -> None:
        waited.append(seconds)
        await sleep(0)

    monkeypatch.setattr("harlm.embedders.openai.asyncio.sleep", skip)
    return waited


async def test_a_third_failure_in_a_row_is_raised(pauses: list[float]) -> None:
    does = Embeddings()
    does.fails = 9
    with pytest.raises(ModelError, match="later"):
        await embedded(does, "a")
    assert len(does.requests) == 3
    assert [each for each in pauses if each >= 0.5] == [0.5, 1.0]


async def test_no_texts_make_no_request() -> None:
    does = Embeddings()
    assert await embedded(does) == []
    assert does.requests == []


async def test_only_the_beginning_of_a_long_text_is_sent_and_never_an_empty_or_invalid_one() -> None:
    does = Embeddings()
    assert len(await embedded(does, "x" * 30_000, "", "\ud800")) == 3
    long, empty, surrogate = does.requests[0]
    assert len(long) == 24_000
    assert empty == " "
    surrogate.encode("utf-8")


async def test_vectors_are_returned_in_the_order_of_the_texts() -> None:
    """The server replies in reverse order, with an index on each row."""
    does = Embeddings()
    both = await embedded(does, "one apple", "two pears")
    assert both == [*await embedded(does, "one apple"), *await embedded(does, "two pears")]
    assert both[0] != both[1]


async def test_the_dimension_is_known_after_the_first_reply() -> None:
    with embedding_server() as address:
        async with Transport(ModelSettings()) as transport:
            embedder = over(address, transport)
            assert embedder.dimension is None
            (vector,) = await embedder.embed(["a"])
            assert embedder.dimension == 64 == len(array("f", vector))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "2 texts came back as 0 vectors"),
        ([{"index": 0, "embedding": "AAAAAA=="}], "2 texts came back as 1 vectors"),
        ([{"index": 0, "embedding": "AAAAAA=="}] * 2, "2 texts came back as 2 vectors"),
        (
            [{"index": at, "embedding": "no base64!"} for at in range(2)],
            "a vector is not base64",
        ),
        (
            [{"index": at, "embedding": "AAAA"} for at in range(2)],
            "a vector of 3 bytes is not a row of 4-byte floats",
        ),
        (
            [{"index": at, "embedding": ""} for at in range(2)],
            "a vector has no numbers",
        ),
    ],
    ids=["no rows", "one row", "the same row twice", "not base64", "three bytes", "no bytes"],
)
async def test_a_reply_that_cannot_be_used_says_why(rows: list[dict[str, object]], message: str) -> None:
    does = Embeddings()
    does.rows = rows
    with pytest.raises(BadCompletion) as caught:
        await embedded(does, "a", "b")
    assert str(caught.value).startswith(f"openai/embed: {message}")
    assert "check the model's name and the server's log" in str(caught.value)
    assert len(does.requests) == 1


async def test_a_budget_that_refuses_a_request_is_raised_and_nothing_is_sent() -> None:
    spent = TokenLimit("spent", limit="tokens", used=1, allowed=1)

    class Meter:
        async def pay(self, texts: Sequence[str], send: Send) -> Any:
            raise spent

    does = Embeddings()
    with embedding_server(does) as address:
        async with Transport(ModelSettings()) as transport:
            with pytest.raises(TokenLimit) as caught:
                await over(address, transport, meter=Meter()).embed(["a"])
    assert caught.value is spent
    assert does.requests == []
