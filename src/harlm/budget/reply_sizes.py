"""The output limit that is sent with a request, and so the output that must be reserved for it.

A model's own maximum would reserve a hundred times what a reply needs. So the limit follows the 99th
percentile of the reply lengths seen for that model and role. The one reply in a hundred that is cut is
requested again with four times the limit. A margin above the percentile would be reserved for every call.
"""

from __future__ import annotations

from harlm.percentiles import Recent

_FIRST = {"root": 8_192, "sub": 4_096}  # tokens, before enough replies were seen; reasoning counts as output
_CEILING = 16_384  # tokens
_LEAST = 256  # tokens
_ENOUGH = 8  # replies; below this a percentile means little
_KEPT = 256  # replies
_PERCENTILE = 0.99


class ReplySizes:
    """The output limits of one run, by model and role, learned from its replies."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], Recent] = {}

    def wanted(self, model: str, role: str) -> int:
        """The tokens of output to allow for a first request."""
        first = _FIRST.get(role, _FIRST["sub"])
        seen = self._seen.get((model, role))
        if seen is None or len(seen) < _ENOUGH:
            return first
        return min(_CEILING, max(_LEAST, int(seen.percentile(_PERCENTILE))))

    @staticmethod
    def ceiling(max_output: int | None) -> int:
        """The tokens of output to allow after a reply was cut.

        Args:
            max_output: the model's own maximum; ``None`` if it is unknown.
        """
        return _CEILING if max_output is None else min(_CEILING, max_output)

    def learn(self, model: str, role: str, tokens: int) -> None:
        """Record the length, in tokens, of a reply that was not cut."""
        self._seen.setdefault((model, role), Recent(_KEPT)).add(tokens)
