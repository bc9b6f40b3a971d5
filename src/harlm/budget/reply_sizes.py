"""How long a reply may be: the limit that is sent with a request, and so what has to be reserved for it. Knows how long the
replies of each kind of call were; refuses to know what they said.

A model's own maximum would set aside a hundred times what a reply takes. So the limit follows the 99th percentile of
what was seen for that model and role; the one in a hundred that is cut is asked for once more, with four times as much.
Room above it would be reserved for every call.
"""

from __future__ import annotations

from harlm.percentiles import Recent

_FIRST = {"root": 8_192, "sub": 4_096}  # before anything was seen; thoughts count as output
_CEILING = 16_384
_LEAST = 256
_ENOUGH = 8  # replies from which a percentile means something
_KEPT = 256
_PERCENTILE = 0.99


class ReplySizes:
    """The limits of a run, by model and role."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], Recent] = {}

    def wanted(self, model: str, role: str) -> int:
        """Tokens of output to ask for."""
        first = _FIRST.get(role, _FIRST["sub"])
        seen = self._seen.get((model, role))
        if seen is None or len(seen) < _ENOUGH:
            return first
        return min(_CEILING, max(_LEAST, int(seen.percentile(_PERCENTILE))))

    @staticmethod
    def ceiling(most: int | None) -> int:
        """Tokens to ask for when a reply was cut; ``most`` is the model's own maximum, where it is known."""
        return _CEILING if most is None else min(_CEILING, most)

    def learn(self, model: str, role: str, tokens: int) -> None:
        """Take the length of a reply that was not cut."""
        self._seen.setdefault((model, role), Recent(_KEPT)).add(tokens)
