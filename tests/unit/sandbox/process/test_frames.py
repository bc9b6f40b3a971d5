"""Frames of a worker are decoded, or refused as a violation."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.errors import SandboxFailure
from harlm.sandbox.process import frames
from harlm.sandbox.process.repl import ProcessRepl

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def call_with(value: object) -> bytes:
    return msgspec.msgpack.encode({"op": "call", "id": 1, "function": "f", "arguments": {"value": value}})


def nested(levels: int) -> object:
    value: object = 0
    for _ in range(levels):
        value = [value]
    return value


@given(VALUES)
def test_arguments_of_a_call_are_the_values_that_were_sent(value: object) -> None:
    frame = frames.decode(call_with(value))
    assert isinstance(frame, frames.CallFrame)
    assert frame.arguments == {"value": value}


@given(VALUES)
def test_a_final_value_is_told_from_no_final_value(value: object) -> None:
    done = frames.Done(
        cell="c", head="", tail="", chars=0, error=None, final=frames.Value(value=value), names=[], wall_s=0.0
    )
    assert frames.decode(frames.encode(done)) == done
    none = msgspec.structs.replace(done, final=None)
    assert frames.decode(frames.encode(none)) == none


def test_a_frame_is_a_map_whose_op_is_its_kind() -> None:
    sent = frames.encode(frames.CallFrame(id=1, function="x", arguments={}))
    assert msgspec.msgpack.decode(sent)["op"] == "call"


def test_values_may_be_nested_31_deep_and_no_deeper() -> None:
    assert isinstance(frames.decode(call_with(nested(31))), frames.CallFrame)
    with pytest.raises(SandboxFailure, match="values nested more than 32 deep"):
        frames.decode(call_with(nested(32)))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ({1: "x"}, "a key that is not text"),
        (b"bytes", "a value of type bytes"),
        (msgspec.msgpack.Ext(5, b"x"), "extension type 5"),
        ([{}] * 1_000_001, "a value of more than 1,000,000 parts"),
    ],
    ids=["key", "bytes", "extension", "parts"],
)
def test_values_that_json_cannot_represent_are_a_violation(value: object, reason: str) -> None:
    with pytest.raises(SandboxFailure, match=reason):
        frames.decode(call_with(value))


def test_a_long_text_is_one_part() -> None:
    frame = frames.decode(call_with("x" * 2_000_000))
    assert isinstance(frame, frames.CallFrame)
    assert len(str(frame.arguments["value"])) == 2_000_000


@pytest.mark.parametrize(
    "change",
    [{"chars": -1}, {"names": [["a", "b"]] * 65}, {"head": "x" * 100_001}, {"names": [["a" * 201, "b"]]}],
)
def test_a_done_frame_outside_its_bounds_is_a_violation(change: dict[str, object]) -> None:
    fields: dict[str, object] = {
        "op": "done", "cell": "c", "head": "", "tail": "", "chars": 0, "error": None, "final": None, "names": [],
        "wall_s": 0.0,
    }  # fmt: skip
    assert isinstance(frames.decode(msgspec.msgpack.encode(fields)), frames.Done)
    with pytest.raises(SandboxFailure, match="breaks the protocol"):
        frames.decode(msgspec.msgpack.encode({**fields, **change}))


@pytest.mark.parametrize(
    "frame",
    [
        "{'op': 'done', 'cell': 'forged', 'head': '', 'tail': '', 'chars': 0, 'error': None, 'final': {'value': 'x'}, 'names': [], 'wall_s': 0.0}",
        "{'op': 'call', 'id': 1, 'function': 'not_offered', 'arguments': {}}",
        "{'op': 'unknown'}",
        "{'op': 'call'}",
        "[1, 2]",
    ],
)
async def test_a_forged_frame_is_a_violation(repl: ProcessRepl, frame: str) -> None:
    cell = (
        "import sys\nfrom guest.worker.msgpack import pack\nimport os\n"
        f"data = pack({frame})\nos.write(3, len(data).to_bytes(4, 'little') + data)"
    )
    with pytest.raises(SandboxFailure):
        await repl.run(cell)


async def test_a_value_of_too_many_parts_is_a_violation(repl: ProcessRepl) -> None:
    with pytest.raises(SandboxFailure, match="more than 1,000,000 parts"):
        await repl.run(
            "import os\nbody = b'\\x84\\xa2op\\xa4call\\xa2id\\x01\\xa8function\\xa9llm_query\\xa9arguments\\x81\\xa6prompt\\xdd'\n"
            "data = body + (8_000_000).to_bytes(4, 'big') + b'\\x80' * 8_000_000\n"
            "data = len(data).to_bytes(4, 'little') + data\n"
            "while data: data = data[os.write(3, data):]"
        )
