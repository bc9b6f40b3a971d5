"""From a user's choice to a model: names, objects, callables; windows; what can be reused."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from harlm.config import ModelSettings
from harlm.errors import ConfigError
from harlm.models.access import Access
from harlm.models.anthropic import AnthropicMessages
from harlm.models.brought import is_model
from harlm.models.choosing import ModelChoice, ModelMaker, default_window
from harlm.models.function import FunctionModel
from harlm.models.gemini import GeminiContent
from harlm.models.names import CUSTOM_WINDOW, PROVIDERS, parse_model_name
from harlm.models.offline import ExtractiveModel
from harlm.models.openai import OpenAIChat
from harlm.models.wrappers import Layers
from harlm.protocols import LanguageModel
from harlm.testing import ScriptedModel

KEYS = {key: "k" for provider in PROVIDERS.values() for key in provider.key_variables}


def echo(prompt: str) -> str:
    return prompt


def maker(
    window_of: Callable[[str], int | None] = lambda name: None, layers: Layers | None = None, **settings: Any
) -> ModelMaker:
    made = ModelSettings(**settings)
    return ModelMaker(made, Access(made, KEYS, AsyncExitStack()), layers or Layers(), window_of)


@pytest.mark.parametrize(
    ("choice", "kind"),
    [
        ("openai/gpt-5", OpenAIChat),
        ("openrouter/qwen/qwen3", OpenAIChat),
        ("ollama/qwen3", OpenAIChat),
        ("http://box/v1#x", OpenAIChat),
        ("anthropic/claude", AnthropicMessages),
        ("gemini/flash", GeminiContent),
        ("offline/extractive", ExtractiveModel),
        (echo, FunctionModel),
    ],
)
async def test_a_choice_becomes_a_model_of_its_protocol(choice: ModelChoice, kind: type) -> None:
    assert type(await maker().make(choice)) is kind


async def test_an_object_that_is_a_model_is_used_as_it_is() -> None:
    model = ScriptedModel(["x"])
    assert await maker().make(model) is model


@pytest.mark.parametrize("choice", [7, None, object()], ids=["a number", "None", "an object"])
async def test_any_other_object_is_an_error_that_quotes_it(choice: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        await maker().make(choice)
    assert str(caught.value) == (
        f"{choice!r} is not a model: give a name, a callable, or an object with name, window and complete"
    )


async def test_an_offline_run_refuses_models_that_need_a_network_and_names_one_that_does_not() -> None:
    offline = maker(offline=True)
    with pytest.raises(ConfigError, match=r"openai/gpt-5 needs a network.*'offline/extractive'.*--offline"):
        await offline.make("openai/gpt-5")
    assert isinstance(await offline.make("offline/extractive"), ExtractiveModel)
    assert isinstance(await offline.make(echo), FunctionModel)


async def test_the_names_of_all_models_made_are_kept_in_order() -> None:
    made = maker()
    for choice in ("openai/gpt-5", echo, "http://box/v1#x"):
        await made.make(choice)
    with pytest.raises(ConfigError):
        await made.make("nothing")
    assert made.named == ["openai/gpt-5", "callable/echo", "openai/x"]


@pytest.mark.parametrize(
    ("name", "listed", "window"),
    [
        ("openai/gpt-5", None, 128_000),
        ("openai/gpt-5", 400_000, 400_000),
        ("anthropic/claude", None, 200_000),
        ("ollama/qwen3", None, 8_192),
        ("openai/gpt-5@http://box/v1", 400_000, CUSTOM_WINDOW),
    ],
)
async def test_a_window_is_from_the_price_list_or_the_provider_unless_the_address_is_the_user_s(
    name: str, listed: int | None, window: int
) -> None:
    assert (await maker(lambda full: listed).make(name)).window == window


async def test_a_window_that_was_set_holds_for_all() -> None:
    made = maker(lambda full: 400_000, window=2_048)
    assert {(await made.make(name)).window for name in ("openai/gpt-5", "http://box/v1#x")} == {2_048}


def test_the_default_window_is_the_listed_one() -> None:
    name = parse_model_name("gemini/flash")
    assert default_window(name, 5, is_custom=True) == 5
    assert default_window(name, None, is_custom=True) == CUSTOM_WINDOW
    assert default_window(name, None, is_custom=False) == 1_000_000


async def test_only_models_over_a_network_have_an_identity_by_which_replies_are_reused() -> None:
    made = maker()
    remote = await made.make("openai/x@http://user:secret@box/v1")
    assert made.identity_of(remote) == "openai/x at http://user:secret@box/v1"
    for choice in (echo, ScriptedModel(["x"]), "offline/extractive"):
        assert made.identity_of(await made.make(choice)) is None


async def test_only_models_over_a_network_get_the_call_layer() -> None:
    layers = Layers()
    made = maker(layers=layers)
    remote, local = await made.make("openai/gpt-5"), await made.make(echo)

    def meter(model: LanguageModel) -> LanguageModel:
        return model

    assert layers.around(local, meter) is local
    assert layers.around(remote, meter) is not remote


@pytest.mark.parametrize(
    ("choice", "expected"),
    [(ScriptedModel(["x"]), True), (echo, False), ("openai/x", False)],
    ids=["object", "callable", "name"],
)
def test_a_model_is_recognised_by_its_attributes(choice: object, expected: bool) -> None:
    assert is_model(choice) == expected
