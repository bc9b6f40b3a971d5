"""KEYED RANDOM DRAWS of the simulator: the same key and name give the same draw, in any order and on any machine."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TypeVar

Option = TypeVar("Option")

_SCALE = 2.0**-64


class Draw:
    """Draws that depend on a key and a name alone, so that no draw moves another.

    Two systems that put the same question to the same simulated model get the same draws, however many calls they make.
    """

    __slots__ = ("key",)

    def __init__(self, key: str) -> None:
        """Args: key: what the draws belong to, such as the seed of a model."""
        self.key = key

    def uniform(self, name: str) -> float:
        """A number from 0 to below 1."""
        digest = hashlib.blake2b(f"{self.key}\0{name}".encode(), digest_size=8).digest()
        # A float has 53 bits: without the shift, the largest digests would round up to 1.
        return (int.from_bytes(digest, "big") >> 11 << 11) * _SCALE

    def happens(self, name: str, rate: float) -> bool:
        """Whether something happens that has the probability ``rate``."""
        return self.uniform(name) < rate

    def choice(self, name: str, options: Sequence[Option]) -> Option:
        """One of ``options``, each as likely as the others. There must be one."""
        return options[int(self.uniform(name) * len(options))]

    def weighted(self, name: str, weights: Mapping[Option, float]) -> Option:
        """One of the keys of ``weights``, as likely as its weight, in the mapping's order."""
        left = self.uniform(name) * sum(weights.values())
        for option, weight in weights.items():
            if left < weight:
                return option
            left -= weight
        return next(reversed(tuple(weights)))

    def child(self, name: str) -> Draw:
        """The draws of a part, such as one conversation."""
        return Draw(f"{self.key}\0{name}")
