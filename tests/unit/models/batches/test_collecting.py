"""Requests are collected, sent as one batch, and each gets its reply; what keeps one out is a failure that says so."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from harlm.errors import ModelError
from harlm.models.batches.collecting import NotInBatch
from harlm.protocols import NOT_SENT
from harlm.testing import BatchDesk, ChatServer, Request
from harlm.testing.batches import Fate
from harlm.testing.faults import Status, refusal
from harlm.types import Completion, Message, Sampling
from tests.support.batched import DIALECTS, Dialect, address_of, asked, batched_at, texts
from tests.support.busy import eventually

PROMPTS = [f"item {at}" for at in range(5)]
ASKED = [Message(role="user", content="one")]


def repeats(request: Request) -> str:
    return f"reply to {request.prompt}"


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_requests_that_come_together_are_one_batch_and_each_gets_its_own_reply(
    dialect: Dialect,
) -> None:
    batches = BatchDesk(0.05)
    with ChatServer(repeats, batches=batches) as server:
        async with batched_at(address_of(server, dialect), dialect) as model:
            outcomes = await asked(model, PROMPTS, max_tokens=50, temperature=0.0)
    assert texts(outcomes) == [
        f"reply to {prompt}" for prompt in PROMPTS
    ]  # though they come in another order
    assert [len(batch.requests) for batch in batches.made] == [5]
    assert server.requests == []
    first = outcomes[0]
    assert isinstance(first, Completion)
    assert (first.usage.calls, first.usage.output_tokens, first.usage.estimated) == (1, 4, False)
    assert [each.max_tokens for each in batches.requests] == [50] * 5


async def test_a_batch_is_no_larger_than_the_provider_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harlm.models.batches.openai.OpenAIBatches.most_requests", 2)
    batches = BatchDesk()
    with ChatServer(repeats, batches=batches) as server:
        async with batched_at(server.base_url) as model:
            assert texts(await asked(model, PROMPTS[:4])) == [f"reply to {each}" for each in PROMPTS[:4]]
    assert [len(batch.requests) for batch in batches.made] == [2, 2]


async def test_a_batch_has_no_more_bytes_than_the_provider_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harlm.models.batches.openai.OpenAIBatches.most_bytes", 600)
    batches = BatchDesk()
    with ChatServer(repeats, batches=batches) as server:
        async with batched_at(server.base_url) as model:
            await asked(model, PROMPTS)
    assert [len(batch.requests) for batch in batches.made] != [5]


async def test_a_single_request_is_no_fan_out() -> None:
    batches = BatchDesk()
    with ChatServer(repeats, batches=batches) as server:
        async with batched_at(server.base_url) as model:
            (outcome,) = await asked(model, PROMPTS[:1])
    assert isinstance(outcome, NotInBatch)
    assert not outcome.perhaps_billed
    assert batches.made == []


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_request_that_was_not_served_costs_nothing_and_spares_the_others(dialect: Dialect) -> None:
    fates: dict[str, Fate] = {"item 1": "expired", "item 3": "cancelled"}
    batches = BatchDesk(fate=lambda request: fates.get(request.prompt, "served"))
    with ChatServer(repeats, batches=batches) as server:
        async with batched_at(address_of(server, dialect), dialect) as model:
            outcomes = await asked(model, PROMPTS)
    assert [isinstance(each, Completion) for each in outcomes] == [True, False, True, False, True]
    lost = outcomes[1]
    assert isinstance(lost, NotInBatch)
    assert not lost.perhaps_billed
    assert "expired" in str(lost)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    ("status", "said", "kind"),
    [
        (400, "this prompt is not allowed", "ModelError"),
        (429, "too many", "RateLimited"),
        (500, "it broke", "ModelUnavailable"),
    ],
)
async def test_a_request_that_was_refused_fails_as_a_call_of_its_own(
    dialect: Dialect, status: int, said: str, kind: str
) -> None:
    def reply(request: Request) -> str | Status:
        return refusal(status, said) if request.prompt == "item 2" else repeats(request)

    with ChatServer(reply, batches=BatchDesk()) as server:
        async with batched_at(address_of(server, dialect), dialect) as model:
            outcomes = await asked(model, PROMPTS)
    (error,) = (each for each in outcomes if isinstance(each, ModelError))
    assert (type(error).__name__, error.status) == (kind, status)
    assert said in str(error)


async def test_a_parameter_that_is_refused_is_left_out_of_the_next_batch() -> None:
    def reply(request: Request) -> str | Status:
        if "temperature" in request.body:
            return refusal(400, "Unsupported parameter: 'temperature' is not supported with this model")
        return repeats(request)

    batches = BatchDesk()
    with ChatServer(reply, batches=batches) as server:
        async with batched_at(server.base_url) as model:
            assert texts(await asked(model, PROMPTS, temperature=0.0)) == [
                f"reply to {each}" for each in PROMPTS
            ]
    assert len(batches.made) == 2


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_provider_without_batches_is_asked_for_one_once(dialect: Dialect) -> None:
    with ChatServer(repeats) as server:
        async with batched_at(address_of(server, dialect), dialect) as model:
            outcomes = await asked(model, PROMPTS)
            assert model.is_missing
            again = await asked(model, PROMPTS)
    notes = [each.note for each in outcomes if isinstance(each, NotInBatch)]
    assert len(notes) == 5
    assert len(list(filter(None, notes))) == 1
    assert "full price" in "".join(notes)
    assert not any(each.note for each in again if isinstance(each, NotInBatch))
    assert not any(each.perhaps_billed for each in outcomes if isinstance(each, ModelError))


async def test_an_address_without_its_version_is_understood() -> None:
    batches = BatchDesk()
    with ChatServer(repeats, batches=batches) as server:
        async with batched_at(server.url) as model:
            assert texts(await asked(model, PROMPTS)) == [f"reply to {each}" for each in PROMPTS]


async def test_results_that_are_lost_for_a_while_are_asked_for_again() -> None:
    with ChatServer(repeats, batches=BatchDesk(lost_results=2)) as server:
        async with batched_at(server.base_url) as model:
            assert texts(await asked(model, PROMPTS)) == [f"reply to {each}" for each in PROMPTS]


async def test_results_that_stay_lost_may_have_been_billed() -> None:
    with ChatServer(repeats, batches=BatchDesk(lost_results=99)) as server:
        async with batched_at(server.base_url) as model:
            outcomes = await asked(model, PROMPTS)
    assert all(isinstance(each, NotInBatch) and each.perhaps_billed for each in outcomes)


async def test_a_request_that_is_taken_back_before_it_is_sent_says_so() -> None:
    batches = BatchDesk()
    with ChatServer(repeats, batches=batches) as server:
        async with batched_at(server.base_url) as model:
            asking = asyncio.create_task(model.complete(ASKED, Sampling()))
            await asyncio.sleep(0)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError, match=NOT_SENT):
                await asking
            assert len(await asked(model, PROMPTS[:2])) == 2
    assert [len(batch.requests) for batch in batches.made] == [2]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_batch_that_nothing_waits_for_is_cancelled(dialect: Dialect) -> None:
    batches = BatchDesk()
    batches.is_paused = True
    with ChatServer(repeats, batches=batches) as server:
        async with batched_at(address_of(server, dialect), dialect) as model:
            asking = [asyncio.create_task(model.complete(ASKED, Sampling())) for _ in range(3)]
            assert await asyncio.to_thread(eventually, lambda: bool(batches.made))
            asking[0].cancel()
            await asyncio.sleep(0.1)
            assert not batches.made[0].is_cancelled  # two wait for it
            for each in asking:
                each.cancel()
            for each in asking:
                with suppress(asyncio.CancelledError):
                    await each
            assert await asyncio.to_thread(eventually, lambda: batches.made[0].is_cancelled)


async def test_a_batch_under_way_at_the_end_is_cancelled() -> None:
    batches = BatchDesk()
    batches.is_paused = True
    with ChatServer(repeats, batches=batches) as server:
        async with batched_at(server.base_url) as model:
            asking = [asyncio.create_task(model.complete(ASKED, Sampling())) for _ in range(2)]
            assert await asyncio.to_thread(eventually, lambda: bool(batches.made))
        assert batches.made[0].is_cancelled
        for each in asking:
            with pytest.raises(NotInBatch) as failed:
                await each
            assert failed.value.perhaps_billed


async def test_each_request_is_told_its_batch() -> None:
    told: list[tuple[int, str]] = []
    batches = BatchDesk()
    with ChatServer(repeats, batches=batches) as server:
        async with batched_at(server.base_url) as model:
            await asked(model, PROMPTS[:2], request=7, on_batch=lambda *each: told.append(each))
    assert told == [(7, batches.made[0].id)] * 2


async def test_the_replies_of_an_earlier_batch_can_be_fetched() -> None:
    fates: dict[str, Fate] = {"item 1": "expired"}
    batches = BatchDesk(fate=lambda request: fates.get(request.prompt, "served"))
    with ChatServer(repeats, batches=batches) as server:
        async with batched_at(server.base_url) as model:
            await asked(model, PROMPTS)
            (batch,) = batches.made
            found = await model.replies(batch.id, {**dict.fromkeys(batch.requests, ()), "another": ()})
    assert found.keys() == batch.requests.keys()
    by_prompt = {batch.requests[name].prompt: reply for name, reply in found.items()}
    assert isinstance(by_prompt["item 1"], ModelError)
    assert by_prompt["item 0"].text == "reply to item 0"  # type: ignore[union-attr] # it was served
