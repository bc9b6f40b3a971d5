"""The gateway: what it counts, refuses and prices, whatever answers behind it."""

from __future__ import annotations

import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from harlm.errors import ConfigError
from harlm.testing import ModelReply, Request, Tokens
from harlm.testing.faults import refusal
from harlm.types import Price
from harlm_bench.gateway import Gateway
from harlm_bench.replies import Answer, Paced
from harlm_bench.systems import Limits
from tests.support.simulated import post, post_all

PRICE = Price(input=1.0, cached=0.1, output=10.0)


class Echo:
    """Answers with the last message; each call takes a while."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.forgotten: list[str] = []

    async def reply(self, request: Request) -> Answer:
        if request.prompt == "fail":
            return refusal(503, "down")
        if request.prompt == "raise":
            raise RuntimeError("a fault of the backend")
        reply = ModelReply(request, request.prompt, Tokens(100, 40, 7))
        return Paced(reply=reply, first_s=self.seconds, rest_s=0.0)

    def forget(self, question: str) -> None:
        self.forgotten.append(question)

    async def close(self) -> None:
        pass


def test_calls_are_counted_and_priced_for_their_question_alone() -> None:
    with Gateway(Echo(), root="a", sub="b", window=1_000, price_of=lambda name: PRICE) as gateway:
        one, other = gateway.open("one", Limits()), gateway.open("other", Limits())
        assert (one.root, one.sub, one.window) == ("a", "b", 1_000)
        for _ in range(3):
            assert post(one.base_url, "hello").text == "hello"
        post(other.base_url, "hello")
        used = gateway.close("one")
        assert (used.calls, used.refused, used.prompt, used.cached, used.completion) == (3, 0, 300, 120, 21)
        assert used.micro_usd == 3 * (60 + 4 + 70)
        assert gateway.close("other").calls == 1


def test_a_model_without_a_price_leaves_the_bill_unknown() -> None:
    with Gateway(Echo(), root="a", window=1_000, price_of=lambda name: None) as gateway:
        post(gateway.open("q", Limits()).base_url, "hello")
        assert gateway.close("q").micro_usd is None


def test_failures_are_refused_calls_without_a_bill() -> None:
    with Gateway(Echo(), root="a", window=1_000, price_of=lambda name: PRICE) as gateway:
        model = gateway.open("q", Limits())
        assert post(model.base_url, "fail").status == 503
        assert post(model.base_url, "raise").status == 500
        used = gateway.close("q")
        assert (used.calls, used.refused, used.micro_usd) == (0, 2, 0)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (Limits(calls=2), "2 requests"),
        (Limits(micro_usd=200), "$0.000200"),
        (Limits(wall_s=0.0), "0 s"),
    ],
)
def test_a_question_beyond_its_limits_is_refused_in_a_way_that_no_client_tries_again(
    limits: Limits, words: str
) -> None:
    with Gateway(Echo(), root="a", window=1_000, price_of=lambda name: PRICE) as gateway:
        model = gateway.open("q", limits)
        replies = [post(model.base_url, "hello") for _ in range(4)]
        assert replies[-1].status == 402
        assert replies[-1].body["error"]["code"] == "insufficient_quota"
        assert words in replies[-1].body["error"]["message"]
        used = gateway.close("q")
        assert used.calls + used.refused == 4
        assert used.calls == (0 if limits.wall_s == 0 else 2)


def test_requests_beyond_those_in_flight_wait_their_turn() -> None:
    with Gateway(Echo(0.02), root="a", window=1_000) as gateway:
        model = gateway.open("q", Limits(in_flight=2))
        started = time.monotonic()
        replies = post_all(model.base_url, [str(number) for number in range(8)], at_once=8)
        took = time.monotonic() - started
        assert [each.text for each in replies] == [str(number) for number in range(8)]
        used = gateway.close("q")
        assert used.most_in_flight == 2
        assert took >= 4 * 0.02
        assert used.call_s <= 2 * used.busy_s + 0.01


def test_a_closed_or_unknown_question_is_refused() -> None:
    backend = Echo()
    with Gateway(backend, root="a", window=1_000) as gateway:
        model = gateway.open("q", Limits())
        gateway.close("q")
        assert backend.forgotten == ["q"]
        assert post(model.base_url, "hello").body["error"]["code"] == "invalid_api_key"
        assert post(f"{gateway.url}/v1", "hello").status == 401
        with pytest.raises(ConfigError, match="not open"):
            gateway.close("q")


def test_a_question_is_opened_once_at_a_time_and_its_name_may_hold_anything() -> None:
    with Gateway(Echo(), root="a", window=1_000) as gateway:
        name = "rlms 0.1.3, depth 1/oolong-8192-7/ünd 3?"
        model = gateway.open(name, Limits())
        assert post(model.base_url, "hello").text == "hello"
        with pytest.raises(ConfigError, match="open already"):
            gateway.open(name, Limits())
        assert gateway.close(name).calls == 1
        gateway.open(name, Limits())


def test_what_is_under_way_when_a_question_is_closed_is_still_billed() -> None:
    with Gateway(Echo(0.1), root="a", window=1_000, price_of=lambda name: PRICE) as gateway:
        model = gateway.open("q", Limits())
        asking = threading.Thread(target=post, args=(model.base_url, "hello"))
        asking.start()
        time.sleep(0.05)
        assert gateway.close("q").calls == 1
        asking.join()


def test_questions_may_be_opened_and_closed_from_many_threads() -> None:
    with Gateway(Echo(), root="a", window=1_000, price_of=lambda name: PRICE) as gateway:

        def one(number: int) -> int:
            model = gateway.open(f"q{number}", Limits())
            for _ in range(number % 3 + 1):
                post(model.base_url, "hello")
            return gateway.close(f"q{number}").calls

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(one, range(24))) == [number % 3 + 1 for number in range(24)]


def test_the_models_are_listed() -> None:
    with Gateway(Echo(), root="a", sub="b", window=1_000) as gateway:
        base_url = gateway.open("q", Limits()).base_url
        with urllib.request.urlopen(f"{base_url}/models") as response:
            listed = msgspec.json.decode(response.read())
        assert [each["id"] for each in listed["data"]] == ["a", "b"]
        assert gateway.close("q").calls == 0
