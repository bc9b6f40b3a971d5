"""Builds the parts of a run from settings. The only file that names implementations.

Heavy implementations are imported only when they are chosen.
"""

from __future__ import annotations

import math
import os
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Literal

from harlm.branching.calibration import Calibration
from harlm.branching.confidence import calibrations_in, shipped
from harlm.budget import UNLIMITED, Account, Billing, Caps, PriceList
from harlm.budget.embedding import EmbeddingMeter
from harlm.budget.purse import Purse
from harlm.common_parts import RICHEST_USD, CommonParts, FixedModels, done_by, open_common, refuse_unpriced
from harlm.config import DEFAULT_USD, ROUTERS, Config
from harlm.engine import Node, Run, new_run_id
from harlm.engine.approval import Approval, Approve
from harlm.errors import ConfigError
from harlm.home import (
    calibrations_folder,
    home_of,
    index_file,
    prices_file,
    ratings_file,
    router_file,
    skills_file,
)
from harlm.journal import Reuse, RunJournal
from harlm.memory import Memory
from harlm.models.access import Access
from harlm.models.choosing import ModelChoice
from harlm.models.names import PROVIDERS, parse_model_name
from harlm.protocols import (
    Embedder,
    MemoryStore,
    Router,
    Tool,
    TraceSink,
)
from harlm.redact import Redactor
from harlm.router import HeuristicRouter
from harlm.router.bandit import Bandit
from harlm.router.brought import brought_router
from harlm.router.exploring import ExploringRouter
from harlm.router.learned import Chances, LearnedRouter
from harlm.router.model import RouterModel
from harlm.router.model import load as load_router
from harlm.router.model import shipped as shipped_router
from harlm.stores import StoreSet, open_stores, secrets_of, vectors_in
from harlm.storing import journal_of, stored_run
from harlm.tokens import tokenizer_of
from harlm.tools.toolset import NO_TOOLS, Toolset
from harlm.tracing.experience import Skills, ratings_in
from harlm.tracing.fanout import Fanout
from harlm.tracing.otel import telemetry_of
from harlm.types import Price


def router_of(config: Config) -> Router:
    """The router that chooses the mode of a task.

    Raises:
        ConfigError: the settings name a router that cannot be read; or no folder for an encoder.
    """
    chosen = config.router
    if chosen.kind == "rules":
        return HeuristicRouter()
    if chosen.kind not in ROUTERS:
        return brought_router(chosen)
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
        micros=UNLIMITED if usd > RICHEST_USD else round(usd * 1_000_000),
        calls=UNLIMITED if budget.calls is None else budget.calls,
        ends=math.inf if budget.seconds is None else began + budget.seconds,
        depth=config.engine.max_depth,
    )


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
    new_id: str = "",
    fixed: FixedModels | None = None,
    common: CommonParts | None = None,
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
        new_id: the id of a new run, if it was chosen already.
        fixed: the models, in place of those of the settings.
        common: parts that are open already, in place of ``root``, ``sub``, ``prices``, ``environment`` and ``fixed``.

    Raises:
        ConfigError: a model or a server of tools cannot be used, or a model has no price although money is limited.
        TraceError: the earlier run is open in another process, or its journal cannot be used.
        DeadlineExceeded: the time ran out while servers of tools started.
    """
    began = time.monotonic() if began is None else began
    ends = caps_of(config, began).ends
    async with AsyncExitStack() as cleanup:
        if common is None:
            opened = open_common(
                config, root=root, sub=sub, prices=prices, environment=environment, fixed=fixed, ends=ends
            )
            common = await cleanup.enter_async_context(opened)
        yield await _root_node(
            config,
            common,
            cleanup,
            tools=tools,
            approve=approve,
            goal=goal,
            sinks=sinks,
            began=began,
            earlier=earlier,
            new_id=new_id,
        )


async def _root_node(
    config: Config,
    common: CommonParts,
    cleanup: AsyncExitStack,
    *,
    tools: Toolset,
    approve: Approve | None,
    goal: str,
    sinks: Sequence[TraceSink],
    began: float,
    earlier: str | None,
    new_id: str,
) -> Node:
    """The root node of a run over ``common``; arguments and errors as for ``open_run``. ``cleanup`` closes its own parts."""
    listed, layers = common.listed, common.layers
    billing, run_id, is_new = (
        Billing(listed, common.counter_of),
        earlier or new_id or new_run_id(),
        earlier is None,
    )
    redactor = Redactor([*common.access.secrets, *tools.secrets, *secrets_of(config)])
    stored = stored_run(config, run_id, redactor, sinks, cleanup, is_new=is_new)
    journal = journal_of(config, run_id, redactor, sinks, cleanup, stored, common.runs, is_new=is_new)
    account = _account(config, began, journal, common.purse)
    embedder, paid = await _embedder(config, common.access, account, billing, cleanup, common.stores)
    refuse_unpriced(config, listed, [*common.maker.named, *paid])
    skills, (named, notes) = Skills(skills_file(config)), await _opened(tools, config, account, cleanup)
    run = Run(
        id=run_id,
        sandbox=common.sandbox, router=router_of(config), sink=Fanout((*telemetry_of(config, redactor, [stored, *sinks]), stored, skills, *sinks)),
        settings=config.engine, memory_settings=config.memory, router_settings=config.router, billing=billing,
        around=layers.around, batches=common.batches, index_file=index_file(config),
        memory=_memory(config, run_id, goal, embedder, cleanup, common.entries),
        journal=journal, redactor=redactor, reuse=None if common.calls is None else Reuse(common.calls, common.flights),
        identity_of=common.identity_of,
        open_repls=config.sandbox.open_repls, calibrations=_calibrations(config), skill_of=skills.of, draw=_draw(config), temperature=_temperature(config),
        tools=named, opening_notes=notes, approval=None if approve is None else Approval(approve),
    )  # fmt: skip
    cleanup.push_async_callback(run.end_tools)
    return Node(run=run, models=common.models, account=account)


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
        embedder, _ = await _embedder(config, access, Account(), billing, cleanup, open_stores(config))
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


def _account(config: Config, began: float, journal: RunJournal, purse: Purse | None) -> Account:
    """The account of a run, which counts what its earlier attempts have paid."""
    account = Account(caps_of(config, began), began=began, log=journal, purse=purse)
    account.owe(journal.earlier.spent)
    return account


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


def _memory(
    config: Config,
    run_id: str,
    goal: str,
    embedder: Embedder | None,
    cleanup: AsyncExitStack,
    entries: MemoryStore,
) -> Memory:
    """The memory of a run, over the store of entries; ``cleanup`` closes it."""
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


async def done_in_time(account: Account, work: Callable[[], None]) -> bool:
    """Put results of a run on disk, in a thread, within the time limit of the run or a little later.

    Args:
        account: of the run.
        work: the function to call.

    Returns:
        whether ``work`` has ended; else it continues in its thread.
    """
    return await done_by(account.ends, work)


async def _embedder(
    config: Config,
    access: Access,
    account: Account,
    billing: Billing,
    cleanup: AsyncExitStack,
    stores: StoreSet | None,
) -> tuple[Embedder | None, tuple[str, ...]]:
    """The embedder of the settings, if any, and the full names of the models that it must pay for.

    Raises:
        ConfigError: the embedder cannot be used.
    """
    named = config.memory.embedder
    if named is None:
        return None, ()
    from harlm.embedders.remembering import RememberingEmbedder
    from harlm.embedders.vector_file import VectorFile
    from harlm.retrieval.vectors import Vectors

    Vectors(1)  # fails now, not in the middle of a run, if numpy is missing
    meter_of = partial(EmbeddingMeter, account=account, billing=billing)
    made, paid = await _embedder_named(
        named, config, access, meter_of, lambda each: billing.price_of(each) is not None
    )
    kept = vectors_in(stores) or VectorFile(index_file(config), max_bytes=config.memory.index_mb << 20)
    embedder = RememberingEmbedder(made, kept)
    cleanup.callback(embedder.close)
    return embedder, paid


async def _embedder_named(
    named: str,
    config: Config,
    access: Access,
    meter_of: Callable[[str], EmbeddingMeter],
    is_priced: Callable[[str], bool],
) -> tuple[Embedder, tuple[str, ...]]:
    if named == "hashing":
        from harlm.embedders.hashing import HashingEmbedder

        return HashingEmbedder(), ()
    if named == "minilm":
        from harlm.embedders.minilm import MiniLmEmbedder

        return MiniLmEmbedder(), ()
    from harlm.embedders.brought import PaidEmbedder, brought_embedder

    if (brought := brought_embedder(named, config.models)) is not None:
        return (PaidEmbedder(brought, meter_of(named)), (named,)) if is_priced(named) else (brought, ())
    name = parse_model_name(named)
    if name.is_brought or PROVIDERS[name.provider].protocol != "openai":
        raise ConfigError(
            f"memory.embedder = {named!r} cannot embed: use hashing, minilm or a model of an OpenAI-compatible server (openai/…)"
        )
    if config.models.offline:
        raise ConfigError(f"{name.full} needs a network, and the run is offline; use 'hashing' or 'minilm'")
    from harlm.embedders.openai import OpenAIEmbedder

    return OpenAIEmbedder(await access.endpoint(name), meter_of(name.full)), (name.full,)
