"""OpenAI's batches over HTTP: what is sent, and what its states and results mean."""

from __future__ import annotations

import pytest

from harlm.models.batches.collecting import NotInBatch
from harlm.testing import BatchDesk, ChatServer
from harlm.testing.faults import Status
from tests.support.batched import asked, batched_at
from tests.support.model_server import KEY


async def test_a_batch_is_an_uploaded_file_of_requests_with_the_key() -> None:
    batches = BatchDesk()
    with ChatServer(lambda request: "yes", batches=batches) as server:
        async with batched_at(server.base_url) as model:
            await asked(model, ["one", "two"], max_tokens=9, schema={"type": "object"})
    first = batches.requests[0]
    assert first.path == "/v1/chat/completions"
    assert first.headers["authorization"] == f"Bearer {KEY}"
    assert (first.body["model"], first.body["max_tokens"]) == ("test", 9)
    assert first.body["response_format"]["type"] == "json_schema"
    assert "stream" not in first.body


async def test_a_batch_that_the_provider_does_not_accept_costs_nothing_and_says_why() -> None:
    errors = {"object": "list", "data": [{"code": "model_not_supported", "message": "not with this model"}]}
    batches = BatchDesk(states={"status": "failed", "errors": errors, "output_file_id": None})
    with ChatServer(lambda request: "yes", batches=batches) as server:
        async with batched_at(server.base_url) as model:
            first = await asked(model, ["one", "two"])
            missing = [model.is_missing]  # a full queue may pass
            await asked(model, ["one", "two"])
            missing.append(model.is_missing)
    assert missing == [False, True]
    assert all(isinstance(each, NotInBatch) and not each.perhaps_billed for each in first)
    assert "not with this model" in str(first[0])


@pytest.mark.parametrize("name", ["../../v1/chat/completions", "a/b", "", 7, "x" * 200])
async def test_a_file_whose_name_leads_elsewhere_is_not_fetched(name: object) -> None:
    batches = BatchDesk(states={"output_file_id": name})
    with ChatServer(lambda request: "yes", batches=batches) as server:
        async with batched_at(server.base_url) as model:
            outcomes = await asked(model, ["one", "two"])
        assert server.requests == []
    assert all(isinstance(each, NotInBatch) and each.perhaps_billed for each in outcomes)


async def test_an_upload_that_breaks_off_costs_nothing() -> None:
    with ChatServer(lambda request: "yes", batches=BatchDesk(refusal=Status(503, "not now"))) as server:
        async with batched_at(server.base_url) as model:
            outcomes = await asked(model, ["one", "two"])
            assert not model.is_missing
    assert all(isinstance(each, NotInBatch) and not each.perhaps_billed for each in outcomes)
