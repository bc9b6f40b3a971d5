"""Plans over the rows of tables; what questions give is tested with ``asking``."""

from __future__ import annotations

from statistics import median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.guest.tables import NamedText, ask, tables_in
from harlm.guest.tables.computing import Computed, compute
from harlm.guest.tables.describing import schemas_of
from harlm.guest.tables.questions import Comparison, TablePlan

TABLE = tables_in(NamedText("t.csv", "name,team,qty\nAda,x,3\nBob,y,1\nCyd,x,\nDan,y,3\n"))
ON_IT: tuple[tuple[int, str], ...] = ((0, "t.csv"),)


def result(action: Any, **more: Any) -> Computed:
    return compute(TablePlan(action, ON_IT)._replace(**more), TABLE, schemas_of(TABLE, ""))


@pytest.mark.parametrize(
    ("action", "more", "value", "lines"),
    [
        ("count", {}, "4", [2, 3, 4, 5]),
        ("count", {"where": Comparison("team", "=", ("x",))}, "2", [2, 4]),
        ("distinct", {"column": "team"}, "2", [2, 3, 4, 5]),
        ("sum", {"column": "qty"}, "7", [2, 3, 5]),
        ("max", {"column": "qty"}, "3", [2, 5]),
        ("any", {"where": Comparison("team", "=", ("z",))}, "No.", []),
        ("first", {}, "Ada,x,3", [2]),
        ("last", {}, "Dan,y,3", [5]),
        ("columns", {}, "3", []),
        ("list", {"column": "team"}, "x, y", [2, 3, 4, 5]),
        ("list", {}, "4", [2, 3, 4, 5]),
        ("best", {"column": "qty", "label": "name"}, "Ada, Dan", [2, 5]),
        ("best", {"column": "qty", "label": "name", "most": False}, "Bob", [3]),
        ("best", {"column": "qty", "group": "team", "measure": "sum"}, "y", [3, 5]),
        ("best", {"group": "team", "measure": "count", "limit": 2}, "x, y", [2, 4, 3, 5]),
        ("sum", {"column": "qty", "group": "team"}, "x: 3\ny: 4", [2, 3, 4, 5]),
        ("distinct", {"column": "qty", "group": "team"}, "x: 1\ny: 2", [2, 3, 4, 5]),
        ("mean", {"column": "qty", "where": Comparison("name", "=", ("cyd",))}, "none: no row has a value", [4]),
    ],
)  # fmt: skip
def test_plans(action: str, more: dict[str, Any], value: str, lines: list[int]) -> None:
    found = result(action, **more)
    assert (found.value, [row.line for row in found.rows]) == (value, lines)


def test_what_a_reader_has_to_know_is_said() -> None:
    assert result("sum", column="qty").notes == ["1 rows have no qty"]
    assert result("best", column="qty", label="name").notes == ["1 rows have no qty", "some rows are equal"]
    assert result("count", where=Comparison("team", "=", ("z",))).notes == ["values of team: x, y"]
    assert result("count", notes=("a note",)).notes == ["a note"]


ROWS = st.lists(
    st.tuples(
        st.sampled_from(("North", "South", "East")), st.sampled_from(("red", "blue")), st.integers(0, 9)
    ),
    min_size=1,
    max_size=30,
)


@given(ROWS, st.sampled_from(("North", "South", "East")), st.integers(0, 9))
def test_questions_agree_with_python(rows: list[tuple[str, str, int]], region: str, least: int) -> None:
    """Each question, over any rows, has the answer that a loop in Python has; where there is none, it says none."""
    text = "place,region,colour,qty\n" + "".join(f"p{at},{a},{b},{c}\n" for at, (a, b, c) in enumerate(rows))
    tables = tables_in(NamedText("t.csv", text))
    kept = [row for row in rows if row[0] == region and row[2] >= least]
    amounts = [row[2] for row in kept]
    expected = {
        "In how many rows holds": str(len(kept)),
        "What is the sum of the column qty over the rows in which holds": str(sum(amounts)) if amounts else None,
        "What is the median qty of the rows in which holds": f"{median(amounts):g}" if amounts else None,
        "What is the largest value of the column qty in the rows in which holds": str(max(amounts, default="")) or None,
        "How many different values of the column colour stand in the rows in which holds": str(len({row[1] for row in kept})),
    }  # fmt: skip
    for question, value in expected.items():
        asked = f"{question}: region is {region} and qty is at least {least}? Answer with the number, and nothing else."
        found = ask(asked, tables, 1)
        assert found["status"] == "answered", found["why"]
        assert found["answer"] == (value or "none: no row has a value"), asked
