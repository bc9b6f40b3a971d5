"""The entries of memory, and how its tiers served a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from harlm.types.usage import Usage

EntryKind = Literal["reply", "answer", "note", "turn", "digest"]
"""The source of an entry: a model's reply, a child's answer, a note that a model wrote, a turn of a REPL that
was folded, or a list of handles that did not fit into a view.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A remembered result. Its value never changes, whichever tier it is served from.

    Attributes:
        key: the name it is stored under; equal content has equal keys.
        kind: the source of the entry.
        value: the text, or bytes if the value is not text.
        question: the question that the value answers.
        run, node, depth: where the entry was made.
        model: the model that replied.
        tokens: estimated tokens of the value.
        created: seconds since the epoch.
        usage: the usage of the call that produced the value.
    """

    key: str
    kind: EntryKind
    value: str | bytes
    question: str = ""
    run: str = ""
    node: str = "0"
    depth: int = 0
    model: str = ""
    tokens: int = 0
    created: float = 0.0
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True, kw_only=True)
class TierUse:
    """How much one tier of memory was used in a run.

    Attributes:
        served: accesses that the tier answered.
        entries_mean, entries_max: entries in the tier: the average over all accesses, and the maximum.
    """

    served: int = 0
    entries_mean: float = 0.0
    entries_max: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Compression:
    """How many times shorter summaries were than their originals: mean, 10th and 90th percentile."""

    mean: float
    p10: float
    p90: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryUse:
    """How much memory was used in a run.

    Attributes:
        hot, warm, cold: use of each tier: hot serves whole texts from this process, warm serves summaries,
            cold fetches originals from the store.
        misses: accesses that no tier answered: calls that had to be made, handles that do not exist.
        recomputed: accesses to texts that had been in the hot tier and were evicted.
        rehydrated: originals that were read after their summary had been shown.
        compression: of the summaries; ``None`` if there were none.
        probed: the numbers and names of the answer that occur in a text that was summarised.
        kept: how many of the probed ones also occur in the summaries.
        reused: calls that were not made because their replies were known.
        saved_tokens, saved_micros: tokens and micro-dollars of the reused calls when they were made;
            ``saved_micros`` is ``None`` as soon as one price is unknown.
    """

    hot: TierUse = field(default_factory=TierUse)
    warm: TierUse = field(default_factory=TierUse)
    cold: TierUse = field(default_factory=TierUse)
    misses: int = 0
    recomputed: int = 0
    rehydrated: int = 0
    compression: Compression | None = None
    kept: int = 0
    probed: int = 0
    reused: int = 0
    saved_tokens: int = 0
    saved_micros: int | None = 0

    @property
    def served(self) -> int:
        """Accesses that any tier answered."""
        return self.hot.served + self.warm.served + self.cold.served

    @property
    def hit_rate(self) -> float | None:
        """The share of accesses that a tier answered; ``None`` if there were no accesses."""
        accesses = self.served + self.misses
        return self.served / accesses if accesses else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recollection:
    """A passage of an entry that search found.

    Attributes:
        key: the key of the entry.
        start, end: the span of the passage, in characters of the entry's value.
        score: higher is better; comparable within one search only.
    """

    key: str
    start: int
    end: int
    score: float
