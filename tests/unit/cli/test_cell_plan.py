"""``harlm.cli.cell_plan``: the plan of a cell in each style. ``tests/unit/cli/verbs/test_plan.py`` tests it through the verb."""

from __future__ import annotations

from pathlib import Path

import pytest

from harlm.cli.cell_plan import show_cell
from harlm.errors import ContextError


@pytest.mark.parametrize(
    ("style", "begins"), [("text", "[1] line 1"), ("dot", "digraph"), ("svg", "<svg"), ("json", "{")]
)
def test_a_cell_is_shown_in_each_style(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], style: str, begins: str
) -> None:
    cell = tmp_path / "cell.py"
    cell.write_text("print(llm_query('one'))\n")
    show_cell(cell, (), style)
    assert capsys.readouterr().out.startswith(begins)


def test_what_is_no_python_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    cell = tmp_path / "cell.py"
    cell.write_text("if\n")
    with pytest.raises(ContextError, match=r"cell\.py.* is not Python"):
        show_cell(cell, (), "text")
