"""Runs against a provider that fails in every way that providers do, over real HTTP: they answer all the same, the books are
the server's, and what cannot be mended is said plainly.
"""

from __future__ import annotations

import asyncio
import errno
import gzip
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohappyeyeballs
import msgspec
import pytest

from harlm import (
    HARLM,
    Budget,
    CostLimit,
    LimitExceeded,
    ModelError,
    ModelUnavailable,
    Price,
    TokenLimit,
    events,
)
from harlm.cli import exit_code
from harlm.config import Config, ModelSettings
from harlm.models.access import Endpoint
from harlm.models.http import Transport
from harlm.models.openai import OpenAIChat
from harlm.models.wrappers import Layers, Patience
from harlm.protocols import LanguageModel
from harlm.testing import EventLog, FaultyServer, Limits, Request
from harlm.testing.exchange import Exchange, Fault
from harlm.testing.faults import (
    Dribble,
    Duplicate,
    Finish,
    Html,
    Late,
    Malformed,
    NoChoices,
    NoUsage,
    NullContent,
    PromptMore,
    Reset,
    Silence,
    Status,
    TooMany,
    Truncated,
    TruncatedStream,
)
from harlm.types import PICOS, Message, Sampling, Usage
from tests.support.cli import Ran, harlm
from tests.support.wire import eventually

PRICES = {
    "openai/root": Price(input=1.25, output=10.0),
    "openai/sub": Price(input=0.25, output=2.0, cached=0.03),
}
TIMEOUT_S = 1.0  # of one request: what is silent costs so much
KEY = "sk-a-key-that-nobody-may-see"


# -- a run of many calls -----------------------------------------------------------------------------------


def words_for(calls: int) -> Callable[[Request], str]:
    """A root model that asks so many sub-calls at once and finishes with their replies; a sub-model that repeats."""

    def words(request: Request) -> str:
        if request.model == "sub":
            return f"said {request.prompt}"
        if len(request.messages) == 2:
            return (
                "```repl\nname = context.split()[-1]\n"
                f"replies = llm_query_batched([f'{{name}} {{i}}' for i in range({calls})])\nprint(len(replies))\n```"
            )
        return "```repl\nFINAL(' | '.join(replies))\n```"

    return words


def right(calls: int, name: str = "item") -> str:
    return " | ".join(f"said {name} {number}" for number in range(calls))


def client(
    server: FaultyServer, *, budget: Budget | None = None, hedging: bool = False, **models: Any
) -> HARLM:
    return HARLM(
        model=f"openai/root@{server.base_url}",
        sub_model=f"openai/sub@{server.base_url}",
        mode="full",
        prices=PRICES,
        budget=budget,
        cache=False,  # the bills of all calls are what is compared
        settings=Config(models=ModelSettings(**{"timeout_s": TIMEOUT_S, "hedging": hedging, **models})),
    )


def once_at(number: int, fault: Fault) -> Callable[[Request], Fault | None]:
    return lambda request: fault if request.number == number else None


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jitter may draw anything up to its bound; here it draws little."""
    monkeypatch.setattr("harlm.models.wrappers.retrying.random.uniform", lambda low, high: low + high / 50)


@pytest.fixture
def real_waits(monkeypatch: pytest.MonkeyPatch, _short_waits: None) -> None:
    monkeypatch.setattr("harlm.models.wrappers.retrying.random.uniform", lambda low, high: (low + high) / 2)


def error(status: int, message: str = "the reason", **headers: str) -> Status:
    body = msgspec.json.encode({"error": {"message": message}}).decode()
    return Status(status, body, tuple((name.replace("_", "-"), value) for name, value in headers.items()))


@dataclass(frozen=True, slots=True)
class Raw(Fault):
    """A body as it is."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()

    async def play(self, exchange: Exchange) -> None:
        length = ("content-length", str(len(self.body)))
        await exchange.send(exchange.head(length, *self.headers, status=self.status) + self.body)


@dataclass(slots=True)
class Held(Fault):
    """A request that is never answered, and is known to be open until the client leaves."""

    open: set[int] = field(default_factory=set)
    seen: int = 0

    async def play(self, exchange: Exchange) -> None:
        self.seen += 1
        self.open.add(exchange.request.number)
        exchange.keep_alive = False
        try:
            await exchange.until_left()
        finally:
            self.open.discard(exchange.request.number)


@dataclass(frozen=True, slots=True)
class SecondLater(Fault):
    """The whole reply, and the same once more on the idle connection."""

    seconds: float = 0.05

    async def play(self, exchange: Exchange) -> None:
        reply = await exchange.reply()
        await exchange.deliver(reply.completion(), reply.tokens)
        await asyncio.sleep(self.seconds)
        await exchange.send(exchange.whole(msgspec.json.encode(reply.completion())))


def deep(levels: int) -> bytes:
    return b'{"error": {"message": ' + b"[" * levels + b"]" * levels + b"}}"


# -- one fault ---------------------------------------------------------------------------------------------

PASSES: Mapping[str, Fault] = {
    **{str(status): error(status) for status in (408, 409, 429, 500, 502, 503, 504, 520, 529)},
    "retry-after in seconds": error(429, retry_after="0"),
    "retry-after in milliseconds": error(429, retry_after_ms="30"),
    "retry-after in the past": error(429, retry_after="-5"),
    "retry-after a past date": error(503, retry_after="Wed, 21 Oct 2015 07:28:00 GMT"),
    "retry-after nonsense": error(429, retry_after="after lunch"),
    "empty body": Status(500),
    "a page of a proxy": Html(200),
    "a page with 503": Html(503),
    "a page with 429": Html(429),
    "reset before a byte": Reset(),
    "reset after a byte": Reset(1),
    "reset after the headers": Reset("headers"),
    "reset in the middle": Reset("half"),
    "silence": Silence(),
    "headers, then silence": Silence("headers"),
    "half, then silence": Silence("half"),
    "dribble": Dribble(0.02),
    "dribble of JSON": Dribble(0.02, b'{"choices": [{"message": {"content": "a'),
    "truncated": Truncated(),
    "truncated chunks": Truncated("chunked"),
    "truncated events": TruncatedStream(),
    "half a JSON": Malformed(),
    "no choices": NoChoices(),
    "null content": NullContent(),
    "finish_reason error": Finish("error"),
    "finish_reason unknown": Finish("because"),
    "no usage": NoUsage(),
    "more tokens than asked": TooMany(50),
    "a longer prompt than sent": PromptMore(5_000),
    "twice": Duplicate(),
    "late": Late(3 * TIMEOUT_S),
    "bytes that are no text": Raw(200, b'{"choices": [{"message": {"content": "\xff\xfe"}}]}'),
    "gzip that is none": Raw(200, b"plain", (("content-encoding", "gzip"),)),
    "gzip with 500": Raw(500, gzip.compress(b'{"error": "zipped"}'), (("content-encoding", "gzip"),)),
    "an encoding that nobody knows": Raw(500, b"?", (("content-encoding", "x-nothing"),)),
    "a million brackets": Raw(200, b"[" * 1_000_000),
    "no text with 500": Raw(500, b'{"error": "\xff"}'),
    "200 deep with 500": Raw(500, deep(200)),
    "5,000 deep with 500": Raw(500, deep(5_000)),
    "5,000 deep with 200": Raw(200, b'{"choices": [], "error": ' + deep(5_000) + b"}"),
}


@pytest.mark.parametrize("fault", PASSES.values(), ids=PASSES.keys())
def test_one_fault_in_a_fan_out_of_twenty_and_the_answer_is_right(fault: Fault) -> None:
    log = EventLog()
    with FaultyServer(words_for(20), faults=once_at(7, fault)) as server:
        answer = client(server).ask("What do they say?", "the item", sinks=[log])
        counts, bill = server.counts(), micros_of(server)
    assert answer.text == right(20)
    assert answer.status == "ok"
    retried = len(log.of(events.Retried))
    assert counts["requests"] == 22 + retried
    assert answer.usage.cost_micros is not None
    assert answer.usage.cost_micros >= bill - 1, "never less than what is owed"
    assert answer.usage.calls >= counts["calls"]


@pytest.mark.parametrize(
    "name",
    ["503", "a page of a proxy", "reset in the middle", "silence", "half a JSON", "null content", "429"],
)
def test_one_fault_of_the_root_model_and_the_answer_is_right(name: str) -> None:
    for number in (0, 21):
        with FaultyServer(words_for(20), faults=once_at(number, PASSES[name])) as server:
            assert client(server).ask("What do they say?", "the item").text == right(20)


def test_a_reply_that_was_cut_is_a_reply() -> None:
    """``length`` and ``content_filter`` are no faults: what there is, is taken."""
    for reason in ("length", "content_filter"):
        with FaultyServer(words_for(20), faults=once_at(7, Finish(reason))) as server:
            assert client(server).ask("What do they say?", "the item").text == right(20)


# -- what does not pass ------------------------------------------------------------------------------------


STAYS: Mapping[str, tuple[Fault, int, str, int | None]] = {
    "401": (error(401, f"Incorrect API key provided: {KEY}"), 3, "check HARLM_API_KEY", 1),
    "402": (error(402, "no money"), 3, "402: no money", 1),
    "403": (error(403, "not for you"), 3, "403: not for you", 1),
    "400": (error(400, "no such parameter"), 5, "400: no such parameter", 1),
    "404": (error(404, "no such model"), 5, "check the model's name", 1),
    "422": (error(422, "not like this"), 5, "422: not like this", 1),
    "307": (Raw(307, b"", (("location", "http://127.0.0.1:9/"),)), 5, "which is not followed", 1),
    "503": (error(503, f"{KEY} is on fire"), 5, "is not available (503", 2),
    "a day to wait": (error(429, "quota", retry_after="86400"), 5, "429: quota); it asks to wait 86400 s", 1),
    "a page": (Html(200), 5, "Is http://127.0.0.1", 2),
    "no choices": (NoChoices(), 5, "without any choice", 2),
    "null content": (NullContent(), 5, "no text", 2),
    "silence": (Silence(), 5, "did not reply within 1 s", 2),
    "dribble": (Dribble(0.02), 5, "did not reply within 1 s", 2),
    "reset": (Reset("half"), 5, "broke off its reply", 2),
    "too long": (
        error(400, "maximum context length is 5 tokens"),
        5,
        "cannot take a prompt of this length",
        None,
    ),
    "no text with 500": (Raw(500, b'{"error": "\xff"}'), 5, "not available (500", 2),
    "9,000 deep with 503": (Raw(503, deep(9_000)), 5, "not available (503", 2),
}


@pytest.mark.parametrize("name", STAYS)
def test_what_does_not_pass_is_raised_as_what_it_is(name: str) -> None:
    fault, code, said, requests = STAYS[name]
    with FaultyServer(words_for(3), faults=lambda request: fault) as server:
        with pytest.raises(ModelError) as caught:
            client(server, retries=1, base_url=server.base_url, api_key=KEY).ask("?", "x", mode="direct")
        assert requests in (None, len(server.requests))
    assert said in str(caught.value)
    assert KEY not in str(caught.value)
    assert exit_code(caught.value) == code


@pytest.mark.parametrize(
    "name", ["401", "404", "503", "a day to wait", "a page", "silence", "9,000 deep with 503"]
)
def test_what_does_not_pass_is_said_plainly_and_has_its_exit_code(name: str, clean_environment: Path) -> None:
    fault, code, said, requests = STAYS[name]
    with FaultyServer(words_for(3), faults=lambda request: fault) as server:
        ran = _command_line(server.base_url, clean_environment)
        assert len(server.requests) == requests
    _is_plain(ran, code, said, clean_environment)


def _command_line(base_url: str, home: Path) -> Ran:
    settings = home / "config" / "harlm" / "config.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("[models]\nretries = 1\ntimeout_s = 1.0\n")
    return harlm(
        "ask", "What do they say?", "-", "-m", f"openai/root@{base_url}", "--mode", "direct",
        stdin=b"the item", environment={"HARLM_API_KEY": KEY},
    )  # fmt: skip


def _is_plain(ran: Ran, code: int, said: str, home: Path) -> None:
    assert ran.code == code, ran
    assert ran.out == ""
    assert said in ran.err
    assert ran.err.splitlines()[-1].startswith("harlm: ")
    assert "Traceback" not in ran.err
    stored = b"".join(each.read_bytes() for each in home.rglob("*") if each.is_file())
    assert KEY.encode() not in ran.err.encode() + stored
    assert b"What do they say?" in stored, "the run is kept"


def _closed_port() -> str:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{unused.getsockname()[1]}"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (lambda server: f"http://{_closed_port()}/v1", "cannot be reached at http://127.0.0.1"),
        (lambda server: "http://no-such-host.invalid/v1", "cannot be reached at http://no-such-host.invalid"),
        (lambda server: f"https://{_closed_port()}/v1", "cannot be reached at https://127.0.0.1"),
    ],
    ids=["refused", "no such name", "refused TLS"],
)
def test_nobody_at_the_address_is_said_plainly(
    address: Callable[[FaultyServer], str], said: str, clean_environment: Path
) -> None:
    with FaultyServer(words_for(3)) as server:
        ran = _command_line(address(server), clean_environment)
    _is_plain(ran, 5, said, clean_environment)


@pytest.mark.parametrize("says", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"", b"\x15\x03\x01\x00\x02\x02\x46"])
async def test_tls_that_is_cut_is_no_connection(says: bytes) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(says)
        writer.close()

    listener = await asyncio.start_server(cut, "127.0.0.1", 0)
    async with listener, Transport(ModelSettings(connect_timeout_s=5)) as transport:
        port = listener.sockets[0].getsockname()[1]
        with pytest.raises(ModelUnavailable) as caught:
            await chat(f"https://127.0.0.1:{port}/v1", transport).complete(ASKED, Sampling())
    assert not caught.value.perhaps_billed
    assert "cannot be reached" in str(caught.value)


def test_a_refused_key_ends_a_fan_out_and_is_no_answer() -> None:
    with FaultyServer(words_for(20), faults=once_at(7, error(401))) as server:
        with pytest.raises(ModelError) as caught:
            client(server).ask("What do they say?", "the item")
        assert caught.value.status == 401
        assert caught.value.is_about_access


def test_a_call_that_does_not_get_through_is_an_exception_in_the_cell() -> None:
    cell = "```repl\ntry:\n    llm_query('fail')\nexcept Exception as e:\n    said = str(e)\nprint(said)\n```"

    def words(request: Request) -> str:
        return cell if len(request.messages) == 2 else "```repl\nFINAL(said)\n```"

    for fault, said in (
        (error(400, "what is this"), "llm_query failed: openai/sub refused the request (400: what is this)"),
        (error(503), "llm_query failed: openai/sub is not available (503"),
        (error(400, "maximum context length is 9"), "llm_query failed: openai/sub cannot take a prompt"),
        (error(429, retry_after="86400"), "it asks to wait 86400 s"),
    ):
        with FaultyServer(words, faults=lambda r, f=fault: f if r.model == "sub" else None) as server:  # type: ignore[misc] # mypy and defaults
            assert said in client(server, retries=1).ask("?", "x").text


def test_a_prompt_that_is_too_long_is_worked_on_in_parts_and_not_sent_again() -> None:
    """It is sent once more with less room for the reply, since that may be what does not fit."""
    asked: list[tuple[str, int]] = []

    def words(request: Request) -> str:
        return (
            "```repl\nprint(context[:9])\n```"
            if len(request.messages) == 2
            else "```repl\nFINAL('in parts')\n```"
        )

    def fault(request: Request) -> Fault | None:
        asked.append((request.prompt, request.body["max_tokens"]))
        is_whole = "It is Ada." in str(request.messages) and len(asked) <= 2
        return error(400, "This model's maximum context length is 8192 tokens.") if is_whole else None

    with FaultyServer(words, faults=fault) as server:
        answer = HARLM(model=f"openai/root@{server.base_url}").ask("Who is it?", "It is Ada.")
    assert (answer.mode, answer.text) == ("repl", "in parts")
    (whole, room), (again, less), *others = asked
    assert (whole == again, less < room) == (True, True)
    assert whole not in [prompt for prompt, _ in others]


def test_a_server_that_knows_the_limit_by_its_new_name_only_serves_a_fan_out() -> None:
    no = error(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
    with FaultyServer(
        words_for(20), faults=lambda request: no if "max_tokens" in request.body else None, latency_s=0.05
    ) as server:
        assert client(server).ask("What do they say?", "the item").text == right(20)


# -- many faults -------------------------------------------------------------------------------------------

MIX: tuple[Fault, ...] = (
    error(429, retry_after_ms="20"),
    error(429),
    error(500),
    error(502),
    error(503),
    error(529),
    Reset(),
    Reset("half"),
    Silence("headers"),
    Dribble(0.02),
    Truncated(),
    TruncatedStream(),
    Html(200),
    Malformed(),
    NoChoices(),
    NullContent(),
    NoUsage(),
    Duplicate(),
    Finish("error"),
    Late(0.05),
)


class Seeded:
    """Faults by prompt and attempt, so that they do not depend on which request comes first."""

    def __init__(self, share: float, mix: tuple[Fault, ...], seed: int = 0) -> None:
        self._share, self._mix, self._seed = share, mix, seed
        self._attempts: Counter[str] = Counter()
        self.faults = 0

    def __call__(self, request: Request) -> Fault | None:
        what = f"{self._seed} {request.model} {request.messages}"
        self._attempts[what] += 1
        drawn = random.Random(f"{what} {self._attempts[what]}")
        if drawn.random() >= self._share:
            return None
        self.faults += 1
        return drawn.choice(self._mix)


async def test_with_five_percent_of_faults_runs_answer() -> None:
    runs, at_once = 60, asyncio.Semaphore(8)
    faults = Seeded(0.05, MIX)
    with FaultyServer(words_for(8), faults=faults) as server:
        harlm_ = client(server, timeout_s=3.0)

        async def run(number: int) -> bool:
            async with at_once:
                answer = await harlm_.aask("What do they say?", f"the run{number}")
                return answer.text == right(8, f"run{number}")

        answered = await asyncio.gather(*(run(number) for number in range(runs)), return_exceptions=True)
        requests = len(server.requests)
    assert requests >= 10 * runs
    assert 0.03 * requests < faults.faults < 0.07 * requests, "the premise"
    assert sum(each is True for each in answered) >= 0.995 * runs, answered


async def test_with_a_third_of_requests_failing_most_runs_answer() -> None:
    runs, at_once = 20, asyncio.Semaphore(4)
    mix = (error(429), error(500), error(503), Reset(), Reset("half"), Truncated())
    with FaultyServer(words_for(8), faults=Seeded(0.33, mix)) as server:
        harlm_ = client(server)

        async def run(number: int) -> bool:
            async with at_once:
                answer = await harlm_.aask("What do they say?", f"the run{number}")
                return answer.text == right(8, f"run{number}")

        answered = await asyncio.gather(*(run(number) for number in range(runs)), return_exceptions=True)
    assert sum(each is True for each in answered) >= 0.9 * runs, answered


def test_a_wall_clock_that_jumps_an_hour_changes_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = time.time
    jumps = iter([3600.0, -3600.0] * 100_000)
    monkeypatch.setattr(time, "time", lambda: clock() + next(jumps))
    with FaultyServer(words_for(20), faults=Seeded(0.1, MIX[:8])) as server:
        began = time.monotonic()
        answer = client(server, budget=Budget(seconds=60)).ask("What do they say?", "the item")
        assert time.monotonic() - began < 30
    assert answer.text == right(20)
    assert 0 < answer.latency.wall_s < 30


# -- the books ---------------------------------------------------------------------------------------------


def picos_of(server: FaultyServer) -> int:
    """What the server bills, exactly."""
    return sum(
        PRICES[f"openai/{bill.model}"].picos(
            Usage(calls=1, input_tokens=bill.prompt, output_tokens=bill.completion, cached_tokens=bill.cached)
        )
        for bill in server.bills
    )


def micros_of(server: FaultyServer) -> int:
    return picos_of(server) // PICOS


def uneven(request: Request, text: str) -> tuple[int, int, int]:
    """Odd prices make odd sums."""
    prompt = sum(len(each) for _, each in request.messages) // 4 + 1
    return prompt, prompt * (request.number % 4) // 5, len(text.split()) + request.number % 7


def tree(request: Request) -> str:
    """Two children, each with sixteen sub-calls."""
    if request.model == "sub":
        return "a reply of six words here"
    child = "<question>\nchild" in request.messages[1][1]
    if len(request.messages) > 2:
        return "```repl\nFINAL('done')\n```"
    if child:
        return "```repl\nr = llm_query_batched([f'part {i}' for i in range(16)])\nprint(len(r))\n```"
    return (
        "```repl\nr = rlm_query_batched(['child one', 'child two'], [context, context])\n"
        "s = llm_query_batched([f'own {i}' for i in range(16)])\nprint(len(r), len(s))\n```"
    )


NOT_BILLED = (
    error(429),
    error(429, retry_after_ms="5"),
    error(500),
    error(502),
    error(503),
    error(529),
    Html(503),
)
BILLED_AS_TOLD = (PromptMore(300), TooMany(40), Duplicate(), Late(0.02), Finish("because"))


@pytest.mark.parametrize(
    "budget", [Budget(), Budget(tokens=10_000_000, usd=50.0)], ids=["default", "limited"]
)
def test_the_meter_is_the_server_s_bill_to_the_micro_dollar(budget: Budget) -> None:
    faults = Seeded(0.3, NOT_BILLED + BILLED_AS_TOLD, seed=2)
    with FaultyServer(tree, faults=faults, usage=uneven) as server:
        answer = client(server, budget=budget).ask("What is it?", "a short text")
        counts, picos = server.counts(), picos_of(server)
    usage = answer.usage
    assert faults.faults > 10
    assert counts["requests"] > counts["calls"] == usage.calls >= 6 + 48
    assert (usage.input_tokens, usage.output_tokens, usage.cached_tokens) == (
        counts["prompt"],
        counts["completion"],
        counts["cached"],
    )
    assert not usage.estimated
    assert usage.cost_micros is not None
    assert abs(usage.cost_micros * PICOS - picos) < PICOS


def test_whatever_goes_wrong_the_meter_is_never_below_the_bill() -> None:
    faults = Seeded(0.3, MIX, seed=3)
    with FaultyServer(tree, faults=faults, usage=uneven) as server:
        answer = client(server).ask("What is it?", "a short text")
        assert faults.faults > 10
        assert answer.usage.cost_micros is not None
        assert answer.usage.cost_micros >= micros_of(server)
        assert answer.usage.input_tokens >= server.counts()["prompt"]
        assert answer.usage.calls >= server.counts()["calls"]


def test_sixty_four_calls_at_the_last_cent_are_never_billed_more_than_it() -> None:
    """A server whose replies take all that a request allows."""

    def all_of_it(request: Request, text: str) -> tuple[int, int, int]:
        return sum(len(each) for _, each in request.messages) // 4 + 1, 0, int(request.body["max_tokens"])

    for usd in (0.1, 0.15, 0.3):
        with FaultyServer(words_for(64), usage=all_of_it, latency_s=0.01) as server:
            with pytest.raises(CostLimit) as caught:
                client(server, budget=Budget(usd=usd)).ask("What do they say?", "the item")
            partial = caught.value.partial
            assert partial is not None
            assert partial.usage.cost_micros is not None
            assert 0 < micros_of(server) <= partial.usage.cost_micros <= usd * 1_000_000


def test_more_tokens_than_were_asked_for_are_paid_where_that_fits() -> None:
    with FaultyServer(words_for(20), faults=once_at(7, TooMany(700)), usage=uneven) as server:
        answer = client(server, budget=Budget(usd=1.0, tokens=1_000_000)).ask("What do they say?", "the item")
        picos = picos_of(server)
    assert answer.text == right(20)
    assert answer.usage.cost_micros is not None
    assert abs(answer.usage.cost_micros * PICOS - picos) < PICOS


@pytest.mark.parametrize(
    ("budget", "kind"),
    [(Budget(usd=0.2), CostLimit), (Budget(tokens=300_000), (TokenLimit, CostLimit))],
    ids=["dollars", "tokens"],
)
def test_more_tokens_than_there_is_money_for_are_a_debt_and_the_end(
    budget: Budget, kind: type[LimitExceeded] | tuple[type[LimitExceeded], ...]
) -> None:
    with FaultyServer(words_for(20), faults=once_at(7, TooMany(1_000_000))) as server:
        with pytest.raises(kind) as caught:
            client(server, budget=budget).ask("What do they say?", "the item")
        partial, bill = caught.value.partial, micros_of(server)
        after = len(server.requests)
    assert partial is not None
    assert partial.status == "partial"
    assert partial.usage.cost_micros is not None
    assert partial.usage.cost_micros >= bill > 1_000_000, "the debt is in the books"
    assert after <= 22, "and nothing more is asked"


# -- whose reply it is -------------------------------------------------------------------------------------

ASKED = (Message(role="user", content="hello"),)


def chat(base_url: str, transport: Transport) -> OpenAIChat:
    return OpenAIChat(
        Endpoint(
            name="openai/sub",
            model="sub",
            base_url=base_url,
            key=KEY,
            key_hint="TEST_KEY",
            transport=transport,
        ),
        window=128_000,
    )


@asynccontextmanager
async def line_to(
    server: FaultyServer, *, concurrency: int = 32, hedges: bool = False, **settings: Any
) -> AsyncIterator[LanguageModel]:
    """All layers but the till, around a model of the server."""
    async with Transport(ModelSettings(**{"timeout_s": 5.0, **settings})) as transport:
        model = chat(server.base_url, transport)
        layers = Layers(concurrency=concurrency, hedges=hedges, patience=Patience(seconds=60))
        layers.add(model, server.base_url)
        yield layers.around(model, lambda each: each)


async def echoed(line: LanguageModel, number: int) -> bool:
    asked = (Message(role="user", content=f"number {number}."),)
    return (await line.complete(asked, Sampling())).text == f"said number {number}."


async def test_no_reply_answers_another_request() -> None:
    faults = Seeded(
        0.3, (Duplicate(), Reset("half"), Truncated(), Late(0.3), Late(0.05), Reset("headers")), seed=5
    )
    with FaultyServer(words_for(0), faults=faults) as server:
        async with line_to(server, timeout_s=0.2) as line:
            assert all(await asyncio.gather(*(echoed(line, number) for number in range(200))))
    assert faults.faults > 40


async def test_late_replies_to_calls_that_were_given_up_answer_nobody() -> None:
    with FaultyServer(words_for(0), faults=lambda r: Late(0.1) if "odd" in r.prompt else None) as server:
        async with line_to(server) as line:
            odd = (Message(role="user", content="odd"),)
            for number in range(20):
                given_up = [asyncio.create_task(line.complete(odd, Sampling())) for _ in range(4)]
                await asyncio.sleep(0.01)
                for each in given_up:
                    each.cancel()
                await asyncio.gather(*given_up, return_exceptions=True)
                assert await echoed(line, number)


async def test_a_second_reply_on_an_idle_connection_answers_nobody() -> None:
    with FaultyServer(words_for(0), faults=lambda request: SecondLater()) as server:
        async with line_to(server) as line:
            for number in range(5):
                assert await echoed(line, number)
                await asyncio.sleep(0.1)


# -- a provider that is busy, or away ----------------------------------------------------------------------


async def test_a_burst_of_512_calls_is_hardly_ever_refused() -> None:
    limits = Limits(in_flight=20, per_minute=6000)
    with FaultyServer(words_for(0), limits=limits, latency_s=0.05) as server:
        async with line_to(server) as line:
            assert all(await asyncio.gather(*(echoed(line, number) for number in range(512))))
        counts = server.counts()
    assert counts["refused"] <= 0.02 * counts["requests"]
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
            sub_model=f"openai/sub@http://{_closed_port()}/v1",
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


# -- what is given up --------------------------------------------------------------------------------------


async def test_a_run_that_is_cancelled_leaves_no_request_open() -> None:
    held = Held()
    with FaultyServer(words_for(64), faults=lambda r: held if r.model == "sub" else None) as server:
        running = asyncio.create_task(client(server, timeout_s=60).aask("What do they say?", "the item"))
        assert await asyncio.to_thread(eventually, lambda: held.seen >= 8, 30)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        asked = held.seen
        assert await asyncio.to_thread(eventually, lambda: not held.open, 1)
        await asyncio.sleep(0.2)
        assert held.seen == asked


async def test_a_run_that_is_cancelled_has_ended_when_it_says_so() -> None:
    log, before = EventLog(), asyncio.all_tasks()
    held = Held()
    with FaultyServer(words_for(64), faults=lambda r: held if r.model == "sub" else None) as server:
        running = asyncio.create_task(
            client(server, timeout_s=60).aask("What do they say?", "the item", sinks=[log])
        )
        assert await asyncio.to_thread(eventually, lambda: held.seen >= 8, 30)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        left = asyncio.all_tasks() - before
        told, started = len(log.of(events.Event)), len(log.of(events.CallStarted))
        await asyncio.sleep(0.3)
        after = len(log.of(events.Event)) - told
    assert (left, after) == (set(), 0)
    assert len(log.of(events.CallFailed)) + len(log.of(events.CallFinished)) == started


async def test_ten_thousand_queued_calls_that_are_cancelled_leave_no_request_open() -> None:
    held = Held()
    with FaultyServer(words_for(0), faults=lambda request: held) as server:
        async with line_to(server) as line:

            async def parent() -> None:
                async with asyncio.TaskGroup() as group:
                    for _ in range(10_000):
                        group.create_task(line.complete(ASKED, Sampling()))

            running = asyncio.create_task(parent())
            assert await asyncio.to_thread(eventually, lambda: held.seen >= 8, 30)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            asked = held.seen
            assert await asyncio.to_thread(eventually, lambda: not held.open, 2)
            await asyncio.sleep(0.3)
            assert (held.seen, held.open) == (asked, set())
    assert asked < 100


def _asking(server: FaultyServer) -> subprocess.Popen[bytes]:
    """A command line that is under way."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "harlm", "ask", "What do they say?", "-", "--mode", "full"),
            *("-m", f"openai/root@{server.base_url}", "--sub-model", f"openai/sub@{server.base_url}"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(b"the item")
    process.stdin.close()
    process.stdin = None
    return process


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_leaves_no_request_open(times: int) -> None:
    held = Held()
    with FaultyServer(words_for(64), faults=lambda r: held if r.model == "sub" else None) as server:
        process = _asking(server)
        assert eventually(lambda: held.seen >= 8, 30)
        for _ in range(times):
            process.send_signal(signal.SIGINT)
            time.sleep(0.05)
        out, err = process.communicate(timeout=30)
        assert eventually(lambda: not held.open, 1)
    assert process.returncode in (130, -signal.SIGINT), err  # the second may come while Python itself ends
    assert out == b""
    assert b"interrupted" in err
    assert times > 1 or b"Traceback" not in err


def test_ctrl_c_is_told_to_the_trace() -> None:
    held = Held()
    with FaultyServer(words_for(64), faults=lambda r: held if r.model == "sub" else None) as server:
        process = _asking(server)
        assert eventually(lambda: held.seen >= 8, 30)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert b"events are not written" not in err
