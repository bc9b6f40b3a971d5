"""What of a cell is whole while it is still being written."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.engine.parsing import whole_statements

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
REPLY = f"Let me look.\n\n```repl\n{CELL}```\nThat is all."


def test_the_last_statement_is_held_back_until_another_begins() -> None:
    told = [whole_statements(REPLY[:at]) for at in range(len(REPLY) + 1)]
    assert told[-1] == CELL
    assert "for name" not in whole_statements(REPLY[: REPLY.index("text =")])
    assert "for name" in whole_statements(REPLY[: REPLY.index("b'''")])


@given(st.integers(0, len(REPLY)))
def test_what_is_told_is_a_beginning_of_the_cell_and_never_shrinks_a_statement(at: int) -> None:
    told = whole_statements(REPLY[:at])
    assert CELL.startswith(told)
    whole = ast.parse(CELL).body
    for mine, last in zip(ast.parse(told).body, whole, strict=False):
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
def test_nothing_is_told_of_what_is_not_whole(text: str) -> None:
    assert whole_statements(text) == ""
