"""The sampling of each call. It is always stated, since what a server chooses by itself (often 0.8) makes rules
unreliable and two identical runs differ.
"""

from __future__ import annotations

from harlm.engine.node import Node

_SERVERS = -1.0  # stands in a key for a temperature that the server chooses
_ANOTHER = 1.0  # for a call that asks for another reply to the same messages
_SEEDS = 1 << 64


def temperature_of(node: Node, sample: int) -> float | None:
    """The temperature of a call; ``None`` leaves it to the server.

    Args:
        node: that makes the call.
        sample: 0, 1, 2, … among identical calls. Unless a temperature was set, those after the first are sent with 1,
            since their caller wants another reply.
    """
    chosen = node.run.temperature
    return _ANOTHER if chosen == 0 and _repetition(node, sample) else chosen


def seed_of(node: Node, sample: int) -> int | None:
    """The seed of a call: that of the settings, and another one for each of several identical calls."""
    seed = node.settings.seed
    if seed is None:
        return None
    return (seed + _repetition(node, sample) + _SEEDS // 2) % _SEEDS - _SEEDS // 2


def temperature_in_key(node: Node) -> float | None:
    """The temperature as part of the key of a reused reply; ``None`` for the default."""
    chosen = node.run.temperature
    return _SERVERS if chosen is None else chosen or None


def _repetition(node: Node, sample: int) -> int:
    """How many identical calls came before: of the same cell, or by children that were asked the same."""
    return sample or int(node.branch.rpartition("/")[2] or 0)
