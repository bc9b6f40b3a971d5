from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from harlm.budget import Account, Billing, Caps, Metered, PriceList
from harlm.errors import (
    CallLimit,
    CostLimit,
    DeadlineExceeded,
    LimitExceeded,
    ModelUnavailable,
    RateLimited,
    TokenLimit,
)
from harlm.types import FREE, Amounts, Completion, Message, Price, Sampling, Tier, Usage

NAME = "maker/model"
PRICE = Price(input=2.0, output=10.0, cached=0.5)
NOTHING = Amounts()
PROMPT = (Message(role="user", content="ten words that are a prompt of exactly ten tokens"),)
WORDS, BOUND = 10, 10 + 16 + 8  # and what the form of a prompt may take


class Words:
    """A tokenizer: a word is a token."""

    def count(self, text: str) -> int:
        return len(text.split())


class Model:
    """A model that replies with a usage, and keeps what it was asked for."""

    name = NAME

    def __init__(self, reply: Usage | Exception | None = None, window: int = 100_000) -> None:
        self.window = window
        self.asked: list[Sampling] = []
        self.release = asyncio.Event()
        self.release.set()
        self._reply = reply or Usage(calls=1, input_tokens=WORDS, output_tokens=5, cost_micros=None)

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        self.asked.append(sampling)
        await asyncio.sleep(0)
        await self.release.wait()
        if isinstance(self._reply, Exception):
            raise self._reply
        return Completion(text="a reply", model=self.name, usage=self._reply, request_id="r1")

    @property
    def allowed(self) -> int | None:
        """The tokens that the last request allowed."""
        return self.asked[-1].max_tokens


def billing(price: Price | None = PRICE) -> Billing:
    return Billing(PriceList(own={} if price is None else {NAME: price}), tokenizer=lambda name: Words())


async def ask(
    model: Model, account: Account, wanted: int | None = 1_000, price: Price | None = PRICE
) -> Completion:
    return await billing(price).metered(model, account).complete(PROMPT, Sampling(max_tokens=wanted, seed=7))


# -- how long the reply may be ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "allowed"),
    [
        pytest.param(1_000, 1_000, id="the wanted limit"),
        pytest.param(5, 5, id="even a very small one"),
        pytest.param(None, 4_096, id="the default if none is wanted"),
    ],
)
async def test_the_wanted_limit_is_sent(wanted: int | None, allowed: int) -> None:
    model, account = Model(), Account(Caps(micros=1_000_000))
    await ask(model, account, wanted)
    assert model.allowed == allowed
    assert model.asked[-1].seed == 7


async def test_a_reply_is_limited_to_the_room_in_the_window() -> None:
    model = Model(window=600)
    await ask(model, Account(Caps(tokens=100_000)), 4_000)
    assert model.allowed == 600 - BOUND


async def test_a_prompt_whose_bound_fills_the_window_leaves_the_room_of_its_expected_size() -> None:
    """The bound of a prompt whose tokens are estimated is far above what it probably has."""
    model = Model(window=10_000)
    prompt = (Message(role="user", content="some words of usual English text, " * 1_000),)
    meter = Billing(PriceList(own={NAME: PRICE}))
    counting = meter.counting_of(NAME)
    size = counting.measure(prompt)
    assert counting.expected(size) < 9_000 < 10_000 < counting.bound(size)
    await meter.metered(model, Account(Caps(micros=10**9))).complete(prompt, Sampling(max_tokens=900))
    assert model.allowed == 900


async def test_a_reply_is_limited_to_the_models_longest_reply() -> None:
    model = Model()
    price = Price(input=2.0, output=10.0, max_output=300)
    await ask(model, Account(Caps(micros=1_000_000)), price=price)
    assert model.allowed == 300


@pytest.mark.parametrize(
    ("caps", "allowed"),
    [
        pytest.param(Caps(tokens=BOUND + 700), 700, id="tokens"),
        pytest.param(Caps(micros=2 * BOUND + 10 * 650 + 9), 650, id="money"),
        pytest.param(Caps(tokens=BOUND + 700, micros=2 * BOUND + 10 * 650), 650, id="the scarcer of both"),
        pytest.param(Caps(tokens=BOUND + 64), 64, id="the least that is worth asking for"),
    ],
)
async def test_a_reply_is_limited_to_the_remaining_budget(caps: Caps, allowed: int) -> None:
    model, account = Model(), Account(caps)
    await ask(model, account.child())
    assert model.allowed == allowed


async def test_a_request_waits_for_open_reservations_rather_than_shorten_its_reply() -> None:
    model, account = Model(), Account(Caps(tokens=BOUND + 1_000))
    other = await account.reserve(Amounts(900, 0, 1))
    asking = asyncio.ensure_future(ask(model, account, 1_000))
    await asyncio.sleep(0)
    assert model.asked == []
    other.refund()
    await asking
    assert model.allowed == 1_000


async def test_a_reply_is_shortened_when_less_is_left_after_the_wait() -> None:
    """All five ask for the whole budget; the first uses little of it, and the next are shortened, not
    refused.
    """
    model, account = Model(), Account(Caps(tokens=1_000))
    meter = billing().metered(model, account)
    await asyncio.gather(*(meter.complete(PROMPT, Sampling(max_tokens=4_000)) for _ in range(5)))
    assert [each.max_tokens for each in model.asked] == [1_000 - BOUND - 15 * number for number in range(5)]
    assert account.committed == Amounts(75, 5 * 70, 5)


async def test_many_small_concurrent_calls_spend_nearly_the_whole_budget() -> None:
    model, account = Model(), Account(Caps(tokens=3_000))
    meter = billing().metered(model, account)
    calls = (meter.complete(PROMPT, Sampling()) for _ in range(300))
    ended = await asyncio.gather(*calls, return_exceptions=True)
    served = sum(isinstance(each, Completion) for each in ended)
    assert served == len(model.asked) == 194  # of 15 tokens each, until a prompt and a least reply do not fit
    assert all(isinstance(each, Completion | TokenLimit) for each in ended)
    assert account.committed.tokens == 15 * 194


# -- refusals: nothing is sent ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("caps", "kind"),
    [
        pytest.param(Caps(tokens=BOUND + 63), TokenLimit, id="tokens"),
        pytest.param(Caps(micros=2 * BOUND + 10 * 63 + 9), CostLimit, id="money"),
        pytest.param(Caps(micros=2 * BOUND - 1), CostLimit, id="not even the prompt"),
        pytest.param(Caps(calls=0), CallLimit, id="calls"),
        pytest.param(Caps(ends=0.0), DeadlineExceeded, id="time"),
    ],
)
async def test_a_request_that_the_budget_does_not_cover_is_not_sent(
    caps: Caps, kind: type[LimitExceeded]
) -> None:
    model, account = Model(), Account(caps)
    with pytest.raises(kind):
        await ask(model, account)
    assert model.asked == []
    assert account.committed == account.reserved == NOTHING


async def test_other_calls_cannot_use_the_finishing_reserve() -> None:
    model, account = Model(), Account(Caps(tokens=BOUND + 64 + 100))
    account.hold(Amounts(tokens=101))
    with pytest.raises(TokenLimit):
        await ask(model, account)
    with account.finishing():
        await ask(model, account)
    assert model.allowed == 64 + 100


# -- what is reserved ------------------------------------------------------------------------------------


async def test_the_worst_case_is_reserved_while_a_request_is_in_flight() -> None:
    model, root = Model(), Account(Caps(micros=1_000_000))
    model.release.clear()
    asking = asyncio.ensure_future(ask(model, root.child(), 200))
    await asyncio.sleep(0)
    assert root.reserved == Amounts(BOUND + 200, 2 * BOUND + 10 * 200, 1)
    model.release.set()
    await asking
    assert (root.reserved, root.committed) == (NOTHING, Amounts(15, 2 * 10 + 10 * 5, 1))


async def test_the_most_expensive_tier_and_the_price_of_writing_a_cache_are_reserved() -> None:
    model, account = Model(), Account(Caps(micros=1_000_000))
    price = Price(
        input=2.0,
        output=10.0,
        cache_write=3.0,
        tiers=(Tier(above=20, input=4.0, cache_write=5.0, output=20.0),),
    )
    model.release.clear()
    asking = asyncio.ensure_future(ask(model, account, 200, price))
    await asyncio.sleep(0)
    assert account.reserved.micros == 5 * BOUND + 20 * 200
    asking.cancel()


@pytest.mark.parametrize(
    ("caps", "price"),
    [
        pytest.param(Caps(), PRICE, id="no limit"),
        pytest.param(Caps(calls=5), PRICE, id="only calls are limited"),
        pytest.param(Caps(micros=100), None, id="money is limited and the price unknown"),
    ],
)
async def test_a_prompt_is_not_measured_if_neither_tokens_nor_money_are_limited(
    caps: Caps, price: Price | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = billing(price)
    monkeypatch.setattr(meter.counting_of(NAME), "measure", None)
    model, account = Model(), Account(caps)
    completion = await meter.metered(model, account).complete(PROMPT, Sampling())
    assert model.allowed is None
    assert account.committed == Amounts(15, 70 if price else 0, 1)
    assert completion.usage.cost_micros == (70 if price else None)


async def test_an_unknown_price_does_not_make_tokens_unlimited() -> None:
    model, account = Model(), Account(Caps(tokens=500))
    await ask(model, account, price=None)
    assert model.allowed == 500 - BOUND
    assert account.usage.cost_micros is None


# -- what is booked --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("usage", "micros"),
    [
        pytest.param(Usage(input_tokens=10, output_tokens=5, cost_micros=None), 70, id="by the price list"),
        pytest.param(
            Usage(input_tokens=10, output_tokens=5, cached_tokens=8, cost_micros=None), 58, id="cached tokens"
        ),
        pytest.param(
            Usage(input_tokens=10, output_tokens=5, cost_micros=33), 33, id="the provider's own bill wins"
        ),
        pytest.param(
            Usage(input_tokens=10, output_tokens=5, cost_micros=0), 0, id="also where it is nothing"
        ),
    ],
)
async def test_a_request_is_booked_at_what_it_cost(usage: Usage, micros: int) -> None:
    model, account = Model(replace(usage, calls=1)), Account(Caps(micros=1_000_000))
    completion = await ask(model, account)
    assert completion.usage.cost_micros == account.usage.cost_micros == account.committed.micros == micros
    assert completion.request_id == "r1"
    assert account.usage.by_model[NAME].cost_micros == micros


async def test_a_free_model_costs_nothing_but_uses_tokens() -> None:
    account = Account(Caps(micros=0))
    await ask(Model(), account, price=FREE)
    assert account.committed == Amounts(15, 0, 1)


async def test_small_bills_are_not_rounded_one_by_one() -> None:
    model, account = Model(), Account(Caps(micros=1_000))
    meter = billing(Price(input=0.01, output=0.03)).metered(model, account)
    for _ in range(100):
        await meter.complete(PROMPT, Sampling(max_tokens=100))
    assert (
        account.usage.cost_micros == account.committed.micros == 25
    )  # 100 times a quarter of a micro-dollar


async def test_one_request_is_one_call_even_if_the_model_reports_more() -> None:
    account = Account(Caps(calls=10))
    await ask(Model(Usage(input_tokens=1, output_tokens=1)), account)
    assert account.usage.calls == account.committed.calls == 1


async def test_a_negative_usage_gives_no_money_back() -> None:
    account = Account(Caps(tokens=1_000, micros=10_000))
    completion = await ask(
        Model(Usage(calls=-3, input_tokens=-500, output_tokens=-7, cost_micros=-9_000)), account
    )
    assert account.committed == Amounts(0, 0, 1)
    assert completion.usage.input_tokens == completion.usage.output_tokens == 0


async def test_a_refused_request_is_not_charged() -> None:
    account = Account(Caps(tokens=1_000, micros=10_000, calls=1))
    with pytest.raises(RateLimited):
        await ask(Model(RateLimited("later", model=NAME, status=429)), account)
    assert account.committed == account.reserved == NOTHING
    assert account.usage == Usage()
    await ask(Model(), account)
    assert account.committed.calls == 1


async def cancelled(model: Model, account: Account) -> None:
    model.release.clear()
    asking = asyncio.ensure_future(ask(model, account, 200))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def broken_off(model: Model, account: Account) -> None:
    model._reply = ModelUnavailable("it went silent", model=NAME, perhaps_billed=True)
    with pytest.raises(ModelUnavailable):
        await ask(model, account, 200)


async def crashed(model: Model, account: Account) -> None:
    model._reply = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        await ask(model, account, 200)


@pytest.mark.parametrize("end", [cancelled, broken_off, crashed])
async def test_a_request_with_an_unknown_bill_is_charged_at_its_bound_as_an_estimate(
    end: Callable[[Model, Account], asyncio.Future[None]],
) -> None:
    model, account = Model(), Account(Caps(micros=1_000_000))
    await end(model, account)
    micros = 2 * BOUND + 10 * 200
    assert account.committed == Amounts(BOUND + 200, micros, 1)
    assert account.usage == Usage(
        calls=1,
        input_tokens=BOUND,
        output_tokens=200,
        cost_micros=micros,
        estimated=True,
        unconfirmed_micros=micros,
    ).of_model(NAME)


@pytest.mark.parametrize(
    ("price", "micros"), [(PRICE, None), (None, None), (FREE, 0)], ids=["priced", "unknown", "free"]
)
async def test_the_cost_of_a_lost_unmeasured_request_is_unknown_unless_the_model_is_free(
    price: Price | None, micros: int | None
) -> None:
    model, account = Model(ModelUnavailable("gone", model=NAME, perhaps_billed=True)), Account()
    with pytest.raises(ModelUnavailable):
        await ask(model, account, price=price)
    assert account.committed == Amounts(calls=1)
    assert (account.usage.calls, account.usage.cost_micros, account.usage.estimated) == (1, micros, True)


async def test_unreported_usage_is_booked_at_the_most_that_it_may_be() -> None:
    usage = Usage(calls=1, input_tokens=8, output_tokens=100, cost_micros=None, estimated=True)
    account = Account(Caps(micros=1_000_000))
    completion = await ask(Model(usage), account)
    assert (completion.usage.input_tokens, completion.usage.output_tokens) == (BOUND, 150)
    assert account.committed == Amounts(BOUND + 150, 2 * BOUND + 10 * 150, 1)
    assert account.usage.estimated


async def test_unreported_usage_is_never_booked_beyond_its_reservation() -> None:
    usage = Usage(calls=1, input_tokens=8, output_tokens=100, cost_micros=None, estimated=True)
    account = Account(Caps(micros=1_000_000))
    await ask(Model(usage), account, 120)
    assert account.committed.tokens == BOUND + 120
    assert account.debt == NOTHING


async def test_a_bill_beyond_the_reservation_closes_the_ledger() -> None:
    model = Model(Usage(calls=1, input_tokens=WORDS, output_tokens=900, cost_micros=None))
    account = Account(Caps(tokens=500))
    completion = await ask(model, account)
    assert completion.text == "a reply"  # it was paid for
    assert account.debt.tokens == 410
    with pytest.raises(TokenLimit):
        await ask(model, account)
    assert len(model.asked) == 1


async def test_prompts_are_bounded_by_the_counts_that_the_model_reported() -> None:
    meter = Billing(PriceList(own={NAME: PRICE}))
    prompt = (Message(role="user", content="some words of usual English text, " * 40),)
    counting = meter.counting_of(NAME)
    before = counting.bound(counting.measure(prompt))
    model = Model(Usage(calls=1, input_tokens=before - 60, output_tokens=1, cost_micros=None))
    metered = meter.metered(model, Account(Caps(micros=10**9)))
    for _ in range(5):
        await metered.complete(prompt, Sampling())
    assert before < counting.bound(counting.measure(prompt))


async def test_an_estimated_usage_does_not_change_the_bound() -> None:
    meter = Billing(PriceList(own={NAME: PRICE}))
    prompt = (Message(role="user", content="some words of usual English text, " * 40),)
    counting = meter.counting_of(NAME)
    before = counting.bound(counting.measure(prompt))
    model = Model(Usage(calls=1, input_tokens=9_000, output_tokens=1, cost_micros=None, estimated=True))
    metered = meter.metered(model, Account(Caps(micros=10**9)))
    for _ in range(5):
        await metered.complete(prompt, Sampling())
    assert before == counting.bound(counting.measure(prompt))


def test_a_metered_model_is_a_model_of_the_same_name_and_window() -> None:
    metered = billing().metered(Model(window=777), Account())
    assert isinstance(metered, Metered)
    assert (metered.name, metered.window) == (NAME, 777)
