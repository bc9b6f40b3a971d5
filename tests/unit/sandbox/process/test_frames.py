"""Frames of a worker are decoded, or refused as a violation."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.errors import SandboxFailure
from harlm.guest.vocabulary import FUNCTIONS, PURE_TOOL, TOOL
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
    ],
    ids=["key", "bytes", "extension"],
)
def test_values_that_json_cannot_represent_are_a_violation(value: object, reason: str) -> None:
    with pytest.raises(SandboxFailure, match=reason):
        frames.decode(call_with(value))


def test_a_call_of_too_many_parts_is_refused_by_its_number() -> None:
    refused = frames.decode(call_with([{}] * 100_001))
    assert isinstance(refused, frames.TooLarge)
    assert refused.id == 1
    assert refused.why.startswith("f: more than 100,000 values are too many")
    assert isinstance(frames.decode(call_with([{}] * 99_900)), frames.CallFrame)


@pytest.mark.parametrize("number", [0, 127, 128, 255, 65_535, 1 << 31, (1 << 63) - 1])
@pytest.mark.parametrize("function", sorted(FUNCTIONS - {"llm_query", "rlm_query", "leaf", TOOL, PURE_TOOL}))
def test_functions_of_short_arguments_take_short_frames(function: str, number: int) -> None:
    call = {"op": "call", "id": number, "function": function, "arguments": {"value": "x" * 300_000}}
    refused = frames.decode(msgspec.msgpack.encode(call))
    assert isinstance(refused, frames.TooLarge)
    assert refused.id == number
    many = {**call, "arguments": {"offsets": [1 << 40] * 20_000}}
    assert isinstance(frames.decode(msgspec.msgpack.encode(many)), frames.TooLarge)


def test_any_other_frame_of_too_many_parts_is_a_violation() -> None:
    sent: list[object] = [
        [{}] * 100_001,
        {"op": "alive", "more": [0] * 100_001},
        {"id": 1, "op": "call", "x": [0] * 100_001},
    ]
    for frame in sent:
        with pytest.raises(SandboxFailure, match="more than 100,000 parts"):
            frames.decode(msgspec.msgpack.encode(frame))


@given(VALUES)
def test_parts_are_counted_as_they_are_encoded(value: object) -> None:
    def parts(value: object) -> int:
        if isinstance(value, dict):
            return 1 + sum(1 + parts(each) for each in value.values())
        return 1 + sum(map(parts, value)) if isinstance(value, list) else 1

    data = memoryview(msgspec.msgpack.encode(value))
    assert frames._parts(data, 1_000) == parts(value)


@given(
    st.lists(
        st.binary(max_size=70_000)
        | st.builds(msgspec.msgpack.Ext, st.integers(0, 100), st.binary(max_size=300))
    )
)
def test_bytes_and_extensions_are_one_part_each(values: list[object]) -> None:
    assert frames._parts(memoryview(msgspec.msgpack.encode(values)), 1_000) == 1 + len(values)


@given(st.binary(max_size=2_000))
def test_counting_ends_on_any_bytes(data: bytes) -> None:
    assert 0 <= frames._parts(memoryview(data), 1_000) <= len(data)


def test_a_call_weighs_what_it_takes_in_memory() -> None:
    call = {"op": "call", "id": 1, "function": "rlm_query", "arguments": {"texts": [{}] * 50_000}}
    data = msgspec.msgpack.encode(call)
    assert frames.decode_and_weigh(data)[1] > 50_000 * 60
    short = call_with("x" * 1_000)
    assert len(short) < frames.decode_and_weigh(short)[1] < len(short) + 200


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


async def test_a_call_of_too_many_parts_is_refused_in_the_cell(repl: ProcessRepl) -> None:
    seen = await repl.run(
        "import os\nfrom guest.worker.channel import Channel\nimport gc\n"
        "body = b'\\x84\\xa2op\\xa4call\\xa2id\\x07\\xa8function\\xa9llm_query\\xa9arguments\\x81\\xa6prompt\\xdd'\n"
        "data = body + (8_000_000).to_bytes(4, 'big') + b'\\x80' * 8_000_000\n"
        "data = len(data).to_bytes(4, 'little') + data\n"
        "while data: data = data[os.write(3, data):]\n"
        "channel = next(each for each in gc.get_objects() if type(each) is Channel)\n"
        "print(channel._reply(7)['message'])"
    )
    assert "llm_query: more than 100,000 values are too many" in seen.output


def test_calls_are_taken_back_by_their_ids() -> None:
    sent = {"op": "retract", "ids": [1, 0, -5, (1 << 64) - 1]}
    assert frames.decode(msgspec.msgpack.encode(sent)) == frames.Retract(ids=(1, 0, -5, (1 << 64) - 1))
    assert frames.decode(msgspec.msgpack.encode({"op": "retract", "ids": []})) == frames.Retract(ids=())


@pytest.mark.parametrize("ids", [list(range(1025)), ["1"], [1.5], [None], 1, {"1": 1}, [[1]], b"1"])
def test_ids_that_are_not_a_few_numbers_are_a_violation(ids: object) -> None:
    with pytest.raises(SandboxFailure):
        frames.decode(msgspec.msgpack.encode({"op": "retract", "ids": ids}))


@given(st.text())
def test_a_tail_is_sent_as_it_is(text: str) -> None:
    sent = msgspec.msgpack.decode(frames.encode(frames.Tail(text=text)))
    assert sent == {"op": "tail", "text": text}


def test_a_worker_sends_no_tail() -> None:
    with pytest.raises(SandboxFailure):
        frames.decode(frames.encode(frames.Tail(text="x")))
