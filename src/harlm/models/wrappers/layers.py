"""The layers around models, and what the calls of a run share: limiters, breakers and latencies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from harlm.events import Event
from harlm.models.wrappers.breaker import Breaker, Guarded
from harlm.models.wrappers.fallback import Fallback
from harlm.models.wrappers.hedging import Hedging, Latencies
from harlm.models.wrappers.known_limits import KnownLimits, place_of
from harlm.models.wrappers.limited import Limited, Limiter
from harlm.models.wrappers.retrying import Patience, Retrying
from harlm.protocols import LanguageModel

Meter = Callable[[LanguageModel], LanguageModel]
"""Wraps a model so that each of its requests is paid for."""


class Layers:
    """Puts the layers around models that are reached over a network. A model that was not added is only
    metered: an object or a callable that the user passes in handles its failures itself.

    Args:
        concurrency: the maximum of requests in flight to one model.
        patience: how long the retry loop tries.
        hedges: whether slow requests get a second one.
        known: what earlier runs have learned of addresses, and where this one puts what it learns.
    """

    def __init__(
        self,
        *,
        concurrency: int = 32,
        patience: Patience | None = None,
        hedges: bool = True,
        known: KnownLimits | None = None,
    ) -> None:
        self._concurrency = concurrency
        self._patience = patience or Patience()
        self._hedges = hedges
        self._known = known or KnownLimits()
        # By id. The model is kept too, so that its id is not given to another object.
        self._places: dict[int, tuple[LanguageModel, str]] = {}
        self._slots: dict[str, int] = {}
        self._accounts: dict[str, str] = {}  # by address, as ``place_of`` names them
        self._breakers: defaultdict[tuple[str, str], Breaker] = defaultdict(Breaker)
        self._limiters: defaultdict[str, dict[str, Limiter]] = defaultdict(dict)
        self._latencies: dict[tuple[str, str], Latencies] = {}
        self._instead: LanguageModel | None = None

    def add(
        self, model: LanguageModel, address: str, *, key: str | None = None, slots: int | None = None
    ) -> None:
        """Register the address of a model. Models of one name at one address share their state.

        Args:
            key: that is sent there. It is not kept.
            slots: requests that the server works on at once, if that is known. More wait here, with more patience, and
                none is asked a second time, which would only take the place of another.
        """
        self._places[id(model)] = (model, address)
        self._accounts[address] = place_of(address, key)
        if slots is not None:
            self._slots[address] = slots

    def fall_back_to(self, model: LanguageModel) -> None:
        """Ask ``model`` when another model fails."""
        self._instead = model

    def around(
        self,
        model: LanguageModel,
        meter: Meter,
        *,
        on_event: Callable[[Event], None] = lambda event: None,
        may_hedge: Callable[[], bool] = lambda: True,
    ) -> LanguageModel:
        """``model`` in all its layers, for one node of a run.

        Args:
            meter: the innermost layer.
            on_event: called for each retry, hedge and fallback.
            may_hedge: whether the budget allows a second request now.
        """
        line = self._line(model, meter, on_event, may_hedge)
        if self._instead is None or self._instead is model:
            return line
        return Fallback(line, self._line(self._instead, meter, on_event, may_hedge), on_event)

    def _line(
        self,
        model: LanguageModel,
        meter: Meter,
        on_event: Callable[[Event], None],
        may_hedge: Callable[[], bool],
    ) -> LanguageModel:
        if id(model) not in self._places:
            return meter(model)
        _, address = self._places[id(model)]
        limiter, breaker = self._limiter(model.name, address), self._breakers[address, model.name]
        line = meter(model)
        slots = self._slots.get(address)
        if self._hedges and slots is None:
            line = Hedging(
                line, self._times(model.name, address), limiter, may_hedge=may_hedge, on_event=on_event
            )
        return Retrying(
            Limited(Guarded(line, breaker), limiter),
            self._patience if slots is None else self._patience_of(slots),
            on_event=on_event,
            has_answered=lambda: breaker.has_answered,
        )

    def _patience_of(self, slots: int) -> Patience:
        """The patience of a request that waits for all others that are in flight."""
        turns = max(1, -(-self._concurrency // slots))
        return replace(self._patience, seconds=self._patience.seconds * turns)

    def _limiter(self, model: str, address: str) -> Limiter:
        """The limiter of a model. It begins with what is known of the model there, and open if another at the address
        is known to state no limits.
        """
        neighbours = self._limiters[address]
        if model not in neighbours:
            slots, place = self._slots.get(address), self._accounts[address]
            known = None if slots is not None else self._known.of(place, model)
            neighbours[model] = Limiter(
                min(self._concurrency, slots or self._concurrency),
                is_open=slots is not None
                or any(limiter.is_open for limiter in neighbours.values())
                or self._known.is_open(place),
                known=known,
                age_s=0.0 if known is None else self._known.now() - known.at,
                on_learned=partial(self._remember, model, address),
            )
        return neighbours[model]

    def _times(self, model: str, address: str) -> Latencies:
        """How long the calls of a model took, in this run and, until that is known, in earlier ones."""
        if (address, model) not in self._latencies:
            known = self._known.of(self._accounts[address], model)
            self._latencies[address, model] = Latencies({} if known is None else known.slow_s)
        return self._latencies[address, model]

    def remember(self) -> None:
        """Hand on what this run has learned of its addresses. Call at its end."""
        for address, limiters in self._limiters.items():
            for model in limiters:
                self._remember(model, address)

    def _remember(self, model: str, address: str) -> None:
        """Hand on what was learned of a model. A server that HARLM has started for this run is forgotten with it."""
        if address in self._slots:
            return
        learned = self._limiters[address][model].knowledge(self._known.now())
        if learned is not None:
            times = self._times(model, address).slow
            self._known.learn(self._accounts[address], model, replace(learned, slow_s=times))
