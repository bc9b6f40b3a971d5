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
    """

    kind: Kind
    detail: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.detail}"
