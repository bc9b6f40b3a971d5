"""What a client is told of an answer besides its text."""

from __future__ import annotations

import msgspec

from harlm.server.citing import annotations_of, chat_usage, facts_of, refusal_of, response_usage, text_of
from harlm.types import Answer, Citation, Usage

TEXT = "A is 1 [a.md:1]. B is 2 [a.md:1 “two”]. C [b.md:3]."


def cited(place: str, quote: str = "q") -> Citation:
    return Citation(
        source=place.partition(":")[0], start=0, end=1, line=1, page=None, place=place, quote=quote, path="/home/me/secret/a.md"
    )  # fmt: skip


def test_each_citation_has_its_place_in_the_text() -> None:
    places = [cited("a.md:1"), cited("a.md:1"), cited("b.md:3"), cited("c.md:9"), cited("a.md:1")]
    found = annotations_of(Answer(text=TEXT, citations=tuple(places)), TEXT)
    assert [None if each.start_index is None else TEXT[each.start_index : each.end_index] for each in found] == [
        "[a.md:1]", "[a.md:1 “two”]", "[b.md:3]", None, "[a.md:1]",
    ]  # fmt: skip
    assert found[3].index == len(TEXT)


def test_paths_of_the_server_are_not_told() -> None:
    answer = Answer(text=TEXT, citations=(cited("a.md:1"),))
    told = msgspec.json.encode([annotations_of(answer, TEXT), facts_of(answer, None)])
    assert b"secret" not in told


def test_a_typed_answer_is_its_data() -> None:
    assert text_of(Answer(text="two", data={"n": 2}), is_typed=True) == '{"n":2}'
    assert text_of(Answer(text="two", data={"n": 2}), is_typed=False) == "two"
    assert refusal_of(Answer(text="two", data={"n": 2}), is_typed=True) is None
    nothing = Answer(text="nothing", status="not_found")
    assert refusal_of(nothing, is_typed=True) == "nothing"
    assert refusal_of(nothing, is_typed=False) is None


def test_usage_is_told_in_both_forms() -> None:
    usage = Usage(calls=2, input_tokens=10, output_tokens=5, cached_tokens=4, reasoning_tokens=1)
    chat, response = chat_usage(usage), response_usage(usage)
    assert (chat.prompt_tokens, chat.completion_tokens, chat.total_tokens) == (10, 5, 15)
    assert (response.input_tokens, response.output_tokens, response.total_tokens) == (10, 5, 15)
    assert chat.prompt_tokens_details.cached_tokens == response.input_tokens_details.cached_tokens == 4
    assert (
        chat.completion_tokens_details.reasoning_tokens
        == response.output_tokens_details.reasoning_tokens
        == 1
    )


def test_the_limit_that_ended_a_run_is_told() -> None:
    facts = facts_of(Answer(text="x", status="partial", run_id="01X"), "usd")
    assert (facts.limit, facts.status, facts.run) == ("usd", "partial", "01X")
