"""A linked program holds the functions that it calls, and no others."""

from __future__ import annotations

import ast
import builtins
import inspect
from typing import Any

import pytest

from harlm.models.offline import openings, repertoire
from harlm.models.offline.linking import linked

FUNCTIONS = [
    node.name
    for module in (repertoire, openings)
    for node in ast.parse(inspect.getsource(module)).body
    if isinstance(node, ast.FunctionDef)
]


def defined(program: str) -> set[str]:
    return {node.name for node in ast.parse(program).body if isinstance(node, ast.FunctionDef)}


def run(program: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(program, "<program>", "exec"), names)
    return names


def test_a_program_without_calls_is_its_main_part() -> None:
    program = linked("result = 1 + 1\n")
    assert defined(program) == set()
    assert "import ast" not in program
    assert run(program)["result"] == 2


def test_functions_are_included_with_those_that_they_call() -> None:
    assert defined(linked("print(is_python)")) == {"is_python"}
    assert defined(linked("print(parsed)")) == {"is_python", "parsed"}
    assert {"in_python", "is_python", "imports", "matching_lines"} == defined(linked("print(imports)"))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_can_be_linked_and_finds_all_of_its_names(name: str) -> None:
    """A name that is missing would fail only when the function runs, in the sandbox."""
    program = linked(f"function = {name}")
    function = run(program)["function"]
    known = {*function.__globals__, *dir(builtins)}
    for node in ast.walk(ast.parse(program)):
        if isinstance(node, ast.FunctionDef):
            known |= {node.name, *(each.arg for each in ast.walk(node) if isinstance(each, ast.arg))}
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            known.add(node.id)
    annotations = {"Any", "Callable", "Item"}  # not evaluated: the program postpones them
    loaded = {
        node.id
        for node in ast.walk(ast.parse(program))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    assert loaded <= known | annotations


def test_the_main_part_comes_last_and_modules_first() -> None:
    program = linked("result = definition_words('class')")
    assert (
        program.index("import annotations")
        < program.index("def definition_words")
        < program.index("result =")
    )
    assert run(program)["result"].startswith("class|")
