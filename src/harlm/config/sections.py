"""The sections of the settings: every setting with its type, bounds and default.

The parts of HARLM give the settings their effect; nothing here depends on them.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from harlm.types import Mode, Strategy

Tier = Literal["auto", "s3", "s2", "s1", "s0", "seatbelt", "monty"]
"""An isolation tier of the sandbox (``harlm.sandbox.tiers``); ``auto`` takes the strongest available."""

Speculation = Literal["off", "safe", "eager"]
"""Which calls of a cell are made before the cell reaches them (``EngineSettings.speculation``)."""

OFFLINE_MODEL = "offline/extractive"
"""The built-in model, which needs no network and no key: the default when no model is configured."""

ROUTERS = ("trees", "encoder", "rules")
"""The built-in values of ``router.kind``."""

DEFAULT_USD = 1.0
"""Dollars that a run may spend when no limit is set."""


_Text = Annotated[str, Meta(max_length=4_096, pattern=r"^[^\x00-\x1f\x7f\ud800-\udfff]*\Z")]
"""A name, an address or a key: no control characters, and nothing that UTF-8 cannot encode."""

_Path = Annotated[str, Meta(max_length=4_096, pattern=r"^[^\x00-\x1f\x7f]*\Z")]
"""A path, or a pattern of paths: no control characters, but perhaps bytes that are not UTF-8."""

_Seconds = Annotated[float, Meta(gt=0, le=31_536_000)]  # at most a year: every clock can count it
_Count = Annotated[int, Meta(ge=1, le=10**15)]  # every book and file can hold it
_Dollars = Annotated[float, Meta(ge=0, le=1e9)]
_Tokens = 10**9  # the most of any one text
_Megabytes = 16 << 20  # 16 TB


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options that all sections share."""


class ModelSettings(_Section, frozen=True, kw_only=True):
    """Which models answer, and how they are reached.

    Attributes:
        root: the model that writes code and answers.
        sub: the model that cells call; ``None`` means the root model.
        base_url: an OpenAI-compatible endpoint for ``openai/…`` models, without ``/chat/completions``.
        api_key: the key for models at ``base_url``; without a ``base_url``, the key for the root model and
            for other models at the same address. Every other model uses its provider's own variable.
        window: tokens that fit into the models, where the built-in figure is wrong.
        temperature: sent with every call: 0 is the most repeatable, ``server`` leaves it to the server. Unless another
            one is set, a call that a cell repeats, to get another reply, is sent with 1.
        offline: refuse every model that needs a network.
        fallback: the model to ask instead of one that still does not answer after all its retries.
        economy: the model that cells call once 70 % of the budget is spent; cheaper than ``sub``.
        retries: attempts after the first one, for failures that may be temporary.
        patience_s: seconds for all attempts of a call, including the waits between them.
        hedging: whether the slowest calls of a fan-out (at most 5 %) are asked a second time.
        cheap: whether calls of cells that come together wait for a batch of their provider, which costs half and may take a
            day. Where the provider makes none, they are made at once.
        connect_timeout_s, timeout_s: seconds for one request.
        proxy: an HTTP proxy; without it, ``HTTPS_PROXY`` and ``NO_PROXY`` apply.
        ca_bundle: a PEM file of certificates to trust in addition to those of the system.
    """

    root: _Text = OFFLINE_MODEL
    sub: _Text | None = None
    base_url: _Text | None = None
    api_key: _Text | None = None
    window: Annotated[int, Meta(ge=1024, le=_Tokens)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | Literal["server"] = 0.0
    offline: bool = False
    fallback: _Text | None = None
    economy: _Text | None = None
    retries: Annotated[int, Meta(ge=0, le=20)] = 6
    patience_s: _Seconds = 600.0
    hedging: bool = True
    cheap: bool = False
    connect_timeout_s: _Seconds = 10.0
    timeout_s: _Seconds = 600.0
    proxy: _Text | None = None
    ca_bundle: _Path | None = None

    def __repr__(self) -> str:
        return f"ModelSettings(root={self.root!r}, sub={self.sub!r})"  # never the key


class ContextSettings(_Section, frozen=True, kw_only=True):
    """Which files become part of a context.

    Attributes:
        include: glob patterns in .gitignore syntax; if there are any, only files that match are read.
        exclude: patterns of files to leave out.
        max_file_mb: larger files inside folders are skipped; a file that is named itself is always read.
        reading_seconds: seconds to read a PDF, an Office file, a page, a message, a notebook or an archive of
            up to 1 MB; a larger one gets more in proportion to its size. A file that takes longer is left out.
        reading_mb: megabytes of memory to read such a file of up to 1 MB, likewise.
        page_seconds: seconds in which a web page must arrive, redirects included.
        page_mb: the most megabytes of a web page.
        private_pages: whether web pages may be read from this machine and private networks.
    """

    include: tuple[_Path, ...] = ()
    exclude: tuple[_Path, ...] = ()
    max_file_mb: Annotated[int, Meta(ge=1, le=_Megabytes)] = 50
    reading_seconds: _Seconds = 2.0
    reading_mb: Annotated[int, Meta(ge=16, le=_Megabytes)] = 512
    page_seconds: _Seconds = 30.0
    page_mb: Annotated[int, Meta(ge=1, le=_Megabytes)] = 50
    private_pages: bool = False


class EngineSettings(_Section, frozen=True, kw_only=True):
    """How a task is solved.

    Attributes:
        mode: ``auto`` lets the router choose.
        max_depth: the deepest node that has its own REPL; 0 is the root alone.
        max_turns: turns of a REPL loop; the last one forces an answer.
        concurrency: model requests in flight at once, over the whole run.
        shown_chars: characters of a cell's output that the root model sees (head and tail).
        speculation: whether calls are made before a cell reaches them: ``off``; ``safe``, the calls that are
            certain and a few past a possible exit; ``eager``, every call that can be foreseen.
        strategy: the only strategy of *plan* mode, a built-in one or one that an installed package brings; ``None`` takes the
            one that fits the question best.
        second_looks: the share of judgements that the stronger model may make again; 0 for none.
        branches: the most branches of a race: strategies, or first replies of the root model, side by side. 1 for none.
        branching: when the next branch starts: ``staggered``, when the one before is later than usual or was rejected;
            ``together``, with the first one.
        value_per_second: dollars that each second is worth by which the answer comes earlier.
        value_of_answer: dollars that a right answer is worth. A branch starts only if the seconds that it saves and
            the accuracy that it adds are worth more than it costs.
        seed: sent to providers that support seeds; it also seeds ``random`` in the REPL.
        strict: treat an answer without a verified citation as an error.
    """

    mode: Mode | Literal["auto"] = "auto"
    max_depth: Annotated[int, Meta(ge=0, le=16)] = 3
    max_turns: Annotated[int, Meta(ge=2, le=200)] = 20
    concurrency: Annotated[int, Meta(ge=1, le=1024)] = 32
    shown_chars: Annotated[int, Meta(ge=500, le=_Tokens)] = 12_000
    speculation: Speculation = "safe"
    strategy: Strategy | None = None
    second_looks: Annotated[float, Meta(ge=0, le=1)] = 0.3
    branches: Annotated[int, Meta(ge=1, le=8)] = 1
    branching: Literal["staggered", "together"] = "staggered"
    value_per_second: _Dollars = 0.0
    value_of_answer: _Dollars = 1.0
    seed: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None = None
    strict: bool = False


class RouterSettings(_Section, frozen=True, kw_only=True):
    """How the mode of a question is chosen, where the mode is ``auto``.

    Attributes:
        kind: ``trees``, small boosted trees that ship with HARLM; ``encoder``, a fine-tuned encoder, which needs ``file``;
            ``rules``, by hand; or the name of a router that an installed package brings.
        file: a router that ``harlm router train`` has made: a JSON file of trees, or the folder of an encoder. ``None`` takes
            the trees of the user's home, else those that ship with HARLM.
        target: the probability of a right answer that is enough: the cheapest way with it is taken. ``None`` weighs accuracy,
            money and time by ``engine.value_of_answer`` and ``engine.value_per_second``.
        escalate: whether a doubtful answer is followed by a more thorough mode, where that is expected to pay.
        exploration: the share of questions that are answered in another mode than the best, so that a router can be trained
            from the user's own runs.
        bandit: whether rated runs over the same text shift the choice (Thompson sampling).
    """

    kind: _Text = "trees"
    file: _Path | None = None
    target: Annotated[float, Meta(gt=0, lt=1)] | None = None
    escalate: bool = True
    exploration: Annotated[float, Meta(ge=0, le=0.5)] = 0.0
    bandit: bool = False


class SandboxSettings(_Section, frozen=True, kw_only=True):
    """How model-written code is isolated, and its limits for one cell and one REPL.

    Attributes:
        tier: the isolation tier; ``auto`` takes the strongest that works on this machine.
        allow_unsafe: whether ``s0``, which protects from accidents only, may be used.
        cell_seconds: wall time of one cell, not counting the time it waits for calls or for a processor.
        cpu_seconds: processor time of one cell, over all its threads.
        silence_seconds: how long a cell may neither compute, print nor wait for a call.
        memory_mb: address space of one REPL, on top of twice its context.
        open_repls: REPLs open at once at each depth below the root.
    """

    tier: Tier = "auto"
    allow_unsafe: bool = False
    cell_seconds: _Seconds = 60.0
    cpu_seconds: _Seconds = 60.0
    silence_seconds: _Seconds = 30.0
    memory_mb: Annotated[int, Meta(ge=64, le=_Megabytes)] = 4096
    open_repls: Annotated[int, Meta(ge=1, le=256)] = 16


class BudgetSettings(_Section, frozen=True, kw_only=True):
    """What one run may use at most, over its whole recursion. ``None`` means no limit, except for ``usd``.

    Attributes:
        usd: dollars; infinity for no limit. ``None`` means the default limit of ``DEFAULT_USD``, which
            applies where prices are known and only warns where one is not. Any other limit needs the price of
            every model of the run.
        tokens: input and output tokens together.
        calls: model requests.
        seconds: wall time; also written ``90s``, ``5m``, ``1h30m``.
        prices: a TOML file of prices that override the built-in ones; ``None`` means ``prices.toml`` next to
            the user's settings.
    """

    usd: Annotated[float, Meta(ge=0)] | None = None
    tokens: _Count | None = None
    calls: _Count | None = None
    seconds: _Seconds | None = None
    prices: _Path | None = None


class MemorySettings(_Section, frozen=True, kw_only=True):
    """What is remembered within a run, and from run to run.

    Attributes:
        cache: whether to reuse the reply of a call that was made before, in any run.
        namespace: runs in different namespaces share nothing.
        view_tokens: tokens of the view that shows a node its earlier turns and results.
        history_tokens: tokens of the turns that a node sees whole; turns beyond that are folded into the
            view.
        return_tokens: tokens of what a child returns; the rest is available through its handle.
        hot_tokens: tokens of the texts in the hot tier.
        summaries: how long entries are shortened for the view: ``extractive`` leaves parts out;
            ``abstractive`` asks the sub-model in parallel to the run, which costs calls; ``off`` shows handles instead,
            so that there is no warm tier.
        embedder: what makes vectors of entries, so that search also finds them by meaning: ``hashing``,
            ``minilm``, a model of an OpenAI-compatible server, ``openai/name[@base_url]``, which sends the
            entries to that server, or one that an installed package brings, ``acme`` or ``acme/name``.
        max_mb: megabytes of each of the two files, entries and paid calls; the rows that were used least and longest ago
            are removed first.
        store: the address of stores that several machines share, such as ``postgresql://user@host:5432/database``: entries, paid
            calls, vectors and the journals of runs are kept there. ``None`` keeps them in files of this machine.
        index_mb: megabytes of the file of search indexes and vectors; the indexes used longest ago are
            removed first.
    """

    cache: bool = True
    namespace: _Text = "default"
    view_tokens: Annotated[int, Meta(ge=200, le=_Tokens)] = 3_000
    history_tokens: Annotated[int, Meta(ge=1_000, le=_Tokens)] = 12_000
    return_tokens: Annotated[int, Meta(ge=100, le=_Tokens)] = 4_000
    hot_tokens: Annotated[int, Meta(ge=0, le=_Tokens)] = 16_000
    summaries: Literal["extractive", "abstractive", "off"] = "extractive"
    embedder: _Text | None = None
    max_mb: Annotated[int, Meta(ge=1, le=_Megabytes)] = 2_048
    index_mb: Annotated[int, Meta(ge=1, le=_Megabytes)] = 2_048
    store: _Text | None = None

    def __repr__(self) -> str:
        return f"MemorySettings(cache={self.cache!r}, namespace={self.namespace!r})"  # never the password of the store


class TracingSettings(_Section, frozen=True, kw_only=True):
    """Where runs are stored, how much room they may take, and what is told of them elsewhere.

    Attributes:
        home: the folder of runs and index; ``None`` means the platform's state folder.
        run_mb: megabytes of the trace of one run; what happens after that is not stored, except errors and
            the end of the run.
        runs_mb: megabytes of all stored runs; the oldest ones that are neither pinned nor open are removed.
        otel: whether spans and metrics of runs are sent to the OpenTelemetry collector that the ``OTEL_*`` variables name.
        otel_content: whether these spans hold prompts, replies, code and queries too.
        otel_semconv: the names of spans, attributes and metrics: ``default``, those that dashboards know, unless
            ``OTEL_SEMCONV_STABILITY_OPT_IN`` asks for others; ``gen_ai_latest_experimental``, the newest.
        notebook: whether a notebook shows how a question comes along.
    """

    home: _Path | None = None
    run_mb: Annotated[int, Meta(ge=1, le=_Megabytes)] = 256
    runs_mb: Annotated[int, Meta(ge=1, le=_Megabytes)] = 4_096
    otel: bool = False
    otel_content: bool = False
    otel_semconv: Literal["default", "gen_ai_latest_experimental"] = "default"
    notebook: bool = True


class Config(_Section, frozen=True, kw_only=True):
    """All settings of one client."""

    models: ModelSettings = ModelSettings()
    loading: ContextSettings = ContextSettings()
    engine: EngineSettings = EngineSettings()
    router: RouterSettings = RouterSettings()
    sandbox: SandboxSettings = SandboxSettings()
    budget: BudgetSettings = BudgetSettings()
    memory: MemorySettings = MemorySettings()
    tracing: TracingSettings = TracingSettings()


def setting_names() -> list[str]:
    """The dotted names of all settings, in the order of their sections."""
    return [
        f"{section}.{key}"
        for section in Config.__struct_fields__
        for key in type(getattr(Config(), section)).__struct_fields__
    ]
