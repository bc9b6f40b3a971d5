"""The simulated provider: determinism, windows, caps, faults, times, the prompt cache and the bill."""

from __future__ import annotations

import random
import statistics
import time

import pytest

from harlm.errors import ConfigError
from harlm.testing import Tokens
from harlm_bench.prices import picos
from harlm_bench.simulator.backend import Simulated
from harlm_bench.simulator.bill import PrefixCache
from harlm_bench.simulator.clock import pace
from harlm_bench.simulator.draw import Draw
from harlm_bench.simulator.form import spoiled
from harlm_bench.simulator.model import request_id
from harlm_bench.simulator.noise import Noise
from harlm_bench.simulator.profile import RateCaps
from harlm_bench.simulator.reading import Reply
from harlm_bench.simulator.store import Store
from harlm_bench.systems import Limits
from tests.support.simulated import MINI, PERFECT, changed, post, post_all, serving


def prompts(text: str, count: int) -> list[str]:
    lines = text.splitlines()
    parts = ["\n".join(lines[number % 7 : number % 7 + 12]) for number in range(count)]
    return [f"How many lines are glad? ({number})\n\n{part}" for number, part in enumerate(parts)]


def test_the_same_requests_get_the_same_answers_and_bill_however_many_run_at_once() -> None:
    told = []
    for at_once in (1, 16):
        with serving(changed(MINI, caps=RateCaps()), has_faults=True) as served:
            model = served.gateway.open("q", Limits(calls=10_000))
            asked = prompts(served.window.text, 60)
            left = dict(enumerate(asked))
            answers: dict[int, str] = {}
            while left:  # refused requests are sent again, as clients do
                replies = post_all(model.base_url, list(left.values()), at_once)
                answers |= {n: each.text for n, each in zip(left, replies, strict=True) if each.status == 200}
                left = {n: each for n, each in left.items() if n not in answers}
            used = served.gateway.close("q")
            told.append(
                (
                    sorted(answers.items()),
                    used.calls,
                    used.prompt,
                    used.cached,
                    used.completion,
                    used.micro_usd,
                )
            )
    assert told[0] == told[1]


def test_another_seed_or_temperature_is_another_sample_and_the_cache_of_a_question_is_its_own() -> None:
    clumsy = changed(PERFECT, errors={"in_head_items": 0.1, "in_head_sd": 3.0})
    with serving(clumsy) as served:
        model = served.gateway.open("q", Limits())
        prompt = f"{served.window.text}\n\nQuestion: How many lines are glad?"
        texts = {post(model.base_url, prompt, seed=seed, temperature=1).text for seed in range(12)}
        again = {post(model.base_url, prompt, seed=3, temperature=1).text for _ in range(3)}
        assert len(texts) > 1
        assert len(again) == 1


def test_a_prompt_beyond_the_window_is_refused_as_providers_do() -> None:
    with serving(changed(PERFECT, window=300)) as served:
        reply = post(served.gateway.open("q", Limits()).base_url, served.window.text)
        assert reply.status == 400
        assert reply.body["error"]["code"] == "context_length_exceeded"
        assert "maximum context length is 300 tokens" in reply.body["error"]["message"]
        assert served.gateway.close("q").micro_usd == 0


def test_an_unknown_model_and_an_empty_request_are_refused() -> None:
    with serving() as served:
        base_url = served.gateway.open("q", Limits()).base_url
        assert post(base_url, "hello", model="other").body["error"]["code"] == "model_not_found"
        assert post(base_url, "hello", messages=[]).status == 400


def test_a_reply_is_cut_at_the_limit_and_at_stop_sequences() -> None:
    with serving() as served:
        base_url = served.gateway.open("q", Limits()).base_url
        prompt = f"Copy every line that helps to answer: How many lines are glad?\n\n{served.window.text}"
        whole = post(base_url, prompt)
        cut = post(base_url, prompt, max_tokens=20)
        assert cut.body["usage"]["completion_tokens"] == 20
        assert cut.body["choices"][0]["finish_reason"] == "length"
        assert whole.text.startswith(cut.text)
        assert post(base_url, prompt, stop=[" | "]).text == whole.text.partition(" | ")[0]


def test_the_bill_is_that_of_the_usage_in_the_replies() -> None:
    with serving() as served:
        base_url = served.gateway.open("q", Limits()).base_url
        long = "\n".join([served.window.text] * 4)
        replies = [post(base_url, f"{long}\n\nQuestion {n}: How many lines are glad?") for n in range(3)]
        owed, cached = 0, []
        for each in replies:
            usage = each.body["usage"]
            cached.append(usage["prompt_tokens_details"]["cached_tokens"])
            assert PERFECT.price is not None
            owed += picos(
                PERFECT.price, Tokens(usage["prompt_tokens"], cached[-1], usage["completion_tokens"])
            )
        assert cached[0] == 0
        assert cached[1] > 0.8 * replies[1].body["usage"]["prompt_tokens"]
        assert served.gateway.close("q").micro_usd == owed // 1_000_000


def test_the_cached_tokens_of_a_set_of_prompts_do_not_depend_on_their_order() -> None:
    chance = random.Random(1)
    stem = " ".join(str(chance.randint(0, 99)) for _ in range(4_000))
    asked = [[("user", stem[: 3_000 + 700 * number] + f" question {number}")] for number in range(12)]

    def cached(order: list[list[tuple[str, str]]]) -> int:
        cache = PrefixCache()
        return sum(cache.cached(each, 10**6) for each in order)

    counts = set()
    for _ in range(5):
        chance.shuffle(asked)
        counts.add(cached(asked))
    assert len(counts) == 1
    assert counts.pop() > 0


def test_requests_beyond_the_caps_of_the_provider_are_refused_with_a_time_to_wait() -> None:
    slow = changed(PERFECT, caps=RateCaps(in_flight=2), times={"first_p50": 1.0, "first_p95": 1.0})
    with serving(slow, scale=0.1) as served:
        model = served.gateway.open("q", Limits())
        replies = post_all(model.base_url, prompts(served.window.text, 6), at_once=6)
        assert sorted(each.status for each in replies) == [200, 200, 429, 429, 429, 429]
        served.gateway.close("q")
    with serving(changed(PERFECT, caps=RateCaps(per_minute=3)), scale=1.0) as served:
        model = served.gateway.open("q", Limits())
        replies = post_all(model.base_url, prompts(served.window.text, 5), at_once=1)
        refused = [each for each in replies if each.status == 429]
        assert len(refused) == 2
        assert 15_000 < int(refused[0].headers["retry-after-ms"]) <= 20_000
        other = served.gateway.open("other", Limits())
        assert post(other.base_url, "hello").status == 200


@pytest.mark.parametrize("in_flight", [2, 4])
def test_parallel_calls_win_no_more_than_the_cap_allows(in_flight: int) -> None:
    calls, scale = 16, 0.02
    steady = changed(PERFECT, times={"first_p50": 1.0, "first_p95": 1.0})
    with serving(steady, scale=scale) as served:
        asked = prompts(served.window.text, calls)
        model = served.gateway.open("q", Limits(in_flight=in_flight))
        began = time.monotonic()
        post_all(model.base_url, asked, at_once=calls)
        took = time.monotonic() - began
        used = served.gateway.close("q")
    assert used.most_in_flight == in_flight
    assert took >= calls * 1.0 * scale / in_flight
    assert used.call_s / used.busy_s <= in_flight + 0.01


def test_rate_caps_bound_what_parallel_calls_win() -> None:
    """A hundred a minute in the model's time: after the first hundred, each call waits 0.6 s of it."""
    scale, extra = 0.01, 10
    with serving(changed(PERFECT, caps=RateCaps(per_minute=100)), scale=scale) as served:
        model = served.gateway.open("q", Limits(calls=10_000, in_flight=64))
        began = time.monotonic()
        left = prompts(served.window.text, 100 + extra)
        while left:
            replies = post_all(model.base_url, left, at_once=64)
            left = [prompt for prompt, each in zip(left, replies, strict=True) if each.status == 429]
            waits = [int(each.headers["retry-after-ms"]) for each in replies if each.status == 429]
            time.sleep(max(waits, default=0) / 1_000)
        took = time.monotonic() - began
    assert took >= (extra - 1) * 0.6 * scale


def test_requests_fail_at_the_rates_of_the_profile_and_a_second_try_is_another_draw() -> None:
    failing = changed(PERFECT, faults={"busy": 0.3, "broken": 0.2})
    with serving(failing, has_faults=True) as served:
        model = served.gateway.open("q", Limits(calls=10_000))
        asked = prompts(served.window.text, 80)
        first = [each.status for each in post_all(model.base_url, asked, at_once=8)]
        second = [each.status for each in post_all(model.base_url, asked, at_once=8)]
        assert 0.3 < statistics.mean(status != 200 for status in first) < 0.7
        assert first != second
        used = served.gateway.close("q")
        assert used.calls == (first + second).count(200)
        assert used.refused == 160 - used.calls


def test_a_call_takes_the_time_of_its_tokens_and_seldom_much_more() -> None:
    tokens = Tokens(1_000, 0, 100, 0)
    times = [sum(pace(MINI, tokens, Draw(str(number)))) for number in range(2_000)]
    expected = MINI.times.first_p50 + 1_000 / MINI.times.prefill + 100 / MINI.times.speed
    assert statistics.median(times) == pytest.approx(expected, rel=0.05)
    assert 0.002 < statistics.mean(each > 4 * expected for each in times) < 0.03
    assert pace(MINI, tokens, Draw("1")) == pace(MINI, tokens, Draw("1"))
    assert sum(pace(MINI, tokens, Draw("1"))) > sum(pace(MINI, Tokens(1_000, 900, 50), Draw("1")))


def test_replies_are_spoiled_at_the_rate_of_the_profile() -> None:
    text = "\n".join(f"{number}: Spam" for number in range(1, 9))
    reply = Reply(intent="label", text=text)
    told = [spoiled(text, reply, Noise("m", str(number).encode(), 0.7), 0.2) for number in range(1_000)]
    assert 0.12 < statistics.mean(each != text for each in told) < 0.25
    assert len(set(told)) >= 8


@pytest.mark.parametrize("streamed", [True, False])
def test_a_dropped_reply_is_billed(*, streamed: bool) -> None:
    dropping = changed(PERFECT, faults={"dropped": 1.0})
    with serving(dropping, has_faults=True) as served:
        model = served.gateway.open("q", Limits())
        with pytest.raises((OSError, Exception)) as failure:
            post_all(model.base_url, ["How many lines are glad?"], 1, stream=streamed)
        assert (
            "payload" in str(failure.value).lower()
            or "connection" in str(failure.value).lower()
            or "peer" in str(failure.value)
        )
        assert served.gateway.close("q").calls == 1


@pytest.mark.parametrize("scale", [0.0, -1.0, float("inf"), float("nan")])
def test_a_time_scale_on_which_no_rate_can_be_counted_is_refused(scale: float) -> None:
    with pytest.raises(ConfigError, match=rf"is {scale:g}, and must be above 0; use 0\.001"):
        Simulated({}, Store(), (), scale=scale)


def test_what_a_message_says_is_left_of_a_limit_is_no_part_of_a_request() -> None:
    def named(last: str, before: str = "It cost $5, in 9 s.") -> bytes:
        return request_id([("user", f"{before}\n\n{last}")], {})

    told = named("Turn 2 of 20. Left: $4.9312, 996 calls, 118 s.")
    assert told == named("Turn 2 of 20. Left: $4.9255, 995 calls, 7 s.")
    assert told != named("Turn 3 of 20. Left: $4.9312, 996 calls, 118 s.")
    assert told != named("Turn 2 of 20. Left: $4.9312, 996 calls, 118 s.", before="It cost $6, in 9 s.")
