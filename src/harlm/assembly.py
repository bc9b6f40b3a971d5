"""Builds the parts of a run from settings. The only file that names implementations.

Heavy implementations are imported only when they are chosen.
"""

from __future__ import annotations

import math
import os
import random
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Literal

from harlm.branching.calibration import Calibration
from harlm.branching.confidence import calibrations_in, shipped
from harlm.budget import UNLIMITED, Account, Billing, Caps, PriceList
from harlm.budget.embedding import EmbeddingMeter
from harlm.config import DEFAULT_USD, Config
from harlm.config.tables import read_settings_file
from harlm.engine import Models, Node, Run, new_run_id
from harlm.engine.approval import Approval, Approve
from harlm.errors import ConfigError
from harlm.home import (
    calibrations_folder,
    home_of,
    index_file,
    journal_file,
    limits_file,
    memory_file,
    models_folder,
    prices_file,
    ratings_file,
    router_file,
    skills_file,
)
from harlm.journal import CallJournal, Reuse, RunJournal
from harlm.memory import ColdStore, InMemoryStore, Memory
from harlm.models.access import Access
from harlm.models.choosing import ModelChoice, ModelMaker
from harlm.models.names import PROVIDERS, parse_model_name
from harlm.models.wrappers import KnownLimits, Layers, Patience
from harlm.protocols import (
    CallStore,
    Embedder,
    LanguageModel,
    MemoryStore,
    Router,
    TokenCounter,
    Tool,
    TraceSink,
)
from harlm.redact import Redactor
from harlm.router import HeuristicRouter
from harlm.router.bandit import Bandit
from harlm.router.exploring import ExploringRouter
from harlm.router.learned import Chances, LearnedRouter
from harlm.router.model import RouterModel
from harlm.router.model import load as load_router
from harlm.router.model import shipped as shipped_router
from harlm.sandbox.tiers import ChosenSandbox
from harlm.storage import write_whole
from harlm.storing import journal_of, stored_run
from harlm.threads import done_within
from harlm.tokens import tokenizer_of
from harlm.tools.toolset import NO_TOOLS, Toolset
from harlm.tracing.experience import Skills, ratings_in
from harlm.tracing.fanout import Fanout
from harlm.tracing.otel import telemetry_of
from harlm.types import Price

_PATIENCE_S = 60.0  # seconds that the results of a run may take to get on disk
_LAST_S = 0.1  # and after its time limit
_RICHEST_USD = 1e9  # a higher limit means no limit


def router_of(config: Config) -> Router:
    """The router that chooses the mode of a task.

    Raises:
        ConfigError: the settings name a router that cannot be read; or no folder for an encoder.
    """
    chosen = config.router
    if chosen.kind == "rules":
        return HeuristicRouter()
    model, chances, basis, version = _learned(config)
    bandit = Bandit(ratings_in(ratings_file(config))) if chosen.bandit else None
    router: Router = LearnedRouter(model, chances, basis, version=version, bandit=bandit)
    return ExploringRouter(router, chosen.exploration) if chosen.exploration else router


def _learned(config: Config) -> tuple[RouterModel, Chances | None, Literal["trees", "encoder"], str]:
    """The model of the settings, what gives its probabilities, what these rest on, and its name: that of a file, the user's own trees, or the trees that ship with HARLM."""
    named = None if config.router.file is None else Path(config.router.file).expanduser()
    if config.router.kind == "encoder":
        if named is None:
            raise ConfigError(
                'router.kind = "encoder" needs router.file, the folder that `harlm router train --encoder` has written'
            )
        from harlm.router.encoder import load_encoder

        encoder = load_encoder(named)
        return encoder.model, encoder.chances, "encoder", encoder.version
    own = router_file(config)
    if named is None and not own.exists():
        return shipped_router(), None, "trees", ""
    return load_router(named or own), None, "trees", ""


def caps_of(config: Config, began: float | None = None) -> Caps:
    """The limits of a run's root account.

    Args:
        config: the settings.
        began: the moment from which the time limit counts, by ``time.monotonic``; by default now.
    """
    budget = config.budget
    began = time.monotonic() if began is None else began
    usd = DEFAULT_USD if budget.usd is None else budget.usd
    return Caps(
        tokens=UNLIMITED if budget.tokens is None else budget.tokens,
        micros=UNLIMITED if usd > _RICHEST_USD else round(usd * 1_000_000),
        calls=UNLIMITED if budget.calls is None else budget.calls,
        ends=math.inf if budget.seconds is None else began + budget.seconds,
        depth=config.engine.max_depth,
    )


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


@asynccontextmanager
async def open_run(
    config: Config,
    *,
    root: ModelChoice | None = None,
    sub: ModelChoice | None = None,
    prices: Mapping[str, Price] | None = None,
    tools: Toolset = NO_TOOLS,
    approve: Approve | None = None,
    goal: str = "",
    sinks: Sequence[TraceSink] = (),
    environment: Mapping[str, str] | None = None,
    began: float | None = None,
    earlier: str | None = None,
    fixed: FixedModels | None = None,
) -> AsyncIterator[Node]:
    """The root node of a new run, with all its parts; they are closed at the end.

    Args:
        config: the settings.
        root, sub, prices: above those in ``config`` and in files; prices by full model name.
        tools: of the user.
        approve: asked before each cell runs.
        goal: the question; summaries keep what matters for it.
        sinks: receive the events, in addition to the stored run.
        environment: variables that hold keys; by default those of the process.
        began: when the time limit began to count, by ``time.monotonic``; by default now.
        earlier: the id of a stored run that is taken up again; ``None`` for a new run.
        fixed: the models, in place of those of the settings.

    Raises:
        ConfigError: a model or a server of tools cannot be used, or a model has no price although money is limited.
        TraceError: the earlier run is open in another process, or its journal cannot be used.
        DeadlineExceeded: the time ran out while servers of tools started.
    """
    began, listed = time.monotonic() if began is None else began, PriceList(prices_file(config), prices)
    async with AsyncExitStack() as cleanup:
        variables = os.environ if environment is None else environment
        access, layers = Access(config.models, variables, cleanup), _layers(config, cleanup)
        maker = ModelMaker(config.models, access, layers, listed.window_of, models_folder(config))
        models = await _models(config, maker, layers, root, sub) if fixed is None else fixed.models
        billing, run_id = Billing(listed, _counters(maker)), earlier or new_run_id()
        redactor = Redactor([*access.secrets, *tools.secrets])
        stored = stored_run(config, run_id, redactor, sinks, cleanup, is_new=earlier is None)
        journal = journal_of(config, run_id, redactor, sinks, cleanup, stored, is_new=earlier is None)
        account = _account(config, began, journal)
        embedder, paid = await _embedder(config, access, account, billing, cleanup)
        _refuse_unpriced(config, listed, [*maker.named, *paid])
        skills, (named, notes) = Skills(skills_file(config)), await _opened(tools, config, account, cleanup)
        run = Run(
            id=run_id,
            sandbox=_sandbox(config, cleanup), router=router_of(config), sink=Fanout((*telemetry_of(config, redactor, [stored, *sinks]), stored, skills, *sinks)),
            settings=config.engine, memory_settings=config.memory, router_settings=config.router, billing=billing,
            around=layers.around, index_file=index_file(config),
            memory=_memory(config, run_id, goal, embedder, cleanup, account),
            journal=journal, redactor=redactor, reuse=_reuse(config, cleanup, account), identity_of=(fixed or maker).identity_of,
            open_repls=config.sandbox.open_repls, calibrations=_calibrations(config), skill_of=skills.of, draw=_draw(config), temperature=_temperature(config),
            tools=named, opening_notes=notes, approval=None if approve is None else Approval(approve),
        )  # fmt: skip
        cleanup.push_async_callback(run.end_tools)
        yield Node(run=run, models=models, account=account)


@asynccontextmanager
async def open_embedder(config: Config) -> AsyncIterator[Embedder]:
    """The embedder of the settings, for use without a run; it is closed at the end.

    Raises:
        ConfigError: no embedder is set, or it cannot be used.
    """
    async with AsyncExitStack() as cleanup:
        billing = Billing(PriceList(prices_file(config), None), tokenizer_of)
        home_of(config).mkdir(parents=True, exist_ok=True, mode=0o700)
        access = Access(config.models, os.environ, cleanup)
        embedder, _ = await _embedder(config, access, Account(), billing, cleanup)
        if embedder is None:
            raise ConfigError(
                'no embedder is set; put embedder = "minilm" (or "openai/NAME") under [memory] into your settings'
            )
        yield embedder


async def _opened(
    tools: Toolset, config: Config, account: Account, cleanup: AsyncExitStack
) -> tuple[dict[str, Tool], tuple[str, ...]]:
    """All tools of a run by name, and notes for the user; ``cleanup`` ends their servers.

    Raises:
        ConfigError: a server cannot be used.
        DeadlineExceeded: the time ran out meanwhile.
    """
    try:
        return await tools.opened(account.seconds_left, cleanup, is_offline=config.models.offline)
    except TimeoutError:
        raise account.too_late() from None


def _account(config: Config, began: float, journal: RunJournal) -> Account:
    """The account of a run, which counts what its earlier attempts have paid."""
    account = Account(caps_of(config, began), began=began, log=journal)
    account.owe(journal.earlier.spent)
    return account


def _sandbox(config: Config, cleanup: AsyncExitStack) -> ChosenSandbox:
    sandbox = ChosenSandbox(config.sandbox)
    cleanup.push_async_callback(sandbox.close)
    return sandbox


def _calibrations(config: Config) -> tuple[Calibration, ...]:
    """The user's own, before those that ship with HARLM."""
    return (*calibrations_in(calibrations_folder(config)), *shipped())


def _temperature(config: Config) -> float | None:
    return None if config.models.temperature == "server" else config.models.temperature


def _draw(config: Config) -> float | None:
    """A random number for routers that try other modes; ``None`` if none does. It follows from the seed, if there is one."""
    if not (config.router.exploration or config.router.bandit):
        return None
    return random.Random(config.engine.seed).random()  # noqa: S311 - a draw, not a secret


def _counters(maker: ModelMaker) -> Callable[[str], TokenCounter | None]:
    """The token counter of each model: what the model brings itself, else an installed tokenizer."""
    return lambda name: maker.counter_of(name) or tokenizer_of(name)


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


def _memory(
    config: Config,
    run_id: str,
    goal: str,
    embedder: Embedder | None,
    cleanup: AsyncExitStack,
    account: Account,
) -> Memory:
    """The memory of a run, over the store of entries; ``cleanup`` closes both."""
    entries = _entries(config)
    cleanup.push_async_callback(_closed, entries, account)
    memory = Memory(
        entries,
        run=run_id,
        goal=goal,
        hot_tokens=config.memory.hot_tokens,
        has_summaries=config.memory.summaries != "off",
        embedder=embedder,
    )
    cleanup.push_async_callback(memory.close)
    return memory


def _entries(config: Config) -> MemoryStore:
    """The store of entries: a file that all runs share, or without a cache the memory of this process."""
    if not config.memory.cache:
        return InMemoryStore()
    return ColdStore(memory_file(config), config.memory.namespace, max_bytes=config.memory.max_mb << 20)


async def _closed(store: MemoryStore | CallStore, account: Account) -> None:
    await done_in_time(account, store.close)


async def done_in_time(account: Account, work: Callable[[], None]) -> bool:
    """Put results of a run on disk, in a thread, within the time limit of the run or a little later.

    Args:
        account: of the run.
        work: the function to call.

    Returns:
        whether ``work`` has ended; else it continues in its thread.
    """
    return await done_within(min(_PATIENCE_S, max(_LAST_S, account.seconds_left)), work)


def _reuse(config: Config, cleanup: AsyncExitStack, account: Account) -> Reuse | None:
    """The reuse of replies that earlier runs paid for; ``None`` if every call must be made."""
    if not config.memory.cache:
        return None
    calls = CallJournal(
        journal_file(config),
        config.memory.namespace,
        max_bytes=config.memory.max_mb << 20,
        entries=memory_file(config),
    )
    cleanup.push_async_callback(_closed, calls, account)
    return Reuse(calls)


async def _embedder(
    config: Config, access: Access, account: Account, billing: Billing, cleanup: AsyncExitStack
) -> tuple[Embedder | None, tuple[str, ...]]:
    """The embedder of the settings, if any, and the full names of the models that it must pay for.

    Raises:
        ConfigError: the embedder cannot be used.
    """
    named = config.memory.embedder
    if named is None:
        return None, ()
    from harlm.embedders.remembering import RememberingEmbedder
    from harlm.retrieval.vectors import Vectors

    Vectors(1)  # fails now, not in the middle of a run, if numpy is missing
    meter_of = partial(EmbeddingMeter, account=account, billing=billing)
    made, paid = await _embedder_named(named, config, access, meter_of)
    embedder = RememberingEmbedder(made, index_file(config), max_bytes=config.memory.index_mb << 20)
    cleanup.callback(embedder.close)
    return embedder, paid


async def _embedder_named(
    named: str, config: Config, access: Access, meter_of: Callable[[str], EmbeddingMeter]
) -> tuple[Embedder, tuple[str, ...]]:
    if named == "hashing":
        from harlm.embedders.hashing import HashingEmbedder

        return HashingEmbedder(), ()
    if named == "minilm":
        from harlm.embedders.minilm import MiniLmEmbedder

        return MiniLmEmbedder(), ()
    name = parse_model_name(named)
    if PROVIDERS[name.provider].protocol != "openai":
        raise ConfigError(
            f"memory.embedder = {named!r} cannot embed: use hashing, minilm or a model of an OpenAI-compatible server (openai/…)"
        )
    if config.models.offline:
        raise ConfigError(f"{name.full} needs a network, and the run is offline; use 'hashing' or 'minilm'")
    from harlm.embedders.openai import OpenAIEmbedder

    return OpenAIEmbedder(await access.endpoint(name), meter_of(name.full)), (name.full,)


def _refuse_unpriced(config: Config, prices: PriceList, models: Iterable[str]) -> None:
    """Refuse a cost limit that cannot be enforced.

    Raises:
        ConfigError: a limit is set, and the price of a model is unknown.
    """
    usd = config.budget.usd
    unknown = [model for model in models if prices.of(model) is None]
    if usd is None or usd > _RICHEST_USD or not unknown:
        return
    raise ConfigError(
        f"the price of {unknown[0]} is unknown, so a limit of ${usd:g} cannot be enforced. Set its price in "
        f'{prices_file(config)} (["{unknown[0]}"] with input = … and output = …, USD per million tokens), or use '
        "--max-tokens or --max-calls instead"
    )
