"""HARLM as a system: its settings, its limits and its meter. It runs in this process here."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from harlm import events
from harlm.config import Config, overridden
from harlm.errors import ConfigError, ContextOverflow, LimitExceeded, NoAnswer, RateLimited
from harlm.testing import ChatServer
from harlm.types import Answer, Citation, Confidence, Price, Share, Signals, Usage
from harlm_bench.systems import Limits, Model
from harlm_bench.systems.harlm import variants
from harlm_bench.systems.harlm_worker import Judge, budget, client, failed, notes_of, unmarked
from harlm_bench.systems.rivals import job_of
from harlm_bench.systems.scripted import scripted_root
from tests.support.bench_reader import QUESTION, reader, window_of

PRICE = Price(input=1.5, output=6.0, cached=0.5)


def job(
    url: str = "http://127.0.0.1:9/v1", *, limits: Limits | None = None, priced: bool = True
) -> dict[str, object]:
    """A job as a worker gets it."""
    prices = {"root": PRICE, "sub": PRICE} if priced else {}
    model = Model(base_url=url, root="root", sub="sub", window=16_000, prices=prices)
    made = job_of(window_of(40), QUESTION, model, limits or Limits(calls=9, micro_usd=250_000, wall_s=30.0))
    decoded = msgspec.json.decode(msgspec.json.encode(made))
    assert isinstance(decoded, dict)
    return decoded


def test_the_limits_of_the_question_are_its_budget() -> None:
    prices = {"openai/root": PRICE, "openai/sub": PRICE}
    told = budget(job(), prices)
    assert (told.usd, told.calls, told.seconds) == (0.25, 9, 30.0)
    assert budget(job(), {"openai/root": PRICE}).usd is None


def test_its_meter_is_the_bill(tmp_path: Path) -> None:
    with ChatServer(reader, usage=lambda request, text: (1_000, 400, 7)) as server:
        harlm = client(job(server.base_url), str(tmp_path), {"settings": {"engine.mode": "direct"}})
        answer = harlm.ask(
            QUESTION.text, window_of(40).documents["boxes-0"] + "\nThe colour of box 77 is red."
        )
        calls = server.arrived
    notes = notes_of(answer)
    assert calls == notes["meter_calls"] == 1
    assert notes["meter_micro_usd"] == 600 * 1.5 + 400 * 0.5 + 7 * 6
    assert (notes["meter_prompt"], notes["meter_cached"], notes["meter_completion"]) == (1_000, 400, 7)
    assert notes["mode"] == "direct"


def test_what_it_measured_of_its_own_answer_is_noted() -> None:
    judge = Judge()
    judge.emit(events.Noted(message="something else"))
    assert judge.notes == {}
    found = Confidence(value=0.75, signals=Signals(quotes=Share(1, 2), ran_clean=True))
    judge.emit(
        events.Judged(
            model="openai/root",
            mode="direct",
            confidence=found,
            features={"log_tokens": 12.5},
            propensity=0.8,
            expected_micros=1_500,
            expected_seconds=2.5,
        )
    )
    assert judge.notes == {
        "model": "openai/root", "confidence": 0.75, "signal_quotes": 1, "signal_quotes_of": 2, "signal_ran_clean": 1,
        "feature_log_tokens": 12.5, "propensity": 0.8, "expected_micro_usd": 1_500, "expected_seconds": 2.5,
    }  # fmt: skip


def test_only_the_settings_of_the_variant_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARLM_CONCURRENCY", "77")
    config = client(job(), str(tmp_path), {"settings": {"memory.cache": False}})._config
    assert config.engine.concurrency == 16
    assert config.memory.cache is False
    assert config.models.hedging is False
    assert config.tracing.home == str(tmp_path)
    assert config.models.window == 16_000


def test_a_variant_with_an_unknown_setting_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        client(job(), str(tmp_path), {"settings": {"engine.depth": 1}})


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (
            LimitExceeded("the time is up", limit="seconds", used=2, allowed=1, partial=Answer(text="half")),
            "limit",
        ),
        (ContextOverflow("too long", model="m"), "no answer"),
        (NoAnswer("nothing"), "no answer"),
        (RateLimited("later", model="m", status=429), "endpoint"),
        (ConfigError("odd"), "crashed"),
    ],
)
def test_every_error_is_an_outcome(error: LimitExceeded, status: str) -> None:
    came = failed(error)
    assert came["status"] == status
    assert str(error) in came["reason"]
    assert came["text"] == ("half" if status == "limit" else "")


def test_the_places_of_citations_are_not_part_of_an_answer() -> None:
    cited = Citation(source="a.txt", start=0, end=3, line=1, page=None, place="a.txt:1", quote="red")
    answer = Answer(text="red [a.txt:1] or [b] blue", citations=(cited,), usage=Usage())
    assert unmarked(answer) == "red or [b] blue"


def test_the_scripted_root_reads_and_then_finishes() -> None:
    root = scripted_root('What is "it"?', k=5)
    first = root([{"role": "system", "content": "rules"}, {"role": "user", "content": "x"}])
    assert "k=5" in first
    assert repr('What is "it"?') in first
    assert "llm_query_batched(prompts)" in first
    assert "FINAL(" not in first
    assert "FINAL(reply" in root(
        [{"role": "assistant", "content": first}, {"role": "user", "content": "out"}]
    )


def test_what_was_booked_without_a_reply_is_noted_beside_the_meter() -> None:
    of_model = Usage(calls=2, cost_micros=900, unconfirmed_micros=300)
    notes = notes_of(Answer(text="red", usage=of_model.of_model("openai/root")))
    assert (notes["meter_micro_usd"], notes["cancelled_micro_usd"]) == (900, 300)


def test_hedging_is_off_unless_a_variant_asks_for_it(tmp_path: Path) -> None:
    hedging = variants()["harlm-hedging"]
    assert client(job(), str(tmp_path), {"settings": dict(hedging.settings)})._config.models.hedging is True


@pytest.mark.parametrize("name", list(variants()))
def test_every_variant_has_settings_that_exist(name: str, tmp_path: Path) -> None:
    config = client(job(), str(tmp_path), {"settings": dict(variants()[name].settings)})._config
    assert overridden(config, variants()[name].settings) == config


def test_each_tier_of_memory_is_alone_over_the_cold_store_in_one_variant() -> None:
    names = ("harlm-hot-only", "harlm-warm-only", "harlm-cold-only")
    told = [
        (each.memory.hot_tokens > 0, each.memory.summaries != "off")
        for each in (overridden(Config(), variants()[name].settings) for name in names)
    ]
    assert told == [(True, False), (False, True), (False, False)]
