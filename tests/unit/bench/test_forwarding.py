"""Requests that are passed on to another server, and replies that are recorded and played again."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path

import pytest

from harlm.errors import ConfigError
from harlm.testing import FaultyServer, ModelReply, Request, ScriptedServer, Tokens
from harlm.testing.faults import Status
from harlm.types import Price
from harlm_bench.cassette import Player, Recorder, digest_of
from harlm_bench.forwarding import Forward, whole_of
from harlm_bench.gateway import Gateway
from harlm_bench.labels import Label
from harlm_bench.replies import Answer, Paced, Passed
from harlm_bench.systems import Limits
from tests.support.simulated import post

PRICE = Price(input=1.0, output=1.0)
ORIGIN = Label(kind="REAL ENDPOINT", detail="real-name at a host")
HEAD = '{"cassette": 1, "origin": {"kind": "REAL ENDPOINT", "detail": "real-name at a host"}}\n'


def streamed(base_url: str, prompt: str, *, usage: bool) -> list[str]:
    """The data of all events of one streamed call."""
    body = {"model": "sim", "messages": [{"role": "user", "content": prompt}], "stream": True}
    if usage:
        body["stream_options"] = {"include_usage": True}
    request = urllib.request.Request(
        f"{base_url}/chat/completions", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        lines = response.read().decode().splitlines()
    return [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]


def text_of(events: list[str]) -> str:
    parts = [json.loads(each) for each in events if each != "[DONE]"]
    return "".join(part["choices"][0]["delta"].get("content", "") for part in parts if part["choices"])


def shout(request: Request) -> str:
    return f"{request.prompt}!\nsecond line"


def test_a_reply_is_passed_on_and_billed_as_the_endpoint_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_KEY", "sk-secret")
    with ScriptedServer(shout) as server:
        backend = Forward(server.base_url, names={"sim": "real-name"}, key_variable="BENCH_KEY")
        with Gateway(backend, root="sim", window=1_000, price_of=lambda name: PRICE) as gateway:
            model = gateway.open("q", Limits())
            reply = post(model.base_url, "hello")
            assert reply.text == "hello!\nsecond line"
            used = gateway.close("q")
        assert server.requests[0].model == "real-name"
        assert server.requests[0].headers["authorization"] == "Bearer sk-secret"
    usage = reply.body["usage"]
    assert (used.prompt, used.cached, used.completion) == (
        usage["prompt_tokens"],
        usage["prompt_tokens_details"]["cached_tokens"],
        usage["completion_tokens"],
    )
    assert "sk-secret" not in repr(reply)


@pytest.mark.parametrize("usage", [True, False])
def test_a_stream_is_passed_on_and_billed_whether_or_not_the_client_asks_for_the_usage(
    *, usage: bool
) -> None:
    with (
        ScriptedServer(shout) as server,
        Gateway(Forward(server.base_url), root="sim", window=1_000, price_of=lambda name: PRICE) as gateway,
    ):
        model = gateway.open("q", Limits())
        events = streamed(model.base_url, "hello", usage=usage)
        assert text_of(events) == "hello!\nsecond line"
        assert events[-1] == "[DONE]"
        assert any('"usage"' in each for each in events) == usage
        used = gateway.close("q")
        assert used.calls == 1
        assert used.completion == len("hello!\nsecond line") // 4 + 1


def test_a_reply_without_its_usage_has_estimated_tokens_and_an_unknown_bill() -> None:
    bare = Status(200, '{"choices": [{"message": {"role": "assistant", "content": "one two three"}}]}')
    with (
        FaultyServer(shout, faults=[bare]) as server,
        Gateway(Forward(server.base_url), root="sim", window=1_000, price_of=lambda name: PRICE) as gateway,
    ):
        model = gateway.open("q", Limits())
        assert post(model.base_url, "a question of some words").status == 200
        used = gateway.close("q")
    assert (used.calls, used.refused, used.micro_usd) == (1, 0, None)
    assert 3 <= used.completion <= 8
    assert 4 <= used.prompt <= 12


def test_a_stream_without_its_usage_has_an_unknown_bill() -> None:
    events = ("one", " two", " three")
    lines = [json.dumps({"choices": [{"index": 0, "delta": {"content": each}}]}) for each in events]
    body = "".join(f"data: {line}\n\n" for line in (*lines, "[DONE]"))
    bare = Status(200, body, (("content-type", "text/event-stream"),))
    with (
        FaultyServer(shout, faults=[bare]) as server,
        Gateway(Forward(server.base_url), root="sim", window=1_000, price_of=lambda name: PRICE) as gateway,
    ):
        model = gateway.open("q", Limits())
        assert text_of(streamed(model.base_url, "a question", usage=False)[:-1]) == "one two three"
        used = gateway.close("q")
    assert (used.calls, used.completion, used.micro_usd) == (1, 3, None)
    assert used.prompt > 0


def test_errors_are_passed_on_with_their_status_and_the_headers_that_clients_act_on() -> None:
    refused = Status(
        429, '{"error": {"message": "slow down"}}', (("retry-after", "7"), ("set-cookie", "a=b"))
    )
    with (
        FaultyServer(shout, faults=[refused]) as server,
        Gateway(Forward(server.base_url), root="sim", window=1_000, price_of=lambda name: PRICE) as gateway,
    ):
        model = gateway.open("q", Limits())
        reply = post(model.base_url, "hello")
        assert (reply.status, reply.headers["retry-after"]) == (429, "7")
        assert "set-cookie" not in reply.headers
        assert gateway.close("q").refused == 1


async def test_no_proxy_stands_before_a_server_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    asked = {"model": "sim", "messages": [{"role": "user", "content": "hello"}]}
    with ScriptedServer(shout) as server:
        forward = Forward(server.base_url)
        reply = await forward.reply(Request("/v1/chat/completions", {}, asked))
        await forward.close()
    assert isinstance(reply, Passed)
    assert reply.status == 200


def test_an_endpoint_that_cannot_be_reached_is_a_bad_gateway() -> None:
    with ScriptedServer(shout) as server:
        away = server.base_url
    with Gateway(Forward(away), root="sim", window=1_000) as gateway:
        reply = post(gateway.open("q", Limits()).base_url, "hello")
        assert reply.status == 502
        assert "cannot be reached" in reply.body["error"]["message"]


def test_a_missing_key_and_an_address_without_a_scheme_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BENCH_KEY", raising=False)
    with pytest.raises(ConfigError, match="BENCH_KEY"):
        Forward("http://127.0.0.1:1/v1", key_variable="BENCH_KEY")
    with pytest.raises(ConfigError, match="scheme"):
        Forward("127.0.0.1:1/v1")


def test_a_recording_is_played_again_whole_or_as_a_stream(tmp_path: Path) -> None:
    file = tmp_path / "replies.jsonl"
    with (
        ScriptedServer(shout) as server,
        Gateway(
            Recorder(Forward(server.base_url), file, ORIGIN),
            root="sim",
            window=1_000,
            price_of=lambda name: PRICE,
        ) as gateway,
    ):
        model = gateway.open("q", Limits())
        first = post(model.base_url, "hello", temperature=0)
        assert text_of(streamed(model.base_url, "other", usage=False)) == "other!\nsecond line"
        recorded = gateway.close("q")
    player = Player(file)
    assert len(player.digest) == 64
    assert player.origin == ORIGIN
    with Gateway(player, root="sim", window=1_000, price_of=lambda name: PRICE) as gateway:
        model = gateway.open("q", Limits())
        assert post(model.base_url, "hello", temperature=0).body == first.body
        assert text_of(streamed(model.base_url, "other", usage=False)) == "other!\nsecond line"
        played = gateway.close("q")
    assert (played.calls, played.prompt, played.completion) == (
        recorded.calls,
        recorded.prompt,
        recorded.completion,
    )
    assert played.micro_usd == recorded.micro_usd


def test_a_request_that_was_not_recorded_is_a_clear_error(tmp_path: Path) -> None:
    file = tmp_path / "replies.jsonl"
    file.write_text(HEAD)
    with Gateway(Player(file), root="sim", window=1_000) as gateway:
        reply = post(gateway.open("q", Limits()).base_url, "hello")
    assert reply.status == 424
    assert "record again" in reply.body["error"]["message"]


def test_a_damaged_recording_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "replies.jsonl"
    file.write_text(HEAD + '{"request": "a", "model": "m", "body": "{}"}\n{"reque\n')
    with pytest.raises(ConfigError, match="line 3"):
        Player(file)
    with pytest.raises(ConfigError, match="cannot be read"):
        Player(tmp_path / "absent.jsonl")


class Backend:
    """Gives its answers in order."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)

    async def reply(self, request: Request) -> Answer:
        return self._answers.pop(0)

    def forget(self, question: str) -> None:
        pass

    async def close(self) -> None:
        pass


async def test_a_recorded_run_gets_the_answers_of_one_that_is_not_recorded(tmp_path: Path) -> None:
    file, ended = tmp_path / "replies.jsonl", list[str]()
    asked = Request("/v1/chat/completions", {}, {"model": "sim", "messages": [], "stream": True})
    said = ModelReply(asked, "yes", Tokens(3, 0, 1))
    paced = Paced(reply=said, first_s=2.0, rest_s=1.0, ended=lambda: ended.append("x"))
    busy = Status(429, "{}", (("retry-after-ms", "50"),))
    cut = Paced(reply=said, first_s=0.0, rest_s=0.0, breaks=True)
    recorder = Recorder(Backend(busy, paced, cut), file, ORIGIN)
    assert [await recorder.reply(asked) for _ in range(3)] == [busy, paced, cut]
    assert ended == []
    await recorder.close()
    player = Player(file)
    refused, played = await player.reply(asked), await player.reply(asked)
    assert isinstance(refused, Passed)
    assert refused.headers == (("retry-after-ms", "50"),)
    assert isinstance(played, ModelReply)
    assert (played.text, played.tokens) == ("yes", Tokens(3, 0, 1))


def test_a_stream_that_did_not_end_is_not_a_reply() -> None:
    begun = b'data: {"choices": [{"delta": {"content": "ye"}, "finish_reason": null}]}\n\n'
    ends = b'data: {"choices": [{"delta": {"content": "s"}, "finish_reason": "stop"}]}\n\n'
    usage = b'data: {"choices": [], "usage": {"prompt_tokens": 7}}\n\ndata: [DONE]\n\n'
    tool = b'data: {"choices": [{"delta": {"tool_calls": [{"index": 0}]}, "finish_reason": null}]}\n\n'
    assert whole_of(begun) is None
    assert whole_of(tool + ends) is None
    whole = whole_of(begun + ends + usage)
    assert whole is not None
    assert whole["choices"][0]["message"]["content"] == "yes"
    assert whole["usage"] == {"prompt_tokens": 7}


def test_a_recording_that_does_not_say_what_answered_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "replies.jsonl"
    file.write_text('{"request": "a", "model": "m", "body": "{}"}\n')
    with pytest.raises(ConfigError, match="does not say what answered"):
        Player(file)
    file.write_text(HEAD.replace("1", "2", 1))
    with pytest.raises(ConfigError, match="format 2"):
        Player(file)


def test_replies_of_two_models_are_not_recorded_in_one_file(tmp_path: Path) -> None:
    file = tmp_path / "replies.jsonl"
    file.write_text(HEAD)
    with pytest.raises(ConfigError, match=r"holds replies of REAL ENDPOINT.*this run asks SIMULATED"):
        Recorder(Forward("http://127.0.0.1:9/v1"), file, Label(kind="SIMULATED", detail="a profile"))
    assert file.read_text() == HEAD


def test_the_order_of_fields_and_the_way_of_sending_do_not_matter_to_a_recording() -> None:
    assert digest_of({"a": 1, "b": [2]}) == digest_of({"b": [2], "a": 1, "stream": True})
    assert digest_of({"a": 1}) != digest_of({"a": 2})
