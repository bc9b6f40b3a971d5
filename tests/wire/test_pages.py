"""The page of endpoints says what the corpus says, and its words for a prompt that is too long are those of a case."""

from __future__ import annotations

import re

import pytest

from tests.support.wire_corpus import cases, endpoints
from tests.support.wire_pages import PAGE, page

_REAL_SERVERS = {"litellm", "llama_cpp"}
_KINDS = {
    "normal": "normal",
    "streamed": "normal_streamed",
    "cut by length": "cut",
    "a tool call": "tool_call",
}


def test_the_page_is_made_from_the_corpus() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.support.wire_pages"


@pytest.mark.parametrize("endpoint", endpoints())
def test_the_words_of_an_overflow_are_those_of_a_case(endpoint: str) -> None:
    bodies = [
        case.body.replace(b'\\"', b'"').decode()
        for case in cases()
        if case.endpoint == endpoint and case.right.error == "ContextOverflow"
    ]
    quoted = re.findall(r'"(.+?)"', endpoints()[endpoint].overflow)
    assert quoted
    assert [words for words in quoted if not any(words in body for body in bodies)] == []


@pytest.mark.parametrize("endpoint", endpoints())
def test_every_endpoint_has_the_kinds_of_replies_that_all_have(endpoint: str) -> None:
    names = {case.name for case in cases() if case.endpoint == endpoint}
    assert [kind for kind, name in _KINDS.items() if name not in names] == []
    for kind in ("overflow", "error_in_stream", "empty"):
        assert any(name.startswith(kind) or name == "no_content" for name in names), kind


def test_only_two_endpoints_are_tested_with_a_real_server() -> None:
    real = {endpoint for endpoint, about in endpoints().items() if "real server" in about.tested}
    assert real == _REAL_SERVERS
    assert all(about.tested.startswith("wire corpus") for about in endpoints().values())
