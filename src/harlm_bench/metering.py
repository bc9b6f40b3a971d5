"""The account of one question: what its calls used, and whether it may make another. No sockets, no model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Condition

from harlm.testing import Tokens
from harlm.testing.faults import Status
from harlm.types import Price
from harlm_bench.outcomes import Span, Usage
from harlm_bench.prices import PICOS, picos
from harlm_bench.replies import EstimatedTokens, error
from harlm_bench.systems import Limits

PriceOf = Callable[[str], Price | None]
"""The price of a model by its name; ``None`` if it is unknown."""


_SPANS = 400  # requests whose times are kept, for the plot of one question


class Account:
    """Counts the calls of one question. Used by the thread of the server and read by others.

    Requests beyond ``limits.in_flight`` wait their turn, so that no system needs to know how to wait. Requests beyond
    the other limits are refused with status 402, which clients do not send again: waiting would not help.

    Args:
        limits: what the question may cost.
        price_of: the price of a model. One model without a price leaves the whole bill unknown.
        opened: when, in seconds of the clock that the other methods are told.
        root: the name of the root model, for the record of the calls.

    Attributes:
        turns: holds back what is more than may be in flight.
    """

    def __init__(self, limits: Limits, price_of: PriceOf, opened: float, root: str = "") -> None:
        self.turns = asyncio.Semaphore(limits.in_flight)
        self._limits = limits
        self._price_of = price_of
        self._opened = opened
        self._lock = Condition()
        self._is_shut = False
        self._begun = self._refused = self._in_flight = self._most_in_flight = 0
        self._busy_since = self._busy_s = self._call_s = 0.0
        self._root = root
        self._bills: dict[int, tuple[Tokens, int | None]] = {}
        self._spans: list[Span] = []

    def shut(self) -> None:
        """Refuse whatever comes from here on."""
        self._is_shut = True

    def refusal(self, now: float) -> Status | None:
        """Why the next request is not served; ``None`` if it is."""
        spent, limits = self._micro_usd(), self._limits
        if self._is_shut:
            return error(401, "this key is closed", kind="invalid_request_error", code="invalid_api_key")
        if self._begun >= limits.calls:
            return _spent(f"this key has used its {limits.calls:,} requests")
        if limits.micro_usd is not None and spent is not None and spent >= limits.micro_usd:
            return _spent(f"this key has spent its ${limits.micro_usd / 1e6:.6f}")
        if now - self._opened >= limits.wall_s:
            return _spent(f"this key was valid for {limits.wall_s:g} s")
        return None

    def begin(self, now: float) -> None:
        """A request is under way."""
        with self._lock:
            if not self._in_flight:
                self._busy_since = now
            self._begun += 1
            self._in_flight += 1
            self._most_in_flight = max(self._most_in_flight, self._in_flight)

    def bill(self, number: int, model: str, tokens: Tokens) -> None:
        """A reply to request ``number`` costs so much. The last bill of a request counts; one of estimated tokens is unknown."""
        price = None if isinstance(tokens, EstimatedTokens) else self._price_of(model)
        with self._lock:
            self._bills[number] = tokens, None if price is None else picos(price, tokens)

    def end(self, number: int, began: float, now: float, model: str = "") -> None:
        """A request to ``model`` has ended: refused, unless there is a bill for it."""
        with self._lock:
            if len(self._spans) < _SPANS:
                self._spans.append(self._span(number, began, now, model))
            self._in_flight -= 1
            self._call_s += now - began
            if not self._in_flight:
                self._busy_s += now - self._busy_since
            if number not in self._bills:
                self._refused += 1
            self._lock.notify_all()

    def _span(self, number: int, began: float, now: float, model: str) -> Span:
        billed = self._bills.get(number)
        return Span(
            began - self._opened,
            now - self._opened,
            "root" if model == self._root else "sub",
            0 if billed is None else billed[0].prompt + billed[0].completion,
            billed is None,
        )

    def refuse(self) -> None:
        """A request was refused before it was under way."""
        with self._lock:
            self._refused += 1

    def settled(self, within_s: float) -> Usage:
        """What was used, once nothing is under way, or after ``within_s`` seconds."""
        with self._lock:
            self._lock.wait_for(lambda: not self._in_flight, timeout=within_s)
            return self.usage()

    def usage(self) -> Usage:
        """What was used so far. Requests under way count once they end."""
        tokens = [each for each, _ in self._bills.values()]
        return Usage(
            calls=len(tokens),
            refused=self._refused,
            prompt=sum(each.prompt for each in tokens),
            cached=sum(each.cached for each in tokens),
            completion=sum(each.completion for each in tokens),
            micro_usd=self._micro_usd(),
            most_in_flight=self._most_in_flight,
            busy_s=self._busy_s,
            call_s=self._call_s,
            timeline=tuple(sorted(self._spans, key=lambda span: (span.begin_s, span.end_s))),
        )

    def _micro_usd(self) -> int | None:
        """The exact sum of all bills, rounded down once."""
        bills = [each for _, each in self._bills.values()]
        known = [each for each in bills if each is not None]
        return sum(known) // PICOS if len(known) == len(bills) else None


def _spent(message: str) -> Status:
    """A refusal as providers send it when an account is empty."""
    return error(402, message, kind="insufficient_quota")
