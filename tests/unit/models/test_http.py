"""Requests over real HTTP: the error that each failure becomes, keys, addresses and connections."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from harlm.config import ModelSettings
from harlm.errors import (
    BadCompletion,
    ConfigError,
    ContextOverflow,
    ModelError,
    ModelUnavailable,
    QuotaExceeded,
    RateLimited,
)
from harlm.models.openai import OpenAIChat
from harlm.testing import Request, ScriptedServer
from harlm.types import Completion, Sampling
from tests.support.model_server import TALK, model_at


async def ask(reply: Callable[[Request], str | web.Response] | str, **settings: object) -> Completion:
    """One call of ``OpenAIChat`` to a server that replies as ``reply`` says, or to an address."""

    async def call(address: str) -> Completion:
        made = ModelSettings(**settings)  # type: ignore[arg-type] # settings of the test
        async with model_at(address, OpenAIChat, settings=made) as model:
            return await model.complete(TALK, Sampling())

    if isinstance(reply, str):
        return await call(reply)
    with ScriptedServer(reply) as server:
        return await call(server.base_url)


def error(
    status: int, body: object = None, headers: dict[str, str] | None = None
) -> Callable[[Request], web.Response]:
    return lambda request: web.json_response(
        body or {"error": {"message": "the reason"}}, status=status, headers=headers
    )


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (400, ModelError, "refused the request"),
        (401, ModelError, "check TEST_KEY"),
        (402, QuotaExceeded, "asks for payment"),
        (425, ModelUnavailable, "did not serve the request"),
        (403, ModelError, "check TEST_KEY"),
        (404, ModelError, "was not found"),
        (413, ContextOverflow, "cannot take a prompt of this length"),
        (429, RateLimited, "is rate limited"),
        (500, ModelUnavailable, "is not available"),
        (529, ModelUnavailable, "is not available"),
    ],
)
async def test_statuses_become_errors_that_say_what_to_do(
    status: int, kind: type[ModelError], said: str
) -> None:
    with pytest.raises(ModelError) as caught:
        await ask(error(status))
    assert type(caught.value) is kind
    assert said in str(caught.value)
    assert "the reason" in str(caught.value)
    assert (caught.value.model, caught.value.status) == ("openai/test", status)
    assert caught.value.is_about_access == (status in (401, 402, 403))


@pytest.mark.parametrize(
    "message",
    [
        "This model's maximum context length is 8192 tokens.",
        "context_length_exceeded",
        "request (9000 tokens) exceeds the available context size (2048 tokens)",
        "prompt is too long: 210000 tokens > 200000 maximum",
    ],
)
async def test_a_prompt_that_is_too_long_is_recognised_by_the_message(message: str) -> None:
    with pytest.raises(ContextOverflow):
        await ask(error(400, {"error": {"message": message, "code": "x"}}))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
async def test_an_error_carries_the_wait_that_the_provider_asks_for(
    headers: dict[str, str], seconds: float | None
) -> None:
    with pytest.raises(RateLimited) as caught:
        await ask(error(429, headers=headers))
    assert caught.value.retry_after == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(("ahead", "seconds"), [(30, 30.0), (-30, 0.0)])
async def test_a_wait_can_be_a_date(ahead: int, seconds: float) -> None:
    when = formatdate(time.time() + ahead, usegmt=True)
    with pytest.raises(RateLimited) as caught:
        await ask(error(429, headers={"retry-after": when}))
    assert caught.value.retry_after == pytest.approx(seconds, abs=10)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<html>Welcome to nginx</html>", "not a completion"),
        ("{", "not a completion"),
        ("[]", "not a completion"),
        ('{"choices": []}', "it has no message"),
        ("{}", "it has no message"),
        ('"a text"', "not a completion"),
    ],
)
async def test_garbage_with_status_200_is_not_a_completion(body: str, said: str) -> None:
    with pytest.raises(BadCompletion) as caught:
        await ask(lambda request: web.Response(text=body))
    assert said in str(caught.value)


async def test_a_redirect_is_not_followed() -> None:
    with ScriptedServer(lambda request: "stolen") as other:
        moved = web.Response(status=307, headers={"location": f"{other.base_url}/chat/completions"})
        with pytest.raises(ModelError, match="which is not followed"):
            await ask(lambda request: moved)
    assert other.requests == []


async def test_a_key_in_an_error_message_is_redacted() -> None:
    with pytest.raises(ModelError) as caught:
        await ask(error(401, {"error": {"message": "Incorrect API key provided: sk-secret-key"}}))
    assert "sk-secret-key" not in str(caught.value)
    assert "[redacted]" in str(caught.value)


async def test_an_address_without_a_server_is_named_in_the_error() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(ModelUnavailable) as caught:
        await ask(f"http://127.0.0.1:{port}/v1")
    assert f"cannot be reached at http://127.0.0.1:{port}/v1/chat/completions" in str(caught.value)
    assert "check the address" in str(caught.value)


async def test_a_reply_that_takes_longer_than_the_timeout_is_an_error() -> None:
    with (
        ScriptedServer(lambda request: "late", latency_s=5) as server,
        pytest.raises(ModelUnavailable, match=r"did not reply within 0.2 s"),
    ):
        await ask(server.base_url, timeout_s=0.2)


async def test_the_key_is_sent_and_never_shown() -> None:
    seen: list[Request] = []

    def refuse(request: Request) -> web.Response:
        seen.append(request)
        return web.json_response({"error": "no"}, status=401)

    with pytest.raises(ModelError) as caught:
        await ask(refuse)
    assert seen[0].headers["authorization"] == "Bearer sk-secret-key"
    assert "sk-secret-key" not in str(caught.value)


async def test_an_address_is_shown_without_its_password() -> None:
    with pytest.raises(ModelError, match="holds a password and a key is set") as caught:
        await ask("http://user:hunter2@127.0.0.1:9/v1")
    assert "hunter2" not in str(caught.value)


async def test_a_certificate_bundle_must_be_a_file() -> None:
    with pytest.raises(ConfigError, match=re.escape("ca_bundle = '/nowhere.pem' is not a file")):
        await ask(lambda request: "x", ca_bundle="/nowhere.pem")


async def test_requests_in_a_row_share_one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    create = aiohttp.TCPConnector._create_connection

    async def counted(self: aiohttp.TCPConnector, *given: Any) -> Any:
        made.append(given)
        return await create(self, *given)

    monkeypatch.setattr(aiohttp.TCPConnector, "_create_connection", counted)
    with ScriptedServer(lambda request: "short") as server:
        async with model_at(server.base_url, OpenAIChat) as model:
            for _ in range(10):
                await model.complete(TALK, Sampling())
    assert len(made) == 1


async def test_a_connection_that_was_closed_between_two_requests_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It can close after the pool has looked at it and before the request is written."""
    write = aiohttp.ClientRequest.write_bytes
    has_closed: list[bool] = []

    async def closed_once(self: Any, writer: Any, conn: Any, *rest: Any) -> None:
        if not has_closed:
            has_closed.append(True)
            conn.transport.close()
        await write(self, writer, conn, *rest)

    monkeypatch.setattr(aiohttp.ClientRequest, "write_bytes", closed_once)
    with ScriptedServer(lambda request: "the reply") as server:
        async with model_at(server.base_url, OpenAIChat) as model:
            assert (await model.complete(TALK, Sampling())).text == "the reply"
        assert (len(server.requests), has_closed) == (1, [True])
