"""What a request asks of the run besides its question."""

from __future__ import annotations

import pytest

from harlm.config import Config, EngineSettings
from harlm.server.failures import RequestRefused
from harlm.server.wishes import wanted_limits, wanted_schema


def test_text_needs_no_schema() -> None:
    assert wanted_schema("text", None, "", "response_format") is None


def test_a_schema_is_checked_and_named() -> None:
    schema = wanted_schema("json_schema", {"type": "integer"}, "Count", "response_format")
    assert schema is not None
    assert schema.name == "the schema"
    assert schema.json_schema["title"] == "Count"
    assert schema.build(3) == 3
    with pytest.raises(ValueError, match="integer"):
        schema.build("three")


def test_any_object_is_a_schema_too() -> None:
    schema = wanted_schema("json_object", None, "", "text.format")
    assert schema is not None
    assert schema.build({"a": 1}) == {"a": 1}


@pytest.mark.parametrize(
    ("kind", "schema"),
    [
        ("json_schema", None),
        ("xml", None),
        ("json_schema", {"type": "nothing"}),
        ("json_schema", {"type": "string", "pattern": "(a+)+$"}),
        ("json_schema", {"$ref": "http://127.0.0.1:1/schema.json"}),
        ("json_schema", {"$ref": "file:///etc/passwd"}),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused(kind: str, schema: dict[str, object] | None) -> None:
    with pytest.raises(RequestRefused) as refused:
        wanted_schema(kind, schema, "", "response_format")
    assert refused.value.status == 400


def test_limits_come_as_numbers_or_as_text() -> None:
    config = Config()
    assert wanted_limits(None, config) == (None, None)
    assert wanted_limits({"harlm_max_cost": "0.05", "harlm_mode": "direct", "mine": "x"}, config) == (
        0.05,
        "direct",
    )
    assert wanted_limits({"harlm_max_cost": 2, "harlm_mode": "auto"}, config) == (2.0, None)


@pytest.mark.parametrize("value", ["0", -1, "nan", "inf", "much", True, [], "1e999", 10**400])
def test_a_cost_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(RequestRefused, match="harlm_max_cost"):
        wanted_limits({"harlm_max_cost": value}, Config())


def test_a_mode_can_only_be_narrowed() -> None:
    config = Config(engine=EngineSettings(mode="plan"))
    assert wanted_limits({"harlm_mode": "direct"}, config)[1] == "direct"
    assert wanted_limits({"harlm_mode": "plan"}, config)[1] == "plan"
    with pytest.raises(RequestRefused, match="answers in mode 'plan'"):
        wanted_limits({"harlm_mode": "full"}, config)
    with pytest.raises(RequestRefused, match="'fast'"):
        wanted_limits({"harlm_mode": "fast"}, config)


def test_a_wish_that_is_not_known_is_refused() -> None:
    with pytest.raises(RequestRefused, match="harlm_sandbox is not known"):
        wanted_limits({"harlm_sandbox": "s0"}, Config())
