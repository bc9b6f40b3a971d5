from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from harlm.testing.dialects import ModelReply, Request, Tokens
from harlm.testing.exchange import Exchange, chunk

TOKENS = Tokens(prompt=10, cached=0, completion=2)
WHOLE = Request("/v1/chat/completions", {}, {"model": "m"})
STREAMED = Request("/v1/chat/completions", {}, {"model": "m", "stream": True})


async def received(
    request: Request, play: Callable[[Exchange], Coroutine[Any, Any, None]]
) -> tuple[bytes, list[bool]]:
    """The bytes that a client reads, and whether each entry in the bill was of a delivered reply."""
    bill: list[bool] = []

    async def make(asked: Request) -> ModelReply:
        return ModelReply(asked, "one\ntwo", TOKENS)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        exchange = Exchange(
            request, reader, writer, make=make, headers=lambda: (("x-limit", "9"),),
            bill=lambda request, tokens, *, delivered: bill.append(delivered),
        )  # fmt: skip
        await play(exchange)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        try:
            return await reader.read(), bill
        finally:
            writer.close()


async def test_a_whole_reply_is_json_of_its_true_length_and_is_billed_once() -> None:
    async def play(exchange: Exchange) -> None:
        await exchange.answer(await exchange.reply())

    data, bill = await received(WHOLE, play)
    head, body = data.split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert f"content-length: {len(body)}".encode() in head
    assert b"x-limit: 9" in head
    assert json.loads(body)["choices"][0]["message"]["content"] == "one\ntwo"
    assert bill == [True]


async def test_a_streamed_reply_is_billed_from_its_first_byte() -> None:
    async def play(exchange: Exchange) -> None:
        await exchange.answer(await exchange.reply(), line_s=0.001)

    data, bill = await received(STREAMED, play)
    assert b"text/event-stream" in data
    assert data.endswith(b"0\r\n\r\n")
    assert bill[0] is False
    assert bill[-1] is True


async def test_bytes_that_are_only_sent_are_not_billed() -> None:
    async def play(exchange: Exchange) -> None:
        await exchange.send(exchange.whole(b"<html>", (("content-type", "text/html"),), status=502))

    data, bill = await received(WHOLE, play)
    assert data.startswith(b"HTTP/1.1 502 Bad Gateway")
    assert b"text/html" in data
    assert b"application/json" not in data
    assert not bill


async def test_the_model_is_asked_once_whatever_is_done_with_its_reply() -> None:
    replies: list[ModelReply] = []

    async def play(exchange: Exchange) -> None:
        assert exchange.made is None
        replies.extend([await exchange.reply(), await exchange.reply()])
        assert exchange.made is replies[0]

    await received(WHOLE, play)
    assert replies[0] is replies[1]


async def test_a_reset_drops_the_connection_without_a_reply() -> None:
    async def play(exchange: Exchange) -> None:
        exchange.reset()
        assert not exchange.keep_alive

    with pytest.raises(ConnectionResetError):
        await received(WHOLE, play)


def test_a_chunk_has_its_length_in_front() -> None:
    assert chunk(b"0123456789abcdef!") == b"11\r\n0123456789abcdef!\r\n"
    assert chunk(b"") == b"0\r\n\r\n"
