from __future__ import annotations

import dataclasses

import pytest

from harlm.types import OutputSchema


def test_a_schema_names_shows_and_builds_and_does_not_change() -> None:
    schema = OutputSchema(name="int", json_schema={"type": "integer"}, build=int)  # type: ignore[arg-type] # of text too
    assert schema.build("7") == 7
    with pytest.raises(dataclasses.FrozenInstanceError):
        schema.name = "str"  # type: ignore[misc] # as the test wants
