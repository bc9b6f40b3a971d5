"""The arguments of tools: what models write is understood, and what they should not is refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from harlm.errors import ConfigError
from harlm.server.mcp.arguments import AskArguments, ReadArguments, SearchArguments, arguments_of


def asked(**given: Any) -> AskArguments:
    return arguments_of(AskArguments, {"question": "Why?", **given}, "harlm_ask")


def test_what_is_left_out_has_its_default() -> None:
    assert asked() == AskArguments(question="Why?")


def test_null_means_left_out() -> None:
    assert asked(corpus=None, schema=None, max_cost=None) == asked()


def test_numbers_as_texts_are_understood() -> None:
    assert asked(max_cost="0.5").max_cost == 0.5
    assert arguments_of(SearchArguments, {"query": "x", "k": "3"}, "harlm_search").k == 3


def test_a_schema_as_text_is_understood() -> None:
    assert asked(schema='{"type": "object"}').schema == {"type": "object"}


def test_a_text_that_is_json_stays_a_text() -> None:
    assert asked(text='{"a": [1, 2]}').text == '{"a": [1, 2]}'
    assert asked(text="null").text == "null"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"question": 5}, r"Expected `str`, got `int` - at `\$.question`"),
        ({"question": ""}, "length >= 1"),
        ({"qestion": "x"}, "unknown field `qestion`"),
        ({"mode": "best"}, "Invalid enum value 'best'"),
        ({"max_cost": "much"}, "max_cost"),
        ({"max_cost": True}, "max_cost"),
        ({"schema": "{"}, r"\$.schema"),
        ({"schema": [1]}, r"\$.schema"),
        ({"text": ["a"]}, r"\$.text"),
    ],
)
def test_a_wrong_argument_is_refused_with_the_right_ones(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        asked(**given)
    assert "its arguments are question, corpus, path, text, mode, max_cost, schema" in str(refused.value)


@pytest.mark.parametrize("count", [0, -1, 51, 1.5, "many"])
def test_the_number_of_passages_is_bounded(count: Any) -> None:
    with pytest.raises(ConfigError, match=r"\$.k"):
        arguments_of(SearchArguments, {"query": "x", "k": count}, "harlm_search")


def test_a_missing_argument_is_named() -> None:
    with pytest.raises(ConfigError, match="missing required field `document`"):
        arguments_of(ReadArguments, {}, "harlm_read")


def test_a_message_is_short_however_long_the_value() -> None:
    with pytest.raises(ConfigError) as refused:
        asked(mode="x" * 1_000_000)
    assert len(str(refused.value)) < 1_000


def test_arguments_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        asked().question = "How?"  # type: ignore[misc] # what is tested
    assert issubclass(AskArguments, msgspec.Struct)
