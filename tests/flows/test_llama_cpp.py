"""Whole runs against a real llama.cpp server: modes, books, constrained replies, overflow, and a model that is weak.

The server is that of the package ``xllamacpp``, the model the tiny one of ``tests.support.tiny_model``.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from harlm import HARLM, Answer, events
from harlm.errors import ContextOverflow
from harlm.models.openai import OpenAIChat
from harlm.protocols import Described, LanguageModel
from harlm.testing import EventLog
from harlm.types import Message, Mode, Sampling
from tests.support.cli import harlm
from tests.support.model_server import model_at
from tests.support.real_servers import HOW, servers_python
from tests.support.tiny_model import AGAIN, ANSWER, RAMBLE
from tests.support.tiny_server import DOCUMENTS, LONG_DOCUMENTS, QUESTION, WINDOW, TinyServer, tiny_server

pytestmark = pytest.mark.skipif(servers_python() is None, reason=HOW)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyServer]:
    with tiny_server(tmp_path_factory.mktemp("llama")) as started:
        yield started


@pytest.fixture
async def model(server: TinyServer) -> AsyncIterator[LanguageModel]:
    async with model_at(f"{server.url}/v1", OpenAIChat, key=None) as opened:
        yield opened


def booked(answer: Answer) -> tuple[int, int]:
    return answer.usage.input_tokens, answer.usage.output_tokens


# -- runs --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["direct", "repl", "full"])
def test_each_mode_answers_and_books_what_the_server_counted(server: TinyServer, mode: Mode) -> None:
    before = server.counted()
    answer = HARLM(model=server.model, mode=mode).ask(QUESTION, DOCUMENTS)
    after = server.counted()
    assert (answer.status, answer.mode, answer.text.split(" [")[0]) == ("ok", mode, ANSWER)
    assert booked(answer) == (after[0] - before[0], after[1] - before[1])
    assert not answer.usage.estimated


@pytest.mark.parametrize("mode", ["direct", "repl"])
def test_its_quotes_are_checked(server: TinyServer, mode: Mode) -> None:
    answer = HARLM(model=server.model, mode=mode).ask(QUESTION, DOCUMENTS)
    assert [each.place for each in answer.citations] == ["part3.txt:1"]
    assert answer.citations[0].quote in DOCUMENTS["part3.txt"]


def test_the_temperature_of_the_server_does_not_rule(server: TinyServer) -> None:
    """At its own 0.8, one reply in a hundred is the answer."""
    texts = {
        HARLM(model=server.model, mode="direct", cache=False).ask(f"{QUESTION} {n}", DOCUMENTS).text
        for n in range(5)
    }
    assert {text.split(" [")[0] for text in texts} == {ANSWER}


def test_the_command_line_asks_it(server: TinyServer, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("documents")
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    ran = harlm("ask", QUESTION, folder, "--model", server.model)
    assert (ran.code, ran.out.split()[0]) == (0, ANSWER), ran.err


def test_another_name_than_the_servers_is_noticed(server: TinyServer) -> None:
    log = EventLog()
    answer = HARLM(model=f"{server.url}/v1#nosuch", mode="direct").ask(QUESTION, DOCUMENTS, sinks=[log])
    assert answer.text.startswith(ANSWER)
    assert any("'nosuch'" in note.message and "'tiny'" in note.message for note in log.of(events.Noted))


# -- one call ----------------------------------------------------------------------------------------------


HELLO = (Message(role="user", content="Who is it? Ünïcode 😀"),)
MANY = {"type": "array", "items": {"type": "string"}, "minItems": 300, "maxItems": 300}
"""A form of 2,000 tokens."""


async def test_a_stream_and_a_whole_reply_are_alike(model: LanguageModel) -> None:
    pieces: list[str] = []
    whole = await model.complete(HELLO, Sampling(temperature=0))
    streamed = await model.complete(HELLO, Sampling(temperature=0, on_text=pieces.append))
    assert (whole.text, whole.stop, whole.served_by) == (ANSWER, "end", "tiny")
    assert (streamed.text, streamed.stop, streamed.served_by) == (ANSWER, "end", "tiny")
    assert replace(streamed.usage, cached_tokens=0) == replace(whole.usage, cached_tokens=0)
    assert pieces[-1] == ANSWER


async def test_a_long_reply_arrives_in_pieces(model: LanguageModel) -> None:
    pieces: list[str] = []
    completion = await model.complete(HELLO, Sampling(temperature=0, schema=MANY, on_text=pieces.append))
    assert json.loads(completion.text) == [ANSWER] * 300
    assert pieces == sorted(pieces, key=len)
    assert len(pieces) > 3
    assert all(completion.text.startswith(piece) for piece in pieces)


async def test_a_stream_that_is_given_up_leaves_the_server_free(
    server: TinyServer, model: LanguageModel
) -> None:
    _, before = server.counted()
    begun = asyncio.Event()
    asking = asyncio.create_task(
        model.complete(HELLO, Sampling(temperature=0, schema=MANY, on_text=lambda _: begun.set()))
    )
    await begun.wait()
    asking.cancel()
    await asyncio.wait([asking])
    await asyncio.to_thread(server.wait_until_free)
    _, after = server.counted()
    assert after - before < 2_000


async def test_a_connection_that_ends_with_a_stream_is_not_used_again(model: LanguageModel) -> None:
    """The server says that it keeps the connection, and closes it."""
    pieces: list[str] = []
    for _ in range(20):
        assert (await model.complete(HELLO, Sampling(temperature=0, on_text=pieces.append))).text == ANSWER
        assert (await model.complete(HELLO, Sampling(temperature=0))).text == ANSWER


async def test_a_reply_is_cut_at_its_limit(model: LanguageModel) -> None:
    completion = await model.complete(HELLO, Sampling(temperature=0, max_tokens=2))
    assert (completion.text, completion.stop) == (ANSWER[:2], "length")


async def test_a_schema_is_followed(model: LanguageModel) -> None:
    schema = {
        "type": "object",
        "properties": {
            "answer": {"type": "string"},
            "quotes": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["answer", "quotes"],
        "additionalProperties": False,
    }
    completion = await model.complete(HELLO, Sampling(temperature=0, schema=schema, max_tokens=200))
    assert json.loads(completion.text)["answer"] == ANSWER


async def test_a_reply_is_one_of_the_choices(model: LanguageModel) -> None:
    choices = ("north", 'the "old" town')
    completion = await model.complete(HELLO, Sampling(temperature=0, choices=choices))
    assert completion.text in choices


async def test_probabilities_are_reported(model: LanguageModel) -> None:
    completion = await model.complete(HELLO, Sampling(temperature=0, logprobs=3))
    assert "".join(each.token for each in completion.logprobs).startswith(ANSWER)
    first = completion.logprobs[0]
    assert first.logprob < 0
    assert first.alternatives[0] == (first.token, first.logprob)
    assert len(first.alternatives) == 3


async def test_it_describes_itself(model: LanguageModel) -> None:
    assert isinstance(model, Described)
    said = await model.describe()
    assert said.window == WINDOW
    assert said.is_small


# -- too long ----------------------------------------------------------------------------------------------


async def test_an_overflow_is_known_as_one(model: LanguageModel) -> None:
    with pytest.raises(ContextOverflow, match="exceeds the available context size"):
        await model.complete([Message(role="user", content="word " * WINDOW)], Sampling())


def test_a_context_that_overflows_is_read_in_parts(server: TinyServer) -> None:
    answer = HARLM(model=server.model).ask(QUESTION, LONG_DOCUMENTS)
    assert answer.text.split(" [")[0] == ANSWER
    assert answer.mode != "direct"


def test_an_overflow_in_direct_mode_names_the_numbers_of_the_server(server: TinyServer) -> None:
    with pytest.raises(ContextOverflow, match=str(WINDOW)):
        HARLM(model=server.model, mode="direct").ask(QUESTION, LONG_DOCUMENTS)


# -- a weak root -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("habit", [AGAIN, RAMBLE])
@pytest.mark.parametrize("mode", ["repl", "full"])
def test_a_root_that_gets_nowhere_is_helped_soon(server: TinyServer, habit: str, mode: Mode) -> None:
    """It writes one cell, or prose, in every turn. Asked for one reply about the text, it knows the answer."""
    answer = HARLM(model=server.model, mode=mode).ask(f"{QUESTION} ({habit})", DOCUMENTS)
    assert answer.text.split(" [")[0] == ANSWER
    assert answer.usage.calls <= 7
