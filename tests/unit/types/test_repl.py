from __future__ import annotations

from harlm.types import Final, Observation


def test_a_cell_may_finish_with_a_value_that_is_false() -> None:
    values: tuple[object, ...] = (None, "", 0, [], False)
    for value in values:
        assert Observation(final=Final(value=value)).final is not None
    assert Observation().final is None


def test_observations_of_the_same_values_are_equal() -> None:
    assert Observation(output="x", final=Final(value=[1])) == Observation(output="x", final=Final(value=[1]))
    assert Observation(output="x") != Observation(output="x", error="ValueError")
