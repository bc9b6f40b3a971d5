"""Theorems T1 to T3 of docs/design/budget-theorems.md: the least that reading costs, and plans that merge."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from fractions import Fraction
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from harlm.budget.bounds import (
    Reader,
    chunks,
    code_merge,
    fan_in,
    least_tokens,
    map_reduce,
    map_reduce_at_most,
    refine,
)
from tests.support.plans import GROWTHS, SMALL, TOKENS, Executed, readers, real_readers


@given(TOKENS, readers(), st.none() | st.integers(1_200, 300_000))
def test_chunks_are_the_fewest_and_even(tokens: int, reader: Reader, effective: int | None) -> None:
    count, size = chunks(tokens, reader, effective_window=effective)
    most = min(reader.window, effective or reader.window) - reader.instructions
    sizes = [min(size, tokens - at) for at in range(0, tokens, size)] if tokens else []
    assert len(sizes) == count
    assert sum(sizes) == tokens
    assert size <= most
    assert (count - 1) * most < tokens or count == 0
    assert size - tokens / max(count, 1) < 1


@given(st.integers(0, 10_000), readers())
def test_merging_takes_the_fewest_calls_of_a_level(partials: int, reader: Reader) -> None:
    merges, size = fan_in(partials, reader)
    assert merges == -(-partials // reader.fan_in)
    assert size * reader.summary <= reader.content
    assert partials == 0 or len(range(0, partials, size)) == merges


# -- T1: reading -----------------------------------------------------------------------------------------


def skipping_algorithm(seed: int, text: Sequence[int], reads: int) -> tuple[tuple[tuple[int, int], ...], int]:
    """Any deterministic algorithm: what it reads next and what it answers depends on what it has seen."""
    seen: list[tuple[int, int]] = []
    for _ in range(reads):
        unread = sorted(set(range(len(text))) - {atom for atom, _ in seen})
        atom = Random(f"{seed}{seen}").choice(unread)
        seen.append((atom, text[atom]))
    return tuple(seen), Random(f"answer {seed}{seen}").randrange(2)


@given(st.integers(), st.lists(st.integers(0, 1), min_size=1, max_size=12), st.data())
def test_t1_whoever_skips_an_atom_is_wrong_on_one_of_two_inputs(
    seed: int, text: list[int], data: st.DataObject
) -> None:
    reads = data.draw(st.integers(0, len(text) - 1))
    view, answer = skipping_algorithm(seed, text, reads)
    skipped = data.draw(st.sampled_from(sorted(set(range(len(text))) - {atom for atom, _ in view})))
    other = [value ^ (at == skipped) for at, value in enumerate(text)]
    assert skipping_algorithm(seed, other, reads) == (view, answer)
    assert (sum(text) % 2 == answer) != (sum(other) % 2 == answer)


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(), st.integers(0, 3)), min_size=1, max_size=8))
def test_t1_chance_does_not_help_by_more_than_twice_the_error(mixture: list[tuple[int, int, int]]) -> None:
    """A randomised algorithm is a mixture: (weight, seed, atoms read). It is asked for a parity."""
    total = sum(weight for weight, _, _ in mixture)
    inputs = list(itertools.product((0, 1), repeat=3))
    runs = {text: [skipping_algorithm(seed, text, reads) for _, seed, reads in mixture] for text in inputs}

    def probability(happened: Sequence[bool]) -> Fraction:
        return Fraction(
            sum(weight for (weight, _, _), yes in zip(mixture, happened, strict=True) if yes), total
        )

    error = max(probability([answer != sum(text) % 2 for _, answer in runs[text]]) for text in inputs)
    for text, atom in itertools.product(inputs, range(3)):
        assert probability([atom not in dict(view) for view, _ in runs[text]]) <= 2 * error


@given(readers(), st.data())
def test_t1_however_a_text_is_read_whole_it_takes_the_least_tokens(
    reader: Reader, data: st.DataObject
) -> None:
    most = reader.content
    calls = data.draw(st.lists(st.integers(1, most) | st.just(most), max_size=12))
    for growth in ("linear", "factorable pairs"):
        assert sum(calls) + reader.instructions * len(calls) >= least_tokens(growth, sum(calls), reader)


@given(st.integers(1, 100_000), st.integers(1, 1_000), readers())
def test_the_classes_are_in_order(atoms: int, atom_tokens: int, reader: Reader) -> None:
    atom_tokens = min(atom_tokens, reader.content // 2)
    least = [
        least_tokens(growth, atoms * atom_tokens, reader, slice_tokens=atom_tokens, atoms=atoms)
        for growth in GROWTHS
    ]
    assert least == sorted(least)
    assert least[2] <= least_tokens("arbitrary pairs", atoms * atom_tokens, reader) <= least[4]


# -- plans that merge in the model, executed -------------------------------------------------------------


@given(st.integers(0, 5_000), SMALL)
def test_t2_the_cost_of_map_reduce_is_that_of_executing_it(tokens: int, reader: Reader) -> None:
    model = Executed(reader)
    _, size = chunks(tokens, reader)
    level = [model.call(min(size, tokens - at)) for at in range(0, tokens, max(size, 1))]
    while len(level) > 1:
        _, size = fan_in(len(level), reader)
        level = [model.call(0, level[at : at + size]) for at in range(0, len(level), size)]
    assert map_reduce(tokens, reader) == model.cost


@given(TOKENS, readers())
def test_t2_map_reduce_stays_below_its_closed_form(tokens: int, reader: Reader) -> None:
    exact, most = map_reduce(tokens, reader), map_reduce_at_most(tokens, reader)
    leaves, _ = chunks(tokens, reader)
    f, h, s, c = reader.fan_in, reader.instructions, reader.summary, reader.content
    assert exact.depth == most.depth
    assert exact.calls <= most.calls
    assert exact.input_tokens <= most.input_tokens
    assert exact.output_tokens <= most.output_tokens
    if tokens == 0:
        return
    assert f ** (exact.depth - 1) >= leaves
    assert leaves == 1 or f ** (exact.depth - 2) < leaves
    spread = Fraction(f, f - 1)
    assert most.calls <= leaves * spread + exact.depth - 1
    assert most.input_tokens <= tokens * (1 + Fraction(h + s, c) * spread) + (h + s) * (exact.depth + spread)
    fewest = leaves + -(-(leaves - 1) // (f - 1))  # a merge turns at most f partial results into one
    assert fewest <= exact.calls <= fewest + exact.depth


@given(TOKENS, readers())
def test_t3_merging_in_code_reads_exactly_the_least(tokens: int, reader: Reader) -> None:
    cost = code_merge(tokens, reader)
    assert cost.input_tokens == least_tokens("linear", tokens, reader)
    assert cost.calls == chunks(tokens, reader)[0]
    assert cost.depth == min(tokens, 1)
    assert cost.input_tokens <= map_reduce(tokens, reader).input_tokens


@given(st.integers(1, 20_000_000) | st.integers(1, 400_000), real_readers(20_000))
def test_t2_with_20k_windows_merging_in_the_model_reads_at_most_6_percent_more(
    tokens: int, reader: Reader
) -> None:
    assert map_reduce(tokens, reader).input_tokens <= 1.06 * least_tokens("linear", tokens, reader)


@given(st.integers(0, 20_000_000) | st.integers(0, 400_000), real_readers(8_000))
def test_t2_with_8k_windows_it_does_from_forty_of_them_on(more: int, reader: Reader) -> None:
    tokens = 40 * reader.content + more
    assert map_reduce(tokens, reader).input_tokens <= 1.06 * least_tokens("linear", tokens, reader)
    few = 1 + more % tokens
    assert map_reduce(few, reader).input_tokens <= 1.15 * least_tokens("linear", few, reader)


def test_t2_no_plan_that_merges_in_the_model_is_within_6_percent_of_two_small_windows() -> None:
    reader = Reader(window=8_000, instructions=400, summary=400)
    tokens = 14_801  # two chunks; with a summary of each to read there is no room left
    least = least_tokens("linear", tokens, reader)
    assert (
        1.07 < refine(tokens, reader).input_tokens / least <= map_reduce(tokens, reader).input_tokens / least
    )


@given(st.integers(1, 10**9), readers())
def test_the_formula_bounds_calls_from_six_windows_on(tokens: int, reader: Reader) -> None:
    leaves, _ = chunks(tokens, reader)
    if leaves >= 6:
        assert map_reduce(tokens, reader).calls <= leaves * math.log2(leaves)
