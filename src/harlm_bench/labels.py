"""What a result was measured on. No table is printed without one, and rows of two kinds never stand in one group."""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal["EMBEDDED", "SIMULATED", "REPLAY", "REAL ENDPOINT", "PUBLISHED"]


class Label(msgspec.Struct, frozen=True):
    """What a result was measured on.

    Attributes:
        kind: EMBEDDED (real weights, run by this machine), SIMULATED (a simulated language model), REPLAY (recorded
            replies), REAL ENDPOINT, or PUBLISHED (figures of others; never in a group with ours).
        detail: which: the weights and their SHA-256, the profile and its digest, the digest of the recording, the
            model's name with the date, or the citation.
        origin: of a REPLAY: the kind of what was recorded.
    """

    kind: Kind
    detail: str
    origin: Kind | None = None

    @property
    def is_simulated(self) -> bool:
        """Whether the words come from a simulated model, directly or from a recording."""
        return "SIMULATED" in (self.kind, self.origin)

    @property
    def has_times(self) -> bool:
        """Whether times mean anything: recorded replies come at once."""
        return self.kind != "REPLAY"

    @property
    def name(self) -> str:
        """The kind, with that of what was recorded, such as ``REPLAY of SIMULATED``."""
        return self.kind if self.origin is None else f"{self.kind} of {self.origin}"

    def __str__(self) -> str:
        return f"{self.name}: {self.detail}"
