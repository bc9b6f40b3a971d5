from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from harlm.budget import Account, Billing, Caps, PriceList
from harlm.budget.embedding import EmbeddingMeter
from harlm.errors import LimitExceeded, ModelUnavailable, RateLimited
from harlm.types import Amounts, Price

NAME = "openai/embed"
TEXTS = ["a text of some length, which is embedded", "and another"]
Send = Callable[[], Awaitable[tuple[str, int | None]]]


def meter(account: Account) -> EmbeddingMeter:
    return EmbeddingMeter(NAME, account, Billing(PriceList(own={NAME: Price(input=20.0, output=0.0)})))


def sending(reported: int | None) -> Send:
    async def send() -> tuple[str, int | None]:
        return "vectors", reported

    return send


async def test_the_reported_count_is_booked() -> None:
    account = Account(Caps(tokens=1_000, micros=20_000, calls=10))
    assert await meter(account).pay(TEXTS, sending(13)) == "vectors"
    assert account.committed == Amounts(13, 260, 1)
    assert account.reserved == Amounts()
    assert account.usage.by_model[NAME].input_tokens == 13
    assert account.usage.cost_micros == 260


async def test_an_unreported_count_is_booked_at_its_bound() -> None:
    account = Account(Caps(tokens=1_000))
    await meter(account).pay(TEXTS, sending(None))
    assert 13 <= account.committed.tokens <= 200
    assert account.usage.estimated


async def test_a_request_that_the_budget_does_not_cover_is_not_sent() -> None:
    sent: list[int] = []

    async def send() -> tuple[str, int | None]:
        sent.append(1)
        return "vectors", 1

    for caps, limit in ((Caps(micros=9_000), "usd"), (Caps(tokens=300), "tokens"), (Caps(calls=9), "calls")):
        with pytest.raises(LimitExceeded, match="more than a tenth of the") as caught:
            await meter(Account(caps)).pay(TEXTS, send)
        assert caught.value.limit == limit
    assert not sent


async def test_texts_are_not_measured_if_nothing_is_limited() -> None:
    account = Account()
    await meter(account).pay(TEXTS, sending(13))
    assert account.usage.input_tokens == 13
    assert not account.usage.estimated
    await meter(account).pay(TEXTS, sending(None))
    assert account.usage.input_tokens > 26
    assert account.usage.estimated


async def test_an_unserved_request_costs_nothing_and_one_that_may_have_been_served_costs_its_bound() -> None:
    account = Account(Caps(tokens=1_000))

    async def refused() -> tuple[str, int | None]:
        raise RateLimited("later", model=NAME, status=429)

    async def lost() -> tuple[str, int | None]:
        raise ModelUnavailable("gone", model=NAME, perhaps_billed=True)

    with pytest.raises(RateLimited):
        await meter(account).pay(TEXTS, refused)
    assert account.committed == Amounts()
    with pytest.raises(ModelUnavailable):
        await meter(account).pay(TEXTS, lost)
    assert account.committed.calls == 1
    assert account.committed.tokens >= 13
    assert account.reserved == Amounts()


async def test_a_cancelled_request_is_charged_in_full() -> None:
    account = Account(Caps(tokens=1_000))

    async def slow() -> tuple[str, int | None]:
        await asyncio.sleep(60)
        return "vectors", 1

    task = asyncio.create_task(meter(account).pay(TEXTS, slow))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert account.committed.calls == 1
    assert account.reserved == Amounts()
