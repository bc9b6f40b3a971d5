"""The model behind a run: a simulated one, weights on this machine, a real endpoint, or recorded replies; each with its label."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from harlm.errors import ConfigError
from harlm.types import Price
from harlm_bench.labels import Label
from harlm_bench.suites import Suite

if TYPE_CHECKING:
    from harlm_bench.gateway import Backend
    from harlm_bench.simulator.backend import Simulated
    from harlm_bench.simulator.perceiving import Labeller
    from harlm_bench.simulator.profile import Profile
    from harlm_bench.simulator.store import Store

WEIGHTS = "qwen2.5-coder-0.5b"
"""The weights of the suite ``embedded``, unless others are named."""

PROFILE, SUB_PROFILE = "gpt-5-like", "gpt-5-mini-like"
"""The simulated models, unless others are named."""

_DRAWS = 1_000_003  # between the seeds of two draws, so that runs of other seeds draw otherwise

Leaf = Literal["profile", "minilm"]
"""What decides the labels of lines for a simulated model: the errors of its profile, or a real embedding model."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the user asks for.

    Attributes:
        suite: what is measured.
        seed: of the windows and of the simulated model.
        draw: which draw of the simulated model: another one errs elsewhere on the same windows.
        jobs: questions at once.
        budget_usd: for the whole run; ``None`` for no limit.
        base_url, model, sub_model: a real endpoint and its models; empty for none.
        key_variable: the environment variable with the endpoint's key; empty if it needs none.
        window: of the endpoint's models, in tokens.
        weights: a model of ``harlm models --local``, or a GGUF file.
        profile, sub_profile: simulated models.
        leaf: what decides the labels of lines for them.
        time_scale: our seconds for one second of a simulated model.
        record, replay: a file of replies.
        data: a folder with the user's own copies of published data sets.
        password: of the sealed ones.
        trail: a file for what each simulated answer rests on; ``None`` to write none.
        day: of the run, ISO 8601; part of the label of a real endpoint.
        command: as it was typed.
    """

    suite: Suite
    seed: int = 0
    draw: int = 0
    jobs: int = 1
    budget_usd: float | None = None
    base_url: str = ""
    model: str = ""
    sub_model: str = ""
    key_variable: str = ""
    window: int = 131_072
    weights: str = WEIGHTS
    profile: str = PROFILE
    sub_profile: str = SUB_PROFILE
    leaf: Leaf = "profile"
    time_scale: float = 0.05
    record: Path | None = None
    replay: Path | None = None
    data: Path | None = None
    password: str = ""
    trail: Path | None = None
    day: str = ""
    command: str = ""

    @property
    def model_seed(self) -> int:
        """The seed of the simulated model."""
        return self.seed + _DRAWS * self.draw

    @property
    def is_simulated(self) -> bool:
        """Whether a simulated model answers."""
        return self.replay is None and not self.base_url and self.suite.kind == "SIMULATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A model behind the gateway.

    Attributes:
        backend: what answers.
        label: what results are measured on.
        root, sub: the models' names.
        window: theirs, in tokens.
        prices: of both; ``None`` where it is unknown.
        store: of the facts, if the model is simulated: it has to be told those of each window.
        labeller: of lines, if the model is simulated and its profile does not decide their labels.
    """

    backend: Backend
    label: Label
    root: str
    sub: str
    window: int
    prices: Mapping[str, Price | None]
    store: Store | None = None
    labeller: Labeller | None = None


def served(wanted: Wanted, stack: ExitStack) -> Served:
    """The model that a run asks for, served until ``stack`` is closed.

    Raises:
        ConfigError: it cannot be served; the message says what is missing.
    """
    if wanted.leaf != "profile" and not wanted.is_simulated:
        raise ConfigError(
            f"--leaf {wanted.leaf!r} labels lines for a simulated model only; leave it out, or choose a simulated suite (quick)"
        )
    if wanted.record is not None:
        _check_recordable(wanted.record, (load.task for load in wanted.suite.loads))
    if wanted.replay is not None:
        return _replayed(wanted, wanted.replay)
    if wanted.base_url:
        found = _endpoint(wanted)
    elif wanted.suite.kind == "EMBEDDED":
        found = _embedded(wanted, stack)
    else:
        found = _simulated(wanted)
    if wanted.record is None:
        return found
    from harlm_bench.cassette import Recorder

    return replace(found, backend=Recorder(found.backend, wanted.record, found.label))


def _check_recordable(file: Path, names: Iterable[str]) -> None:
    """Refuse before anything is asked, and before the file is made."""
    from harlm_bench.loaders import SECRET

    for name in names:
        if name in SECRET:
            raise ConfigError(
                f"--record {str(file)!r} would write replies about {name!r} in plain text, and its authors ask that they never "
                "lie about so; run without --record, or choose other data sets with --tasks"
            )


def _simulated(wanted: Wanted) -> Served:
    if wanted.data is not None:
        raise ConfigError(
            "a simulated model knows no text but generated ones; ask real models about --data: name one with --base-url "
            "and --model, or use --suite embedded"
        )
    backend, store, profiles = simulated(wanted)
    root, sub = profiles
    return Served(
        backend=backend,
        label=backend.label,
        root=root.id,
        sub=sub.id,
        window=min(root.window, sub.window),
        prices={profile.id: profile.price for profile in profiles},
        store=store,
        labeller=backend.labeller,
    )


def simulated(wanted: Wanted) -> tuple[Simulated, Store, tuple[Profile, Profile]]:
    """The simulated models of a run, the store of the facts that they know, and the profiles of root and sub-model.

    Raises:
        ConfigError: a profile does not exist, or what labels lines is not installed.
    """
    from harlm_bench import tasks
    from harlm_bench.simulator import embedding_leaf
    from harlm_bench.simulator.audit import Log
    from harlm_bench.simulator.backend import Simulated
    from harlm_bench.simulator.profile import load
    from harlm_bench.simulator.store import Store

    root, sub = load(wanted.profile), load(wanted.sub_profile)
    models, store = {root.id: root, sub.id: sub}, Store()
    log = Log(wanted.trail, keeps=False)
    labeller = embedding_leaf.minilm(wanted.seed) if wanted.leaf == "minilm" else None
    backend = Simulated(
        models,
        store,
        tasks.families(),
        seed=wanted.model_seed,
        scale=wanted.time_scale,
        labeller=labeller,
        log=log,
    )
    return backend, store, (root, sub)


def _embedded(wanted: Wanted, stack: ExitStack) -> Served:
    from harlm import home
    from harlm.cli.settings import load_settings
    from harlm.models.local.finding import model_file
    from harlm.models.local.server import serving
    from harlm_bench.forwarding import Forward

    file = model_file(wanted.weights, home.models_folder(load_settings({}, quiet=True).config))
    server = stack.enter_context(serving(file))
    name = file.stem
    return Served(
        backend=Forward(server.base_url),
        label=Label(kind="EMBEDDED", detail=f"{name}, SHA-256 {_sha256(file)}"),
        root=name,
        sub=name,
        window=server.plan.window,
        prices={name: None},
    )


def _endpoint(wanted: Wanted) -> Served:
    from harlm_bench.forwarding import Forward
    from harlm_bench.prices import snapshot

    if not wanted.model:
        raise ConfigError(f"--base-url {wanted.base_url!r} needs --model, the name of a model that it serves")
    root, sub = wanted.model, wanted.sub_model or wanted.model
    listing = snapshot()
    host = wanted.base_url.partition("://")[2].partition("/")[0].rpartition("@")[2]
    models = root if sub == root else f"{root}, sub-model {sub}"
    return Served(
        backend=Forward(wanted.base_url, key_variable=wanted.key_variable or None),
        label=Label(
            kind="REAL ENDPOINT", detail=f"{models} at {host}, {wanted.day}, prices of {listing.date}"
        ),
        root=root,
        sub=sub,
        window=wanted.window,
        prices={name: listing.of(name) for name in (root, sub)},
    )


def _replayed(wanted: Wanted, file: Path) -> Served:
    from harlm_bench.cassette import Player
    from harlm_bench.prices import snapshot

    player = Player(file)
    root = wanted.model or wanted.profile
    sub = wanted.sub_model or wanted.model or wanted.sub_profile
    told = f"{player.origin.detail}; {file.name}, SHA-256 {player.digest}, {root}, {sub}"
    return Served(
        backend=player,
        label=Label(kind="REPLAY", detail=told, origin=player.origin.kind),
        root=root,
        sub=sub,
        window=wanted.window,
        prices={name: snapshot().of(name) for name in (root, sub)},
    )


def _sha256(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()
