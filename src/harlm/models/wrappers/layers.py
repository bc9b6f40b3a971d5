"""What the calls of one run share: which model is where, and what is known of each address. Knows how the layers stand on
each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from harlm.events import Event
from harlm.models.wrappers.breaker import Breaker, Guarded
from harlm.models.wrappers.fallback import Fallback
from harlm.models.wrappers.hedging import Hedging, Latencies
from harlm.models.wrappers.limited import Limited, Limiter
from harlm.models.wrappers.retrying import Patience, Retrying
from harlm.protocols import LanguageModel

Meter = Callable[[LanguageModel], LanguageModel]
"""Makes a model pay for each of its requests."""


class Layers:
    """Puts the layers around models that are reached over a network. A model that was not added is left as it is: whoever
    brings an object of his own decides himself what it does about failures.

    Args:
        concurrency: requests in flight to one model, at most.
        patience: of the retry loop.
        hedges: whether stragglers are asked twice.
    """

    def __init__(
        self, *, concurrency: int = 32, patience: Patience | None = None, hedges: bool = True
    ) -> None:
        self._concurrency = concurrency
        self._patience = patience or Patience()
        self._hedges = hedges
        self._places: dict[
            int, tuple[LanguageModel, str]
        ] = {}  # with the model, so that its id stays its own
        self._breakers: defaultdict[tuple[str, str], Breaker] = defaultdict(Breaker)
        self._limiters: defaultdict[str, dict[str, Limiter]] = defaultdict(dict)
        self._latencies: defaultdict[tuple[str, str], Latencies] = defaultdict(Latencies)
        self._instead: LanguageModel | None = None

    def add(self, model: LanguageModel, address: str) -> None:
        """Tell where a model is. Models of the same name at the same address share what is known of them."""
        self._places[id(model)] = (model, address)

    def fall_back_to(self, model: LanguageModel) -> None:
        """Ask ``model`` when another does not answer."""
        self._instead = model

    def around(
        self,
        model: LanguageModel,
        meter: Meter,
        *,
        on_event: Callable[[Event], None] = lambda event: None,
        may_hedge: Callable[[], bool] = lambda: True,
    ) -> LanguageModel:
        """``model`` with everything around it, for one node of a run.

        Args:
            meter: the innermost layer.
            on_event: called for each retry, hedge and fallback.
            may_hedge: whether there is money for a second request.
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
        if self._hedges:
            latencies = self._latencies[address, model.name]
            line = Hedging(line, latencies, limiter, may_hedge=may_hedge, on_event=on_event)
        return Retrying(
            Limited(Guarded(line, breaker), limiter),
            self._patience,
            on_event=on_event,
            has_answered=lambda: breaker.has_answered,
        )

    def _limiter(self, model: str, address: str) -> Limiter:
        """The limiter of a model; a new one knows from its neighbours whether the address tells limits at all."""
        there = self._limiters[address]
        if model not in there:
            is_open = any(limiter.is_open for limiter in there.values())
            there[model] = Limiter(self._concurrency, is_open=is_open)
        return there[model]
