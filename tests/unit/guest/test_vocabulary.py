"""The table of names agrees with everything that serves, offers, foresees and describes them."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from typing import Any

import pytest

from harlm.context import Searcher, load
from harlm.engine.prompts import FULL_SYSTEM, REPL_SYSTEM
from harlm.engine.repl_api import ReplApi
from harlm.errors import CodeError
from harlm.guest.scout.syntax import callers
from harlm.guest.vocabulary import (
    BY_NAME,
    COMBINATORS,
    CONTEXT_FUNCTIONS,
    FINISHING,
    FORESEEN,
    GIVEN,
    INNER,
    MEMORY_FUNCTIONS,
    MODEL_CALLS,
    MOMENTARY,
    ONLY_IF_CERTAIN,
    PURE_TOOL,
    READING,
    TOOL,
    VOCABULARY,
    Name,
    given_in,
    prompt_of,
)
from harlm.guest.worker.context import Document, Documents, Library
from harlm.guest.worker.functions import HostFunctions, finishing_functions
from harlm.sandbox.monty.functions import HostFunctions as MontyFunctions
from harlm.scheduler.analysis import analyse
from harlm.testing import ScriptedModel
from harlm.types import Task
from tests.support.nodes import api_of, node_with
from tests.support.scout_lines import scout

ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "llm_query": ("a prompt",),
    "llm_query_batched": (["a", "b"],),
    "rlm_query": ("a prompt", ["a text"]),
    "rlm_query_batched": (["a", "b"], [["x"], ["y"]]),
    "budget": (),
    "memory_search": ("a query", 3, 50),
    "memory_expand": ("[m123]", "a question", 50),
    "memory_note": ("a note",),
    "split": ("one\ntwo\nthree",),
    "label": (["one", "two"], ["a", "b"]),
    "pairs": ([1, 2], lambda one, other: one < other),
    "search_then_read": ("What is it?",),
    "follow": ("Who is the heir of the mayor of Ham?",),
    "extract": (["one", "two"], ["name"]),
    "filter_by": (["one", "two"], "it is red"),
    "best_match": (["one", "two"], ["it is red", "it is old"]),
    "compare": (["one", "two"], "What is it?"),
    "map_reduce": (["one", "two"], "Name it.", "Join the names."),
    "tree_reduce": (["one", "two"], "Join them."),
}
"""What a cell gives each function."""

PLAIN = tuple(name for name in GIVEN if name not in (*COMBINATORS, *INNER))
ROOM = {"tokens": 1_000, "is_small": False, "has_stronger": False, "second_looks": 0.3, "calls_left": None}
REPLIES: dict[str, Any] = {
    "memory_expand": {"text": "", "cut": False},
    "room": ROOM,
    "leaf": {"text": "1: a\n2: b", "tokens": [], "failure": ""},
    "signal": None,
    "search": {
        "hits": [
            {"document": 0, "start": 0, "end": 8, "best": (0, 8), "score": 1.0, "place": "page:1", "line": 1}
        ],
        "weights": {},
    },
}


def asked_by(name: str) -> list[tuple[str, dict[str, Any]]]:
    """The calls that a cell's use of ``name`` makes to the host."""
    asked: list[tuple[str, dict[str, Any]]] = []

    def call(function: str, arguments: dict[str, Any]) -> Any:
        asked.append((function, arguments))
        return REPLIES.get(function, [])

    library = Library(call)
    library.add("page", has_lines=True, text="one text of Ham")
    functions = HostFunctions(
        call, lambda name, every: [call(name, each) for each in every], library.documents
    )
    closure(name, functions)(*ARGUMENTS[name])
    return asked


def closure(name: str, functions: HostFunctions) -> Any:
    """The function that a cell calls by ``name``."""
    named = functions.named([name])
    return getattr(named["memory"], name) if name in MEMORY_FUNCTIONS else named[name]


@pytest.fixture
def api() -> Iterator[ReplApi]:
    context = load(["one text"])
    searcher = Searcher(context)
    node, _ = node_with(ScriptedModel(lambda messages: "FINAL(1)"), max_turns=1, max_depth=0)
    yield api_of(Task(question="?", context=context), node, searcher)
    searcher.close()


async def serve(api: ReplApi, calls: list[tuple[str, dict[str, Any]]]) -> None:
    for function, arguments in calls:
        if function == "memory_expand":  # served, and refused, since nothing was remembered
            with pytest.raises(CodeError, match="there is no handle 'm123'"):
                await api.call(function, arguments)
        else:
            await api.call(function, arguments)


@pytest.mark.parametrize("name", PLAIN)
async def test_the_host_serves_every_function_as_a_cell_calls_it(name: str, api: ReplApi) -> None:
    calls = asked_by(name)
    assert {function for function, _ in calls} == {BY_NAME[name].function}
    await serve(api, calls)


@pytest.mark.parametrize("name", COMBINATORS)
async def test_the_host_serves_what_a_combinator_asks(name: str, api: ReplApi) -> None:
    calls = asked_by(name)
    assert {function for function, _ in calls} <= {*INNER, *CONTEXT_FUNCTIONS}
    for function, arguments in calls:
        assert set(arguments) <= set(BY_NAME[function].parameters)
    await serve(api, calls)


def test_labelling_asks_for_room_judges_and_reports() -> None:
    assert {function for function, _ in asked_by("label")} == set(INNER) - {TOOL, PURE_TOOL}


def test_the_functions_behind_tools_are_given_only_to_runs_with_tools() -> None:
    assert {TOOL, PURE_TOOL} <= set(INNER)
    for mode in ("repl", "full"):
        assert not {TOOL, PURE_TOOL} & set(given_in(mode))
    assert PURE_TOOL in FORESEEN
    assert TOOL not in FORESEEN
    assert TOOL in MOMENTARY


async def test_the_host_serves_the_methods_of_context(api: ReplApi) -> None:
    asked: list[tuple[str, dict[str, Any]]] = []

    def call(function: str, arguments: dict[str, Any]) -> Any:
        asked.append((function, arguments))
        return {"search": {"hits": [], "weights": {}}, "places": [("p1", None)], "extent": (0, 3)}[function]

    library = Library(call)
    library.add("page", False, "one text")
    library.documents.search("text")
    library.documents[0].grep("text")
    library.documents.read("page:1")
    assert [function for function, _ in asked] == list(CONTEXT_FUNCTIONS)
    for function, arguments in asked:
        assert tuple(arguments) == BY_NAME[function].parameters
    await serve(api, asked[:2])
    with pytest.raises(CodeError, match="has no part"):  # served, and refused for this text
        await api.call("extent", {"document": 0, "part": "p7"})


@pytest.mark.parametrize("name", COMBINATORS)
def test_a_combinator_bears_its_name_and_takes_the_parameters_of_the_table_first(name: str) -> None:
    function = closure(name, HostFunctions(lambda *_: None, lambda *_: []))
    assert function.__name__ == name
    parameters = list(inspect.signature(function).parameters.values())
    named = [each.name for each in parameters if each.kind is not each.VAR_KEYWORD]
    table = BY_NAME[name].parameters
    others = [each for each in parameters[len(table) :] if each.kind is not each.VAR_KEYWORD]
    assert tuple(named[: len(table)]) == table[: len(named)]
    assert len(named) >= len(table) or len(named) < len(parameters)  # the rest are options by name
    assert all(each.default is not each.empty for each in others)


@pytest.mark.parametrize("name", INNER)
def test_what_only_combinators_call_is_no_name_of_a_cell(name: str) -> None:
    assert HostFunctions(lambda *_: None, lambda *_: []).named([name]) == {}
    assert not hasattr(MontyFunctions, name)


@pytest.mark.parametrize("name", PLAIN)
def test_the_worker_and_monty_offer_every_function_with_the_parameters_of_the_table(name: str) -> None:
    functions = HostFunctions(lambda *_: None, lambda *_: [])
    assert tuple(inspect.signature(closure(name, functions)).parameters) == BY_NAME[name].parameters
    method = inspect.signature(getattr(MontyFunctions, name))
    assert tuple(method.parameters)[1:] == BY_NAME[name].parameters


def test_the_calls_that_finish_a_task_are_offered_by_both() -> None:
    assert set(finishing_functions({})) == set(FINISHING)
    assert all(callable(getattr(MontyFunctions, name)) for name in (*FINISHING, "SHOW_VARS"))
    assert set(FINISHING) < BY_NAME.keys()


def test_tables_are_asked_with_the_parameters_of_the_table() -> None:
    wanted = BY_NAME["ask_tables"].parameters
    assert tuple(inspect.signature(Library().ask_tables).parameters) == wanted
    assert tuple(inspect.signature(MontyFunctions.ask_tables).parameters)[1:] == wanted


def test_the_methods_of_context_are_those_that_the_prompt_describes() -> None:
    for method in ("search", "grep", "read", "near", "outline"):
        assert f"context.{method}(" in BY_NAME["context"].prompt
        assert callable(getattr(Documents, method))
        assert callable(getattr(Document, method))


def test_names_are_unique_and_rows_do_not_contradict_themselves() -> None:
    assert len(BY_NAME) == len(VOCABULARY)
    for row in VOCABULARY:
        assert row.modes or row.function  # without a mode, only methods of context call it
        assert not (row.may_be_foreseen and (row.changes_nothing or row.is_momentary))
        assert row.may_be_foreseen or not row.only_if_certain


@pytest.mark.parametrize("name", sorted(MODEL_CALLS))
def test_a_call_that_may_be_foreseen_is_in_the_plan_and_is_foreseen(name: str) -> None:
    code = f"def f(x):\n    return {name}(x)\nr = f({ARGUMENTS[name][0]!r})"
    assert "f" in callers([ast.parse(code)])
    assert {site.tool for site in analyse(code).sites} == {name}
    assert scout(code).asked == (["a", "b"] if name.endswith("_batched") else ["a prompt"])


@pytest.mark.parametrize("name", sorted(MOMENTARY & {*GIVEN} - {*INNER}))
def test_a_value_that_depends_on_the_moment_is_never_foreseen(name: str) -> None:
    functions = HostFunctions(lambda *_: "now", lambda *_: ["now"])
    code = f"x = ask(*{ARGUMENTS[name]!r})\nllm_query(str(x))\nllm_query('after')"
    assert scout(code, ask=closure(name, functions)).asked == ["after"]


@pytest.mark.parametrize("row", VOCABULARY, ids=lambda row: row.name)
def test_every_name_is_in_the_prompt_or_described_by_the_line_of_another(row: Name) -> None:
    if row.function in CONTEXT_FUNCTIONS:
        assert BY_NAME["context"].prompt in FULL_SYSTEM
    elif row.name in MEMORY_FUNCTIONS:
        assert f"memory.{row.name.removeprefix('memory_')}(" in FULL_SYSTEM
    elif row.name in INNER:
        assert not row.prompt
    else:
        assert row.name in FULL_SYSTEM


def test_the_prompt_of_a_mode_describes_only_the_functions_that_it_has() -> None:
    for mode, prompt in (("repl", REPL_SYSTEM), ("full", FULL_SYSTEM)):
        for name in GIVEN:
            if BY_NAME[name].prompt and BY_NAME[name].prompt in prompt:
                assert name in given_in(mode)
    assert set(given_in("repl")) < set(given_in("full")) == {*GIVEN} - {TOOL, PURE_TOOL}


def test_prompt_lines_are_joined_in_the_order_asked_for() -> None:
    both = prompt_of("budget", "memory")
    assert both == f"{BY_NAME['budget'].prompt}\n{BY_NAME['memory'].prompt}\n"


def test_what_may_be_asked_early_is_apart_from_what_only_reads() -> None:
    assert not FORESEEN & READING
    assert ONLY_IF_CERTAIN < FORESEEN
    assert set(CONTEXT_FUNCTIONS) < READING
    assert not set(MEMORY_FUNCTIONS) & READING
