"""THE ROOT ROLE of the simulated language model: writes programs. Without a bank of programs, every request is a leaf's."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from harlm_bench.simulator.draw import Draw


def turn(
    messages: Sequence[tuple[str, str]], draw: Draw, *, reader: Callable[[str, str], str] | None = None
) -> str | None:
    """The root's next message, or ``None`` if the request is no root's."""
    return None
