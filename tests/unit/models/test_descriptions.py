from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from harlm.models.openai import OpenAIChat
from harlm.protocols import Described
from harlm.testing import ScriptedServer
from tests.support.model_server import model_at


async def described(
    models: Any, props: Any = None, *, may_learn: bool = True
) -> tuple[int | None, int | None, int]:
    """The window and parameters that a server states, and the window of the model afterwards."""
    app = web.Application()

    async def listed(request: web.Request) -> web.Response:
        return web.json_response(models)

    async def properties(request: web.Request) -> web.Response:
        return web.Response(status=404) if props is None else web.json_response(props)

    app.router.add_get("/v1/models", listed)
    app.router.add_get("/props", properties)
    async with (
        TestServer(app) as server,
        model_at(str(server.make_url("/v1")), OpenAIChat, may_learn_window=may_learn) as model,
    ):
        assert isinstance(model, Described)
        said = await model.describe()
        assert await model.describe() is said
        return said.window, said.parameters, model.window


@pytest.mark.parametrize(
    ("models", "props", "window", "parameters"),
    [
        ({"data": [{"id": "other"}, {"id": "test", "max_model_len": 4_096}]}, None, 4_096, None),
        ({"data": [{"id": "alias", "meta": {"n_ctx": 8_192, "n_ctx_train": 32_768, "n_params": 494e6}}]}, None, 8_192, 494_000_000),
        ({"data": [{"id": "test", "context_length": "131072"}]}, None, 131_072, None),
        ({"data": [{"id": "test"}]}, {"default_generation_settings": {"n_ctx": 2_048}}, 2_048, None),
        ({"models": [{"name": "test", "details": {"parameter_size": "1.5B"}}]}, None, None, 1_500_000_000),
        ({"data": [{"id": "a", "context_length": 9_999}, {"id": "b"}]}, None, None, None),
        ({"data": [{"id": "test", "context_length": 7}]}, None, None, None),
        ({"data": None}, [], None, None),
        ([], None, None, None),
    ],
)  # fmt: skip
async def test_a_server_states_windows_and_sizes_in_its_own_fields(
    models: Any, props: Any, window: int | None, parameters: int | None
) -> None:
    stated, size, kept = await described(models, props)
    assert (stated, size) == (window, parameters)
    assert kept == (window or 32_000)


async def test_a_window_that_the_user_has_set_stays() -> None:
    assert (await described({"data": [{"id": "test", "max_model_len": 4_096}]}, may_learn=False))[2] == 32_000


async def test_a_server_that_says_nothing_or_is_not_there_costs_nothing() -> None:
    with ScriptedServer(lambda request: "x") as server:
        address = server.base_url
        async with model_at(address, OpenAIChat) as model:
            assert isinstance(model, Described)
            assert (await model.describe()).window is None
    async with model_at(address, OpenAIChat) as model:
        assert isinstance(model, Described)
        assert (await model.describe()).parameters is None
