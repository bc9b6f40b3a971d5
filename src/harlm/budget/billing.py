"""Billing: every request is paid for before it is sent.

Reserves the most that a request can use, and settles what it really used. Never sends a request a second
time.

``Metered`` is the innermost wrapper of a model, so retries, hedges and fallbacks pay for each of their
requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from harlm.budget.ledger import Account
from harlm.budget.pricing import Cents, PriceList
from harlm.budget.reply_sizes import ReplySizes
from harlm.budget.reservation import Reservation
from harlm.errors import ModelError
from harlm.protocols import NOT_SENT, LanguageModel, TokenCounter
from harlm.tokens.bound import Counting, Size
from harlm.types import Amounts, Completion, Message, Price, Sampling, Usage

_LEAST_OUTPUT = 64  # tokens; a shorter reply is of no use
_DEFAULT_OUTPUT = 4_096  # tokens, if the caller sets no limit
_ESTIMATE = 1.5  # factor on the output of an unreported reply: the provider may have counted more than we did


class Billing:
    """Prices and token counts for all calls of one run.

    Args:
        prices: the prices of models; by default the built-in list.
        tokenizer: returns the token counter of a model by the model's name, or ``None`` if none is installed.

    Attributes:
        reply_sizes: the output limits to ask for, learned from the replies of this run.
    """

    def __init__(
        self,
        prices: PriceList | None = None,
        tokenizer: Callable[[str], TokenCounter | None] = lambda name: None,
    ) -> None:
        self.reply_sizes = ReplySizes()
        self._prices = prices or PriceList()
        self._tokenizer = tokenizer
        self._cents = Cents()
        self._known: dict[str, tuple[Price | None, Counting]] = {}

    def metered(self, model: LanguageModel, account: Account, *, in_batch: bool = False) -> Metered:
        """``model`` with every request paid for from ``account``, at the price of batches if all are sent in some."""
        return Metered(model, account, self, in_batch=in_batch)

    def price_of(self, model: str, *, in_batch: bool = False) -> Price | None:
        """The price of a model by its full name, perhaps in a batch of its provider; ``None`` if it is unknown."""
        price = self._of(model)[0]
        return price.in_batch if in_batch and price is not None else price

    def counting_of(self, model: str) -> Counting:
        """The token counting of a model by its full name; it improves with every reported count."""
        return self._of(model)[1]

    def booked(self, price: Price | None, usage: Usage) -> Usage:
        """``usage`` of one call with its cost: the cost that the provider reported, else by the price
        list.
        """
        if usage.cost_micros is not None or price is None:
            return usage
        return replace(usage, cost_micros=self._cents.micros(price.picos(usage)))

    def late(self, model: str, usage: Usage) -> Usage:
        """The usage with its cost of a call that came back in a batch after its process had ended."""
        return self.booked(self.price_of(model, in_batch=True), _counted(usage))

    def _of(self, model: str) -> tuple[Price | None, Counting]:
        known = self._known.get(model)
        if known is None:
            known = self._known[model] = (self._prices.of(model), Counting(self._tokenizer(model)))
        return known


@dataclass(frozen=True, slots=True)
class _Bound:
    """The worst case of one request.

    Attributes:
        size: of the prompt; ``None`` if nothing is limited and so nothing was measured.
        input, output: the most tokens; an output of ``None`` is not limited.
        amounts: the amounts to reserve.
    """

    size: Size | None
    input: int
    output: int | None
    amounts: Amounts


class Metered:
    """A model whose every request is reserved before it is sent and settled when it ends.

    Responsibilities: bound the prompt and the reply, reserve, send the output limit with the request, settle
    the real usage.
    """

    def __init__(
        self, model: LanguageModel, account: Account, billing: Billing, *, in_batch: bool = False
    ) -> None:
        self.name = model.name
        self.window = model.window
        self._model = model
        self._account = account
        self._billing = billing
        self._in_batch = in_batch

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """One request; see ``harlm.protocols.LanguageModel``.

        Raises:
            LimitExceeded: the budget does not cover the request; nothing was sent.
            ModelError: the request failed. It is refunded, unless the provider may have billed it.
        """
        billing, price = self._billing, self._billing.price_of(self.name, in_batch=self._in_batch)
        bound, reserved = await self._reserved(messages, sampling, price)
        with reserved as reservation:
            try:
                if sampling.max_tokens != bound.output:
                    sampling = replace(sampling, max_tokens=bound.output)
                if sampling.on_batch is not None:
                    sampling = replace(sampling, request=reservation.number)
                completion = await self._model.complete(messages, sampling)
            except asyncio.CancelledError as error:
                if NOT_SENT in error.args:
                    reservation.refund()
                raise
            except ModelError as error:
                if not error.perhaps_billed:
                    reservation.refund()
                raise
            else:
                if bound.size is not None and not completion.usage.estimated:
                    billing.counting_of(self.name).learn(bound.size, completion.usage.input_tokens)
                usage = billing.booked(price, _cautious(_counted(completion.usage), bound))
                taken = Amounts(usage.input_tokens + usage.output_tokens, usage.cost_micros or 0, 1)
                reservation.settle(taken, self.name, usage)
                return replace(completion, usage=usage)
            finally:
                if reservation.is_open:
                    reservation.settle(bound.amounts, self.name, _unknown(bound, price))

    async def _reserved(
        self, messages: Sequence[Message], sampling: Sampling, price: Price | None
    ) -> tuple[_Bound, Reservation]:
        """Reserves for the longest affordable reply. If less is affordable after a wait, reserves for
        less.
        """
        self._account.settle_arrears()  # now, or the bound would count on what they take
        bound = self._bound(messages, sampling, price)

        def less() -> Amounts | None:  # called after a wait, when the first bound can no longer fit
            nonlocal bound
            shorter = self._bound(messages, sampling, price, bound.size)
            if shorter.output is None or bound.output is None or shorter.output >= bound.output:
                return None
            bound = shorter
            return shorter.amounts

        reservation = await self._account.reserve(bound.amounts, less)
        return bound, reservation

    def _bound(
        self,
        messages: Sequence[Message],
        sampling: Sampling,
        price: Price | None,
        size: Size | None = None,
    ) -> _Bound:
        account = self._account
        if not account.limits_tokens and (price is None or not account.limits_money):
            return _Bound(None, 0, sampling.max_tokens, Amounts(calls=1))
        counting = self._billing.counting_of(self.name)
        size = counting.measure(messages) if size is None else size
        most = counting.bound(size)
        likely = min(most, counting.expected(size) + size.overhead)
        fits = max(_LEAST_OUTPUT, self.window - likely)
        output = self._output(most, min(fits, sampling.max_tokens or _DEFAULT_OUTPUT), price)
        micros = price.bound_micros(most, output) if price is not None else 0
        return _Bound(size, most, output, Amounts(most + output, micros, 1))

    def _output(self, prompt: int, wanted: int, price: Price | None) -> int:
        """Tokens of output to allow: ``wanted``, or less if the model or the budget allows less."""
        if price is not None and price.max_output is not None:
            wanted = min(wanted, price.max_output)
        prospect = self._account.prospect
        affordable = prospect.tokens - prompt
        if price is not None:
            affordable = min(affordable, price.affordable_output(prompt, prospect.micros))
        return min(wanted, max(affordable, _LEAST_OUTPUT))  # a refusal names the least that was tried


def _counted(usage: Usage) -> Usage:
    """The usage of one request: exactly one call, and no negative numbers, which would give money back."""
    if usage.calls == 1 and min(usage.input_tokens, usage.output_tokens, usage.cost_micros or 0) >= 0:
        return usage
    return replace(
        usage,
        calls=1,
        input_tokens=max(0, usage.input_tokens),
        output_tokens=max(0, usage.output_tokens),
        cost_micros=None if usage.cost_micros is None or usage.cost_micros < 0 else usage.cost_micros,
    )


def _cautious(usage: Usage, bound: _Bound) -> Usage:
    """Usage that the provider did not report is raised to the most that it may have been."""
    if not usage.estimated or bound.size is None or bound.output is None:
        return usage
    output = min(bound.output, round(usage.output_tokens * _ESTIMATE))
    return replace(
        usage,
        input_tokens=max(usage.input_tokens, bound.input),
        output_tokens=max(usage.output_tokens, output),
    )


def _unknown(bound: _Bound, price: Price | None) -> Usage:
    """The usage booked if it is unknown whether a request was served: its bound."""
    is_priced = price is not None and (bound.size is not None or not price.bound_micros(1, 1))
    return Usage(
        calls=1,
        input_tokens=bound.input,
        output_tokens=bound.output or 0 if bound.size is not None else 0,
        cost_micros=bound.amounts.micros if is_priced else None,
        estimated=True,
        unconfirmed_micros=bound.amounts.micros if is_priced else 0,
    )
