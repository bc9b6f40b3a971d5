"""The client that the baselines share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harlm.testing import ChatServer, FaultyServer, Request
from harlm.testing.exchange import Fault
from harlm.testing.faults import Malformed, Reset, Status, refusal
from harlm_bench.systems import Limits, Model
from harlm_bench.systems.attempt import (
    Effort,
    EndpointFailed,
    EndpointRefused,
    LimitReached,
    PromptTooLong,
)
from harlm_bench.systems.chat import Chat
from harlm_bench.systems.completions import reply_in
from harlm_bench.systems.refusals import pause_s

SAID = "four words of reply"


def chat_with(
    server: ChatServer, effort: Effort | None = None, *, in_flight: int = 4, wall_s: float = 20.0
) -> Chat:
    """A client of a server."""
    model = Model(base_url=f"{server.url}/q/one/v1", root="root", sub="sub", window=8_000, key="k-1")
    return Chat(model, Limits(in_flight=in_flight, wall_s=wall_s), effort or Effort())


def test_a_request_names_the_model_its_key_and_temperature_0() -> None:
    effort = Effort()
    with ChatServer(lambda request: SAID) as server, chat_with(server, effort) as chat:
        reply = chat.ask("What?", role="sub", max_tokens=9, form={"logprobs": True})
        [request] = server.requests
    assert reply.text == SAID
    assert (reply.prompt, reply.completion) == (2, 4)
    assert request.path == "/q/one/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer k-1"
    wanted = {"model": "sub", "temperature": 0, "max_tokens": 9, "logprobs": True}
    assert {name: request.body[name] for name in wanted} == wanted
    assert request.messages == [("user", "What?")]
    assert effort.notes == {"meter_calls": 1, "meter_prompt": 2, "meter_cached": 0, "meter_completion": 4}


@pytest.mark.parametrize(
    "fault",
    [
        refusal(429, "later", headers=(("retry-after", "0.01"),)),
        refusal(500, "oops", headers=(("Retry-After", "0"),)),
        refusal(503, "busy", headers=(("retry-after", "soon"),)),
        Reset(),
        Malformed(),
    ],
)
def test_what_may_pass_is_asked_again(fault: Fault) -> None:
    with (
        FaultyServer(lambda request: SAID, faults=[fault]) as server,
        chat_with(server) as chat,
    ):
        assert chat.ask("What?").text == SAID
        assert server.arrived == 2


def test_a_pause_beyond_the_time_of_the_question_is_a_limit() -> None:
    later = refusal(429, "later", headers=(("retry-after", "9"),))
    with ChatServer(lambda request: later) as server, chat_with(server, wall_s=2.0) as chat:
        with pytest.raises(LimitReached, match="2 s are up"):
            chat.ask("What?")
        assert server.arrived == 1


def test_the_endpoint_that_always_says_later_is_given_up() -> None:
    later = refusal(429, "later", headers=(("retry-after", "0"),))
    with ChatServer(lambda request: later) as server, chat_with(server) as chat:
        with pytest.raises(EndpointFailed, match="429"):
            chat.ask("What?")
        assert server.arrived == 8


@pytest.mark.parametrize(
    ("status", "kind"), [(402, "insufficient_quota"), (429, "insufficient_quota"), (402, "payment")]
)
def test_an_empty_account_is_a_limit_and_not_asked_again(status: int, kind: str) -> None:
    spent = Status(status, f'{{"error": {{"message": "no more", "type": "{kind}"}}}}')
    with ChatServer(lambda request: spent) as server, chat_with(server) as chat:
        with pytest.raises(LimitReached, match="no more"):
            chat.ask("What?")
        assert server.arrived == 1


@pytest.mark.parametrize(
    ("body", "figures"),
    [
        ('{"error": {"message": "too long", "code": "context_length_exceeded"}}', (None, None)),
        (
            '{"error": {"code": 400, "message": "the request exceeds the available context size", '
            '"type": "exceed_context_size_error", "n_prompt_tokens": 900, "n_ctx": 512}}',
            (900, 512),
        ),
    ],
)
def test_a_prompt_that_does_not_fit_says_how_long_it_is(
    body: str, figures: tuple[int | None, int | None]
) -> None:
    with (
        ChatServer(lambda request: Status(400, body)) as server,
        chat_with(server) as chat,
        pytest.raises(PromptTooLong) as raised,
    ):
        chat.ask("What?")
    assert (raised.value.tokens, raised.value.window) == figures
    assert raised.value.status == "no answer"


def test_fields_that_a_model_does_not_take_are_sent_otherwise() -> None:
    def reply(request: Request) -> str | Fault:
        if "max_tokens" in request.body:
            return refusal(400, "Unsupported parameter: use 'max_completion_tokens' instead")
        if "temperature" in request.body:
            return refusal(400, "Unsupported value: 'temperature' does not support 0")
        return SAID

    with ChatServer(reply) as server, chat_with(server) as chat:
        assert chat.ask("What?", max_tokens=7).text == SAID
        assert chat.ask("And?").text == SAID
        assert server.requests[2].body["max_completion_tokens"] == 7
        assert server.arrived == 4  # the second time without a temperature at once


def test_any_other_refusal_is_final() -> None:
    with ChatServer(lambda request: refusal(404, "no such model")) as server, chat_with(server) as chat:
        with pytest.raises(EndpointRefused, match="no such model"):
            chat.ask("What?")
        assert server.arrived == 1


def test_many_prompts_are_asked_at_once_and_answered_in_order() -> None:
    effort = Effort()
    with (
        ChatServer(lambda request: request.prompt.upper(), latency_s=0.05) as server,
        chat_with(server, effort, in_flight=3) as chat,
    ):
        replies = chat.ask_many([f"p{at}" for at in range(7)])
        assert [reply.text for reply in replies] == [f"P{at}" for at in range(7)]
        assert server.most_in_flight == 3
    assert effort.cpu_s > 0


def test_the_failure_of_one_of_many_is_raised() -> None:
    def reply(request: Request) -> str | Fault:
        return refusal(404, "not this") if request.prompt == "p1" else SAID

    with ChatServer(reply) as server, chat_with(server) as chat, pytest.raises(EndpointRefused):
        chat.ask_many(["p0", "p1", "p2"])


@pytest.mark.parametrize("spoil", [lambda raw: raw[:20], lambda raw: b"[]", lambda raw: b'{"choices": []}'])
def test_what_is_no_completion_is_no_reply(spoil: Callable[[bytes], bytes]) -> None:
    raw = b'{"choices": [{"message": {"content": "x"}, "finish_reason": "length"}]}'
    reply = reply_in(raw)
    assert reply is not None
    assert (reply.text, reply.is_cut, reply.prompt, reply.first) == ("x", True, 0, None)
    assert reply_in(spoil(raw)) is None


def test_the_candidates_of_the_first_token_are_read() -> None:
    raw = (
        b'{"choices": [{"message": {"content": "Yes"}, "logprobs": {"content": [{"token": "Yes", "logprob": -0.1, '
        b'"top_logprobs": [{"token": "Yes", "logprob": -0.1}, {"token": " No", "logprob": -2.5}]}]}}]}'
    )
    reply = reply_in(raw)
    assert reply is not None
    assert reply.first == {"Yes": -0.1, " No": -2.5}


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"Retry-After": "2", "retry-after-ms": "150"}, 0.15),
        ({"retry-after": "2", "retry-after-ms": "soon"}, 2.0),
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "nan", "retry-after-ms": "-5"}, 0.7),
        ({"retry-after-ms": "90000"}, 30.0),
        ({}, 0.7),
    ],
)
def test_a_pause_in_milliseconds_counts_before_one_in_seconds(headers: dict[str, str], wait_s: float) -> None:
    assert pause_s(headers, 0.7) == wait_s
