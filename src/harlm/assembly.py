"""From settings to parts: the only file that names implementations. Heavy ones are imported where they are chosen, so
that a run pays for what it uses (aiohttp alone takes a quarter of a second).
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING, TypeGuard

from harlm.budget import UNLIMITED, Account, Caps, Price, PriceList, Till
from harlm.budget.embedding import EmbeddingMeter
from harlm.config import DEFAULT_USD, Config, is_address
from harlm.engine import Models, Run, Shared, new_run_id, prompts
from harlm.errors import ConfigError
from harlm.events import Event, Noted
from harlm.memory import ColdStore, Memory, RamStore, Reuse
from harlm.models.names import CUSTOM_WINDOW, PROVIDERS, ModelName, parse_model_name
from harlm.models.tokens import tokenizer_of
from harlm.models.wrappers import Layers, Patience
from harlm.protocols import Embedder, LanguageModel, MemoryStore, Router, TraceSink
from harlm.router import HeuristicRouter
from harlm.sandbox.tiers import ChosenSandbox
from harlm.tracing.jsonl import JsonlSink
from harlm.tracing.redact import Redactor

if TYPE_CHECKING:
    from harlm.models.http import Transport

_RICHEST_USD = 1e9  # more is no limit

ModelChoice = str | LanguageModel | Callable[..., object]
"""How a user names a model: by name, as a model, or as any callable."""


def home_of(config: Config) -> Path:
    """The folder of runs and indexes.

    Raises:
        ConfigError: it begins with a home folder that nobody knows.
    """
    import platformdirs

    try:
        if config.tracing.home is not None:
            return Path(config.tracing.home).expanduser()
        return platformdirs.user_state_path("harlm", appauthor=False).expanduser()
    except RuntimeError as error:
        named = config.tracing.home or "~"
        raise ConfigError(
            f"there is no home folder for {named!r} ({error}); set HARLM_HOME to the full path of a folder"
        ) from error


def runs_of(config: Config) -> Path:
    """The folder of stored runs.

    Raises:
        ConfigError: as ``home_of``.
    """
    return home_of(config) / "runs"


def user_config_file() -> Path:
    """Where the user's own settings are; a path where nothing is, for a user without a home folder."""
    import platformdirs

    try:
        folder = platformdirs.user_config_path("harlm", appauthor=False).expanduser()
    except RuntimeError:
        folder = Path(os.devnull)
    return folder / "config.toml"


def prices_file(config: Config) -> Path:
    """Where the user's own prices are; need not exist.

    Raises:
        ConfigError: a file is named that is not there.
    """
    if config.budget.prices is None:
        return user_config_file().with_name("prices.toml")
    named = Path(config.budget.prices).expanduser()
    if not named.is_file():
        raise ConfigError(
            f"budget.prices = {config.budget.prices!r} is not a file; give a TOML file of prices"
        )
    return named


def router_of(config: Config) -> Router:
    """What chooses a mode."""
    return HeuristicRouter()


def caps_of(config: Config, began: float | None = None) -> Caps:
    """What the root account of a run may give out; its time counts from ``began``, by default from now."""
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


def window_of(name: ModelName, prices: PriceList, *, is_custom: bool) -> int:
    """Tokens that fit: by the price list, which knows the provider's own models, else what is safe to assume."""
    priced = None if is_custom else prices.of(name.full)
    if priced is not None and priced.window is not None:
        return priced.window
    return CUSTOM_WINDOW if is_custom else PROVIDERS[name.provider].window


def _refuse_unpriced(config: Config, prices: PriceList, models: Iterable[str]) -> None:
    """Refuse a limit in dollars that nobody could keep.

    Raises:
        ConfigError: a limit was set, and the price of a model is unknown.
    """
    usd = config.budget.usd
    unknown = [model for model in models if prices.of(model) is None]
    if usd is None or usd > _RICHEST_USD or not unknown:
        return
    raise ConfigError(
        f"the price of {unknown[0]} is unknown, so a limit of ${usd:g} cannot be kept. Give its price in "
        f'{prices_file(config)} (["{unknown[0]}"] with input = … and output = …, USD for a million tokens), or limit '
        "--max-tokens or --max-calls instead"
    )


@asynccontextmanager
async def open_run(
    config: Config,
    *,
    root: ModelChoice | None = None,
    sub: ModelChoice | None = None,
    prices: Mapping[str, Price] | None = None,
    goal: str = "",
    sinks: Sequence[TraceSink] = (),
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Run]:
    """A run with all its parts, at its root node.

    Args:
        root, sub: models that take the place of those in ``config``.
        prices: of models by full name, above those in files.
        goal: the question, which summaries keep in mind.
        sinks: where events go besides the stored run.
        environment: where keys are looked for; the process environment by default.

    Raises:
        ConfigError: a model that cannot be used or has no price although money is limited, or a home that cannot be
            written to.
    """
    began = time.monotonic()  # what is opened takes its time as well
    variables = os.environ if environment is None else environment
    async with AsyncExitStack() as cleanup:
        listed = PriceList(prices_file(config), prices)
        maker = _ModelMaker(config, variables, cleanup, listed)
        models = await maker.make_all(root, sub)
        home = home_of(config)
        till, account = Till(listed, tokenizer_of), Account(caps_of(config, began), began=began)
        embedder = await maker.embedder(home / "index.db", account, till)
        _refuse_unpriced(config, listed, maker.named)
        run_id = new_run_id()
        stored = JsonlSink(runs_of(config) / run_id, Redactor(maker.secrets))
        cleanup.callback(stored.close)
        sandbox = ChosenSandbox(config.sandbox)
        cleanup.push_async_callback(sandbox.close)
        remembered = cleanup.enter_context(closing(_store(config, home)))
        memory = Memory(
            remembered, run=run_id, goal=goal, hot_tokens=config.memory.hot_tokens, embedder=embedder
        )
        cleanup.push_async_callback(memory.close)
        yield Run(
            models=models,
            account=account,
            shared=Shared(
                run_id=run_id,
                sandbox=sandbox,
                router=router_of(config),
                sink=_Fanout((stored, *sinks)),
                settings=config.engine,
                till=till,
                around=maker.layers.around,
                index_file=home / "index.db",
                remembering=config.memory,
                memory=memory,
                reuse=Reuse(remembered, prompts.VERSION) if config.memory.cache else None,
                identity_of=maker.identity_of,
                open_repls=config.sandbox.open_repls,
            ),
        )


def memory_file(config: Config) -> Path:
    """Where what was found out is kept, from run to run.

    Raises:
        ConfigError: as ``home_of``.
    """
    return home_of(config) / "memory.db"


def _store(config: Config, home: Path) -> MemoryStore:
    """What keeps entries: a file for all runs, or this process's memory for one."""
    if not config.memory.cache:
        return RamStore()
    return ColdStore(home / "memory.db", config.memory.namespace, max_bytes=config.memory.max_mb << 20)


@asynccontextmanager
async def open_embedder(config: Config) -> AsyncIterator[Embedder]:
    """The embedder of the settings, outside of any run.

    Raises:
        ConfigError: none is named, or it cannot be used.
    """
    async with AsyncExitStack() as cleanup:
        listed = PriceList(prices_file(config), None)
        maker = _ModelMaker(config, os.environ, cleanup, listed)
        home = home_of(config)
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        embedder = await maker.embedder(home / "index.db", Account(), Till(listed, tokenizer_of))
        if embedder is None:
            raise ConfigError(
                'no embedder is set; put embedder = "minilm" (or "openai/NAME") under [memory] into your settings'
            )
        yield embedder


class _Fanout:
    """One sink that is many. A sink that fails is done without, since a run that is paid for is worth more than its trace;
    the others are told.
    """

    def __init__(self, sinks: Sequence[TraceSink]) -> None:
        self._sinks = list(sinks)

    def emit(self, event: Event) -> None:
        """Hand an event to each."""
        for sink in tuple(self._sinks):
            try:
                sink.emit(event)
            except OSError as error:
                self._sinks.remove(sink)
                self.emit(_without_trace(event, error))


def _without_trace(event: Event, error: OSError) -> Noted:
    message = f"events are not written any more ({error.strerror}); free some space. The run goes on"
    return Noted(
        message=message, seq=event.seq, ts=event.ts, run=event.run, node=event.node, parent=event.parent
    )


class _ModelMaker:
    """Makes the models of one run; those that need a network share its connections and what is known of their addresses.

    Attributes:
        named: every model so far, the one that embeds included, by its full name.
        layers: what stands between a request and those models.
        secrets: what no trace may hold.
    """

    def __init__(
        self, config: Config, variables: Mapping[str, str], cleanup: AsyncExitStack, prices: PriceList
    ) -> None:
        self._settings = config.models
        self._embedder = config.memory.embedder
        self._prices = prices
        self.named: list[str] = []
        self._identities: dict[int, str] = {}
        self.layers = Layers(
            concurrency=config.engine.concurrency,
            patience=Patience(retries=config.models.retries, seconds=config.models.patience_s),
            hedges=config.models.hedging,
        )
        self._variables = variables
        self._cleanup = cleanup
        self._transport: Transport | None = None
        self._home = config.models.base_url and config.models.base_url.rstrip("/")
        self.secrets: list[str | None] = [
            config.models.api_key,
            *(variables.get(name) for provider in PROVIDERS.values() for name in provider.key_variables),
        ]

    async def make_all(self, root: ModelChoice | None, sub: ModelChoice | None) -> Models:
        """The models of a run by role; what is not given is as the settings say."""
        chosen = self._settings
        root_model = await self.make(root if root is not None else chosen.root)
        named_sub = sub if sub is not None else chosen.sub
        if chosen.fallback is not None:
            self.layers.fall_back_to(await self.make(chosen.fallback))
        return Models(
            root=root_model,
            sub=root_model if named_sub is None else await self.make(named_sub),
            economy=None if chosen.economy is None else await self.make(chosen.economy),
        )

    async def make(self, choice: ModelChoice) -> LanguageModel:
        """The model that a user named."""
        model = await self._make(choice)
        self.named.append(model.name)
        return model

    async def _make(self, choice: ModelChoice) -> LanguageModel:
        if isinstance(choice, str):
            return await self._make_named(parse_model_name(choice))
        if is_model(choice):
            return choice
        if callable(choice):
            from harlm.models.function import FunctionModel

            return FunctionModel(choice)  # type: ignore[arg-type] # what it returns is checked at each call
        raise ConfigError(f"{choice!r} is not a model: give a name, a callable, or an object with `complete`")

    async def _make_named(self, name: ModelName) -> LanguageModel:
        if name.provider == "offline":
            from harlm.models.offline import ExtractiveModel

            return ExtractiveModel()
        if self._settings.offline:
            raise ConfigError(
                f"{name.full} needs a network, and the run is offline; use {PROVIDERS['offline'].example!r} "
                "or leave --offline (HARLM_OFFLINE) away"
            )
        base_url, is_custom = self._address(name)
        self._home = self._home or base_url
        key, hint = self._key(name, base_url, is_custom=is_custom)
        window = self._settings.window or window_of(name, self._prices, is_custom=is_custom)
        transport = await self._connections()
        match PROVIDERS[name.provider].protocol:
            case "anthropic":
                from harlm.models.anthropic import AnthropicMessages as Adapter
            case "gemini":
                from harlm.models.gemini import GeminiContent as Adapter  # type: ignore[assignment] # same arguments
            case _:
                from harlm.models.openai import OpenAIChat as Adapter  # type: ignore[assignment] # same arguments
        model = Adapter(
            name=name.full,
            model=name.name,
            base_url=base_url,
            key=key,
            key_hint=hint,
            window=window,
            transport=transport,
        )
        self.layers.add(model, base_url)
        self._identities[id(model)] = f"{name.full} at {base_url}"
        return model

    def identity_of(self, model: LanguageModel) -> str | None:
        """What a model's replies may be reused by, in this run and others: its name and address. None for models that were not
        named, of which nobody knows what they are, and for the offline one, which costs nothing.
        """
        return self._identities.get(id(model))

    async def embedder(self, file: Path, account: Account, till: Till) -> Embedder | None:
        """What makes vectors of entries, as the settings name it; what it made is kept in ``file``, and what a server makes is paid
        for from ``account``.

        Raises:
            ConfigError: it cannot be used.
        """
        named = self._embedder
        if named is None:
            return None
        from harlm.embedders.remembering import RememberingEmbedder
        from harlm.retrieval.vectors import Vectors

        Vectors(1)  # or what is missing would be missed in the middle of a run
        embedder = RememberingEmbedder(await self._embedder_of(named, account, till), file)
        self._cleanup.callback(embedder.close)
        return embedder

    async def _embedder_of(self, named: str, account: Account, till: Till) -> Embedder:
        if named == "hashing":
            from harlm.embedders.hashing import HashingEmbedder

            return HashingEmbedder()
        if named == "minilm":
            from harlm.embedders.minilm import MiniLmEmbedder

            return MiniLmEmbedder()
        name = parse_model_name(named)
        if PROVIDERS[name.provider].protocol != "openai":
            raise ConfigError(
                f"memory.embedder = {named!r}: there are hashing, minilm, and models of OpenAI-compatible servers (openai/…)"
            )
        if self._settings.offline:
            raise ConfigError(
                f"{name.full} needs a network, and the run is offline; use 'hashing' or 'minilm'"
            )
        from harlm.embedders.openai import OpenAIEmbedder

        base_url, is_custom = self._address(name)
        key, hint = self._key(name, base_url, is_custom=is_custom)
        self.named.append(name.full)
        return OpenAIEmbedder(
            name=name.full,
            model=name.name,
            base_url=base_url,
            key=key,
            key_hint=hint,
            transport=await self._connections(),
            meter=EmbeddingMeter(name.full, account, till),
        )

    def _address(self, name: ModelName) -> tuple[str, bool]:
        """Where a model is, and whether the user said so."""
        provider = PROVIDERS[name.provider]
        if name.base_url:
            return name.base_url, True
        if name.provider == "openai" and self._settings.base_url:
            return self._settings.base_url.rstrip("/"), True
        if provider.url_variable and (address := self._variables.get(provider.url_variable, "").strip()):
            if "://" not in address:
                address = f"http://{address}"
            if not is_address(address):
                raise ConfigError(
                    f"{provider.url_variable} = {address!r} is no address; write http://host:port"
                )
            if name.provider == "ollama" and not address.rstrip("/").endswith("/v1"):
                address = f"{address.rstrip('/')}/v1"
            return address.rstrip("/"), True
        return provider.base_url, False

    def _key(self, name: ModelName, base_url: str, *, is_custom: bool) -> tuple[str | None, str]:
        """The key for a model, and where it comes from. No key is sent to two addresses: a provider's own goes to the
        provider, and the one that was set for HARLM to ``models.base_url``, else to where the first model is.
        """
        provider = PROVIDERS[name.provider]
        if self._settings.api_key and base_url == self._home:
            return self._settings.api_key, "HARLM_API_KEY (models.api_key)"
        own_address = not is_custom or (
            provider.url_variable is not None and name.base_url is None and not self._settings.base_url
        )
        for variable in provider.key_variables if own_address else ():
            if key := self._variables.get(variable, "").strip():
                return key, variable
        if is_custom or not provider.key_variables:
            return None, "HARLM_API_KEY"
        raise ConfigError(
            f"{name.full} needs a key: set {provider.key_variables[0]} (or HARLM_API_KEY), "
            f"or use another model (`harlm models` lists them)"
        )

    async def _connections(self) -> Transport:
        if self._transport is None:
            from harlm.models.http import Transport

            self._transport = await self._cleanup.enter_async_context(Transport(self._settings))
        return self._transport


def is_model(choice: object) -> TypeGuard[LanguageModel]:
    """Whether an object can be asked as a model is."""
    return all(hasattr(choice, name) for name in ("complete", "name", "window"))
