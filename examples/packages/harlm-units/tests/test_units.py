from __future__ import annotations

import pytest
from harlm_units import convert

from harlm.testing.contracts import ToolCase, ToolContract


class TestConvert(ToolContract):
    @pytest.fixture
    def case(self) -> ToolCase:
        return ToolCase(
            made=convert,
            right=({"amount": 2, "unit": "mi", "into": "km"}, 3.218688),
            wrong={"amount": "two", "unit": "mi", "into": "km"},
            failing={"amount": 2, "unit": "mi", "into": "kg"},
        )


@pytest.mark.parametrize(
    ("unit", "into", "is_"), [("ft", "in", 12.0), ("lb", "oz", 16.0), ("gal", "ml", 3785.411784)]
)
def test_units_are_converted_exactly(unit: str, into: str, is_: float) -> None:
    assert convert(1, unit, into) == is_
