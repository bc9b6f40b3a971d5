from __future__ import annotations

import dataclasses

import pytest

from harlm.types import GatedCall, ToolShape


def test_a_shape_changes_something_and_costs_nothing_unless_it_says_otherwise() -> None:
    shape = ToolShape(name="f", parameters=("x",), signature="f(x)", summary="Does it.")
    assert (shape.is_pure, shape.is_deterministic, shape.timeout_s, shape.cost_micros) == (
        False,
        False,
        60.0,
        0,
    )


@pytest.mark.parametrize(
    "value",
    [
        ToolShape(name="f", parameters=(), signature="f()", summary=""),
        GatedCall(tool="f", arguments={}, is_early=False),
    ],
)
def test_what_others_are_told_cannot_be_changed(value: object) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, dataclasses.fields(value)[0].name, "other")  # type: ignore[arg-type] # a dataclass
