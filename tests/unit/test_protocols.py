from __future__ import annotations

import dataclasses
import inspect

import pytest

from harlm import protocols
from harlm.protocols import Foreseen, ReplSetup
from harlm.types import Context

SOCKETS = [
    kind
    for kind in vars(protocols).values()
    if inspect.isclass(kind)
    and getattr(kind, "_is_protocol", False)
    and kind.__module__ == protocols.__name__
]


def members(socket: type) -> dict[str, object]:
    return {name: value for name, value in vars(socket).items() if not name.startswith("_")}


@pytest.mark.parametrize("socket", SOCKETS, ids=lambda socket: socket.__name__)
def test_a_socket_is_small_and_says_what_its_members_do(socket: type) -> None:
    assert 1 <= len(members(socket)) <= 5
    assert socket.__doc__
    for name, value in members(socket).items():
        assert inspect.getdoc(value), name


@pytest.mark.parametrize("socket", SOCKETS, ids=lambda socket: socket.__name__)
def test_a_socket_cannot_be_instantiated(socket: type) -> None:
    with pytest.raises(TypeError, match="Protocols cannot be instantiated"):
        socket()


@pytest.mark.parametrize(
    "value",
    [
        ReplSetup(context=Context.of_text("x")),
        Foreseen(number=1, function="llm_query", arguments={"prompt": "x"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_that_sockets_exchange_cannot_be_changed(value: ReplSetup | Foreseen) -> None:
    name = dataclasses.fields(value)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, name, None)
