"""Every adapter reads every case of the corpus of its protocol, over real HTTP on loopback, however its bytes arrive."""

from __future__ import annotations

import random

import pytest

from harlm.types import Completion
from tests.support.rows import every_row, every_row_in_turn
from tests.support.wire_checks import differences
from tests.support.wire_corpus import CORPUS, KINDS, Case, cases, endpoints, outcome

ENDPOINTS = (
    "anthropic azure bedrock_gateway bedrock_openai dashscope deepseek gemini gemini_openai groq litellm llama_cpp lm_studio "
    "mistral moonshot ollama openai openrouter sglang tgi together vllm xai zhipu"
).split()
_EVERY_BYTE = 700  # bytes; a longer body is cut at random places
_PIECES = 60

in_stream = pytest.mark.parametrize("asks_stream", [True, False], ids=["streamed", "whole"])
each_endpoint = pytest.mark.parametrize("endpoint", ENDPOINTS)


def cases_of(endpoint: str) -> list[Case]:
    return [case for case in cases() if case.endpoint == endpoint]


def test_the_corpus_has_a_folder_for_each_endpoint() -> None:
    assert sorted(endpoints()) == ENDPOINTS


def test_every_file_is_a_case() -> None:
    files = {path.parent.name + "-" + path.stem for path in CORPUS.glob("*/*.*") if path.suffix in KINDS}
    assert files == {str(case) for case in cases()}


@each_endpoint
def test_a_case_says_what_is_right(endpoint: str) -> None:
    def check(case: Case) -> None:
        right = case.right
        assert sum(each is not None for each in (right.text, right.error, right.refused)) == 1
        assert (right.usage is not None) == (right.text is not None)
        assert right.error is None or right.words or right.breaks
        for word in right.words:
            assert word.encode() in case.body.replace(b'\\"', b'"')

    every_row(check, cases_of(endpoint))


@each_endpoint
@in_stream
async def test_a_case_is_read_as_it_is_meant(endpoint: str, asks_stream: bool) -> None:
    async def check(case: Case) -> None:
        got, heard = await outcome(case.about, case.answer(), asks_stream=asks_stream)
        assert differences(case, got) == []
        if heard and isinstance(got, Completion) and not case.right.inline:
            assert all(got.text.startswith(each.rstrip("\ufffd")) for each in heard)

    await every_row_in_turn(check, cases_of(endpoint))


@each_endpoint
async def test_a_case_is_read_so_wherever_its_bytes_are_cut(endpoint: str) -> None:
    async def check(case: Case) -> None:
        size = len(case.body)
        cuts = range(size) if size <= _EVERY_BYTE else random.Random(size).sample(range(size), _PIECES)
        got, _ = await outcome(case.about, case.answer(cuts=tuple(cuts)), asks_stream=case.is_stream)
        assert differences(case, got) == []

    await every_row_in_turn(check, cases_of(endpoint))
