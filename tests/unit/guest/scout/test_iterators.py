"""The iterators of ``builtins`` and ``itertools``: each reads as far as Python's own."""

from __future__ import annotations

import pytest

from tests.support.scout_lines import both, variables

GEN = "(llm_query(c) for c in 'abcdef')"

ITERATORS = [
    "map(lambda c: llm_query(c), 'abc')", "map(lambda a, b: llm_query(a + b), 'abc', 'xy')", f"map(str.upper, {GEN})",
    "filter(lambda c: 'yes' in llm_query(c), 'abcdef')", f"filter(None, {GEN})", f"filter(lambda r: 'o' in r, {GEN})",
    f"zip({GEN}, 'xyz')", f"zip('xyz', {GEN})", f"zip({GEN}, {GEN})", f"zip('xy', filter(lambda r: 'o' in r, {GEN}))",
    f"enumerate({GEN})", f"enumerate({GEN}, start=3)", f"enumerate(r for r in {GEN} if 'o' in r)",
    f"itertools.islice({GEN}, 0)", f"itertools.islice({GEN}, 3)", f"itertools.islice({GEN}, 1, 5, 2)",
    f"itertools.islice({GEN}, 2, None)", f"itertools.islice((r for r in {GEN} if 'o' in r), 2)",
    f"itertools.chain({GEN}, 'xy', {GEN})", f"itertools.chain.from_iterable([{GEN}, 'xy'])",
    f"itertools.chain.from_iterable(r.split() for r in {GEN})", f"itertools.chain.from_iterable(r for r in {GEN} if 'o' in r)",
    f"itertools.takewhile(lambda r: 'no' not in r, {GEN})", "itertools.takewhile(lambda c: 'no' not in llm_query(c), 'abcdef')",
    f"itertools.dropwhile(lambda r: 'no' not in r, {GEN})", f"itertools.filterfalse(lambda r: 'o' in r, {GEN})",
    "itertools.starmap(lambda a, b: llm_query(a + b), zip('abc', 'xyz'))",
    f"itertools.starmap(lambda a, b: llm_query(a + b), zip({GEN}, 'xyz'))", f"itertools.accumulate({GEN})",
    "itertools.accumulate('abcd', lambda a, b: llm_query(a + b))",
    "itertools.accumulate('abcd', lambda a, b: llm_query(a + b), initial='s')",
    f"itertools.pairwise({GEN})", f"itertools.zip_longest({GEN}, 'xy')",
]  # fmt: skip


@pytest.mark.parametrize("code", ITERATORS)
def test_its_items_are_those_of_python(code: str) -> None:
    followed, executed = variables(f"import itertools\nout = list({code})")
    assert followed["out"] == executed["out"]


@pytest.mark.parametrize("code", ITERATORS)
def test_its_first_items_are_those_of_python_and_so_is_what_it_leaves(code: str) -> None:
    followed, executed = variables(
        f"import itertools\nit = {code}\nout = [next(it, 'x'), next(it, 'x')]\nrest = list(it)"
    )
    assert (followed["out"], followed["rest"]) == (executed["out"], executed["rest"])


@pytest.mark.parametrize("code", ITERATORS)
def test_it_wastes_less_than_was_needed(code: str) -> None:
    for use in (
        f"out = next({code}, None)",
        f"out = list({code})",
        f"for x in {code}:\n    if 'yes' in str(x): break",
    ):
        seen = both(f"import itertools\n{use}")
        assert set(seen.alone) <= set(seen.ahead)
        assert len(seen.ahead) <= 2 * len(seen.alone)


@pytest.mark.parametrize(
    ("code", "needed"),
    [
        (f"out = list(itertools.islice({GEN}, 2))", "ab"),
        (f"it = {GEN}\nout = list(itertools.islice(it, 1, 2)) + [next(it)]", "abc"),
        (f"it = {GEN}\nout = list(itertools.islice(it, 0, 5, 3)) + list(it)", "abcdef"),
        (f"out = list(zip('ab', {GEN}))", "ab"),
        (f"out = list(zip({GEN}, 'ab'))", "abc"),
        (f"out = dict(zip('ab', {GEN}))", "ab"),
        (f"out = next(itertools.chain({GEN}, {GEN}))", "a"),
        (f"out = next(map(str.upper, {GEN}))", "a"),
        ("out = next(map(llm_query, 'abcdef'))", "a"),
    ],
)
def test_what_is_certain_is_asked_for_at_once_and_nothing_else_is(code: str, needed: str) -> None:
    seen = both(f"import itertools\n{code}")
    assert sorted(seen.ahead) == sorted(needed)
    assert seen.seconds == 1


def test_a_function_that_changes_what_is_outside_of_it_is_not_called_ahead() -> None:
    code = (
        "seen = []\ndef ask(c):\n    seen.append(c)\n    return llm_query(f'{c} {len(seen)}')\n"
        "for r in map(ask, 'abcdef'):\n    if 'yes' in r: break"
    )
    assert both(code).foresaw_all


def test_a_slice_of_unknown_length_is_left_to_the_cell() -> None:
    code = f"import itertools\nout = list(itertools.islice({GEN}, len(llm_query('n'))))\nllm_query('after')"
    assert both(code).ahead == ["n", "after"]
