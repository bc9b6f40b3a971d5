"""What cells in Monty can call, without Monty: arguments, answers, and mistakes."""

from __future__ import annotations

import asyncio
import datetime
import decimal
import pathlib
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.errors import CodeError
from harlm.sandbox.monty.functions import HostFault, HostFunctions, MontyFinish, as_text, plain
from harlm.types import Context, Document

CONTEXT = Context(documents=(Document(name="a.txt", text="alpha"), Document(name="b.txt", text="beta")))


class Host:
    """Answers with ``reply``, or with the prompt."""

    def __init__(self, reply: object = None) -> None:
        self.reply = reply
        self.asked: list[tuple[str, Mapping[str, object]]] = []

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        self.asked.append((function, arguments))
        await asyncio.sleep(0)
        if arguments.get("prompt") == "fail":
            raise CodeError("no reply")
        if arguments.get("prompt") == "fault":
            raise KeyError("a bug")
        return arguments.get("prompt") if self.reply is None else self.reply


def functions(host: Host) -> HostFunctions:
    return HostFunctions(host, CONTEXT, lambda: "x: int 1")


async def finished(function: str, *args: object, **kwargs: object) -> MontyFinish:
    with pytest.raises(MontyFinish) as raised:
        await functions(Host()).answer(function, args, kwargs)
    return raised.value


async def test_final_and_submit_finish_with_a_value() -> None:
    assert (await finished("FINAL", 5)).value == 5
    assert (await finished("SUBMIT", 5)).value == 5
    assert (await finished("SUBMIT", only=5)).value == 5
    assert (await finished("SUBMIT", a=1, b=2)).value == {"a": 1, "b": 2}
    with pytest.raises(TypeError, match="SUBMIT takes one value, or named fields"):
        await functions(Host()).answer("SUBMIT", (1, 2), {})


async def test_final_var_names_a_variable_or_is_given_its_value() -> None:
    for named in ({"name": "x"}, {"variable_name": "x"}, {"var": "x"}):
        assert (await finished("FINAL_VAR", **named)).text == "x"
    given = await finished("FINAL_VAR", [1])
    assert (given.text, given.value) == (None, [1])
    with pytest.raises(TypeError, match="FINAL_VAR takes one value, not 2"):
        await functions(Host()).answer("FINAL_VAR", ("a", "b"), {})


async def test_the_answers_of_a_batch_are_in_the_order_of_the_prompts() -> None:
    host = Host()
    prompts = [str(number) for number in range(2000)]
    assert await functions(host).answer("llm_query_batched", (prompts,), {}) == prompts
    assert len(host.asked) == 2000


async def test_a_schema_goes_to_the_host_as_json_and_the_value_comes_back() -> None:
    host = Host({"n": 1})
    for function, args in (
        ("llm_query", ("a", None, {"n": "int"})),
        ("llm_query_batched", (["a"], None, {"n": "int"})),
        ("rlm_query", ("a", "alpha", None, {"n": "int"})),
        ("rlm_query_batched", (["a"], ["alpha"], None, {"n": "int"})),
    ):
        value = await functions(host).answer(function, args, {})
        assert value in ({"n": 1}, [{"n": 1}])
    assert {str(arguments["schema"]) for _, arguments in host.asked} == {
        '{"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"], "additionalProperties": false}'
    }


async def test_a_batch_waits_for_all_calls_before_it_raises() -> None:
    host = Host()
    with pytest.raises(CodeError, match="1 of 3 calls failed; the first: no reply"):
        await functions(host).answer("llm_query_batched", (["a", "fail", "c"],), {})
    assert len(host.asked) == 3


async def test_an_error_of_the_host_is_not_the_models_fault() -> None:
    for call, argument in (("llm_query", "fault"), ("llm_query_batched", ["a", "fault"])):
        with pytest.raises(HostFault) as raised:
            await functions(Host()).answer(call, (argument,), {})
        assert isinstance(raised.value.fault, KeyError)


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (None, None),
        ("own", {"shape": "text", "texts": ["own"], "names": []}),
        ("beta", {"shape": "text", "texts": [{"documents": "1"}], "names": []}),
        (["alpha", "own"], {"shape": "documents", "texts": [{"documents": "0"}, "own"], "names": []}),
        ({"n": "own"}, {"shape": "documents", "texts": ["own"], "names": ["n"]}),
        ([{"text": "t", "place": "a:1"}], {"shape": "documents", "texts": ["t"], "names": ["a:1"]}),
        ([3], {"shape": "documents", "texts": ["3"], "names": []}),
    ],
)
async def test_a_child_gets_texts_of_the_context_by_number(given: object, sent: object) -> None:
    host = Host()
    await functions(host).answer("rlm_query", ("question", given), {})
    assert host.asked == [("rlm_query", {"prompt": "question", "context": sent, "model": None})]


async def test_a_batch_of_children_needs_one_context_for_each_prompt() -> None:
    host = Host()
    await functions(host).answer("rlm_query_batched", (["a", "b"], ["alpha", "beta"]), {})
    numbers: list[Any] = [arguments["context"] for _, arguments in host.asked]
    assert [each["texts"] for each in numbers] == [[{"documents": "0"}], [{"documents": "1"}]]
    with pytest.raises(ValueError, match="got 2 prompts and 1 contexts; give one each"):
        await functions(host).answer("rlm_query_batched", (["a", "b"], ["alpha"]), {})


@pytest.mark.parametrize(
    ("function", "args", "reason"),
    [
        ("llm_query", (3,), "llm_query needs a str prompt, not int"),
        ("llm_query", (" ",), "llm_query was given an empty prompt"),
        ("llm_query", ("a", 3), "model must be a name or None, not int"),
        ("llm_query", ("a", None, 3), "schema: 3 is no type and no JSON Schema"),
        ("llm_query", (), r"^llm_query\(\) missing 1 required positional argument"),
        ("llm_query_batched", ("one",), "needs a list, not one str; for one there is llm_query"),
        ("rlm_query", ("a", 3), "a child's context must be a str, a list or a dict of str, not int"),
        ("place", (2, 0), "place takes the number of a document, 0 to 1, and an offset"),
        ("place", ("a.txt", 0), "place takes the number of a document"),
    ],
)
async def test_a_wrong_argument_is_explained_and_nothing_is_called(
    function: str, args: tuple[object, ...], reason: str
) -> None:
    host = Host()
    with pytest.raises((TypeError, ValueError), match=reason):
        await functions(host).answer(function, args, {})
    assert host.asked == []


async def test_a_hit_has_its_place_its_source_and_the_text_around_it() -> None:
    hit = {"document": 1, "start": 0, "end": 4, "best": (1, 3), "score": 2.0, "place": "b.txt:1", "line": 1}
    hits: Any = await functions(Host({"hits": [hit]})).answer("search", ("question",), {})
    (found,) = hits
    assert {key: found[key] for key in ("place", "source", "quote", "text", "line")} == {
        "place": "b.txt:1", "source": "b.txt", "quote": "et", "text": "beta", "line": 1,
    }  # fmt: skip


async def test_a_place_is_the_name_of_the_document_and_the_label_of_the_host() -> None:
    assert await functions(Host([("7", 7)])).answer("place", (0, 2), {}) == "a.txt:7"


async def test_a_result_of_memory_that_was_cut_says_how_to_get_all_of_it() -> None:
    cut = {"text": "part", "tokens": 12_000, "cut": True}
    seen = await functions(Host(cut)).answer("memory_expand", ("h1",), {"max_tokens": 5})
    assert seen == "part\n[cut; memory_expand('h1') returns all 12,000 tokens]"
    assert await functions(Host({**cut, "cut": False})).answer("memory_expand", ("h1",), {}) == "part"


async def test_lone_surrogates_of_the_host_do_not_reach_a_cell() -> None:
    reply = {"a\ud800": ["b\udfff", ("c", 1)]}
    assert await functions(Host(reply)).answer("budget", (), {}) == {"a\ufffd": ["b\ufffd", ["c", 1]]}


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.integers() | st.text(max_size=3), inner, max_size=3)
        | st.frozensets(st.integers(), max_size=3)
    ),
)


@given(ANY)
def test_every_value_becomes_one_that_json_can_represent(value: object) -> None:
    assert msgspec.json.encode(plain(value))


def test_containers_are_kept_twelve_levels_deep() -> None:
    value: object = []
    for _ in range(20):
        value = [value]
    shown: object = plain(value)
    depth = 0
    while isinstance(shown, list):
        shown, depth = shown[0], depth + 1
    assert depth == 12
    assert isinstance(shown, str)


def test_values_that_python_does_not_print_have_a_text() -> None:
    assert as_text("text") == "text"
    assert as_text(10**5000).startswith("(int that cannot be printed: ")
    assert str(plain(10**5000)).startswith("0x")


class Point(NamedTuple):
    x: int
    y: object


class Proxy:
    """As Monty stands in for an instance of a cell's class."""

    attributes: ClassVar = {"total": 3, "parts": (1, 2)}


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (Point(1, (2,)), {"x": 1, "y": [2]}),
        (Proxy(), {"total": 3, "parts": [1, 2]}),
        (ValueError("the message"), "the message"),
        (KeyError(), "KeyError"),
        (datetime.date(2024, 1, 2), "2024-01-02"),
        (decimal.Decimal("1.10"), "1.10"),
        (pathlib.PurePosixPath("a/b"), "a/b"),
        ("café".encode(), "café"),
        (b"\xff", "b'\\xff'"),
    ],
)
def test_records_exceptions_and_texts_are_sent_as_what_they_hold(value: object, sent: object) -> None:
    assert plain(value) == sent
