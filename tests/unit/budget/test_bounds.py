"""Arguments of the bounds and costs of plans, and the figures that docs/design/budget-theorems.md states."""

from __future__ import annotations

import math

import pytest

from harlm.budget.bounds import (
    Cost,
    Reader,
    chunks,
    code_merge,
    least_tokens,
    makespan,
    map_reduce,
    nested_loop,
    ordered_probe,
    pair_windows,
    refine,
    sample_size,
    search,
    summary_tree,
)
from tests.support.plans import GROWTHS

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
def test_invalid_arguments_are_refused(refused: object) -> None:
    assert callable(refused)
    with pytest.raises(ValueError, match=r"\d.*; "):
        refused(Reader(window=110, instructions=10, summary=10))


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
