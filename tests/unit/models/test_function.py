from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from harlm import HARLM
from harlm.errors import BadCompletion, ModelError
from harlm.models.function import FunctionModel
from harlm.types import Completion, Message, Sampling, Usage

TALK = [Message(role="system", content="S"), Message(role="user", content="U")]


async def reply(function: Any) -> Completion:
    return await FunctionModel(function).complete(TALK, Sampling())


async def test_one_parameter_is_the_prompt_unless_it_is_called_messages() -> None:
    assert (await reply(lambda prompt: prompt)).text == "S\n\nU"
    assert (await reply(lambda messages: str(messages))).text == str(
        [{"role": "system", "content": "S"}, {"role": "user", "content": "U"}]
    )


async def test_async_functions_and_objects_are_awaited() -> None:
    class Model:
        async def __call__(self, prompt: str) -> str:
            await asyncio.sleep(0)
            return "from an object"

    async def later(prompt: str) -> str:
        return "later"

    assert (await reply(later)).text == "later"
    assert (await reply(Model())).text == "from an object"


async def test_a_plain_function_runs_in_a_thread() -> None:
    assert (await reply(lambda prompt: threading.current_thread().name)).text.startswith("harlm-model")


async def test_a_completion_is_returned_as_it_is() -> None:
    known = Completion(text="x", model="m", usage=Usage(calls=1, input_tokens=3))
    assert await reply(lambda prompt: known) is known


async def test_an_exception_is_a_model_error_that_names_the_function() -> None:
    def broken(prompt: str) -> str:
        raise ValueError("no weights")

    with pytest.raises(ModelError, match="callable/broken raised ValueError: no weights"):
        await reply(broken)


def test_a_run_ends_with_the_error_of_its_model_whatever_letters_it_has(clean_environment: Path) -> None:
    def broken(prompt: str) -> str:
        raise ValueError("half of a pair: \ud800")

    with pytest.raises(ModelError, match="half of a pair"):
        HARLM(model=broken, mode="direct").ask("What?", "a text")


@pytest.mark.parametrize("value", [None, 7, b"x"])
async def test_another_type_than_str_is_an_error(value: Any) -> None:
    with pytest.raises(BadCompletion, match="a model returns a str"):
        await reply(lambda prompt: value)


async def test_closing_ends_the_threads() -> None:
    threads: list[threading.Thread] = []

    def answer(prompt: str) -> str:
        threads.append(threading.current_thread())
        return "reply"

    model = FunctionModel(answer)
    model.close()
    await model.complete([Message(role="user", content="x")], Sampling())
    model.close()
    await asyncio.to_thread(threads[0].join, 20)
    assert not threads[0].is_alive()
