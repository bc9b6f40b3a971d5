"""The properties of one simulated model: how well it reads, how it errs, how fast it is, what it costs. Read from files.

A profile is a file of ``profiles/``, with a version and the sources of its figures. Nothing here draws or answers.
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from harlm.errors import ConfigError
from harlm.types import Price

Reading = Literal["lexical", "semantic", "label"]
"""Finding an item that shares words with the question, one that shares none, or judging what an item is."""

_Rate = Annotated[float, Meta(ge=0, le=1)]
_Positive = Annotated[float, Meta(gt=0)]


class Curve(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often something is right at a size: ``p0 / (1 + (size / l50) ** beta)``.

    Attributes:
        p0: at size 0.
        l50: the size at which it is half of that.
        beta: how steeply it falls.
    """

    p0: _Rate = 1.0
    l50: _Positive
    beta: _Positive

    def at(self, size: float) -> float:
        """The probability at a size."""
        return self.p0 / (1 + math.pow(size / self.l50, self.beta))

    def kept(self, size: float) -> float:
        """The part of ``p0`` that is left at a size."""
        return 1 / (1 + math.pow(size / self.l50, self.beta))


class Curves(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How well it reads.

    Attributes:
        lexical, semantic, label: by the tokens of the prompt.
        batch: the factor on a label, by the number of items that one call asks about.
        decoys: the factor on finding an item, by the number of items of its kind that do not matter.
    """

    lexical: Curve
    semantic: Curve
    label: Curve
    batch: Curve
    decoys: Curve


class Errors(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How it errs.

    Attributes:
        rho: the correlation of two readings of one item.
        hallucination: how often an answer without evidence is made up.
        decoy: how often an item that was overlooked is taken from another of its kind instead of being missed.
        bad_form: how often a reply has another form than was asked for.
        in_head_items: a count over n items in the head is right with the probability exp(-n / in_head_items).
        in_head_sd: else it is off by a normal error of this part of n, for n = 1,000; it grows with the root of n.
        list_items: the most entries of a list that it writes out of its head.
    """

    rho: _Rate
    hallucination: _Rate
    decoy: _Rate
    bad_form: _Rate
    in_head_items: _Positive
    in_head_sd: _Positive
    list_items: Annotated[int, Meta(ge=1)]


class Times(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How fast it is, in seconds and tokens a second.

    Attributes:
        first_p50, first_p95: from the request to the first token, for a short prompt.
        prefill: prompt tokens a second that no cache served.
        speed: tokens of a reply a second.
        reasoning_p50, reasoning_p95: hidden tokens before a reply; 0 for a model that does not reason.
        stragglers, straggler_factor: how often a call takes so many times as long.
    """

    first_p50: _Positive
    first_p95: _Positive
    prefill: _Positive
    speed: _Positive
    reasoning_p50: Annotated[int, Meta(ge=0)] = 0
    reasoning_p95: Annotated[int, Meta(ge=0)] = 0
    stragglers: _Rate = 0.0
    straggler_factor: _Positive = 1.0


class Faults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often a request fails.

    Attributes:
        busy: status 429 with Retry-After.
        broken: status 500 or 503.
        dropped: the connection ends within the reply.
    """

    busy: _Rate = 0.0
    broken: _Rate = 0.0
    dropped: _Rate = 0.0


class RateCaps(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the provider allows one key; ``None`` is no limit. Beyond it, requests are refused with status 429.

    Attributes:
        in_flight: requests at once.
        per_minute: requests.
        tokens_per_minute: tokens.
    """

    in_flight: int | None = None
    per_minute: int | None = None
    tokens_per_minute: int | None = None


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One simulated model.

    Attributes:
        id, version: its name, and a number that grows with every change.
        sources: where its figures come from, by subject.
        window: tokens of a prompt and its reply.
        max_output: tokens of a reply.
        price: of its tokens; ``None`` for a model that costs nothing one would bill.
        curves, errors, times, faults, caps: see there.
    """

    id: str
    version: int
    sources: dict[str, str]
    window: Annotated[int, Meta(ge=256)]
    max_output: Annotated[int, Meta(ge=16)]
    price: Price | None = None
    curves: Curves
    errors: Errors
    times: Times
    faults: Faults = Faults()
    caps: RateCaps = RateCaps()

    @property
    def digest(self) -> str:
        """SHA-256 of everything in it, for the label of a result."""
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()

    @property
    def label(self) -> str:
        """Such as ``gpt-5-like v1 (3f0a…)``."""
        return f"{self.id} v{self.version} ({self.digest[:12]})"

    def reads(self, reading: Reading, tokens: int) -> float:
        """How often an item is read rightly in a prompt of so many tokens."""
        curves = {
            "lexical": self.curves.lexical,
            "semantic": self.curves.semantic,
            "label": self.curves.label,
        }
        return curves[reading].at(tokens)


def names() -> tuple[str, ...]:
    """The names of the profiles that this version ships with."""
    found = files("harlm_bench.simulator").joinpath("profiles").iterdir()
    return tuple(sorted(each.name.removesuffix(".toml") for each in found if each.name.endswith(".toml")))


def load(name: str) -> Profile:
    """A profile by its name, or by the path of a file.

    Raises:
        ConfigError: there is none, or it is not one; the message says what is wrong.
    """
    if name in names():
        text = files("harlm_bench.simulator").joinpath("profiles", f"{name}.toml").read_text(encoding="utf-8")
        return _read(text, name)
    path = Path(name)
    if path.suffix != ".toml":
        raise ConfigError(
            f"there is no profile {name!r}; choose one of {', '.join(names())}, or name a .toml file"
        )
    try:
        return _read(path.read_text(encoding="utf-8"), name)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the profile {name} cannot be read: {error}") from error


def _read(text: str, name: str) -> Profile:
    try:
        return msgspec.convert(tomllib.loads(text), Profile)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{name} is not a profile of a simulated model: {error}") from error
