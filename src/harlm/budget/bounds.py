"""What reading costs at least, and what each plan of reading costs: theorems T1 to T8 as functions of whole
numbers. Knows windows, tokens and calls; refuses to know prices, models and what a question needs.

The theorems are stated and proven in ``docs/design/budget-theorems.md``, with the model behind them: code
is free, exact and blind to meaning, so what an atom (a line, a record, a passage) means is learned only from
a call whose input holds it. All quantities are tokens or calls; all divisions are exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from harlm.types import Growth


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """What one call of a model can read and write.

    Attributes:
        window: tokens of input of one call, without what a provider sets aside for its output.
        instructions: tokens of every call's input that are not content.
        summary: tokens that a call writes for another call to read.

    Raises:
        ValueError: two summaries do not fit into one call, so that nothing could be merged.
    """

    window: int
    instructions: int
    summary: int

    def __post_init__(self) -> None:
        _at_least(0, instructions=self.instructions)
        _at_least(1, summary=self.summary)
        if self.content < 2 * self.summary:
            raise ValueError(
                f"a window of {self.window!r} tokens with {self.instructions!r} of instructions does not "
                f"hold two summaries of {self.summary!r}; raise the window to "
                f"{self.instructions + 2 * self.summary}, or shorten the instructions or the summaries"
            )

    @property
    def content(self) -> int:
        """Tokens of content that one call reads: *c* in the theorems."""
        return self.window - self.instructions

    @property
    def fan_in(self) -> int:
        """Summaries that one call merges, at least 2: *f* in the theorems."""
        return self.content // self.summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a plan takes.

    Attributes:
        calls: of a model.
        input_tokens: that they read, instructions included.
        output_tokens: that they write, if each writes a whole summary.
        depth: calls that have to wait for one another.
    """

    calls: int
    input_tokens: int
    output_tokens: int
    depth: int


_NOTHING = Cost(calls=0, input_tokens=0, output_tokens=0, depth=0)


# -- what no plan can do without -------------------------------------------------------------------------


def least_tokens(
    growth: Growth, tokens: int, reader: Reader, *, slice_tokens: int = 1, atoms: int | None = None
) -> int:
    """Tokens of input without which no plan is always right, whatever it is (T1, T7, T8).

    Args:
        growth: how the need grows; what it is for a question is not decided here.
        tokens: of the text.
        reader: of every call.
        slice_tokens: of the slice, for ``constant``; of one atom, for ``logarithmic``.
        atoms: of equal size that the text consists of, for ``logarithmic`` (by default as many as fit) and
            ``arbitrary pairs`` (by default of any sizes, which bounds less).

    Raises:
        ValueError: a number is negative, or an atom does not fit into a call (a pair of them, for pairs).
    """
    _at_least(0, tokens=tokens)
    _at_least(1, slice_tokens=slice_tokens, atoms=1 if atoms is None else atoms)
    if tokens == 0:
        return 0
    if growth == "constant":
        return _read_once(min(slice_tokens, tokens), reader)
    if growth == "logarithmic":
        return _least_to_locate(-(-tokens // slice_tokens) if atoms is None else atoms, slice_tokens, reader)
    if growth == "arbitrary pairs":
        return _least_for_pairs(tokens, atoms, reader)
    return _read_once(tokens, reader)


def least_depth(tokens: int, reader: Reader) -> int:
    """Calls that wait for one another in any plan that merges in the model, also one whose calls read text
    and summaries together (T4). A plan that merges in code has depth 1.
    """
    _at_least(0, tokens=tokens)
    if tokens == 0:
        return 0
    depth, covered = 1, reader.content
    while covered < tokens:  # one deeper, a call reads f summaries, and text in the room that is left
        covered = reader.content + reader.fan_in * (covered - reader.summary)
        depth += 1
    return depth


def least_windows(atoms: int, per_window: int) -> int:
    """Windows of ``per_window`` atoms without which some pair of ``atoms`` never meets (Schoenheim; T8)."""
    _at_least(0, atoms=atoms)
    _at_least(2, per_window=per_window)
    if atoms <= per_window:
        return min(atoms, 1)
    return -(-atoms * -(-(atoms - 1) // (per_window - 1)) // per_window)


# -- planning --------------------------------------------------------------------------------------------


def chunks(tokens: int, reader: Reader, *, effective_window: int | None = None) -> tuple[int, int]:
    """How to cut a text for the fewest calls: ``(count, size)``. Cutting at every ``size`` tokens gives
    ``count`` chunks; as even as whole tokens allow.

    Args:
        tokens: of the text.
        reader: of a chunk.
        effective_window: tokens of input that a model reads reliably, where that is less than its window.

    Raises:
        ValueError: ``effective_window`` cannot hold the instructions and two summaries.
    """
    _at_least(0, tokens=tokens)
    return _evenly(tokens, _narrowed(reader, effective_window).content)


def fan_in(partials: int, reader: Reader, *, effective_window: int | None = None) -> tuple[int, int]:
    """How to merge one level of partial results with the fewest calls: ``(merges, size)``, as even as can be.

    Args:
        partials: results to merge, a summary each.
        reader: of a merging call.
        effective_window: as in ``chunks``.
    """
    _at_least(0, partials=partials)
    return _evenly(partials, _narrowed(reader, effective_window).fan_in)


# -- what plans cost -------------------------------------------------------------------------------------


def code_merge(tokens: int, reader: Reader) -> Cost:
    """Read every chunk once and merge the replies in code. Its input is exactly the least there is (T3)."""
    count, _ = chunks(tokens, reader)
    return Cost(
        calls=count,
        input_tokens=_read_once(tokens, reader),
        output_tokens=reader.summary * count,
        depth=min(count, 1),
    )


def map_reduce(tokens: int, reader: Reader) -> Cost:
    """Summarise every chunk, then merge summaries in the model, level by level, until one is left (T2).
    Exact.
    """
    partials, _ = chunks(tokens, reader)
    calls, depth = partials, min(partials, 1)
    while partials > 1:
        partials, _ = fan_in(partials, reader)
        calls, depth = calls + partials, depth + 1
    return _merged_in_model(tokens, calls, depth, reader)


def map_reduce_at_most(tokens: int, reader: Reader) -> Cost:
    """The closed form of T2, without the levels: what ``map_reduce`` costs at most, and its depth exactly."""
    leaves, _ = chunks(tokens, reader)
    if leaves == 0:
        return _NOTHING
    merges = _log(leaves, reader.fan_in)
    calls = leaves * reader.fan_in // (reader.fan_in - 1) + merges
    return _merged_in_model(tokens, calls, 1 + merges, reader)


def refine(tokens: int, reader: Reader) -> Cost:
    """Read the text in order, each call with the summary of what came before (T5). No plan that merges in the
    model has fewer calls or reads less, but all of its calls wait for one another.
    """
    _at_least(0, tokens=tokens)
    if tokens == 0:
        return _NOTHING
    calls = 1 + -(-max(0, tokens - reader.content) // (reader.content - reader.summary))
    return _merged_in_model(tokens, calls, calls, reader)


def search(hits: int, hit_tokens: int, reader: Reader, *, turns: int = 1) -> Cost:
    """Let code find passages by an index and show the best ``hits`` of them, ``turns`` times with a better
    query (T7).

    Raises:
        ValueError: a hit does not fit into a call.
    """
    _at_least(0, hits=hits, turns=turns)
    calls = turns * max(1, -(-hits // _per_call(hit_tokens, reader)))
    return Cost(
        calls=calls,
        input_tokens=reader.instructions * calls + turns * hits * hit_tokens,
        output_tokens=reader.summary * calls,
        depth=turns,
    )


def ordered_probe(atoms: int, atom_tokens: int, reader: Reader) -> Cost:
    """Find where ordered atoms begin to fulfil something that only a model can judge, by showing evenly
    spaced ones and going on in the gap that is left: at most this, with as many a call as is cheapest (T7).

    Raises:
        ValueError: an atom does not fit into a call.
    """
    _at_least(0, atoms=atoms)
    best = _probe(atoms, 1, atom_tokens, reader)
    for width in range(2, min(atoms, _per_call(atom_tokens, reader)) + 1):
        if reader.instructions + width * atom_tokens > best.input_tokens:
            break  # the first call alone is dearer
        best = min(best, _probe(atoms, width, atom_tokens, reader), key=lambda cost: cost.input_tokens)
    return best


def summary_tree(tokens: int, reader: Reader, *, queries: int) -> Cost:
    """Build the tree of ``map_reduce`` once and keep it; each query reads the summaries below one node a
    level, goes down, and reads one chunk (T7). The cost of all of it; depth is that of building and of one
    query after it.
    """
    _at_least(0, queries=queries)
    built = map_reduce(tokens, reader)
    partials, size = chunks(tokens, reader)
    one_query = reader.instructions * built.depth + size
    while partials > 1:
        partials, summaries = fan_in(partials, reader)
        one_query += reader.summary * summaries
    return Cost(
        calls=built.calls + queries * built.depth,
        input_tokens=built.input_tokens + queries * one_query,
        output_tokens=built.output_tokens + queries * built.depth * reader.summary,
        depth=built.depth * (1 + min(queries, 1)),
    )


def pair_windows(atoms: int, per_window: int) -> Iterator[tuple[range, range]]:
    """The plan in which every two atoms share a window: a block of half a window stays while all later atoms
    pass through the other half (T8). Yields the two stretches of each window; the second is empty where one
    window holds all.

    Raises:
        ValueError: a window holds no pair.
    """
    for start, rest in _blocks(atoms, per_window):
        block = range(start, start + per_window // 2)
        for at in range(block.stop, atoms, rest):
            yield block, range(at, min(at + rest, atoms))
    start = _last_block(atoms, per_window)
    if start < atoms:
        yield range(start, atoms), range(atoms, atoms)


def nested_loop(atoms: int, atom_tokens: int, reader: Reader) -> Cost:
    """Show every two atoms to the model together by ``pair_windows``, and merge what it says in code (T8).
    Exact.

    Raises:
        ValueError: two atoms do not fit into a call.
    """
    per_window = _per_call(atom_tokens, reader, pairs=True)
    block, shown, windows = per_window // 2, 0, 0
    for start, rest in _blocks(atoms, per_window):
        later = atoms - start - block
        passes = -(-later // rest)
        windows += passes
        shown += passes * block + later
    last = atoms - _last_block(atoms, per_window)
    windows, shown = windows + min(last, 1), shown + last
    return Cost(
        calls=windows,
        input_tokens=reader.instructions * windows + shown * atom_tokens,
        output_tokens=reader.summary * windows,
        depth=min(windows, 1),
    )


# -- time, and less than everything ----------------------------------------------------------------------


def makespan(work: int, chain: int, slots: int) -> tuple[int, int]:
    """How long a plan takes when ``slots`` calls can run at a time: at least for any order, at most for any
    order that leaves no slot idle while a call is ready (Graham, Brent; T4).

    Args:
        work: the durations of all calls together, in whole units; their number, if each takes one.
        chain: the longest chain of calls that wait for one another, in the same unit.
        slots: calls at a time.

    Raises:
        ValueError: the chain is longer than all work, or there is no slot.
    """
    _at_least(0, work=work, chain=chain)
    _at_least(1, slots=slots)
    if chain > work:
        raise ValueError(f"a chain of {chain!r} cannot be longer than all work, {work!r}; exchange the two")
    return max(chain, -(-work // slots)), (work + chain * (slots - 1)) // slots


def sample_size(error: float, risk: float) -> int:
    """Atoms to draw at random so that a share of all atoms is known to within ``error`` but for a probability
    of ``risk``, however many there are (Hoeffding; T6). It assumes that the drawn ones are judged correctly.

    Raises:
        ValueError: ``error`` or ``risk`` is not between 0 and 1.
    """
    for name, value in (("error", error), ("risk", risk)):
        if not 0 < value < 1:
            raise ValueError(f"{name} is {value!r}; give a share between 0 and 1, such as 0.05")
    return math.ceil(math.log(2 / risk) / (2 * error**2))


# -- inside ----------------------------------------------------------------------------------------------


def _read_once(tokens: int, reader: Reader) -> int:
    return tokens + reader.instructions * -(-tokens // reader.content)


def _merged_in_model(tokens: int, calls: int, depth: int, reader: Reader) -> Cost:
    """Every call but the last writes a summary that exactly one other call reads."""
    return Cost(
        calls=calls,
        input_tokens=tokens + reader.instructions * calls + reader.summary * max(0, calls - 1),
        output_tokens=reader.summary * calls,
        depth=depth,
    )


def _least_to_locate(atoms: int, atom_tokens: int, reader: Reader) -> int:
    answers = atoms + 1  # before, between and behind
    calls = _log(answers, 1 + _per_call(atom_tokens, reader))
    return reader.instructions * calls + atom_tokens * _log(answers, 2)


def _least_for_pairs(tokens: int, atoms: int | None, reader: Reader) -> int:
    if atoms is None:  # the windows of any one atom hold all text, so there are that many for each
        shown = tokens * -(-tokens // reader.content)
        return shown + reader.instructions * -(-shown // reader.content)
    per_window = reader.content * atoms // tokens
    if per_window < min(atoms, 2):
        raise ValueError(
            f"two atoms of {tokens / atoms:.0f} tokens do not fit into {reader.content!r}; "
            "cut the text into more atoms"
        )
    if atoms <= per_window:
        return tokens + reader.instructions
    meetings = -(-(atoms - 1) // (per_window - 1))
    return tokens * meetings + reader.instructions * least_windows(atoms, per_window)


def _probe(atoms: int, width: int, atom_tokens: int, reader: Reader) -> Cost:
    answers, calls, shown = atoms + 1, 0, 0
    while answers > 1:
        probes = min(width, answers - 1)
        calls, shown, answers = calls + 1, shown + probes, -(-answers // (probes + 1))
    return Cost(
        calls=calls,
        input_tokens=reader.instructions * calls + atom_tokens * shown,
        output_tokens=reader.summary * calls,
        depth=calls,
    )


def _blocks(atoms: int, per_window: int) -> Iterator[tuple[int, int]]:
    """Where each block that stays begins, and how many later atoms fit beside it."""
    block = per_window // 2
    for start in range(0, _last_block(atoms, per_window), block):
        yield start, per_window - block


def _last_block(atoms: int, per_window: int) -> int:
    """From where on all that is left fits into one window."""
    _at_least(0, atoms=atoms)
    _at_least(2, per_window=per_window)
    block = per_window // 2
    return block * -(-max(0, atoms - per_window) // block)


def _per_call(atom_tokens: int, reader: Reader, *, pairs: bool = False) -> int:
    """Whole atoms that one call reads."""
    _at_least(1, atom_tokens=atom_tokens)
    held = reader.content // atom_tokens
    if held < (2 if pairs else 1):
        raise ValueError(
            f"{'two atoms' if pairs else 'an atom'} of {atom_tokens!r} tokens cannot be read in one call, "
            f"which holds {reader.content!r}; cut the text into smaller ones"
        )
    return held


def _narrowed(reader: Reader, effective_window: int | None) -> Reader:
    if effective_window is None or effective_window >= reader.window:
        return reader
    return replace(reader, window=effective_window)


def _evenly(total: int, most: int) -> tuple[int, int]:
    count = -(-total // most)
    return count, -(-total // count) if count else 0


def _log(value: int, base: int) -> int:
    """The logarithm, rounded up, exactly."""
    power, exponent = 1, 0
    while power < value:
        power *= base
        exponent += 1
    return exponent


def _at_least(least: int, **values: int) -> None:
    for name, value in values.items():
        if value < least:
            raise ValueError(f"{name} is {value!r}; give {least} or more")
