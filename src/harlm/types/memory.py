"""What a run remembers, and how its tiers served it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from harlm.types.usage import Usage

EntryKind = Literal["reply", "answer", "note", "turn", "digest"]
"""What an entry was: a model's reply, a child's answer, what a model noted, a turn of a REPL that was folded, or a list of handles
that had no room in a view.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A remembered result. The value is kept as it was, whatever tier it is served from.

    Attributes:
        key: what it is found by, and the same for the same content.
        kind: what it was.
        value: the text itself; bytes for what is no text.
        question: what it answers.
        run, node, depth: where it was made.
        model: whose reply it is.
        tokens: of the value, estimated.
        created: seconds since the epoch.
        usage: what the call took that it came from.
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
    """One tier of memory over a run.

    Attributes:
        served: accesses that it answered.
        entries_mean, entries_max: in it, averaged over accesses, and at most.
    """

    served: int = 0
    entries_mean: float = 0.0
    entries_max: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Compression:
    """How many times shorter summaries were than what they were made of."""

    mean: float
    p10: float
    p90: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryUse:
    """What memory did in a run.

    Attributes:
        hot, warm, cold: the tiers: whole texts that were there, summaries that were there, originals that were fetched.
        misses: accesses that nothing answered: calls that had to be made, handles that do not exist.
        recomputed: accesses of what had been hot before and had to go.
        rehydrated: originals that were asked for after a summary of them had been shown.
        compression: of the summaries; None where there were none.
        kept, probed: of the numbers and names of the answer that stood in what was summarised, how many stood in the summaries.
        reused: calls that were not made, since their replies were known.
        saved_tokens, saved_micros: what these took when they were made; None as soon as a price was unknown.
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
        """Of all accesses, those that were answered; None where there were none."""
        accesses = self.served + self.misses
        return self.served / accesses if accesses else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recollection:
    """A passage of an entry that search found.

    Attributes:
        key: of the entry.
        start, end: the passage, in characters of the value.
        score: higher is better; comparable within one search only.
    """

    key: str
    start: int
    end: int
    score: float
