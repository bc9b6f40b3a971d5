"""The tools of the reference."""

from __future__ import annotations

import pytest

from harlm.compat.rlms.tools import tools_for
from harlm.errors import ConfigError
from harlm.tools import FunctionTool


def add(left: int, right: int) -> int:
    """Add numbers."""
    return left + right


def test_functions_have_the_names_and_descriptions_that_they_were_given() -> None:
    plus, total = tools_for({"plus": {"tool": add, "description": "Adds two."}, "total": add}, None, 1)
    shape = FunctionTool(plus).shape
    assert (shape.name, shape.parameters, shape.summary) == ("plus", ("left", "right"), "Adds two.")
    assert plus(1, right=2) == 3
    assert (total.__name__, total.__doc__) == ("total", "Add numbers.")


def test_children_have_the_tools_of_the_root() -> None:
    assert not tools_for({}, None, 3)
    assert len(tools_for({"add": add}, {"add": add}, 3)) == 1
    assert len(tools_for({"add": add}, {}, 1)) == 1  # children have no cells
    with pytest.raises(ConfigError, match="custom_sub_tools: children have the tools of the root"):
        tools_for({"add": add}, {}, 2)


def test_values_are_no_tools() -> None:
    with pytest.raises(ConfigError, match=r"custom_tools\['table'\] is no function"):
        tools_for({"table": {"a": 1}}, None, 1)
