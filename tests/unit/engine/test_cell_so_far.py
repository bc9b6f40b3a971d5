"""The whole statements of a cell that is still being written."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.engine.cell_so_far import CellSoFar

CELL = """\
import re
names = [
    "a",
]
for name in names:
    if name:
        print(llm_query(f"What is {name}?"))
    else:
        pass
text = '''a
b'''
try:
    x = 1
except ValueError:
    x = 2
print(x)
"""


def whole_statements(text: str) -> str:
    return CellSoFar().take(text)


REPLY = f"Let me look.\n\n```repl\n{CELL}```\nThat is all."


def test_the_last_statement_is_held_back_until_another_begins() -> None:
    assert whole_statements(REPLY) == CELL
    assert "for name" not in whole_statements(REPLY[: REPLY.index("text =")])
    assert "for name" in whole_statements(REPLY[: REPLY.index("b'''")])


@given(st.integers(0, len(REPLY)))
def test_whole_statements_are_a_prefix_of_the_cell_and_each_is_final(at: int) -> None:
    so_far = whole_statements(REPLY[:at])
    assert CELL.startswith(so_far)
    whole = ast.parse(CELL).body
    for mine, last in zip(ast.parse(so_far).body, whole, strict=False):
        assert ast.dump(mine) == ast.dump(last)


@pytest.mark.parametrize(
    "text",
    [
        "no code",
        "```json\n{}\n```",
        "```repl\nfor in\nx = 1\n",
        "```repl\nx = (1,\n",
        "```repl\nif x:\n    y()\n",
        "",
    ],
)
def test_code_without_a_whole_statement_gives_nothing(text: str) -> None:
    assert whole_statements(text) == ""
