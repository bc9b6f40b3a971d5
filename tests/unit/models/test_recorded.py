"""A model of a run that is replayed: it knows what the server said, and replies to nothing."""

from __future__ import annotations

import pytest

from harlm.errors import ModelUnavailable
from harlm.models.recorded import RecordedModel
from harlm.types import Message, ModelDescription, Sampling


async def test_it_says_what_its_server_said() -> None:
    said = ModelDescription(window=4_096, parameters=7_000_000_000)
    model = RecordedModel("a/b", 8_192, said)
    assert (model.seems_local, model.window, model.description) == (True, 8_192, None)
    assert await model.describe() == said
    assert (model.window, model.description) == (4_096, said)


@pytest.mark.parametrize("said", [None, ModelDescription(parameters=3)])
async def test_it_keeps_its_window_if_the_server_named_none(said: ModelDescription | None) -> None:
    model = RecordedModel("a/b", 8_192, said)
    assert model.seems_local is (said is not None)
    assert await model.describe() == (said or ModelDescription())
    assert model.window == 8_192


async def test_it_has_no_reply() -> None:
    with pytest.raises(ModelUnavailable, match="no reply to this call") as raised:
        await RecordedModel("a/b", 8_192).complete([Message(role="user", content="?")], Sampling())
    assert raised.value.model == "a/b"
