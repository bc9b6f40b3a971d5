"""Theorems T1 to T8 of docs/design/budget-theorems.md: what reading costs at least, and what plans cost."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
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
    least_depth,
    least_tokens,
    least_windows,
    makespan,
    map_reduce,
    map_reduce_at_most,
    nested_loop,
    ordered_probe,
    pair_windows,
    refine,
    sample_size,
    search,
    summary_tree,
)
from harlm.types import Growth


@st.composite
def readers(draw: st.DrawFn) -> Reader:
    """Any reader, often a tight one."""
    summary = draw(st.integers(1, 400))
    instructions = draw(st.integers(0, 400))
    content = draw(st.integers(2 * summary, 6 * summary) | st.integers(2 * summary, 200_000))
    return Reader(window=instructions + content, instructions=instructions, summary=summary)


def real_readers(least: int) -> st.SearchStrategy[Reader]:
    """Readers with a window such as models have, and up to 400 tokens of instructions and summary."""
    return st.builds(
        Reader,
        window=st.sampled_from([least, least + 192]) | st.integers(least, 200_000),
        instructions=st.just(400) | st.integers(0, 400),
        summary=st.just(400) | st.integers(1, 400),
    )


GROWTHS: tuple[Growth, ...] = ("constant", "logarithmic", "linear", "factorable pairs", "arbitrary pairs")
"""In the order in which they need more."""

SMALL = st.builds(
    lambda instructions, summary, fan_in, rest: Reader(
        window=instructions + summary * fan_in + min(rest, summary - 1),
        instructions=instructions,
        summary=summary,
    ),
    st.integers(0, 9),
    st.integers(1, 5),
    st.integers(2, 5),
    st.integers(0, 4),
)
TOKENS = st.integers(0, 2_000) | st.integers(0, 20_000_000)


# -- readers and planning --------------------------------------------------------------------------------


def test_a_reader_that_cannot_merge_is_refused_with_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"100 tokens .* two summaries of 40; raise the window to 110"):
        Reader(window=100, instructions=30, summary=40)
    assert Reader(window=110, instructions=30, summary=40).fan_in == 2


@pytest.mark.parametrize(
    "refused",
    [
        lambda reader: least_tokens("linear", -1, reader),
        lambda reader: least_tokens("arbitrary pairs", 1_000, reader, atoms=3),
        lambda reader: least_tokens("logarithmic", 1_000, reader, slice_tokens=101),
        lambda reader: least_tokens("logarithmic", 1_000, reader, atoms=0),
        lambda reader: chunks(-1, reader),
        lambda reader: chunks(5, reader, effective_window=29),
        lambda reader: nested_loop(3, 51, reader),
        lambda reader: ordered_probe(3, 101, reader),
        lambda reader: search(-1, 1, reader),
        lambda reader: summary_tree(1, reader, queries=-1),
        lambda reader: list(pair_windows(3, 1)),
        lambda _: makespan(3, 4, 1),
        lambda _: makespan(4, 3, 0),
        lambda _: sample_size(0.0, 0.5),
        lambda _: sample_size(0.5, 1.0),
    ],
)
def test_arguments_that_make_no_sense_are_refused(refused: object) -> None:
    assert callable(refused)
    with pytest.raises(ValueError, match=r"\d.*; "):
        refused(Reader(window=110, instructions=10, summary=10))


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


@dataclass
class Executed:
    """A model that reads and writes sizes instead of words, and keeps the books."""

    reader: Reader
    calls: int = 0
    read: int = 0
    deepest: int = 0
    seen: list[tuple[int, int]] = field(default_factory=list)

    def call(self, content: int, below: Sequence[int] = ()) -> int:
        """Read text and the summaries of calls of these depths; the depth of this call."""
        everything = self.reader.instructions + content + self.reader.summary * len(below)
        assert everything <= self.reader.window
        depth = 1 + max(below, default=0)
        self.calls, self.read, self.deepest = self.calls + 1, self.read + everything, max(self.deepest, depth)
        return depth

    @property
    def cost(self) -> Cost:
        return Cost(
            calls=self.calls,
            input_tokens=self.read,
            output_tokens=self.calls * self.reader.summary,
            depth=self.deepest,
        )


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


# -- T4: depth and time ----------------------------------------------------------------------------------


def random_plan(model: Executed, random: Random, depth: int, text: list[int]) -> int:
    """Any plan that merges in the model, at most this deep; counts in ``text`` what it read of the text."""
    f, c, s = model.reader.fan_in, model.reader.content, model.reader.summary
    below = [
        random_plan(model, random, depth - 1, text)
        for _ in range(random.choice([0, 1, f, random.randint(0, f)]) if depth > 1 else 0)
    ]
    room = c - s * len(below)
    text[0] += (content := random.choice([room, random.randint(0, room)]))
    return model.call(content, below)


@given(SMALL, st.integers(), st.integers(1, 4))
def test_t4_t5_no_plan_that_merges_in_the_model_is_flatter_or_cheaper(
    reader: Reader, seed: int, depth: int
) -> None:
    model, text = Executed(reader), [0]
    assert random_plan(model, Random(seed), depth, text) == model.deepest
    assert model.deepest >= least_depth(text[0], reader)
    assert model.calls >= refine(text[0], reader).calls
    assert model.read >= refine(text[0], reader).input_tokens
    assert model.read >= least_tokens("linear", text[0], reader)


@given(SMALL, st.integers(1, 4))
def test_t4_the_least_depth_is_reached_and_not_one_token_more(reader: Reader, depth: int) -> None:
    f, c, s = reader.fan_in, reader.content, reader.summary
    covered = f ** (depth - 1) * c + (c - f * s) * (f ** (depth - 1) - 1) // (f - 1)
    model, text = Executed(reader), [0]

    def full(levels: int) -> int:
        below = [full(levels - 1) for _ in range(f if levels > 1 else 0)]
        text[0] += (content := c - s * len(below))
        return model.call(content, below)

    assert full(depth) == depth
    assert text[0] == covered
    assert least_depth(covered, reader) == depth
    assert least_depth(covered + 1, reader) == depth + 1


@given(TOKENS, readers())
def test_t4_map_reduce_is_at_most_one_call_deeper_than_the_least(tokens: int, reader: Reader) -> None:
    assert 0 <= map_reduce(tokens, reader).depth - least_depth(tokens, reader) <= 1
    if reader.content % reader.summary == 0:
        assert map_reduce(tokens, reader).depth == least_depth(tokens, reader)


def list_schedule(
    durations: Sequence[int], waits_for: Sequence[Sequence[int]], slots: int, random: Random
) -> int:
    """When the last call ends if no slot is idle while a call is ready; which ready one is next is random."""
    missing = [len(before) for before in waits_for]
    ready = [call for call, count in enumerate(missing) if count == 0]
    running: list[tuple[int, int]] = []
    now = 0
    while ready or running:
        while ready and len(running) < slots:
            call = ready.pop(random.randrange(len(ready)))
            heapq.heappush(running, (now + durations[call], call))
        now, ended = heapq.heappop(running)
        for call, before in enumerate(waits_for):
            if ended in before:
                missing[call] -= 1
                if missing[call] == 0:
                    ready.append(call)
    return now


@st.composite
def graphs(draw: st.DrawFn) -> list[list[int]]:
    """Calls, and those before it that each waits for."""
    return [
        sorted(draw(st.sets(st.integers(0, call - 1), max_size=3))) if call else []
        for call in range(draw(st.integers(1, 20)))
    ]


@given(graphs(), st.integers(1, 6), st.integers(), st.booleans())
def test_t4_every_schedule_that_idles_for_nothing_is_within_the_bounds(
    waits_for: list[list[int]], slots: int, seed: int, alike: bool
) -> None:
    random = Random(seed)
    durations = [1 if alike else random.randint(1, 30) for _ in waits_for]
    chains: list[int] = []
    for duration, before in zip(durations, waits_for, strict=True):
        chains.append(duration + max((chains[each] for each in before), default=0))
    least, most = makespan(sum(durations), max(chains), slots)
    assert least <= list_schedule(durations, waits_for, slots, random) <= most


@given(st.integers(1, 300), SMALL, st.integers(1, 8))
def test_t4_map_reduce_keeps_the_bounds_of_its_cost(tokens: int, reader: Reader, slots: int) -> None:
    waits_for: list[list[int]] = [[] for _ in range(chunks(tokens, reader)[0])]
    level = list(range(len(waits_for)))
    while len(level) > 1:
        _, size = fan_in(len(level), reader)
        waits_for += [level[at : at + size] for at in range(0, len(level), size)]
        level = list(range(len(waits_for) - len(range(0, len(level), size)), len(waits_for)))
    cost = map_reduce(tokens, reader)
    assert cost.calls == len(waits_for)
    least, most = makespan(cost.calls, cost.depth, slots)
    assert least <= list_schedule([1] * cost.calls, waits_for, slots, Random(0)) <= most


# -- T5: in order ----------------------------------------------------------------------------------------


@given(st.integers(0, 20_000), SMALL)
def test_t5_the_cost_of_refining_is_that_of_executing_it(tokens: int, reader: Reader) -> None:
    model, at = Executed(reader), 0
    last: list[int] = []
    while at < tokens:
        size = min(reader.content - reader.summary * len(last), tokens - at)
        last, at = [model.call(size, last)], at + size
    assert refine(tokens, reader) == model.cost


@given(TOKENS, readers())
def test_t5_a_tree_wins_time_not_tokens(tokens: int, reader: Reader) -> None:
    chain, tree = refine(tokens, reader), map_reduce(tokens, reader)
    assert chain.depth == chain.calls
    assert least_tokens("linear", tokens, reader) <= chain.input_tokens <= tree.input_tokens
    assert chain.calls <= tree.calls <= 2 * chain.calls + tree.depth
    assert tree.depth <= chain.depth


# -- T6: less than everything ----------------------------------------------------------------------------


def test_t6_the_sizes_of_the_text_book() -> None:
    assert [sample_size(0.05, 0.05), sample_size(0.02, 0.05), sample_size(0.1, 0.01)] == [738, 4_612, 265]


@pytest.mark.parametrize(("error", "risk"), [(0.05, 0.05), (0.1, 0.1), (0.1, 0.01)])
def test_t6_samples_are_as_near_as_promised_and_a_tenth_of_them_is_not(error: float, risk: float) -> None:
    atoms = [True, False] * 10_000  # a half is the hardest share
    share = 0.5

    def missed(size: int) -> float:
        random = Random(7)
        draws = (random.sample(atoms, size) for _ in range(600))
        return sum(abs(sum(drawn) / size - share) > error for drawn in draws) / 600

    assert missed(sample_size(error, risk)) <= risk
    assert missed(sample_size(error, risk) // 10) > risk


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


# -- what the founding paper's formula is and is not -----------------------------------------------------


def test_the_example_of_the_page() -> None:
    tokens, reader = 8_300_000, Reader(window=64_000, instructions=400, summary=400)
    windows = tokens / reader.window
    assert round(windows * math.log2(windows)) == 910
    assert least_tokens("linear", tokens, reader) == 8_352_400
    assert code_merge(tokens, reader) == Cost(
        calls=131, input_tokens=8_352_400, output_tokens=52_400, depth=1
    )
    assert map_reduce(tokens, reader) == Cost(
        calls=132, input_tokens=8_405_200, output_tokens=52_800, depth=2
    )
    assert refine(tokens, reader) == Cost(calls=132, input_tokens=8_405_200, output_tokens=52_800, depth=132)


@given(st.integers(1, 10**9), readers())
def test_the_formula_bounds_calls_from_six_windows_on(tokens: int, reader: Reader) -> None:
    leaves, _ = chunks(tokens, reader)
    if leaves >= 6:
        assert map_reduce(tokens, reader).calls <= leaves * math.log2(leaves)


def test_the_table_of_the_page() -> None:
    reader = Reader(window=32_000, instructions=400, summary=400)
    least = [least_tokens(each, 1_000_000, reader, slice_tokens=100, atoms=10_000) for each in GROWTHS]
    assert least == [500, 2_200, 1_012_800, 1_012_800, 32_405_200]
    assert search(1, 100, reader).input_tokens == 500
    assert ordered_probe(10_000, 100, reader).input_tokens == 4_700
    assert code_merge(1_000_000, reader).input_tokens == 1_012_800
    assert map_reduce(1_000_000, reader).input_tokens == 1_026_000
    assert nested_loop(10_000, 100, reader).input_tokens == 63_806_400
    one = summary_tree(1_000_000, reader, queries=1).input_tokens - map_reduce(1_000_000, reader).input_tokens
    assert one == 44_850


@pytest.mark.parametrize(
    ("tokens", "window", "tree", "chain"),
    [
        (131_072, 32_000, 1.018, 1.012),
        (1_000_000, 8_000, 1.0559, 1.0551),
        (8_300_000, 64_000, 1.0063, 1.0063),
        (100_000_000, 8_000, 1.0556, 1.0556),
    ],
)
def test_the_ratios_of_the_page(tokens: int, window: int, tree: float, chain: float) -> None:
    reader = Reader(window=window, instructions=400, summary=400)
    least = least_tokens("linear", tokens, reader)
    assert map_reduce(tokens, reader).input_tokens / least == pytest.approx(tree, abs=5e-5)
    assert refine(tokens, reader).input_tokens / least == pytest.approx(chain, abs=5e-5)
