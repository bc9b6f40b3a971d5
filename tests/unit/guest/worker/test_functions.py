"""The functions that cells call: what they send to the host, and how they refuse wrong arguments."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harlm.guest.worker.context import Hit, Library
from harlm.guest.worker.functions import Finished, HostFunctions, finishing_functions

NAMES = ["llm_query", "llm_query_batched", "rlm_query", "rlm_query_batched", "budget"]


class Host:
    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []

    def call(self, function: str, arguments: dict[str, Any]) -> Any:
        self.asked.append((function, arguments))
        return "reply"

    def call_many(self, function: str, all_arguments: list[dict[str, Any]]) -> list[Any]:
        self.asked.append((function, all_arguments))
        return ["reply"] * len(all_arguments)


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def functions(host: Host) -> dict[str, Any]:
    return HostFunctions(host.call, host.call_many).named(NAMES)


def test_only_the_wanted_functions_are_made() -> None:
    host = Host()
    made = HostFunctions(host.call, host.call_many)
    assert made.named([]) == {}
    assert set(made.named(["budget", "no_such_function"])) == {"budget"}
    assert set(made.named(["memory_note"])) == {"memory"}


def test_calls_send_what_the_host_expects(host: Host, functions: dict[str, Any]) -> None:
    assert functions["llm_query"]("a", model="m") == "reply"
    assert functions["llm_query_batched"](iter(["a", "b"])) == ["reply", "reply"]
    functions["budget"]()
    assert host.asked == [
        ("llm_query", {"prompt": "a", "model": "m"}),
        ("llm_query", [{"prompt": "a", "model": None}, {"prompt": "b", "model": None}]),
        ("budget", {}),
    ]


def test_a_schema_goes_to_the_host_as_json_and_only_if_there_is_one(
    host: Host, functions: dict[str, Any]
) -> None:
    functions["llm_query"]("a", schema=list[int])
    functions["llm_query"]("a", None, {"n": int})
    functions["llm_query_batched"](["a", "b"], schema=bool)
    functions["rlm_query"]("a", "text", schema=str)
    functions["rlm_query_batched"](["a"], ["text"], None, {"enum": [1]})
    functions["llm_query"]("a", schema=None)
    sent = [each for _, given in host.asked for each in (given if isinstance(given, list) else [given])]
    assert [json.loads(each["schema"]) for each in sent[:-1]] == [
        {"type": "array", "items": {"type": "integer"}},
        {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": False},
        {"type": "boolean"},
        {"type": "boolean"},
        {"type": "string"},
        {"enum": [1]},
    ]  # fmt: skip
    assert "schema" not in sent[-1]


def test_texts_that_the_host_has_are_sent_by_number_and_others_whole(
    host: Host, functions: dict[str, Any]
) -> None:
    library = Library()
    library.add("a", True, "alpha")
    library.add("b", True, "beta")
    documents = library.documents
    hit = Hit(documents[1], 0, 4, "b:1", 1, "beta", 1.0)
    shapes = [
        (None, None),
        (documents, {"shape": "documents", "texts": [{"documents": "0-1"}], "names": []}),
        (documents[1], {"shape": "text", "texts": [{"documents": "1"}], "names": []}),
        ("other", {"shape": "text", "texts": ["other"], "names": []}),
        ([documents[0], "new", 7, hit], {
            "shape": "documents", "texts": [{"documents": "0"}, "new", "7", "beta"], "names": [None, None, "b:1"],
        }),
        (documents[::-1], {"shape": "documents", "texts": [{"documents": "1,0"}], "names": []}),
        ({"k": "v"}, {"shape": "documents", "texts": ["v"], "names": ["k"]}),
    ]  # fmt: skip
    for context, sent in shapes:
        functions["rlm_query"]("question", context)
        assert host.asked[-1][1]["context"] == sent


def test_a_batch_of_children_pairs_prompts_with_contexts(host: Host, functions: dict[str, Any]) -> None:
    functions["rlm_query_batched"](("a", "b"), ["x", "y"], "m")
    function, asked = host.asked[0]
    assert function == "rlm_query"
    assert [(each["prompt"], each["context"]["texts"][0], each["model"]) for each in asked] == [
        ("a", "x", "m"),
        ("b", "y", "m"),
    ]


@pytest.mark.parametrize(
    ("name", "arguments", "kind", "said"),
    [
        (
            "llm_query",
            (7,),
            TypeError,
            "llm_query needs a str prompt, not int; join or format the parts first",
        ),
        ("llm_query", ("  ",), ValueError, "llm_query was given an empty prompt"),
        ("llm_query", ("a", 7), TypeError, "model must be a name or None, not int"),
        ("llm_query", ("a", None, 7), TypeError, "schema: 7 is no type and no JSON Schema"),
        ("llm_query_batched", (["a"], None, "x" * 30_000), ValueError, "a schema has 30,000 characters"),
        (
            "llm_query_batched",
            ("abc",),
            TypeError,
            "llm_query_batched needs a list of prompts, not one str; use llm_query",
        ),
        (
            "llm_query_batched",
            (["a", None],),
            TypeError,
            "llm_query_batched needs a str prompt, not NoneType",
        ),
        (
            "rlm_query",
            ("a", 7),
            TypeError,
            "a child's context must be a str, a list or a dict of str, not int",
        ),
        (
            "rlm_query_batched",
            (["a"], []),
            ValueError,
            "rlm_query_batched got 1 prompts and 0 contexts; give one each",
        ),
    ],
)
def test_wrong_arguments_are_refused_before_the_host_is_asked(
    host: Host,
    functions: dict[str, Any],
    name: str,
    arguments: tuple[Any, ...],
    kind: type[Exception],
    said: str,
) -> None:
    with pytest.raises(kind, match=said):
        functions[name](*arguments)
    assert host.asked == []


@pytest.mark.parametrize(
    ("name", "values", "fields", "answer"),
    [
        ("FINAL", (41,), {}, 41),
        ("FINAL_VAR", ("found",), {}, [1, 2]),
        ("FINAL_VAR", ("'found' ",), {}, [1, 2]),
        ("FINAL_VAR", ([3],), {}, [3]),
        ("FINAL", (), {"answer": 41}, 41),
        ("FINAL_VAR", ("`found`",), {}, [1, 2]),
        ("FINAL_VAR", (), {"name": "found"}, [1, 2]),
        ("FINAL_VAR", (), {"variable_name": "found"}, [1, 2]),
        ("FINAL_VAR", (), {"var": "found"}, [1, 2]),
        ("FINAL_VAR", ("a sentence.",), {}, "a sentence."),
        ("FINAL_VAR", ("42",), {}, "42"),
        ("FINAL_VAR", ("",), {}, ""),
        ("SUBMIT", (5,), {}, 5),
        ("SUBMIT", (), {"a": 5}, 5),
        ("SUBMIT", (), {"a": 5, "b": 6}, {"a": 5, "b": 6}),
        ("SUBMIT", (), {}, {}),
    ],
)
def test_each_way_to_finish_carries_its_answer(
    name: str, values: tuple[Any, ...], fields: dict[str, Any], answer: object
) -> None:
    with pytest.raises(Finished) as finished:
        finishing_functions({"found": [1, 2]})[name](*values, **fields)
    assert finished.value.value == answer
    assert not isinstance(finished.value, Exception)


def test_wrong_ways_to_finish_say_what_to_do() -> None:
    finish = finishing_functions({})
    with pytest.raises(NameError, match="there is no variable 'x'; SHOW_VARS\\(\\) lists them"):
        finish["FINAL_VAR"]("x")
    with pytest.raises(TypeError, match="SUBMIT takes one value, or named fields"):
        finish["SUBMIT"](1, 2)
    with pytest.raises(TypeError, match="FINAL_VAR takes one value, not 2"):
        finish["FINAL_VAR"]("a", "b")
    with pytest.raises(TypeError, match="FINAL takes one value, not 0"):
        finish["FINAL"]()


NAMES_OF_A_CELL: dict[str, Any] = {"result": "V", "d": {"a": "W"}, "rows": [1, 2], "reply": "len(rows)"}


def meant(source: str) -> object:
    names = dict(NAMES_OF_A_CELL)
    with pytest.raises(Finished) as finished:
        exec(source, {**names, **finishing_functions(names, [source])})
    return finished.value.value


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("FINAL_VAR(result)", "V"),
        ("FINAL_VAR('result')", "V"),
        ("FINAL_VAR(d['a'])", "W"),
        ("FINAL_VAR(result.lower())", "v"),
        ("""FINAL_VAR("d['a']")""", "W"),
        ("FINAL_VAR('len(rows)')", 2),
        ("FINAL_VAR(reply)", "len(rows)"),  # the text of a reply is never run
        ("FINAL_VAR([reply][0].strip())", "len(rows)"),
        ("FINAL_VAR(' '.join(['len(rows)', ' ']))", "len(rows)  "),
    ],
)
def test_a_text_is_taken_for_what_the_cell_means(source: str, answer: object) -> None:
    assert meant(source) == answer


@pytest.mark.parametrize("name", ["reslt", "class", "`reslt`", "e['a']"])
def test_a_name_in_quotes_that_no_variable_has_is_a_mistake(name: str) -> None:
    source = f"FINAL_VAR({name!r})"
    with pytest.raises(NameError, match="there is no variable"):
        exec(source, finishing_functions(dict(NAMES_OF_A_CELL), [source]))


def test_what_an_expression_in_quotes_raises_is_raised() -> None:
    source = """FINAL_VAR("d['b']")"""
    with pytest.raises(KeyError, match="'b'"):
        exec(source, finishing_functions(dict(NAMES_OF_A_CELL), [source]))
