"""What providers really send, and what becomes of it."""

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
    RateLimited,
)
from harlm.models.access import Endpoint
from harlm.models.http import Transport
from harlm.models.openai import OpenAIChat
from harlm.testing import Request, ScriptedServer
from harlm.types import Completion, Message, Sampling


async def ask(reply: Callable[[Request], str | web.Response] | str, **settings: object) -> Completion:
    """One call to a server that replies so, or to an address."""

    async def call(base_url: str) -> Completion:
        async with Transport(ModelSettings(**settings)) as transport:  # type: ignore[arg-type] # settings of the test
            model = OpenAIChat(
                Endpoint(
                    name="openai/test",
                    model="test",
                    base_url=base_url,
                    key="sk-secret-key",
                    key_hint="TEST_KEY",
                    transport=transport,
                ),
                window=1000,
            )
            return await model.complete([Message(role="user", content="hi")], Sampling())

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
        (402, ModelError, "asks for payment"),
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
async def test_a_prompt_that_is_too_long_is_known_by_its_message(message: str) -> None:
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
async def test_what_a_provider_asks_us_to_wait_is_understood(
    headers: dict[str, str], seconds: float | None
) -> None:
    with pytest.raises(RateLimited) as caught:
        await ask(error(429, headers=headers))
    assert caught.value.retry_after == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(("ahead", "seconds"), [(30, 30.0), (-30, 0.0)])
async def test_a_date_to_wait_for_is_understood(ahead: int, seconds: float) -> None:
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
        ('{"choices": []}', "without any choice"),
        ("{}", "without any choice"),
        ('{"error": {"message": "no such model"}}', "without any choice (no such model)"),
        ('{"choices": [{"message": {"content": 7}}]}', "not a completion"),
        ("", "not a completion"),
    ],
)
async def test_garbage_with_status_200_is_no_completion(body: str, said: str) -> None:
    with pytest.raises(BadCompletion) as caught:
        await ask(lambda request: web.Response(text=body))
    assert said in str(caught.value)


async def test_a_reply_without_text_is_paid_for_all_the_same() -> None:
    body = (
        '{"choices": [{"message": {"content": null}, "finish_reason": "length"}],'
        ' "usage": {"prompt_tokens": 1000, "completion_tokens": 500, "cost": 0.5}}'
    )
    completion = await ask(lambda request: web.Response(text=body))
    assert (completion.text, completion.stop, completion.usage.cost_micros) == ("", "length", 500_000)


@pytest.mark.parametrize(
    ("body", "text", "cost"),
    [
        ('{"choices": [{"message": {"content": [{"text": null}, {"text": "a"}]}}]}', "a", None),
        ('{"choices": [{"message": {"content": "a"}}], "usage": {"prompt_tokens": null}}', "a", None),
        (
            '{"choices": [{"message": {"content": "a"}}], "usage": {"prompt_tokens": 1, "cost": 1e308}}',
            "a",
            None,
        ),
        (
            '{"choices": [{"message": {"content": "a"}}], "usage": {"prompt_tokens": 1, "cost": -1}}',
            "a",
            None,
        ),
    ],
)
async def test_odd_replies_that_were_paid_for_are_taken(body: str, text: str, cost: int | None) -> None:
    completion = await ask(lambda request: web.Response(text=body))
    assert (completion.text, completion.usage.cost_micros) == (text, cost)


async def test_a_redirect_is_not_followed() -> None:
    with ScriptedServer(lambda request: "stolen") as other:
        moved = web.Response(status=307, headers={"location": f"{other.base_url}/chat/completions"})
        with pytest.raises(ModelError, match="which is not followed"):
            await ask(lambda request: moved)
    assert other.requests == []


async def test_a_key_that_comes_back_in_an_error_is_not_passed_on() -> None:
    with pytest.raises(ModelError) as caught:
        await ask(error(401, {"error": {"message": "Incorrect API key provided: sk-secret-key"}}))
    assert "sk-secret-key" not in str(caught.value)
    assert "[redacted]" in str(caught.value)


async def test_usage_is_normalised_and_estimated_when_missing() -> None:
    usage = (await ask(lambda request: "hello")).usage
    assert (usage.cached_tokens, usage.reasoning_tokens, usage.estimated, usage.cost_micros) == (
        0,
        1,
        False,
        None,
    )
    bare = '{"choices": [{"message": {"content": "hello there"}, "finish_reason": "length"}]}'
    completion = await ask(lambda request: web.Response(text=bare))
    assert completion.usage.estimated
    assert completion.usage.output_tokens == 2
    assert completion.stop == "length"


async def test_a_provider_that_says_what_it_charged_is_believed() -> None:
    body = '{"choices": [{"message": {"content": "x"}}], "usage": {"prompt_tokens": 3, "completion_tokens": 1, "cost": 0.0125}}'
    assert (await ask(lambda request: web.Response(text=body))).usage.cost_micros == 12_500


async def test_text_in_parts_and_refusals_are_text() -> None:
    parts = '{"choices": [{"message": {"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}}]}'
    assert (await ask(lambda request: web.Response(text=parts))).text == "ab"
    refusal = '{"choices": [{"message": {"content": null, "refusal": "I will not."}}]}'
    completion = await ask(lambda request: web.Response(text=refusal))
    assert (completion.text, completion.stop) == ("I will not.", "filter")


async def test_nobody_at_the_address() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(ModelUnavailable) as caught:
        await ask(f"http://127.0.0.1:{port}/v1")
    assert f"cannot be reached at http://127.0.0.1:{port}/v1/chat/completions" in str(caught.value)
    assert "check the address" in str(caught.value)


async def test_a_reply_that_never_comes_is_given_up() -> None:
    with ScriptedServer(lambda request: "late", latency_s=5) as server:
        async with Transport(ModelSettings(timeout_s=0.2)) as transport:
            model = OpenAIChat(
                Endpoint(
                    name="openai/test",
                    model="t",
                    base_url=server.base_url,
                    key=None,
                    key_hint="K",
                    transport=transport,
                ),
                window=1,
            )
            with pytest.raises(ModelUnavailable, match=r"did not reply within 0.2 s"):
                await model.complete([], Sampling())


async def test_the_key_is_sent_and_never_said() -> None:
    seen: list[Request] = []

    def refuse(request: Request) -> web.Response:
        seen.append(request)
        return web.json_response({"error": "no"}, status=401)

    with pytest.raises(ModelError) as caught:
        await ask(refuse)
    assert seen[0].headers["authorization"] == "Bearer sk-secret-key"
    assert "sk-secret-key" not in str(caught.value)


async def test_an_address_is_shown_without_its_password() -> None:
    with pytest.raises(ModelUnavailable) as caught:
        await ask("http://user:hunter2@127.0.0.1:9/v1")
    assert "hunter2" not in str(caught.value)


async def test_a_bundle_that_is_no_file_says_so() -> None:
    with pytest.raises(ConfigError, match=re.escape("ca_bundle = '/nowhere.pem' is not a file")):
        await ask(lambda request: "x", ca_bundle="/nowhere.pem")


async def test_sampling_reaches_the_provider() -> None:
    with ScriptedServer(lambda request: "x") as server:
        async with Transport(ModelSettings()) as transport:
            model = OpenAIChat(
                Endpoint(
                    name="openai/t",
                    model="t",
                    base_url=server.base_url,
                    key=None,
                    key_hint="",
                    transport=transport,
                ),
                window=1,
            )
            await model.complete(
                [Message(role="user", content="hi")], Sampling(max_tokens=5, temperature=0.0, seed=3)
            )
        body = server.requests[0].body
    assert (body["max_tokens"], body["temperature"], body["seed"], body["model"]) == (5, 0.0, 3, "t")
    assert "authorization" not in server.requests[0].headers


HELLO = [Message(role="user", content="hello")]


def model_at(base_url: str, transport: Transport) -> OpenAIChat:
    return OpenAIChat(
        Endpoint(
            name="openai/test", model="test", base_url=base_url, key=None, key_hint="KEY", transport=transport
        ),
        window=32_000,
    )


async def test_a_server_that_knows_the_limit_by_its_new_name_only_is_asked_by_that() -> None:
    def reply(request: Request) -> str | web.Response:
        if "max_tokens" in request.body:
            said = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
            return web.json_response({"error": {"message": said}}, status=400)
        return "short"

    with ScriptedServer(reply) as server:
        async with Transport(ModelSettings()) as transport:
            model = model_at(server.base_url, transport)
            for _ in range(2):
                await model.complete(HELLO, Sampling(max_tokens=50))
    assert [sorted(request.body) for request in server.requests] == [
        ["max_tokens", "messages", "model"],
        ["max_completion_tokens", "messages", "model"],
        ["max_completion_tokens", "messages", "model"],
    ]


async def test_a_limit_that_does_not_fit_beside_the_prompt_is_shortened_once() -> None:
    def reply(request: Request) -> str | web.Response:
        if request.body["max_tokens"] > 2_000:
            said = "This model's maximum context length is 4096 tokens, you requested 9000"
            return web.json_response({"error": {"message": said}}, status=400)
        return "short"

    with ScriptedServer(reply) as server:
        async with Transport(ModelSettings()) as transport:
            model = model_at(server.base_url, transport)
            assert (await model.complete(HELLO, Sampling(max_tokens=8_192))).text == "short"
    assert [request.body["max_tokens"] for request in server.requests] == [8_192, 1_024]


async def test_requests_in_a_row_share_one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    create = aiohttp.TCPConnector._create_connection

    async def counted(self: aiohttp.TCPConnector, *given: Any) -> Any:
        made.append(given)
        return await create(self, *given)

    monkeypatch.setattr(aiohttp.TCPConnector, "_create_connection", counted)
    with ScriptedServer(lambda request: "short") as server:
        async with Transport(ModelSettings()) as transport:
            model = model_at(server.base_url, transport)
            for _ in range(10):
                await model.complete(HELLO, Sampling())
    assert len(made) == 1
