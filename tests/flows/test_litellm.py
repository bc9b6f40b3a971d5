"""Whole runs through a real litellm proxy: models that it mocks, errors that it mocks, and a llama.cpp server behind it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import pytest
from aiohttp import web

from harlm import HARLM, ContextOverflow, ModelError, ModelUnavailable, RateLimited
from harlm.config import Config, ModelSettings
from harlm.models.access import Endpoint
from harlm.models.http import Transport
from harlm.models.openai import OpenAIChat
from harlm.protocols import LanguageModel
from harlm.testing import ScriptedServer
from harlm.types import Message, Mode, Sampling
from tests.support.cli import harlm
from tests.support.real_servers import HOW, litellm_proxy, servers_python
from tests.support.tiny_model import ANSWER
from tests.support.tiny_server import DOCUMENTS, LONG_DOCUMENTS, QUESTION, WINDOW, TinyServer, tiny_server

pytestmark = [
    pytest.mark.skipif(servers_python() is None, reason=HOW),
    pytest.mark.timeout(400),  # the proxy takes 10 s of processor time to start
]

KEY = "sk-the-key-of-the-proxy"
MOCKED = {
    "mock": ANSWER,
    "busy": "litellm.RateLimitError",
    "short": "litellm.ContextWindowExceededError",
    "broken": "litellm.InternalServerError",
    "filtered": "Exception: content_filter_policy",
}
"""The reply of each model; litellm raises the error that a reply names."""


@dataclass(frozen=True)
class Proxy:
    """A litellm proxy, and the llama.cpp server behind its model ``tiny``."""

    url: str
    tiny: TinyServer

    def client(self, model: str, mode: Mode | Literal["auto"] = "direct", **settings: Any) -> HARLM:
        models = ModelSettings(**{"api_key": KEY, "retries": 0, **settings})
        return HARLM(
            model=f"openai/{model}@{self.url}", mode=mode, cache=False, settings=Config(models=models)
        )


def _settings(addresses: Mapping[str, str]) -> dict[str, object]:
    """Litellm's own settings: models that it mocks, and models at addresses."""
    mocked = {name: {"mock_response": reply} for name, reply in MOCKED.items()}
    served = {name: {"api_base": address} for name, address in addresses.items()}
    return {
        "model_list": [
            {"model_name": name, "litellm_params": {"model": f"openai/{name}", "api_key": "none", **more}}
            for name, more in {**mocked, **served}.items()
        ],
        "litellm_settings": {"num_retries": 0, "telemetry": False},
        "router_settings": {"num_retries": 0, "disable_cooldowns": True},
        "general_settings": {"master_key": KEY},
    }


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("litellm")
    refused = web.json_response({"error": {"message": "Incorrect API key provided: none"}}, status=401)
    with tiny_server(folder) as tiny, ScriptedServer(lambda _: refused) as locked:
        addresses = {
            "tiny": f"{tiny.url}/v1",
            "locked": f"{locked.url}/v1",
            "dead-end": "http://127.0.0.1:9/v1",
        }
        with litellm_proxy(_settings(addresses), folder) as address:
            yield Proxy(address, tiny)


@pytest.fixture
async def tiny(proxy: Proxy) -> AsyncIterator[LanguageModel]:
    async with Transport(ModelSettings()) as transport:
        yield OpenAIChat(
            Endpoint(
                name="openai/tiny",
                model="tiny",
                base_url=proxy.url,
                key=KEY,
                key_hint="THE_KEY",
                transport=transport,
            ),
            WINDOW,
        )


# -- runs --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["direct", "repl", "full"])
def test_each_mode_answers_and_books_what_the_server_behind_it_counted(proxy: Proxy, mode: Mode) -> None:
    before = proxy.tiny.counted()
    answer = proxy.client("tiny", mode).ask(QUESTION, DOCUMENTS)
    after = proxy.tiny.counted()
    assert (answer.status, answer.mode, answer.text.split(" [")[0]) == ("ok", mode, ANSWER)
    assert answer.usage.input_tokens == after[0] - before[0]
    assert answer.usage.output_tokens == after[1] - before[1]
    assert not answer.usage.estimated


def test_a_mocked_reply_is_the_answer(proxy: Proxy) -> None:
    answer = proxy.client("mock").ask(QUESTION, DOCUMENTS)
    assert (answer.status, answer.text) == ("ok", ANSWER)
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (10, 20)


def test_the_command_line_asks_it(proxy: Proxy) -> None:
    ran = harlm(
        *("ask", QUESTION, "-", "--model", f"openai/mock@{proxy.url}", "--mode", "direct"),
        stdin=DOCUMENTS["part3.txt"].encode(),
        environment={"HARLM_API_KEY": KEY},
    )
    assert (ran.code, ran.out.strip()) == (0, ANSWER), ran.err


# -- one call ----------------------------------------------------------------------------------------------

HELLO = (Message(role="user", content="Who is it? Ünïcode 😀"),)


async def test_a_stream_and_a_whole_reply_are_alike(tiny: LanguageModel) -> None:
    pieces: list[str] = []
    whole = await tiny.complete(HELLO, Sampling(temperature=0))
    streamed = await tiny.complete(HELLO, Sampling(temperature=0, on_text=pieces.append))
    assert (whole.text, whole.stop) == (streamed.text, streamed.stop) == (ANSWER, "end")
    assert replace(streamed.usage, cached_tokens=0) == replace(whole.usage, cached_tokens=0)
    assert pieces[-1] == ANSWER


async def test_a_schema_and_probabilities_pass_through_it(tiny: LanguageModel) -> None:
    schema = {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2}
    formed = await tiny.complete(HELLO, Sampling(temperature=0, schema=schema))
    assert json.loads(formed.text) == [ANSWER, ANSWER]
    weighed = await tiny.complete(HELLO, Sampling(temperature=0, logprobs=2))
    assert "".join(each.token for each in weighed.logprobs).startswith(ANSWER)


# -- errors ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "kind", "words"),
    [
        ("busy", RateLimited, "mock rate limit error"),
        ("short", ContextOverflow, "mock context window exceeded error"),
        ("broken", ModelUnavailable, "mock internal server error"),
        ("filtered", ModelError, "content_filter_policy"),
        ("dead-end", ModelUnavailable, "Connection error"),
        ("locked", ModelError, "Incorrect API key provided"),
        ("absent", ModelError, "Invalid model name passed in model=absent"),
    ],
)
@pytest.mark.parametrize("mode", ["direct", "full"])
def test_an_error_is_named_in_the_words_of_the_proxy(
    proxy: Proxy, model: str, kind: type[ModelError], words: str, mode: Mode
) -> None:
    with pytest.raises(kind) as raised:
        proxy.client(model, mode).ask(QUESTION, DOCUMENTS)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
    assert KEY not in str(raised.value)


def test_a_key_that_an_upstream_refuses_is_a_matter_of_access(proxy: Proxy) -> None:
    with pytest.raises(ModelError) as raised:
        proxy.client("locked").ask(QUESTION, DOCUMENTS)
    assert raised.value.is_about_access


def test_a_key_that_the_proxy_refuses_is_never_shown(proxy: Proxy) -> None:
    """Without a database, the proxy looks for the key there and says that it cannot."""
    with pytest.raises(ModelError, match="No connected db") as raised:
        proxy.client("mock", api_key="sk-another-key").ask(QUESTION, DOCUMENTS)
    assert "another" not in str(raised.value)


async def test_an_overflow_of_the_server_behind_it_is_known_as_one(tiny: LanguageModel) -> None:
    with pytest.raises(ContextOverflow, match="exceeds the available context size"):
        await tiny.complete([Message(role="user", content="word " * WINDOW)], Sampling())


def test_a_context_that_overflows_is_read_in_parts(proxy: Proxy) -> None:
    answer = proxy.client("tiny", "auto").ask(QUESTION, LONG_DOCUMENTS)
    assert answer.text.split(" [")[0] == ANSWER
    assert answer.mode != "direct"
