from __future__ import annotations

import asyncio
from collections.abc import Sequence

from harlm.engine.prefix import PrefixGate
from harlm.errors import ModelUnavailable
from harlm.testing import ScriptedModel
from harlm.types import Completion, Message, Sampling
from tests.support.completions import SayingModel
from tests.support.nodes import ask_model, node_with


async def test_the_first_token_opens_the_gate() -> None:
    gate, heard = PrefixGate(), list[str]()
    waiting = asyncio.ensure_future(gate.opened())
    listening = gate.listening(heard.append)
    assert listening is not None
    await asyncio.sleep(0)
    assert (gate.is_open, waiting.done()) == (False, False)
    listening("On")
    listening("One")
    await waiting
    assert (gate.is_open, heard) == (True, ["On", "One"])


def test_an_open_gate_listens_to_nothing() -> None:
    gate = PrefixGate()
    assert gate.listening(None) is not None
    gate.open()
    assert gate.listening(None) is None
    assert gate.listening(print) is print


async def test_the_end_of_the_first_call_opens_the_gate_of_its_node() -> None:
    root, _ = node_with(ScriptedModel(["a reply"]))
    gate = PrefixGate()
    await ask_model(root.fork(prefix=gate).child())
    assert gate.is_open


async def test_a_call_that_fails_opens_the_gate_too() -> None:
    def fails(_: object) -> str:
        raise ModelUnavailable("the server is down", model="m")

    root, _ = node_with(ScriptedModel(fails))
    gate = PrefixGate()
    await asyncio.gather(ask_model(root.fork(prefix=gate)), return_exceptions=True)
    assert gate.is_open


class Streaming(SayingModel):
    """A model that says its first token before it ends.

    Attributes:
        was_open: whether the gate was open after the first token.
    """

    gate = PrefixGate()
    was_open = False

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        assert sampling.on_text is not None
        sampling.on_text("One")
        self.was_open = self.gate.is_open
        return await super().complete(messages, sampling)


async def test_a_streamed_reply_opens_the_gate_before_its_end() -> None:
    model = Streaming(["One two three"])
    root, _ = node_with(model)
    await ask_model(root.fork(prefix=model.gate))
    assert model.was_open
