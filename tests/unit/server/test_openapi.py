"""The description of the routes."""

from __future__ import annotations

import json
import re

import msgspec

from harlm.server.openapi import description


def test_every_reference_leads_to_a_schema() -> None:
    text = msgspec.json.encode(description(has_keys=False)).decode()
    known = json.loads(text)["components"]["schemas"]
    named = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    assert named <= known.keys()
    assert {"ChatRequest", "ChatCompletion", "ResponsesRequest", "ResponseObject", "ErrorBody"} <= named


def test_routes_that_answer_tell_of_their_failures() -> None:
    paths = json.loads(msgspec.json.encode(description(has_keys=False)))["paths"]
    for path in ("/v1/chat/completions", "/v1/responses"):
        assert {"200", "400", "401", "402", "404", "413", "429", "503"} <= paths[path]["post"][
            "responses"
        ].keys()


def test_keys_are_asked_for_where_there_are_any() -> None:
    assert description(has_keys=True)["security"] == [{"key": []}]
    assert "security" not in description(has_keys=False)
