"""Which models are small, and how their form is read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.context import load
from harlm.engine.slices import in_slices
from harlm.engine.small import ask_what_it_is, form_read, is_small, turns_out_small
from harlm.testing import ScriptedModel
from harlm.types import Context, ModelDescription
from tests.support.completions import SayingModel
from tests.support.nodes import ask_model, node_with

TEXTS = load({"a.txt": "The bridge opened\nin 1883.", "b.txt": "It is long."})


def named(name: str) -> ScriptedModel:
    return ScriptedModel([], name=name)


@pytest.mark.parametrize(
    "name",
    [
        "openai/qwen2.5-coder-0.5b-instruct-q4_k_m",
        "openai/SmolLM2-135M-Instruct",
        "ollama/qwen2.5-coder:1.5b",
        "ollama/llama3.2:3b",
        "openai/gemma-3-270m-it",
        "openai/Qwen3-4B",
        "openrouter/meta-llama/llama-3.2-1b-instruct",
        "openai/phi_2.7B",
    ],
)
def test_a_size_of_up_to_four_billion_in_the_name_is_small(name: str) -> None:
    assert is_small(named(name))


@pytest.mark.parametrize(
    "name",
    [
        "openai/gpt-4",
        "openai/gpt-4o-mini",
        "openai/gpt-5",
        "ollama/llama3:70b",
        "ollama/qwen3:8b",
        "openai/qwen3-30b-a3b",
        "openai/mixtral-8x7b",
        "openai/qwen2.5-7b-instruct-1m",
        "openai/claude-sonnet-1m",
        "openai/m",
        "openai/model-4bit",
        "offline/extractive",
        "openai/" + "3" * 100_000 + "b",
    ],
)
def test_other_names_are_not(name: str) -> None:
    assert not is_small(named(name))


async def test_what_the_server_says_counts_more_than_the_name() -> None:
    large = SayingModel(["x"], name="openai/tiny-1b", description=ModelDescription(parameters=8_000_000_000))
    assert is_small(large)
    await large.describe()
    assert not is_small(large)
    small = SayingModel(["x"], description=ModelDescription(parameters=494_000_000))
    await small.describe()
    assert is_small(small)
    unknown = SayingModel(["x"], name="openai/tiny-1b", description=ModelDescription(window=8192))
    await unknown.describe()
    assert is_small(unknown)


# -- describing --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "story"), [("word " * 200, []), ("word " * 3_000, ["describe"])])
async def test_a_server_is_asked_first_before_a_long_text_only(text: str, story: list[str]) -> None:
    model = SayingModel(["x"])
    node, _ = node_with(model)
    await ask_what_it_is(node, model, Context.of_text(text))
    await ask_what_it_is(node, model, Context.of_text(text))
    assert model.story == story


async def test_other_models_are_not_asked() -> None:
    model = ScriptedModel(["x"])
    node, _ = node_with(model)
    await ask_what_it_is(node, model, Context.of_text("word " * 3_000))
    assert not await turns_out_small(node, model)


async def test_a_local_server_is_asked_after_its_first_reply() -> None:
    model = SayingModel(["x"], seems_local=True, description=ModelDescription(parameters=494_000_000))
    node, _ = node_with(model)
    assert not await turns_out_small(node, model), "nothing is known yet"
    await ask_model(node)
    assert await turns_out_small(node, model)
    assert not await turns_out_small(node, model), "it is known by now"
    assert model.story == ["complete", "describe"]


async def test_a_model_that_is_small_by_name_does_not_turn_out_so() -> None:
    model = SayingModel(["x"], name="ollama/qwen:0.5b", seems_local=True)
    node, _ = node_with(model)
    await ask_model(node)
    assert not await turns_out_small(node, model)
    assert model.story == ["complete", "describe"], "its window is of use"


# -- the form ----------------------------------------------------------------------------------------------


async def read(reply: str) -> str:
    return await in_slices(form_read(reply, TEXTS))


def form(answer: object, quote: object = "") -> str:
    return json.dumps({"answer": answer, "quote": quote})


async def test_a_quote_that_occurs_becomes_a_citation() -> None:
    assert await read(form("1883", "in 1883.")) == '1883 [a.txt "in 1883."]'
    assert await read(form("long", "“It is long.”")) == 'long [b.txt "It is long."]'


async def test_blanks_may_differ_and_the_citation_has_those_of_the_text() -> None:
    assert (
        await read(form("1883", "The bridge opened in 1883."))
        == '1883 [a.txt "The bridge opened\\nin 1883."]'
    )


@pytest.mark.parametrize("quote", ["in 1884.", "", None, 5, "x" * 10_000])
async def test_a_quote_that_does_not_occur_is_left_out(quote: object) -> None:
    assert await read(form("1884", quote)) == "1884"


@pytest.mark.parametrize("quote", ["in 1884.", "", "It is long.", 5, "x" * 10_000])
async def test_a_quote_that_lacks_the_answer_is_replaced_by_the_sentence_that_has_it(quote: object) -> None:
    assert await read(form("1883", quote)) == '1883 [a.txt "in 1883."]'
    assert await read(form("188", "It is long.")) == '188 [b.txt "It is long."]'
    assert await read(form("1883", "opened\nin 1883")) == '1883 [a.txt "opened\\nin 1883"]'


@pytest.mark.parametrize("answer", ["", "  ", None])
async def test_an_empty_answer_is_not_found(answer: object) -> None:
    assert await read(form(answer, "in 1883.")) == "NOT FOUND"


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ("It opened in 1883.\n", "It opened in 1883."),
        (f"```json\n{form('1884')}\n```", "1884"),
        ('{"answer": "18\\"83", "quote": "in 18', '18"83'),
        ('{"quote": "in 1883."}', '{"quote": "in 1883."}'),
        ("{", "{"),
        ("{}", "{}"),
        (form(1884), "1884"),
        (form(["a", "b"]), '[\n  "a",\n  "b"\n]'),
    ],
)
async def test_a_reply_in_another_form_is_read_as_far_as_it_goes(reply: str, text: str) -> None:
    assert await read(reply) == text


@given(st.text(max_size=300))
async def test_any_reply_gives_a_text(reply: str) -> None:
    assert isinstance(await read(reply), str)


async def test_a_hostile_reply_takes_linear_time() -> None:
    for reply in (
        "{" * 500_000,
        '{"answer":' + '"\\' * 500_000,
        '{"answer": "' * 100_000,
        "```{" + "} " * 300_000,
    ):
        await read(reply)
