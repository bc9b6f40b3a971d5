from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from harlm.config import ModelSettings
from harlm.errors import ModelError
from harlm.models.doctor import ModelCheck, check_model
from harlm.testing import Request, ScriptedServer


async def checked(reply: Any) -> ModelCheck:
    with ScriptedServer(reply) as server:
        return await check_model(f"openai/m@{server.base_url}", ModelSettings(), {})


async def test_an_endpoint_that_takes_everything_is_reported_so() -> None:
    check = await checked(lambda request: "Paris")
    assert (check.reply, check.adapted, check.notes) == ("Paris", (), ())
    assert check.first_s is not None
    assert "as it reports" in check.counts
    assert check.limits == ("window of 32,768 tokens (assumed; set models.window if it differs)",)


async def test_what_an_endpoint_refuses_is_reported() -> None:
    def picky(request: Request) -> str | web.Response:
        for name in ("stream", "seed", "temperature", "max_tokens"):
            if name in request.body:
                said = f"Unsupported parameter: '{name}' is not supported with this model."
                return web.json_response({"error": {"message": said}}, status=400)
        if request.messages[0][0] == "system":
            return web.json_response({"error": {"message": "System role not supported"}}, status=400)
        return web.json_response({"model": "other", "choices": [{"message": {"content": "Paris"}}]})

    check = await checked(picky)
    assert check.reply == "Paris"
    assert set(check.adapted) == {
        "whole replies are asked for instead of streams",
        "the limit of the reply is sent as max_completion_tokens",
        "the words of the system stand in the first message of the user",
        "left out: seed, temperature",
    }
    assert check.first_s is None
    assert "estimated" in check.counts
    assert check.notes == ("it was asked for 'm' and says that 'other' answered",)


async def test_an_endpoint_that_does_not_answer_is_an_error() -> None:
    with pytest.raises(ModelError, match="refused the key"):
        await checked(lambda request: web.json_response({"error": "no"}, status=401))


async def test_the_built_in_model_has_no_endpoint() -> None:
    check = await check_model("offline/extractive", ModelSettings(), {})
    assert (check.address, check.notes) == ("", ("it is built in, and needs no endpoint",))
