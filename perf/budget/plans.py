"""Plans beside the bounds of docs/concepts/budget-theorems.md."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from harlm.budget.bounds import Cost, Reader, code_merge, least_tokens, map_reduce, nested_loop
from harlm.types import Growth
from perf.measure import Table

_WINDOWS = (8_000, 32_000, 128_000)
_WORDS = 400  # tokens of instructions, and of a summary: the most that the theorems are tested for
_USUAL_CHUNK = 1_000  # tokens; what libraries cut texts into unless told otherwise
_ATOM = 100


def _texts(window: int) -> Iterator[int]:
    """Lengths from forty windows up to twenty million tokens."""
    low, high = math.log(40 * window), math.log(20_000_000)
    return (round(math.exp(low + at * (high - low) / 299)) for at in range(300))


def plans() -> Table:
    """What the worst text costs, over the bound."""
    rows: list[list[object]] = []
    usual = Reader(window=_USUAL_CHUNK + _WORDS, instructions=_WORDS, summary=_WORDS)
    kinds: dict[str, Callable[[int, Reader], Cost]] = {"code merge": code_merge, "map-reduce": map_reduce}
    for name, plan in kinds.items():
        for window in _WINDOWS:
            reader = Reader(window=window, instructions=_WORDS, summary=_WORDS)
            ours, naive = (
                max(
                    plan(tokens, each).input_tokens / least_tokens("linear", tokens, reader)
                    for tokens in _texts(window)
                )
                for each in (reader, usual)
            )
            rows.append([f"{name}, window {window // 1000}k", ours, naive])
    header = ["", "HARLM", f"{_USUAL_CHUNK:,} tokens a chunk; a call a pair"]
    return Table("Plans: tokens read / the least possible, worst text", header, [*rows, *_pair_plans()])


def _pair_plans() -> Iterator[list[object]]:
    growth: Growth = "arbitrary pairs"
    for window in _WINDOWS:
        reader = Reader(window=window, instructions=_WORDS, summary=_WORDS)
        many = [round(200 * 1.05**each) for each in range(95)]  # 200 to 20,000 atoms
        bounds = [least_tokens(growth, each * _ATOM, reader, atoms=each) for each in many]
        ours = max(
            nested_loop(each, _ATOM, reader).input_tokens / least
            for each, least in zip(many, bounds, strict=True)
        )
        naive = max(
            math.comb(each, 2) * (2 * _ATOM + _WORDS) / least
            for each, least in zip(many, bounds, strict=True)
        )
        yield [f"pairs, window {window // 1000}k", ours, naive]
