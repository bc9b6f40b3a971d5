"""Anthropic's batches over HTTP: what is sent, and what its states and results mean."""

from __future__ import annotations

import pytest

from harlm.errors import ModelError
from harlm.models.batches.collecting import NotInBatch
from harlm.testing import BatchDesk, ChatServer, Request
from harlm.testing.faults import Status, refusal
from tests.support.batched import asked, batched_at, texts
from tests.support.model_server import KEY


async def test_a_batch_holds_the_requests_as_they_would_be_sent_alone() -> None:
    batches = BatchDesk()
    with ChatServer(lambda request: "yes", batches=batches) as server:
        async with batched_at(server.url, "anthropic") as model:
            await asked(model, ["one", "two"], max_tokens=9, temperature=0.5)
    first = batches.requests[0]
    assert (first.headers["x-api-key"], first.headers["anthropic-version"]) == (KEY, "2023-06-01")
    assert (first.body["model"], first.body["max_tokens"], first.body["temperature"]) == ("test", 9, 0.5)
    assert "stream" not in first.body


async def test_results_are_fetched_from_the_address_of_the_model_whatever_the_state_names() -> None:
    """The key goes to no other host."""
    elsewhere = BatchDesk()
    with ChatServer(lambda request: "no", batches=elsewhere) as thief:
        batches = BatchDesk(states={"results_url": f"{thief.url}/v1/messages/batches/b/results"})
        with ChatServer(lambda request: "yes", batches=batches) as server:
            async with batched_at(server.url, "anthropic") as model:
                assert texts(await asked(model, ["one", "two"])) == ["yes", "yes"]
        assert elsewhere.asked == []
        assert thief.requests == []


@pytest.mark.parametrize(("status", "kind"), [(529, "ModelUnavailable"), (400, "ModelError")])
async def test_the_type_of_an_error_is_the_status_that_a_call_would_have_had(status: int, kind: str) -> None:
    def reply(request: Request) -> str | Status:
        return refusal(status, "no") if request.prompt == "one" else "yes"

    with ChatServer(reply, batches=BatchDesk()) as server:
        async with batched_at(server.url, "anthropic") as model:
            error, fine = await asked(model, ["one", "two"])
    assert isinstance(error, ModelError)
    assert not isinstance(error, NotInBatch)
    assert (type(error).__name__, error.status, error.request_id is not None) == (kind, status, True)
    assert texts([fine]) == ["yes"]
