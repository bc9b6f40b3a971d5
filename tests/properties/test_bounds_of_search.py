"""Theorems T7 and T8 of docs/design/budget-theorems.md: finding a place, and reading pairs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.budget.bounds import (
    Cost,
    Reader,
    chunks,
    code_merge,
    fan_in,
    least_tokens,
    least_windows,
    map_reduce,
    nested_loop,
    ordered_probe,
    pair_windows,
    search,
    summary_tree,
)
from tests.support.plans import SMALL, Executed, readers, real_readers

# -- T7: finding -----------------------------------------------------------------------------------------


@given(st.integers(0, 40), st.integers(1, 500), st.integers(0, 4), readers(), st.integers(0, 10**9))
def test_t7_search_reads_the_hits_whatever_the_text(
    hits: int, hit_tokens: int, turns: int, reader: Reader, tokens: int
) -> None:
    hit_tokens = min(hit_tokens, reader.content)
    cost = search(hits, hit_tokens, reader, turns=turns)
    assert cost.depth == turns
    assert cost.input_tokens == turns * hits * hit_tokens + reader.instructions * cost.calls
    assert cost.calls <= turns * (1 + 2 * hits * hit_tokens / reader.content)
    if turns and hits and tokens >= hits * hit_tokens:
        assert cost.input_tokens >= least_tokens("constant", tokens, reader, slice_tokens=hits * hit_tokens)


@given(st.integers(1, 30_000), SMALL)
def test_t7_a_single_needle_without_an_index_costs_half_the_text_on_average(
    tokens: int, reader: Reader
) -> None:
    count, size = chunks(tokens, reader)
    ends = [min(size * (chunk + 1), tokens) for chunk in range(count)]
    expected = Fraction(sum((end - start) * end for start, end in itertools.pairwise([0, *ends])), tokens)
    assert Fraction(tokens, 2) <= expected <= Fraction(tokens + size, 2)


def rounds_of(random: Random, answers: int, per_call: int) -> Iterator[tuple[int, int]]:
    """Any way of probing, with the place always where most answers are left: (pivots, answers left)."""
    while answers > 1:
        pivots = random.randint(1, min(per_call, answers - 1))
        cuts = [0, *sorted(random.sample(range(1, answers), pivots)), answers]
        answers = max(high - low for low, high in itertools.pairwise(cuts))
        yield pivots, answers


@given(st.integers(1, 5_000), st.integers(1, 30), readers(), st.integers())
def test_t7_no_probing_of_ordered_text_costs_less_than_its_bound(
    atoms: int, atom_tokens: int, reader: Reader, seed: int
) -> None:
    atom_tokens = min(atom_tokens, reader.content)
    least = least_tokens("logarithmic", atoms * atom_tokens, reader, slice_tokens=atom_tokens, atoms=atoms)
    probes = rounds_of(Random(seed), atoms + 1, reader.content // atom_tokens)
    assert sum(reader.instructions + atom_tokens * pivots for pivots, _ in probes) >= least
    assert ordered_probe(atoms, atom_tokens, reader).input_tokens >= least


@given(st.integers(0, 40), st.integers(1, 30), SMALL)
def test_t7_ordered_probing_finds_every_place_at_its_cost(
    atoms: int, atom_tokens: int, reader: Reader
) -> None:
    atom_tokens = min(atom_tokens, reader.content)
    cost = ordered_probe(atoms, atom_tokens, reader)
    assert cost.input_tokens >= min(
        max(probed(atoms, place, width, atom_tokens, reader) for place in range(atoms + 1))
        for width in range(1, reader.content // atom_tokens + 1)
    )


@given(st.integers(0, 10**9), st.integers(1, 300), readers())
def test_t7_ordered_probing_takes_a_logarithm_of_calls(atoms: int, atom_tokens: int, reader: Reader) -> None:
    atom_tokens = min(atom_tokens, reader.content)
    cost = ordered_probe(atoms, atom_tokens, reader)
    assert cost.calls == cost.depth <= atoms.bit_length()
    assert cost.input_tokens <= (reader.instructions + atom_tokens) * atoms.bit_length()


@pytest.mark.parametrize("atoms", [10**2, 10**3, 10**4, 10**5, 10**6, 10**7])
@pytest.mark.parametrize("window", [8_000, 32_000, 128_000])
def test_t7_ordered_probing_is_within_three_times_its_bound(atoms: int, window: int) -> None:
    for instructions, atom_tokens in itertools.product((200, 400, 800), (50, 100, 200, 400)):
        reader = Reader(window=window, instructions=instructions, summary=100)
        tokens = atoms * atom_tokens
        least = least_tokens("logarithmic", tokens, reader, slice_tokens=atom_tokens, atoms=atoms)
        assert ordered_probe(atoms, atom_tokens, reader).input_tokens <= 3 * least


def probed(atoms: int, place: int, width: int, atom_tokens: int, reader: Reader) -> int:
    """What it costs to find the place with so many evenly spaced atoms a call."""
    low, high, spent = 0, atoms, 0  # the place is one of low..high
    while low < high:
        parts = min(width, high - low) + 1
        gap = -(-(high - low + 1) // parts)
        pivots = range(low + gap - 1, high, gap)  # shown: is it true of this one?
        spent += reader.instructions + atom_tokens * len(pivots)
        false = [pivot for pivot in pivots if pivot < place]
        true = [pivot for pivot in pivots if pivot >= place]
        low, high = (false[-1] + 1 if false else low), (true[0] if true else high)
    assert low == place
    return spent


@given(st.integers(1, 5_000), SMALL, st.integers(0, 5))
def test_t7_a_kept_tree_is_paid_once_and_descended_by_each_query(
    tokens: int, reader: Reader, queries: int
) -> None:
    cost, built = summary_tree(tokens, reader, queries=queries), map_reduce(tokens, reader)
    model = Executed(reader)
    count, size = chunks(tokens, reader)
    for _ in range(queries):
        partials = count
        while partials > 1:
            partials, group = fan_in(partials, reader)
            model.call(0, [0] * group)
        model.call(size)
    assert cost.input_tokens == built.input_tokens + model.read
    assert cost.calls == built.calls + model.calls
    assert model.read <= queries * reader.window * built.depth


@given(st.integers(0, 20_000_000), real_readers(8_000), st.integers(2, 50))
def test_t7_a_kept_tree_pays_from_the_second_query_on(more: int, reader: Reader, queries: int) -> None:
    tokens = 20 * reader.window + more
    tree = summary_tree(tokens, reader, queries=queries).input_tokens
    assert tree < queries * code_merge(tokens, reader).input_tokens


# -- T8: pairs -------------------------------------------------------------------------------------------


@given(st.integers(0, 60), st.integers(2, 14))
def test_t8_every_two_atoms_share_a_window_of_the_plan(atoms: int, per_window: int) -> None:
    windows = [[*block, *rest] for block, rest in pair_windows(atoms, per_window)]
    assert all(len(window) == len(set(window)) <= per_window for window in windows)
    met = {pair for window in windows for pair in itertools.combinations(sorted(window), 2)}
    assert met == set(itertools.combinations(range(atoms), 2))
    assert len(windows) >= least_windows(atoms, per_window)


@given(st.integers(0, 14), st.integers(2, 6), st.integers())
def test_t8_no_windows_cover_all_pairs_with_fewer_or_smaller_ones(
    atoms: int, per_window: int, seed: int
) -> None:
    random = Random(seed)
    missing = set(itertools.combinations(range(atoms), 2))
    windows = [] if missing else [list(range(atoms))]
    while missing:
        pool = {random.choice(sorted(missing)) for _ in range(random.randint(1, 4))}
        window = sorted({atom for pair in sorted(pool) for atom in pair})[:per_window]
        missing -= (found := set(itertools.combinations(window, 2)))
        windows += [window] if found else []
    assert len([window for window in windows if window]) >= least_windows(atoms, per_window)
    if atoms:
        reader = Reader(window=per_window * 10 + 3, instructions=3, summary=1)
        read = sum(3 + 10 * len(window) for window in windows)
        assert read >= least_tokens("arbitrary pairs", atoms * 10, reader, atoms=atoms)
        assert read >= least_tokens("arbitrary pairs", atoms * 10, reader)


@pytest.mark.parametrize(
    ("atoms", "per_window", "windows"),
    [(7, 3, 7), (9, 3, 12), (13, 4, 13), (16, 4, 20), (21, 5, 21), (6, 5, 3)],
)
def test_t8_the_bound_is_what_the_known_designs_have(atoms: int, per_window: int, windows: int) -> None:
    assert least_windows(atoms, per_window) == windows


@given(st.integers(0, 300), st.integers(1, 50), readers())
def test_t8_the_cost_of_the_nested_loop_is_that_of_executing_it(
    atoms: int, atom_tokens: int, reader: Reader
) -> None:
    atom_tokens = min(atom_tokens, reader.content // 2)
    windows = [len(block) + len(rest) for block, rest in pair_windows(atoms, reader.content // atom_tokens)]
    assert nested_loop(atoms, atom_tokens, reader) == Cost(
        calls=len(windows),
        input_tokens=sum(reader.instructions + atom_tokens * shown for shown in windows),
        output_tokens=reader.summary * len(windows),
        depth=min(atoms, 1),
    )


@given(st.integers(1, 100_000) | st.integers(1, 400), st.integers(1, 2_000), readers())
def test_t8_the_nested_loop_reads_at_most_twice_the_least(
    atoms: int, atom_tokens: int, reader: Reader
) -> None:
    atom_tokens = min(atom_tokens, reader.content // 2)
    cost = nested_loop(atoms, atom_tokens, reader)
    tokens = atoms * atom_tokens
    assert cost.calls <= 2 * least_windows(atoms, reader.content // atom_tokens)
    assert cost.input_tokens <= 2 * least_tokens("arbitrary pairs", tokens, reader, atoms=atoms)
    assert cost.input_tokens >= least_tokens("arbitrary pairs", tokens, reader)
    meetings = -(-(atoms - 1) // (reader.content // atom_tokens - 1))
    assert cost.input_tokens - reader.instructions * cost.calls <= tokens * max(1, 2 * meetings)


def test_t8_two_blocks_of_half_a_window_would_read_three_times_the_least() -> None:
    atoms, per_window = 300, 3  # half a window is one atom, and a third of it stays empty
    assert atoms * (atoms - 1) // 2 > 2.9 * least_windows(atoms, per_window)
    assert len(list(pair_windows(atoms, per_window))) < 1.6 * least_windows(atoms, per_window)


@given(st.integers(1, 10**9), readers())
def test_t8_without_knowing_the_atoms_the_square_of_the_text_is_left(tokens: int, reader: Reader) -> None:
    least = least_tokens("arbitrary pairs", tokens, reader)
    assert least * reader.content >= tokens * tokens
    assert (
        least
        <= tokens * (tokens / reader.content + 1) * (1 + reader.instructions / reader.content) + reader.window
    )
