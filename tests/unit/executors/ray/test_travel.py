from __future__ import annotations

import pickle
from pathlib import Path

import msgspec
import pytest

from harlm.config import Config, overridden
from harlm.errors import ConfigError
from harlm.executors.ray.travel import (
    Baggage,
    NodeFrame,
    NodeKeys,
    decoded_frames,
    encoded_frames,
    machine_here,
    packed,
    packed_context,
    with_keys,
)
from harlm.executors.runs import RunOutcome
from harlm.executors.setup import RunSetup
from harlm.loading import load
from harlm.running import ClientParts
from harlm.testing import ScriptedModel
from harlm.tools.toolset import Toolset
from harlm.tracing.request import decoded_context
from harlm.types import Answer

SECRET = "a-secret-key"


def baggage_of(parts: ClientParts) -> tuple[Baggage, NodeKeys]:
    config = overridden(
        Config(), {"models.api_key": SECRET, "memory.store": f"postgresql://me:{SECRET}@db/x"}
    )
    return packed(RunSetup(parts=parts, config=config, context=load("a text"), documents="d", at_once=3))


def test_keys_travel_apart_and_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "another-secret")
    baggage, keys = baggage_of(ClientParts())
    sent = msgspec.msgpack.encode(baggage)
    assert SECRET.encode() not in sent
    assert b"another-secret" not in sent
    assert msgspec.msgpack.decode(sent, type=Baggage) == baggage
    assert (keys.api_key, keys.variables["ANTHROPIC_API_KEY"]) == (SECRET, "another-secret")
    assert "secret" not in f"{keys!r}{keys}"
    assert with_keys(baggage.config, keys).memory.store == f"postgresql://me:{SECRET}@db/x"
    assert baggage.has_store
    assert pickle.loads(pickle.dumps(keys)).api_key == SECRET
    assert Path(baggage.config.tracing.home or "").is_absolute()
    assert baggage.machine == machine_here()


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        (ClientParts(root=ScriptedModel(["x"])), "a model that is an object"),
        (ClientParts(approve=lambda _: True), "approve"),
    ],
)
def test_objects_of_this_process_are_refused(parts: ClientParts, named: str) -> None:
    with pytest.raises(ConfigError, match=f"{named}.* cannot be sent to the nodes of a cluster"):
        baggage_of(parts)


def test_tools_are_refused() -> None:
    some = Toolset(own=(object(),))  # type: ignore[arg-type] # it is not used
    with pytest.raises(ConfigError, match="tools cannot be sent"):
        baggage_of(ClientParts(tools=some))


def test_documents_and_what_a_node_tells_arrive_as_they_were() -> None:
    context = load({"a.md": "Ein Text \N{BRIDGE AT NIGHT}", "b.md": "x" * 10_000})
    assert decoded_context(packed_context(context)) == context
    frames = [NodeFrame(ticket=1), NodeFrame(ticket=2, outcome=RunOutcome(run="R", answer=Answer(text="7")))]
    assert decoded_frames(encoded_frames(frames)) == frames
