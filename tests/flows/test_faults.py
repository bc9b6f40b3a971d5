"""One fault of a provider, over real HTTP: what passes does not change the answer, and what does not is named as what it is."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from harlm import (
    HARLM,
    ModelError,
    events,
)
from harlm.cli import exit_code
from harlm.config import Config, ModelSettings, RouterSettings
from harlm.models.http import Transport
from harlm.testing import EventLog, FaultyServer, Request
from harlm.testing.exchange import Fault
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
from harlm.types import Sampling
from tests.support.cli import Ran, harlm
from tests.support.fault_runs import (
    ASKED,
    KEY,
    TIMEOUT_S,
    Raw,
    chat,
    client,
    closed_port,
    deep,
    error,
    micros_of,
    once_at,
    right,
    words_for,
)

pytestmark = pytest.mark.usefixtures("short_waits")


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
    "gzip that is none": Raw(200, b"plain", (("content-encoding", "gzip"),)),
    "gzip with 500": Raw(500, gzip.compress(b'{"error": "zipped"}'), (("content-encoding", "gzip"),)),
    "an unknown encoding": Raw(500, b"?", (("content-encoding", "x-nothing"),)),
    "a million brackets": Raw(200, b"[" * 1_000_000),
    "no text with 500": Raw(500, b'{"error": "\xff"}'),
    "200 deep with 500": Raw(500, deep(200)),
    "5,000 deep with 500": Raw(500, deep(5_000)),
    "5,000 deep with 200": Raw(200, b'{"choices": [], "error": ' + deep(5_000) + b"}"),
}


@pytest.mark.parametrize("fault", PASSES.values(), ids=PASSES.keys())
def test_one_fault_in_a_fan_out_of_twenty_and_the_answer_is_right(fault: Fault) -> None:
    log = EventLog()
    is_slow = isinstance(fault, Silence | Dribble | Late)
    with FaultyServer(words_for(20), faults=once_at(7, fault)) as server:
        # On a busy machine other requests must not time out as well, before the server has read them.
        patient = client(server, timeout_s=2.5 * TIMEOUT_S if is_slow else 60.0)
        answer = patient.ask("What do they say?", "the item", sinks=[log])
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


STAYS: Mapping[str, tuple[Fault, int, str, int | None]] = {
    "401": (error(401, f"Incorrect API key provided: {KEY}"), 3, "check HARLM_API_KEY", 1),
    "402": (error(402, "no money"), 3, "402: no money", 1),
    "403": (error(403, "not for you"), 3, "403: not for you", 1),
    "400": (error(400, "no such parameter"), 5, "400: no such parameter", 1),
    "404": (error(404, "no such model"), 5, "check the model's name", 1),
    "422": (error(422, "not like this"), 5, "422: not like this", 1),
    "307": (Raw(307, b"", (("location", "http://127.0.0.1:9/"),)), 5, "which is not followed", 1),
    "503": (error(503, f"{KEY} is on fire"), 5, "is not available (503", 2),
    "a day to wait": (error(429, "quota", retry_after="86400"), 3, "has no quota left (429: quota)", 1),
    "a page": (Html(200), 5, "Is http://127.0.0.1", 2),
    "no choices": (NoChoices(), 5, "it has no message", 2),
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


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (lambda server: f"http://{closed_port()}/v1", "cannot be reached at http://127.0.0.1"),
        (lambda server: "http://no-such-host.invalid/v1", "cannot be reached at http://no-such-host.invalid"),
        (lambda server: f"https://{closed_port()}/v1", "cannot be reached at https://127.0.0.1"),
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
        with pytest.raises(ModelError) as caught:
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
        (error(429, retry_after="1800"), "it asks to wait 1800 s"),
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
        settings = Config(
            router=RouterSettings(escalate=False)
        )  # "in parts" is not a name, which is doubtful
        answer = HARLM(model=f"openai/root@{server.base_url}", settings=settings).ask(
            "Who is it?", "It is Ada."
        )
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
