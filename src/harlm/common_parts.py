"""What several runs of one client can share: models with their limits, the stores, the sandbox and the router."""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path

from harlm.budget import PriceList
from harlm.budget.purse import Purse
from harlm.config import Config
from harlm.config.tables import read_settings_file
from harlm.engine import Models
from harlm.errors import ConfigError
from harlm.home import journal_file, limits_file, memory_file, models_folder, prices_file
from harlm.journal import CallJournal
from harlm.memory import ColdStore, InMemoryStore
from harlm.models.access import Access
from harlm.models.batches.models import BatchedModels
from harlm.models.choosing import ModelChoice, ModelMaker
from harlm.models.wrappers import KnownLimits, Layers, Patience
from harlm.protocols import CallStore, LanguageModel, MemoryStore, TokenCounter
from harlm.sandbox.tiers import ChosenSandbox
from harlm.storage import write_whole
from harlm.stores import SharedRuns, StoreSet, open_stores, runs_in
from harlm.threads import done_within
from harlm.tokens import tokenizer_of
from harlm.types import Price

_PATIENCE_S = 60.0  # seconds that the results of a run may take to get on disk
_LAST_S = 0.1  # and after its time limit
RICHEST_USD = 1e9
"""A higher limit means no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedModels:
    """Models of a run that does not choose any.

    Attributes:
        models: by role.
        identities: under which their replies are kept, by full name.
    """

    models: Models
    identities: Mapping[str, str | None]

    def identity_of(self, model: LanguageModel) -> str | None:
        """The identity under which the replies of a model are kept."""
        return self.identities.get(model.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonParts:
    """Parts that runs share. Each run has its own journal, account, memory and trace besides.

    Attributes:
        listed: the prices of models.
        access: to their servers, with the keys.
        layers: what the calls of all runs share: limiters, breakers, latencies.
        maker: has made the models.
        batches: makes their calls that may wait in batches; ``None`` makes each at once.
        models: by role.
        identity_of: the identity under which a model's replies are reused; ``None`` if they must not be.
        entries: the store of memory.
        calls: the store of paid calls; ``None`` if none is reused.
        flights: calls under way by key, so that equal calls of two runs are made once.
        sandbox: opens REPLs.
        stores: that several machines share; ``None`` if all is kept on this one.
        runs: the journals of runs in ``stores``, if it keeps them.
        purse: pays for the requests of all runs, besides the budget of each; ``None`` if only that limits them.
    """

    listed: PriceList
    access: Access
    layers: Layers
    maker: ModelMaker
    batches: BatchedModels | None
    models: Models
    identity_of: Callable[[LanguageModel], str | None]
    entries: MemoryStore
    calls: CallStore | None
    sandbox: ChosenSandbox
    stores: StoreSet | None = None
    runs: SharedRuns | None = None
    purse: Purse | None = None
    flights: dict[str, asyncio.Future[None]] = field(default_factory=dict)

    def counter_of(self, name: str) -> TokenCounter | None:
        """The token counter of a model: what the model brings itself, else an installed tokenizer."""
        return self.maker.counter_of(name) or tokenizer_of(name)


@asynccontextmanager
async def open_common(
    config: Config,
    *,
    root: ModelChoice | None = None,
    sub: ModelChoice | None = None,
    prices: Mapping[str, Price] | None = None,
    environment: Mapping[str, str] | None = None,
    fixed: FixedModels | None = None,
    purse: Purse | None = None,
    ends: float = math.inf,
) -> AsyncIterator[CommonParts]:
    """The parts that the runs with these settings share; they are closed at the end.

    Args:
        config: the settings.
        root, sub, prices: above those in ``config`` and in files; prices by full model name.
        environment: variables that hold keys; by default those of the process.
        fixed: the models, in place of those of the settings.
        purse: pays for all runs, besides the budget of each.
        ends: the moment by ``time.monotonic`` soon after which everything is closed, whether all is on disk or not.

    Raises:
        ConfigError: a model cannot be used.
    """
    async with AsyncExitStack() as cleanup:
        listed = PriceList(prices_file(config), prices)
        access = Access(config.models, os.environ if environment is None else environment, cleanup)
        layers = _layers(config, cleanup)
        batches = BatchedModels() if config.models.cheap and fixed is None else None
        maker = ModelMaker(config.models, access, layers, listed.window_of, models_folder(config), batches)
        models = await _models(config, maker, layers, root, sub) if fixed is None else fixed.models
        if batches is not None:
            cleanup.push_async_callback(batches.close)
        stores = await asyncio.to_thread(open_stores, config)
        entries, calls = _entries(config, stores), _calls(config, stores)
        cleanup.push_async_callback(done_by, ends, entries.close)
        if calls is not None:
            cleanup.push_async_callback(done_by, ends, calls.close)
        runs = runs_in(stores)
        if runs is not None:
            cleanup.push_async_callback(done_by, ends, runs.close)
        sandbox = ChosenSandbox(config.sandbox)
        cleanup.push_async_callback(sandbox.close)
        yield CommonParts(
            listed=listed,
            access=access,
            layers=layers,
            maker=maker,
            batches=batches,
            models=models,
            identity_of=(fixed or maker).identity_of,
            entries=entries,
            calls=calls,
            stores=stores,
            runs=runs,
            sandbox=sandbox,
            purse=purse,
        )


async def done_by(ends: float, work: Callable[[], None]) -> bool:
    """Put results on disk, in a thread, before a moment or a little later.

    Args:
        ends: the moment, by ``time.monotonic``.
        work: the function to call.

    Returns:
        whether ``work`` has ended; else it continues in its thread.
    """
    return await done_within(min(_PATIENCE_S, max(_LAST_S, ends - time.monotonic())), work)


def _layers(config: Config, cleanup: AsyncExitStack) -> Layers:
    """The call layers around the models of a run. At its end, what they have learned is kept for later runs."""
    known = _known_limits(limits_file(config).absolute())
    known.refresh()
    layers = Layers(
        concurrency=config.engine.concurrency,
        patience=Patience(retries=config.models.retries, seconds=config.models.patience_s),
        hedges=config.models.hedging,
        known=known,
    )
    cleanup.callback(known.save)
    cleanup.callback(layers.remember)
    return layers


@lru_cache(maxsize=64)
def _known_limits(file: Path) -> KnownLimits:
    """What is known of limits: one table for all runs of this process that have the same home."""
    return KnownLimits(partial(read_settings_file, file, may_be_link=True), partial(write_whole, file))


async def _models(
    config: Config, maker: ModelMaker, layers: Layers, root: ModelChoice | None, sub: ModelChoice | None
) -> Models:
    """The models of a run by role: ``root`` and ``sub`` if given, else those of the settings."""
    chosen = config.models
    root_model = await maker.make(root if root is not None else chosen.root)
    named_sub = sub if sub is not None else chosen.sub
    if chosen.fallback is not None:
        layers.fall_back_to(await maker.make(chosen.fallback))
    return Models(
        root=root_model,
        sub=root_model if named_sub is None else await maker.make(named_sub),
        economy=None if chosen.economy is None else await maker.make(chosen.economy),
    )


def _entries(config: Config, stores: StoreSet | None) -> MemoryStore:
    """The store of entries: shared by machines or by all runs of this one, or without a cache the memory of this process."""
    if not config.memory.cache:
        return InMemoryStore()
    if stores is not None:
        return stores.entries()
    return ColdStore(memory_file(config), config.memory.namespace, max_bytes=config.memory.max_mb << 20)


def _calls(config: Config, stores: StoreSet | None) -> CallStore | None:
    """The store of replies that earlier runs paid for; ``None`` if every call must be made."""
    if not config.memory.cache:
        return None
    if stores is not None:
        return stores.calls()
    return CallJournal(
        journal_file(config),
        config.memory.namespace,
        max_bytes=config.memory.max_mb << 20,
        entries=memory_file(config),
    )


def refuse_unpriced(config: Config, prices: PriceList, models: Iterable[str]) -> None:
    """Refuse a cost limit that cannot be enforced.

    Raises:
        ConfigError: a limit is set, and the price of a model is unknown.
    """
    usd = config.budget.usd
    unknown = [model for model in models if prices.of(model) is None]
    if usd is None or usd > RICHEST_USD or not unknown:
        return
    raise ConfigError(
        f"the price of {unknown[0]} is unknown, so a limit of ${usd:g} cannot be enforced. Set its price in "
        f'{prices_file(config)} (["{unknown[0]}"] with input = … and output = …, USD per million tokens), or use '
        "--max-tokens or --max-calls instead"
    )
