"""The output fields of a signature."""

from __future__ import annotations

import pytest

from harlm.compat.dspy.outputs import marked, schema_of_outputs, without_places
from harlm.types import Citation


def test_text_needs_no_schema() -> None:
    assert schema_of_outputs(None, [], {}) is None
    assert schema_of_outputs(None, ["answer"], {}) is None
    assert schema_of_outputs(None, ["answer"], {"answer": str}) is None


def test_a_schema_that_was_asked_for_is_taken() -> None:
    wanted = {"type": "object", "properties": {"n": {}}}
    assert schema_of_outputs({"type": "json_schema", "schema": wanted}, [], {}) == wanted
    assert schema_of_outputs({"type": "json_object"}, [], {}) == {"type": "object"}


def test_several_fields_and_other_types_have_a_schema() -> None:
    pytest.importorskip("pydantic", reason="DSPy brings it; the suite has it from another package")
    schema = schema_of_outputs(None, ["why", "n"], {"n": int})
    assert schema is not None
    assert {name: each["type"] for name, each in schema["properties"].items()} == {
        "why": "string",
        "n": "integer",
    }
    assert schema["required"] == ["why", "n"]


def test_fields_are_marked_as_adapters_read_them() -> None:
    assert marked({"why": "so", "n": [1, "ü"]}) == (
        '[[ ## why ## ]]\nso\n\n[[ ## n ## ]]\n[1, "ü"]\n\n[[ ## completed ## ]]'
    )


def test_places_of_citations_are_taken_out_of_a_value() -> None:
    cited = Citation(source="a", start=0, end=2, line=1, page=None, place="a.txt:1", quote="by")
    assert without_places("Ann [a.txt:1], or [b.txt:2].", [cited]) == "Ann, or [b.txt:2]."
