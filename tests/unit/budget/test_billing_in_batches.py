"""Bills of calls that wait in batches of their provider."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from harlm.budget import Account, Caps
from harlm.protocols import NOT_SENT
from harlm.types import Amounts, Completion, Message, Sampling, Usage
from tests.unit.budget.test_billing import BOUND, NOTHING, PROMPT, WORDS, Model, ask, billing


async def test_the_bound_and_the_bill_of_a_batch_are_half() -> None:
    model, account = Model(), Account(Caps(micros=1_000_000))
    metered = billing().metered(model, account, in_batch=True)
    asking = asyncio.ensure_future(metered.complete(PROMPT, Sampling(max_tokens=1_000)))
    await asyncio.sleep(0)
    assert account.reserved.micros == (2 * BOUND + 10 * 1_000) // 2
    assert (await asking).usage.cost_micros == account.committed.micros == (2 * WORDS + 10 * 5) // 2


async def test_a_request_that_was_taken_back_before_it_was_sent_costs_nothing() -> None:
    class Unsent(Model):
        async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
            try:
                return await super().complete(messages, sampling)
            except asyncio.CancelledError:
                raise asyncio.CancelledError(NOT_SENT) from None

    for model, calls in ((Unsent(), 0), (Model(), 1)):
        model.release.clear()
        account = Account(Caps(micros=1_000_000))
        asking = asyncio.ensure_future(ask(model, account))
        await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert (account.committed.calls, account.reserved) == (calls, NOTHING)


async def test_a_request_that_may_be_in_a_batch_knows_its_number_in_the_journal() -> None:
    class Log:
        def sent(self, bound: Amounts) -> int:
            return 17

        def settled(self, number: int, actual: Amounts, model: str, usage: Usage | None) -> None:
            assert number == 17

    model = Model()
    metered = billing().metered(model, Account(log=Log()))
    await metered.complete(PROMPT, Sampling(on_batch=lambda request, batch: None))
    await metered.complete(PROMPT, Sampling())
    assert [each.request for each in model.asked] == [17, 0]
