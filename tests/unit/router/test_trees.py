from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.router.trees import Tree, chance, contributions, log_odds, odds_of

_FEATURES = 4
_figures = st.floats(-5, 5)
_Nested = float | tuple[int, float, float, "_Nested", "_Nested"]

_nested = st.recursive(
    _figures,
    lambda below: st.tuples(st.integers(0, _FEATURES - 1), _figures, _figures, below, below),
    max_leaves=12,
)
vectors = st.lists(st.floats(-6, 6), min_size=_FEATURES, max_size=_FEATURES)


def flat(nested: _Nested) -> Tree:
    """A tree of (feature, threshold, mean, left, right), or a leaf's value, as arrays."""
    feature, least, value, left, right = list[int](), list[float](), list[float](), list[int](), list[int]()

    def add(node: _Nested) -> int:
        place = len(feature)
        is_leaf = not isinstance(node, tuple)
        feature.append(-1 if not isinstance(node, tuple) else node[0])
        least.append(0.0 if not isinstance(node, tuple) else node[1])
        value.append(node[2] if isinstance(node, tuple) else node)
        left.append(0)
        right.append(0)
        if isinstance(node, tuple) and not is_leaf:
            left[place], right[place] = add(node[3]), add(node[4])
        return place

    add(nested)
    return Tree(
        feature=tuple(feature), least=tuple(least), left=tuple(left), right=tuple(right), value=tuple(value)
    )


def walked(nested: _Nested, values: list[float]) -> float:
    """The same, without arrays."""
    while isinstance(nested, tuple):
        feature, least, _, left, right = nested
        nested = right if values[feature] > least else left
    return nested


trees = st.lists(_nested, max_size=5)


@given(trees, vectors, _figures)
def test_trees_add_up_what_their_leaves_say(nested: list[_Nested], values: list[float], base: float) -> None:
    found = log_odds([flat(each) for each in nested], base, values)
    assert found == pytest.approx(base + sum(walked(each, values) for each in nested))


@given(_nested, vectors)
def test_a_path_leads_from_the_root_to_the_leaf_that_counts(nested: _Nested, values: list[float]) -> None:
    tree = flat(nested)
    path = tree.path(values)
    assert path[0] == 0
    assert tree.feature[path[-1]] == -1
    assert tree.value[path[-1]] == walked(nested, values)
    assert path == sorted(set(path))


@given(trees, vectors, _figures)
def test_what_features_add_sums_to_the_log_odds(
    nested: list[_Nested], values: list[float], base: float
) -> None:
    made = [flat(each) for each in nested]
    means = sum(each.value[0] for each in made)
    added = contributions(made, values)
    assert base + means + sum(added.values()) == pytest.approx(log_odds(made, base, values))
    assert set(added) <= {feature for each in made for feature in each.feature if feature >= 0}


@given(_nested)
def test_whole_trees_have_no_fault(nested: _Nested) -> None:
    assert flat(nested).fault(_FEATURES) == ""


STUMP = Tree(
    feature=(2, -1, -1), least=(0.5, 0.0, 0.0), left=(1, 0, 0), right=(2, 0, 0), value=(0.0, -1.0, 1.0)
)


def test_a_value_at_the_threshold_goes_left() -> None:
    assert [log_odds([STUMP], 0.0, [0, 0, value, 0]) for value in (0.4, 0.5, 0.6)] == [-1, -1, 1]


def test_arrays_that_are_no_tree_have_a_fault() -> None:
    nan = float("nan")
    table: list[tuple[dict[str, tuple[float, ...]], str]] = [
        ({"feature": (), "least": (), "left": (), "right": (), "value": ()}, "different lengths"),
        ({"value": (0.0, 1.0)}, "different lengths"),
        ({"feature": (2, -1)}, "different lengths"),
        ({"least": (0.5, 0.0, 0.0, 0.0)}, "different lengths"),
        ({"right": (2, 0)}, "different lengths"),
        ({"feature": (4, -1, -1)}, "compares feature 4, and there are 4"),
        ({"feature": (-2, -1, -1)}, "compares feature -2"),
        ({"left": (0, 0, 0)}, "node 0 leads to a node that does not follow it"),
        ({"right": (3, 0, 0)}, "node 0 leads to a node that does not follow it"),
        ({"left": (-1, 0, 0)}, "node 0 leads to a node that does not follow it"),
        ({"feature": (2, 1, -1), "left": (1, 1, 0), "right": (2, 2, 0)}, "node 1 leads to a node"),
        ({"feature": (2, 1, -1), "left": (1, 0, 0), "right": (2, 2, 0)}, "node 1 leads to a node"),
        ({"least": (nan, 0.0, 0.0)}, "not finite"),
        ({"value": (0.0, math.inf, 0.0)}, "not finite"),
    ]
    whole = {name: getattr(STUMP, name) for name in STUMP.__struct_fields__}
    wrong = [(changed, said) for changed, said in table if said not in Tree(**{**whole, **changed}).fault(4)]
    assert not wrong


@given(st.floats(allow_nan=False))
def test_log_odds_of_any_size_are_a_probability(odds: float) -> None:
    assert 0 <= chance(odds) <= 1
    assert chance(odds) + chance(-odds) == pytest.approx(1)


@given(st.floats(0, 1))
def test_a_probability_has_finite_log_odds_that_give_it_again(probability: float) -> None:
    assert math.isfinite(odds_of(probability))
    assert chance(odds_of(probability)) == pytest.approx(probability, abs=2e-6)
