"""A learned router as a file: for each mode how probable a right answer is, what a run really costs, and what its signals say
afterwards. JSON with a version; no code is stored or run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import msgspec

from harlm.config.tables import read_settings_file
from harlm.errors import ConfigError
from harlm.isotonic import Knot, fault_in, value_at
from harlm.router.features import FORMAT as FEATURES
from harlm.router.features import NAMES, Features, kind_of, vector
from harlm.router.trees import Tree, chance, log_odds, odds_of
from harlm.types import MODES, Mode

FORMAT = 1
"""The version of the file."""

SHIPPED = "shipped.json"
"""The trees that come with HARLM, in this package."""

MOST_BYTES = 100_000
"""Of a file. Larger ones are refused: they would slow down every question."""

CHECKED = ("quotes", "has_quotes", "coverage", "has_type", "ran_clean", "is_found", "is_whole", "logprob")
"""What a check looks at, after the log odds that the route had: each a number from 0 to 1, one half where it was not measured."""

_MOST_LOG = 5.0  # of a factor: 150 times more or less than estimated
_Name = Annotated[str, msgspec.Meta(max_length=500)]


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the file."""


class Logistic(_Part, frozen=True, kw_only=True):
    """A probability from an earlier one and what is known besides: a logistic regression.

    Attributes:
        intercept: the log odds of everything at 0.
        prior: the weight of the log odds of the earlier probability.
        weights: of what is known, by name.
    """

    intercept: float
    prior: float
    weights: dict[str, float]

    def probability(self, prior: float, known: Mapping[str, float]) -> float:
        """The later probability. What is not known counts as one half.

        Args:
            prior: the earlier probability.
            known: from 0 to 1 each.
        """
        told = sum(weight * known.get(name, 0.5) for name, weight in self.weights.items())
        return chance(self.intercept + self.prior * odds_of(prior) + told)


class Head(_Part, frozen=True, kw_only=True):
    """How probable a right answer is in one mode.

    Attributes:
        base: the log odds before the first tree.
        trees: what features add.
        knots: from log odds to a probability, calibrated on examples that were held out.
        examples: how many it was made of.
        right: the mean score of these.
        correction: by a user's own runs, from the calibrated probability and the features; ``None`` for none.
    """

    base: float
    trees: tuple[Tree, ...]
    knots: tuple[Knot, ...]
    examples: int
    right: float
    correction: Logistic | None = None

    def odds(self, values: tuple[float, ...]) -> float:
        """The log odds of a vector, before they are calibrated."""
        return log_odds(self.trees, self.base, values)

    def probability(self, values: tuple[float, ...]) -> float:
        """The calibrated probability of a right answer."""
        odds = self.odds(values)
        found = value_at(self.knots, odds) if self.knots else chance(odds)
        if self.correction is None:
            return found
        return self.correction.probability(found, dict(zip(NAMES, values, strict=True)))


class Costs(_Part, frozen=True, kw_only=True):
    """By how much the real cost of a run is expected to differ from its estimate, as a factor.

    Attributes:
        base: the logarithm of the factor before the first tree.
        trees: what features add to it.
    """

    base: float
    trees: tuple[Tree, ...] = ()

    def factor(self, values: tuple[float, ...]) -> float:
        """The factor for a vector, within bounds."""
        return math.exp(max(-_MOST_LOG, min(_MOST_LOG, log_odds(self.trees, self.base, values))))


class ExampleSource(_Part, frozen=True, kw_only=True):
    """Where examples come from.

    Attributes:
        label: what answered: SIMULATED, EMBEDDED, REAL ENDPOINT, OWN RUNS.
        detail: the profiles with their digests, or the weights.
        suite: what was asked.
        seed: of the texts.
        code: the digest of the sources that asked and scored.
        examples: how many.
    """

    label: _Name
    detail: str
    suite: _Name = ""
    seed: int = 0
    code: str = ""
    examples: int


class RouterQuality(_Part, frozen=True, kw_only=True):
    """How well a router does on examples that were held out.

    Attributes:
        tasks: how many.
        gain: its share of the gain in utility that the best choice for each task has over the best fixed mode.
        calibration_error: the mean distance between a probability and the share of right answers that got it.
    """

    tasks: int
    gain: float
    calibration_error: float


class RouterModel(_Part, frozen=True, kw_only=True):
    """A learned router.

    Attributes:
        format, features: the versions of the file, and of the list of features.
        names: of the features, in the order of the vectors.
        date: of the training, ISO 8601.
        heads: by mode.
        checks: by mode, how probable it is that an answer is right once it was reached, from what was measured (``CHECKED``).
        costs: by mode, how real costs compare with estimates.
        carry: by ``FIRST>NEXT``: how probable a right answer of the next mode is after a wrong one of the first, as a share of what
            it is otherwise.
        kinds: of the tasks that it has seen (``harlm.router.features.kind_of``).
        lowest, highest: of each feature in the examples; a task outside of them is of a kind that the router has not seen.
        origins: where the examples come from.
        quality: on what was held out; ``None`` if nothing was.
    """

    format: int = FORMAT
    features: int = FEATURES
    names: tuple[str, ...] = NAMES
    date: str
    heads: dict[Mode, Head]
    checks: dict[Mode, Logistic] = {}
    costs: dict[Mode, Costs] = {}
    carry: dict[str, Annotated[float, msgspec.Meta(ge=0, le=1)]] = {}
    kinds: tuple[str, ...]
    lowest: tuple[float, ...]
    highest: tuple[float, ...]
    origins: tuple[ExampleSource, ...]
    quality: RouterQuality | None = None

    @property
    def version(self) -> str:
        """Names the model in routes and traces."""
        examples = sum(each.examples for each in self.origins)
        labels = ", ".join(dict.fromkeys(each.label for each in self.origins))
        return f"trees of {self.date}, {examples:,} examples ({labels})"

    def outside(self, seen: Features) -> tuple[str, ...]:
        """What of a task lies outside of what the examples had: features by name, or its kind; nothing if it lies within."""
        if (kind := kind_of(seen)) not in self.kinds:
            return (f"kind of task ({kind})",)
        found = zip(self.names, vector(seen), self.lowest, self.highest, strict=True)
        return tuple(name for name, value, low, high in found if not low - 1e-6 <= value <= high + 1e-6)


class _Version(msgspec.Struct, frozen=True):
    format: int
    features: int


def save(model: RouterModel, path: Path) -> None:
    """Write a model.

    Raises:
        ConfigError: it is larger than ``MOST_BYTES``, or cannot be written.
    """
    data = msgspec.json.encode(model) + b"\n"
    if len(data) > MOST_BYTES:
        raise ConfigError(
            f"the router has {len(data):,} bytes, and at most {MOST_BYTES:,} are read; train it with fewer trees"
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise ConfigError(
            f"router {str(path)!r} cannot be written ({error.strerror}); name another file"
        ) from error


def load(path: Path) -> RouterModel:
    """The model in a file.

    Raises:
        ConfigError: there is none, or it is none that this version reads.
    """
    data = read_settings_file(path, may_be_link=True)
    if data is None:
        raise ConfigError(
            f"router {str(path)!r} does not exist or may not be read; name a file that `harlm router train` has written"
        )
    return read(data, str(path))


@lru_cache(maxsize=1)
def shipped() -> RouterModel:
    """The model that this version of HARLM ships with."""
    return read(files("harlm.router").joinpath(SHIPPED).read_bytes(), SHIPPED)


def read(data: bytes, name: str) -> RouterModel:
    """The model in the bytes of the file ``name``.

    Raises:
        ConfigError: it is none, is of another version, or its figures are none of a model.
    """
    try:
        version = msgspec.json.decode(data, type=_Version)
        if version.format > FORMAT or version.features > FEATURES:
            raise ConfigError(
                f"router {name!r} has format {version.format}.{version.features}, this version of HARLM reads {FORMAT}.{FEATURES}: "
                "update HARLM, or train it again"
            )
        found = msgspec.json.decode(data, type=RouterModel)
        _check(found, len(data))
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise ConfigError(
            f"{name!r} is not a router ({error}); train it again with `harlm router train`, or remove the file"
        ) from error
    return found


def _regressions(found: RouterModel) -> list[Logistic]:
    corrections = [each.correction for each in found.heads.values() if each.correction is not None]
    return [*found.checks.values(), *corrections]


def _check(found: RouterModel, size: int) -> None:
    """Refuse what no training gives.

    Raises:
        ValueError: what is wrong.
    """
    if size > MOST_BYTES:
        raise ValueError(f"it has {size:,} bytes, and at most {MOST_BYTES:,} are read")
    if (found.format, found.features, found.names) != (FORMAT, FEATURES, NAMES):
        raise ValueError("it was made for other features")
    if not found.heads or not found.heads.keys() <= set(MODES):
        raise ValueError("it has no head for a mode")
    if not len(found.lowest) == len(found.highest) == len(NAMES):
        raise ValueError("its bounds are of other features")
    figures = [
        *found.lowest,
        *found.highest,
        *(x for each in _regressions(found) for x in (each.intercept, each.prior, *each.weights.values())),
        *(each.base for each in found.costs.values()),
    ]
    for mode, head in found.heads.items():
        figures.append(head.base)
        if fault := fault_in(head.knots):
            raise ValueError(f"mode {mode}: {fault}")
    grown = [(mode, each.trees) for mode, each in found.heads.items()]
    grown += [(mode, each.trees) for mode, each in found.costs.items()]
    for mode, trees in grown:
        for number, tree in enumerate(trees):
            if fault := tree.fault(len(NAMES)):
                raise ValueError(f"tree {number} of mode {mode}: {fault}")
    if not all(map(math.isfinite, figures)):
        raise ValueError("a figure is not finite")
