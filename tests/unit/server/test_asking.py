"""From a request to a run, and what it costs its key."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path

import pytest

from harlm import Budget, Price
from harlm.testing import ChatServer
from tests.support.busy import eventually
from tests.support.served import ANSWER, asking_of, says, served

PRICES = {"openai/m": Price(input=1_000.0, output=1_000.0)}
KEY = {"Authorization": "Bearer secret-key-1"}


@pytest.fixture
def waiting() -> Iterator[tuple[ChatServer, threading.Event]]:
    """A model that answers when it is told to."""
    goes_on = threading.Event()

    async def reply(_: object) -> str:
        await asyncio.to_thread(goes_on.wait, 30)
        return ANSWER

    with ChatServer(reply) as model:
        yield model, goes_on
        goes_on.set()


def test_a_key_pays_for_its_runs_until_its_budget_is_spent() -> None:
    with (
        ChatServer(says) as model,
        served(
            asking_of(model, prices=PRICES, cache=False), keys=["secret-key-1", "secret-key-2"], usd=0.5
        ) as server,
    ):
        first = server.chat(headers=KEY).json
        cost = first["harlm"]["cost_usd"]
        holder = server.keys.holder("Bearer secret-key-1")
        assert 0 < cost <= 0.5
        assert holder.spent == round(cost * 1e6)
        assert (holder.held, holder.running) == (0, 0)
        while (last := server.chat(headers=KEY)).status == 200 and last.json["harlm"]["status"] == "ok":
            pass
        assert holder.spent <= 500_000
        assert last.status == 402 or last.json["harlm"]["limit"] == "usd"
        assert server.chat(headers={"Authorization": "Bearer secret-key-2"}).status == 200


def test_a_budget_that_is_spent_is_402() -> None:
    with ChatServer(says) as model, served(asking_of(model, prices=PRICES), usd=0.5) as server:
        server.keys.holder(None).spent = 500_000
        got = server.chat()
        assert (got.status, got.json["error"]["code"]) == (402, "insufficient_quota")
        assert "retry-after" not in got.headers
        assert model.arrived == 0


def test_a_request_can_lower_its_limit_and_not_raise_it() -> None:
    client_budget = Budget(usd=0.000_01)
    with ChatServer(says) as model, served(asking_of(model, prices=PRICES, budget=client_budget)) as server:
        assert server.chat(metadata={"harlm_max_cost": "100"}).status == 402
    with ChatServer(says) as model, served(asking_of(model, prices=PRICES)) as server:
        got = server.chat(metadata={"harlm_max_cost": "0.00001"})
        assert (got.status, got.json["error"]["code"]) == (402, "run_budget_spent")
        assert model.arrived == 0
        assert (
            server.chat(metadata={"harlm_max_cost": "0.9"}).json["choices"][0]["message"]["content"] == ANSWER
        )


def test_a_limit_that_cannot_be_enforced_is_told() -> None:
    with ChatServer(says) as model, served(asking_of(model)) as server:
        got = server.chat(metadata={"harlm_max_cost": "0.5"})
        assert got.status == 400
        assert "price" in got.json["error"]["message"]
        assert server.chat().status == 200


def test_runs_of_one_key_at_once_are_limited(waiting: tuple[ChatServer, threading.Event]) -> None:
    model, goes_on = waiting
    with served(asking_of(model), at_once=1) as server, ThreadPoolExecutor() as pool:
        first = pool.submit(server.chat)
        assert eventually(lambda: model.in_flight == 1)
        second = server.chat()
        assert (second.status, second.json["error"]["code"]) == (429, "rate_limit_exceeded")
        assert int(second.headers["retry-after"]) >= 1
        goes_on.set()
        assert first.result().status == 200
        assert server.chat().status == 200


def test_a_run_that_was_left_is_paid_for(waiting: tuple[ChatServer, threading.Event]) -> None:
    model, _ = waiting
    with served(asking_of(model, prices=PRICES), usd=1.0) as server:
        connection = HTTPConnection("127.0.0.1", server.port)
        body = b'{"model": "harlm/docs", "stream": true, "messages": [{"role": "user", "content": "Which?"}]}'
        connection.request("POST", "/v1/chat/completions", body)
        assert eventually(lambda: model.in_flight == 1)
        holder = server.keys.holder(None)
        assert holder.running == 1
        connection.close()
        assert eventually(lambda: holder.running == 0)
        assert holder.spent > 0  # the provider may charge for it


def test_documents_of_a_corpus_are_read_again_when_they_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harlm.corpora._LOOKED_S", 0.0)
    asked: list[str] = []

    def reply(request: object) -> str:
        asked.append(request.prompt)  # type: ignore[attr-defined] # a Request
        return "noted"

    with ChatServer(reply) as model, served(asking_of(model)) as server:
        server.chat()
        Path("docs/new.md").write_text("The mail service is new.\n")
        server.chat()
        Path("docs/new.md").unlink()
        Path("docs/tls.md").unlink()
        gone = server.chat()
        assert (gone.status, gone.json["error"]["code"]) == (500, "corpus_unreadable")
        assert server.is_healthy
    assert "mail" not in asked[0]
    assert "The mail service is new." in asked[1]
