"""Settings: one frozen section for each part, and where each value came from. Knows TOML, environment variables
and precedence; refuses to know what a part does with its section.

Precedence: flag > environment > project file (``./harlm.toml``, else ``[tool.harlm]`` in ``./pyproject.toml``)
> user file > default. A project file is part of whatever repository one happens to stand in, so it may not set
keys, base URLs, certificates, proxies, the home folder, or anything of the sandbox and the budget, nor undo the rule to
stay offline.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from harlm.errors import ConfigError
from harlm.types import Mode

Tier = Literal["auto", "s3", "s2", "s1", "s0", "seatbelt", "monty"]

Speculation = Literal["off", "safe", "eager"]

OFFLINE_MODEL = "offline/extractive"
"""The model that needs nothing, and the default when nothing else is configured."""

_ENVIRONMENT: Mapping[str, str] = {
    "HARLM_MODEL": "models.root",
    "HARLM_SUB_MODEL": "models.sub",
    "HARLM_BASE_URL": "models.base_url",
    "HARLM_API_KEY": "models.api_key",
    "HARLM_OFFLINE": "models.offline",
    "HARLM_CONCURRENCY": "engine.concurrency",
    "HARLM_SANDBOX": "sandbox.tier",
    "HARLM_MAX_COST": "budget.usd",
    "HARLM_MAX_TOKENS": "budget.tokens",
    "HARLM_MAX_CALLS": "budget.calls",
    "HARLM_TIMEOUT": "budget.seconds",
    "HARLM_HOME": "tracing.home",
}

_NOT_FOR_PROJECTS = (
    "models.api_key",
    "models.base_url",
    "models.proxy",
    "models.ca_bundle",
    "models.offline",
    "sandbox.",
    "budget.",
    "memory.namespace",
    "memory.summaries",
    "memory.embedder",
    "tracing.home",
)

_ADDRESSES = ("models.base_url", "models.proxy")
_MODEL_NAMES = ("models.root", "models.sub", "models.fallback", "models.economy")

DEFAULT_USD = 1.0
"""What a run may spend when nobody said how much."""

_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?")

_SECRET = "models.api_key"  # noqa: S105 - the name of a setting, not a secret
_HIDDEN = "(set, hidden)"


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all sections share."""


class ModelSettings(_Section, frozen=True, kw_only=True):
    """Which models answer, and how they are reached.

    Attributes:
        root: the model that writes code and answers.
        sub: the model that cells call; the root model when None.
        base_url: an OpenAI-compatible endpoint for ``openai/…`` models, without ``/chat/completions``.
        api_key: for models at ``base_url``, or without one for the root model and others at its address; else each
            provider's own variable is used.
        window: tokens that fit into the models, where the built-in figure is wrong.
        offline: refuse every model that needs a network.
        fallback: asked in place of a model that does not answer, when its retries are over.
        economy: what cells call once 70 % of the budget is gone; a cheaper model than ``sub``.
        retries: attempts after the first one, where a failure may pass by itself.
        patience_s: for all attempts of a call and the waiting between them.
        hedging: whether the slowest calls of a fan-out (at most 5 %) are asked a second time.
        connect_timeout_s, timeout_s: for one request.
        proxy: an HTTP proxy; ``HTTPS_PROXY`` and ``NO_PROXY`` are honoured without it.
        ca_bundle: a PEM file of certificates to trust besides those of the system.
    """

    root: str = OFFLINE_MODEL
    sub: str | None = None
    base_url: str | None = None
    api_key: str | None = None
    window: Annotated[int, Meta(ge=1024)] | None = None
    offline: bool = False
    fallback: str | None = None
    economy: str | None = None
    retries: Annotated[int, Meta(ge=0, le=20)] = 6
    patience_s: Annotated[float, Meta(gt=0)] = 600.0
    hedging: bool = True
    connect_timeout_s: Annotated[float, Meta(gt=0)] = 10.0
    timeout_s: Annotated[float, Meta(gt=0)] = 600.0
    proxy: str | None = None
    ca_bundle: str | None = None

    def __repr__(self) -> str:
        return f"ModelSettings(root={self.root!r}, sub={self.sub!r})"  # never the key


class ContextSettings(_Section, frozen=True, kw_only=True):
    """What is read into a context.

    Attributes:
        include: glob patterns in .gitignore syntax; when any are given, only files that match are read.
        exclude: patterns of files to leave out.
        max_file_mb: bigger files inside folders are skipped; a file that is named itself is read.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    max_file_mb: Annotated[int, Meta(ge=1)] = 50


class EngineSettings(_Section, frozen=True, kw_only=True):
    """How a task is solved.

    Attributes:
        mode: ``auto`` lets the router choose.
        max_depth: the deepest node that has a REPL of its own; 0 is the root alone.
        max_turns: rounds of a REPL loop; the last one forces an answer.
        concurrency: model requests in flight at once, over the whole run.
        shown_chars: characters of a cell's output that the root model is shown (head and tail).
        speculation: whether calls are made before a cell asks for them: ``off``, ``safe`` (those that are certain, and a few past
            a possible exit), ``eager`` (all that can be foreseen).
        seed: sent to providers that know one, and seeds ``random`` in the REPL.
        strict: an answer without a verified citation is an error.
    """

    mode: Mode | Literal["auto"] = "auto"
    max_depth: Annotated[int, Meta(ge=0, le=16)] = 3
    max_turns: Annotated[int, Meta(ge=2, le=200)] = 20
    concurrency: Annotated[int, Meta(ge=1, le=1024)] = 32
    shown_chars: Annotated[int, Meta(ge=500)] = 12_000
    speculation: Speculation = "safe"
    seed: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    strict: bool = False


class SandboxSettings(_Section, frozen=True, kw_only=True):
    """How model-written code is kept apart, and its limits for one cell and one REPL.

    Attributes:
        tier: the isolation tier; ``auto`` takes the strongest that can be built here.
        allow_unsafe: whether ``s0``, which protects from accidents only, may be used.
        cell_seconds: wall time of one cell, not counting the time it waits for calls.
        cpu_seconds: processor time of one cell, over all its threads.
        silence_seconds: how long a cell may neither compute, print nor wait for a call.
        memory_mb: address space of one REPL, on top of twice its context.
        open_repls: REPLs open at once at each depth below the root.
    """

    tier: Tier = "auto"
    allow_unsafe: bool = False
    cell_seconds: Annotated[float, Meta(gt=0)] = 60.0
    cpu_seconds: Annotated[float, Meta(gt=0)] = 60.0
    silence_seconds: Annotated[float, Meta(gt=0)] = 30.0
    memory_mb: Annotated[int, Meta(ge=64)] = 4096
    open_repls: Annotated[int, Meta(ge=1, le=256)] = 16


class BudgetSettings(_Section, frozen=True, kw_only=True):
    """What one run may use at most, over its whole recursion. None is no limit, but for money.

    Attributes:
        usd: dollars; infinity for no limit. None is the default limit of ``DEFAULT_USD``, which holds where prices are known
            and only warns where one is not; any other needs the price of every model of the run.
        tokens: of input and output together.
        calls: model requests.
        seconds: wall time; also written ``90s``, ``5m``, ``1h30m``.
        prices: a TOML file of prices, above those that HARLM knows; ``prices.toml`` beside the user's settings when None.
    """

    usd: Annotated[float, Meta(ge=0)] | None = None
    tokens: Annotated[int, Meta(ge=1)] | None = None
    calls: Annotated[int, Meta(ge=1)] | None = None
    seconds: Annotated[float, Meta(gt=0)] | None = None
    prices: str | None = None


class MemorySettings(_Section, frozen=True, kw_only=True):
    """What is remembered within a run, and from run to run.

    Attributes:
        cache: whether a call that was made before, in any run, is not made again.
        namespace: runs in different ones know nothing of each other.
        view_tokens: of what a node is shown of its earlier turns and results.
        history_tokens: of the turns that it is shown whole; beyond that, they are folded into the view.
        return_tokens: of what a child returns; the rest is had by its handle.
        hot_tokens: of the texts that are kept at hand.
        summaries: how long entries are made short for the view: by leaving out (``extractive``), or by the sub-model beside the
            run (``abstractive``), which costs calls.
        embedder: what makes vectors of entries, so that they are found by meaning as well: ``hashing``, ``minilm``, or a model of
            an OpenAI-compatible server, ``openai/name[@base_url]``, which sends it what was found out.
        max_mb: of the file; the entries that were used least and longest ago go first.
    """

    cache: bool = True
    namespace: str = "default"
    view_tokens: Annotated[int, Meta(ge=200)] = 3_000
    history_tokens: Annotated[int, Meta(ge=1_000)] = 12_000
    return_tokens: Annotated[int, Meta(ge=100)] = 4_000
    hot_tokens: Annotated[int, Meta(ge=0)] = 16_000
    summaries: Literal["extractive", "abstractive"] = "extractive"
    embedder: str | None = None
    max_mb: Annotated[int, Meta(ge=1)] = 2_048


class TracingSettings(_Section, frozen=True, kw_only=True):
    """Where runs are kept.

    Attributes:
        home: the folder of runs and index; the platform's state folder when None.
    """

    home: str | None = None


class Config(_Section, frozen=True, kw_only=True):
    """All settings of one client."""

    models: ModelSettings = ModelSettings()
    loading: ContextSettings = ContextSettings()
    engine: EngineSettings = EngineSettings()
    sandbox: SandboxSettings = SandboxSettings()
    budget: BudgetSettings = BudgetSettings()
    memory: MemorySettings = MemorySettings()
    tracing: TracingSettings = TracingSettings()


@dataclass(frozen=True, slots=True)
class Settings:
    """A config and the origin of every value in it, by dotted name."""

    config: Config
    origins: Mapping[str, str]

    def shown(self) -> dict[str, object]:
        """Every setting by dotted name. Keys are never shown."""
        shown = {}
        for name in setting_names():
            section, key = name.split(".")
            value = getattr(getattr(self.config, section), key)
            shown[name] = _HIDDEN if name == _SECRET and value else value
        return shown

    def rows(self) -> list[tuple[str, str, str]]:
        """Every setting as (name, value in TOML's manner, origin)."""
        return [(name, _toml(value), self.origin(name)) for name, value in self.shown().items()]

    def origin(self, name: str) -> str:
        """Where the value of a setting comes from."""
        return self.origins.get(name, "default")


def setting_names() -> list[str]:
    """The dotted names of all settings, in the order of their sections."""
    return [
        f"{section}.{key}"
        for section in Config.__struct_fields__
        for key in type(getattr(Config(), section)).__struct_fields__
    ]


def load(
    *,
    flags: Mapping[str, object],
    environment: Mapping[str, str],
    folder: Path,
    user_file: Path,
) -> Settings:
    """The settings that hold in ``folder``.

    Args:
        flags: dotted names to values; None means that a flag was not given.
        environment: the process environment.
        folder: where a project file is looked for.
        user_file: the user's own TOML file; need not exist, and counts as absent where it may not be read.

    Raises:
        ConfigError: a file, variable or flag that cannot be used, named with its value.
    """
    layers: list[tuple[str, Mapping[str, object]]] = [
        (str(user_file), _flatten(_found(user_file) or {}, user_file)),
        *_project_layer(folder),
        *_environment_layers(environment),
        *((f"flag {name}", {name: value}) for name, value in flags.items() if value is not None),
    ]
    values: dict[str, object] = {}
    origins: dict[str, str] = {}
    for origin, layer in layers:
        _refuse_unknown(layer, origin)
        values.update(layer)
        origins.update(dict.fromkeys(layer, origin))
    return Settings(config=_convert(values, origins), origins=origins)


def overridden(base: Config, flags: Mapping[str, object]) -> Config:
    """``base`` with some values replaced.

    Args:
        flags: dotted names to values; None leaves the value of ``base``.

    Raises:
        ConfigError: a value that cannot be used.
    """
    values = {
        f"{section}.{key}": value
        for section, keys in msgspec.to_builtins(base).items()
        for key, value in keys.items()
    }
    values |= {name: value for name, value in flags.items() if value is not None}
    return _convert(values, {})


def _project_layer(folder: Path) -> Iterable[tuple[str, Mapping[str, object]]]:
    own, shared = folder / "harlm.toml", folder / "pyproject.toml"
    if (table := _found(own)) is not None:
        path, layer = own, _flatten(table, own)
    elif (table := _found(shared)) is not None:
        tools = table.get("tool")
        path, layer = shared, _flatten(tools.get("harlm", {}) if isinstance(tools, dict) else {}, shared)
    else:
        return
    for name, value in layer.items():
        hidden_url = name in _MODEL_NAMES and any(mark in str(value) for mark in ("@", "://"))
        if name.startswith(_NOT_FOR_PROJECTS) or hidden_url:
            raise ConfigError(
                f"{path} sets {name}; a project file may not, because a cloned repository could then send "
                f"your documents or keys elsewhere, or spend your money. Put it into your user file, a variable or a flag."
            )
    yield str(path), layer


def _environment_layers(environment: Mapping[str, str]) -> Iterable[tuple[str, Mapping[str, object]]]:
    for variable, name in _ENVIRONMENT.items():
        if value := environment.get(variable, "").strip():
            yield f"env {variable}", {name: value}


def _found(path: Path) -> dict[str, object] | None:
    """The table of a file that is only looked for: None where there is none, or none that this user may read (it is in
    somebody else's home or folder).
    """
    try:
        return _read(path) if path.is_file() else None
    except PermissionError:
        return None


def _read(path: Path) -> dict[str, object]:
    """The table of a file.

    Raises:
        ConfigError: it is damaged.
        PermissionError: this user may not read it.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}. Mend it or move it away.") from error
    except PermissionError:
        raise
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}. Mend it or move it away.") from error


def _flatten(table: object, path: Path) -> dict[str, object]:
    if not isinstance(table, dict) or not all(isinstance(section, dict) for section in table.values()):
        raise ConfigError(
            f"{path}: settings stand in sections ({', '.join(Config.__struct_fields__)}), such as "
            f'[models] with root = "openai/gpt-5". `harlm config show` lists them all.'
        )
    return {f"{section}.{key}": value for section, keys in table.items() for key, value in keys.items()}


def _refuse_unknown(layer: Mapping[str, object], origin: str) -> None:
    known = setting_names()
    for name in layer:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else " `harlm config show` lists them all."
            raise ConfigError(f"{origin}: there is no setting {name!r}.{hint}")


def _convert(values: Mapping[str, object], origins: Mapping[str, str]) -> Config:
    sections: dict[str, dict[str, object]] = {}
    for name, value in values.items():
        section, key = name.split(".")
        if name == "budget.seconds" and isinstance(value, str):
            try:
                value = seconds_of(value)
            except ValueError as error:
                raise ConfigError(f"{origins.get(name, name)}: {name} = {error}") from error
        sections.setdefault(section, {})[key] = value
    try:
        config = msgspec.convert(sections, Config, strict=False)
    except msgspec.ValidationError as error:
        detail, _, path = str(error).partition(" - at `$.")
        name = path.rstrip("`").split("[")[0]
        raise ConfigError(f"{origins.get(name, name)}: {name} = {values.get(name)!r}: {detail}") from error
    for name in _ADDRESSES:
        if (value := values.get(name)) is not None and not is_address(str(value)):
            raise ConfigError(
                f"{origins.get(name, name)}: {name} = {value!r}: this is no http or https URL with a host, such as "
                "http://127.0.0.1:8000/v1"
            )
    return config


def is_address(value: str) -> bool:
    """Whether a text is the address of a server: http or https, a host, and a port that can be."""
    try:
        parts = urlsplit(value)
        is_whole = value.split() == [value]
        return is_whole and parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, half an IPv6 address
        return False


def seconds_of(text: str) -> float:
    """Seconds from ``90``, ``90s``, ``5m`` or ``1h30m``.

    Raises:
        ValueError: it is no such time.
    """
    matched = _DURATION.fullmatch(text.strip().lower().replace(" ", ""))
    if matched is None or not any(matched.groups()):
        raise ValueError(f"{text!r} is no time; write 90s, 5m or 1h30m")
    hours, minutes, seconds = (float(part or 0) for part in matched.groups())
    return 3600 * hours + 60 * minutes + seconds


def _toml(value: object) -> str:
    if value is None:
        return "(unset)"
    if value == _HIDDEN:
        return _HIDDEN
    return msgspec.json.encode(value).decode()
