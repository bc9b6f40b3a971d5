"""Theorems T1 to T8 as functions of whole numbers: lower bounds on the cost of reading, and costs of plans.

Works on windows, tokens and calls. Does not depend on prices or models, and does not classify questions.
Four of the public functions have callers in ``src``: ``least_tokens``, ``chunks``, ``code_merge`` and
``search``. The other twelve serve the tests of the theorems, and strategies to come.

The theorems are stated and proven in ``docs/design/budget-theorems.md``, with the model behind them: code
is free, exact and blind to meaning, so the meaning of an atom (a line, a record, a passage) is learned only
from a call whose input holds it. All quantities are tokens or calls; all divisions are exact.
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
        window: tokens of input that one call can take, without those reserved for its output.
        instructions: tokens of every call's input that are not content.
        summary: tokens that a call writes for another call to read.

    Raises:
        ValueError: two summaries do not fit into one call, so nothing could be merged.
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
    """The cost of a plan.

    Attributes:
        calls: model calls.
        input_tokens: tokens that the calls read, instructions included.
        output_tokens: tokens that the calls write, if each writes a whole summary.
        depth: calls on the longest chain in which each waits for the one before.
    """

    calls: int
    input_tokens: int
    output_tokens: int
    depth: int


_NOTHING = Cost(calls=0, input_tokens=0, output_tokens=0, depth=0)


# -- lower bounds ----------------------------------------------------------------------------------------


def least_tokens(
    growth: Growth, tokens: int, reader: Reader, *, slice_tokens: int = 1, atoms: int | None = None
) -> int:
    """The fewest tokens of input with which any plan can be right on every text (T1, T7, T8).

    Args:
        growth: the class of the question; the router decides it.
        tokens: the size of the text.
        reader: used for every call.
        slice_tokens: the size of the needed slice, for ``constant``; of one atom, for ``logarithmic``.
        atoms: the number of equal atoms that make up the text, for ``logarithmic`` (default: as many as fit)
            and ``arbitrary pairs`` (default: atoms of any sizes, which gives a weaker bound).

    Raises:
        ValueError: a number is negative, or an atom does not fit into a call (for pairs: two atoms).
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
    """The least depth of any plan that merges in the model, even if its calls read text and summaries
    together (T4). A plan that merges in code has depth 1.
    """
    _at_least(0, tokens=tokens)
    if tokens == 0:
        return 0
    depth, covered = 1, reader.content
    while covered < tokens:  # one level deeper: a call reads f summaries, and text in the remaining room
        covered = reader.content + reader.fan_in * (covered - reader.summary)
        depth += 1
    return depth


def least_windows(atoms: int, per_window: int) -> int:
    """The fewest windows of ``per_window`` atoms in which every two of ``atoms`` can meet (Schoenheim;
    T8).
    """
    _at_least(0, atoms=atoms)
    _at_least(2, per_window=per_window)
    if atoms <= per_window:
        return min(atoms, 1)
    return -(-atoms * -(-(atoms - 1) // (per_window - 1)) // per_window)


# -- planning --------------------------------------------------------------------------------------------


def chunks(tokens: int, reader: Reader, *, effective_window: int | None = None) -> tuple[int, int]:
    """Cuts a text into the fewest chunks: ``(count, size)``. Cutting after every ``size`` tokens gives
    ``count`` chunks, as even as whole tokens allow.

    Args:
        tokens: the size of the text.
        reader: reads one chunk per call.
        effective_window: tokens of input that the model reads reliably, if that is less than its window.

    Raises:
        ValueError: ``effective_window`` cannot hold the instructions and two summaries.
    """
    _at_least(0, tokens=tokens)
    return _evenly(tokens, _narrowed(reader, effective_window).content)


def fan_in(partials: int, reader: Reader, *, effective_window: int | None = None) -> tuple[int, int]:
    """Merges one level of partial results with the fewest calls: ``(merges, size)``, as even as possible.

    A partial result is one summary; ``effective_window`` is as in ``chunks``.
    """
    _at_least(0, partials=partials)
    return _evenly(partials, _narrowed(reader, effective_window).fan_in)


# -- costs of plans --------------------------------------------------------------------------------------


def code_merge(tokens: int, reader: Reader) -> Cost:
    """Reads every chunk once and merges the replies in code. Its input is exactly the lower bound (T3)."""
    count, _ = chunks(tokens, reader)
    return Cost(
        calls=count,
        input_tokens=_read_once(tokens, reader),
        output_tokens=reader.summary * count,
        depth=min(count, 1),
    )


def map_reduce(tokens: int, reader: Reader) -> Cost:
    """Summarises every chunk, then merges summaries in the model, level by level, until one is left (T2). The
    cost is exact.
    """
    partials, _ = chunks(tokens, reader)
    calls, depth = partials, min(partials, 1)
    while partials > 1:
        partials, _ = fan_in(partials, reader)
        calls, depth = calls + partials, depth + 1
    return _merged_in_model(tokens, calls, depth, reader)


def map_reduce_at_most(tokens: int, reader: Reader) -> Cost:
    """The closed form of T2: an upper bound on the cost of ``map_reduce``, with its exact depth."""
    leaves, _ = chunks(tokens, reader)
    if leaves == 0:
        return _NOTHING
    merges = _log(leaves, reader.fan_in)
    calls = leaves * reader.fan_in // (reader.fan_in - 1) + merges
    return _merged_in_model(tokens, calls, 1 + merges, reader)


def refine(tokens: int, reader: Reader) -> Cost:
    """Reads the text in order, each call with the summary of the text before it (T5). No plan that merges in
    the model has fewer calls or reads less, but each call waits for the one before.
    """
    _at_least(0, tokens=tokens)
    if tokens == 0:
        return _NOTHING
    calls = 1 + -(-max(0, tokens - reader.content) // (reader.content - reader.summary))
    return _merged_in_model(tokens, calls, calls, reader)


def search(hits: int, hit_tokens: int, reader: Reader, *, turns: int = 1) -> Cost:
    """Code finds passages of ``hit_tokens`` with an index and shows the best ``hits`` of them to the model,
    ``turns`` times with a better query each time (T7).

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
    """Finds where ordered atoms begin to satisfy a condition that only a model can judge: each call shows
    evenly spaced atoms, and the next one continues in the gap where the judgement changes (T7). The cost is
    an upper bound, with the cheapest number of atoms per call.

    Raises:
        ValueError: an atom does not fit into a call.
    """
    _at_least(0, atoms=atoms)
    best = _probe(atoms, 1, atom_tokens, reader)
    for width in range(2, min(atoms, _per_call(atom_tokens, reader)) + 1):
        if reader.instructions + width * atom_tokens > best.input_tokens:
            break  # the first call alone costs more
        best = min(best, _probe(atoms, width, atom_tokens, reader), key=lambda cost: cost.input_tokens)
    return best


def summary_tree(tokens: int, reader: Reader, *, queries: int) -> Cost:
    """Builds the tree of ``map_reduce`` once and keeps it; each query reads the summaries below one node per
    level on its way down, then one chunk (T7). The cost covers the building and all queries; the depth is
    that of building and one query after it.
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
    pass through the other half (T8).

    Yields:
        The two ranges of atoms of each window; the second is empty if the first holds all remaining atoms.

    Raises:
        ValueError: a window cannot hold two atoms.
    """
    for start, rest in _blocks(atoms, per_window):
        block = range(start, start + per_window // 2)
        for at in range(block.stop, atoms, rest):
            yield block, range(at, min(at + rest, atoms))
    start = _last_block(atoms, per_window)
    if start < atoms:
        yield range(start, atoms), range(atoms, atoms)


def nested_loop(atoms: int, atom_tokens: int, reader: Reader) -> Cost:
    """Shows every two atoms to the model together, as ``pair_windows`` orders them, and merges the replies in
    code (T8). The cost is exact.

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


# -- time and samples ------------------------------------------------------------------------------------


def makespan(work: int, chain: int, slots: int) -> tuple[int, int]:
    """Bounds on the time that a plan takes when ``slots`` calls can run at a time: ``(least, most)``.

    The first holds for any order of calls; the second for any order that leaves no slot idle while a call is
    ready (Graham, Brent; T4).

    Args:
        work: the sum of the durations of all calls, in whole units; their number, if each takes one unit.
        chain: the length of the longest chain of calls that wait for one another, in the same unit.
        slots: the most calls at a time.

    Raises:
        ValueError: the chain is longer than all work, or there is no slot.
    """
    _at_least(0, work=work, chain=chain)
    _at_least(1, slots=slots)
    if chain > work:
        raise ValueError(f"a chain of {chain!r} cannot be longer than all work, {work!r}; swap the two")
    return max(chain, -(-work // slots)), (work + chain * (slots - 1)) // slots


def sample_size(error: float, risk: float) -> int:
    """Atoms to draw at random so that the estimate of a share of all atoms is off by more than ``error`` with
    a probability of at most ``risk``, for any number of atoms (Hoeffding; T6). Assumes that the drawn atoms
    are judged correctly.

    Raises:
        ValueError: ``error`` or ``risk`` is not between 0 and 1.
    """
    for name, value in (("error", error), ("risk", risk)):
        if not 0 < value < 1:
            raise ValueError(f"{name} is {value!r}; give a share between 0 and 1, such as 0.05")
    return math.ceil(math.log(2 / risk) / (2 * error**2))


# -- helpers ---------------------------------------------------------------------------------------------


def _read_once(tokens: int, reader: Reader) -> int:
    return tokens + reader.instructions * -(-tokens // reader.content)


def _merged_in_model(tokens: int, calls: int, depth: int, reader: Reader) -> Cost:
    """The cost if every call except the last writes a summary that exactly one other call reads."""
    return Cost(
        calls=calls,
        input_tokens=tokens + reader.instructions * calls + reader.summary * max(0, calls - 1),
        output_tokens=reader.summary * calls,
        depth=depth,
    )


def _least_to_locate(atoms: int, atom_tokens: int, reader: Reader) -> int:
    answers = atoms + 1  # before the first, between two, after the last
    calls = _log(answers, 1 + _per_call(atom_tokens, reader))
    return reader.instructions * calls + atom_tokens * _log(answers, 2)


def _least_for_pairs(tokens: int, atoms: int | None, reader: Reader) -> int:
    if atoms is None:  # the windows of any one atom hold all text: at least this many each
        shown = tokens * -(-tokens // reader.content)
        return shown + reader.instructions * -(-shown // reader.content)
    per_window = reader.content * atoms // tokens
    if per_window < min(atoms, 2):
        raise ValueError(
            f"two atoms of {tokens / atoms:.0f} tokens do not fit into one call, which holds {reader.content!r}; "
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
    """The start of each block that stays, and how many later atoms fit next to it."""
    block = per_window // 2
    for start in range(0, _last_block(atoms, per_window), block):
        yield start, per_window - block


def _last_block(atoms: int, per_window: int) -> int:
    """The start of the remainder that fits into one window."""
    _at_least(0, atoms=atoms)
    _at_least(2, per_window=per_window)
    block = per_window // 2
    return block * -(-max(0, atoms - per_window) // block)


def _per_call(atom_tokens: int, reader: Reader, *, pairs: bool = False) -> int:
    """The number of whole atoms that one call can read."""
    _at_least(1, atom_tokens=atom_tokens)
    held = reader.content // atom_tokens
    if held < (2 if pairs else 1):
        raise ValueError(
            f"{'two atoms' if pairs else 'an atom'} of {atom_tokens!r} tokens cannot be read in one call, "
            f"which holds {reader.content!r}; cut the text into smaller atoms"
        )
    return held


def _narrowed(reader: Reader, effective_window: int | None) -> Reader:
    if effective_window is None or effective_window >= reader.window:
        return reader
    return replace(reader, window=effective_window)


def _evenly(total: int, largest: int) -> tuple[int, int]:
    count = -(-total // largest)
    return count, -(-total // count) if count else 0


def _log(value: int, base: int) -> int:
    """The logarithm of ``value``, rounded up; exact."""
    power, exponent = 1, 0
    while power < value:
        power *= base
        exponent += 1
    return exponent


def _at_least(least: int, **values: int) -> None:
    for name, value in values.items():
        if value < least:
            raise ValueError(f"{name} is {value!r}; give {least} or more")
