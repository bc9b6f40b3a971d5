"""The use of memory in a run, as a table: how many accesses each tier served, and how many missed."""

from __future__ import annotations

from collections.abc import Iterator

from harlm.types import MemoryUse, Usage


def memory_lines(memory: MemoryUse, usage: Usage) -> Iterator[str]:
    """The lines of the table; none if memory was not used."""
    if not memory.served and not memory.misses and not memory.reused:
        return
    yield ("\nmemory:   tier   served   of all   entries, mean and max")
    accesses = memory.served + memory.misses
    for name, tier in (("hot", memory.hot), ("warm", memory.warm), ("cold", memory.cold)):
        share = f"{tier.served / accesses:.1%}" if accesses else "-"
        yield (
            f"          {name:<5}{tier.served:>8,}{share:>9}{tier.entries_mean:>14,.1f}{tier.entries_max:>10,}"
        )
    yield (f"          missed{memory.misses:>7,}{f'{memory.misses / accesses:.1%}' if accesses else '-':>9}")
    facts = [f"{memory.reused:,} replies reused ({_saved(memory)})"]
    if memory.compression is not None:
        facts.append(
            f"summaries {memory.compression.mean:.1f} times shorter"
            f" (p10 {memory.compression.p10:.1f}, p90 {memory.compression.p90:.1f})"
        )
    if memory.probed:
        facts.append(f"summaries kept {memory.kept} of {memory.probed} numbers and names of the answer")
    if usage.cached_tokens and usage.input_tokens:
        facts.append(f"{usage.cached_tokens / usage.input_tokens:.0%} of the input from the provider's cache")
    if memory.recomputed or memory.rehydrated:
        facts.append(f"{memory.recomputed:,} fetched again, {memory.rehydrated:,} after a summary")
    yield (f"          {'; '.join(facts)}")


def _saved(memory: MemoryUse) -> str:
    cost = "" if memory.saved_micros is None else f", ${memory.saved_micros / 1_000_000:.4f}"
    return f"{memory.saved_tokens:,} tokens{cost} saved"
