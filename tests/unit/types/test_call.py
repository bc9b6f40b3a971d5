from __future__ import annotations

import dataclasses

import msgspec
import pytest

from harlm.types import PaidCall, Usage

CALL = PaidCall(
    key="k",
    model="openai/x",
    text="é",
    usage=Usage(calls=1, cost_micros=None).of_model("openai/x"),
    created=1.5,
)


def test_a_paid_call_survives_json() -> None:
    assert msgspec.json.decode(msgspec.json.encode(CALL), type=PaidCall) == CALL


def test_a_paid_call_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        CALL.text = "other"  # type: ignore[misc] # frozen
