"""HARLM against the simulated model, over HTTP and through the gateway: answers, bills, limits and repeatability."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

import harlm
from harlm import HARLM
from harlm.config import Config, ModelSettings
from harlm.types import Mode
from harlm_bench import tasks
from harlm_bench.gateway import Gateway
from harlm_bench.items import Window
from harlm_bench.outcomes import Usage
from harlm_bench.scoring import score
from harlm_bench.simulator import profile
from harlm_bench.simulator.audit import Log, without_evidence
from harlm_bench.simulator.backend import Simulated
from harlm_bench.simulator.profile import Profile
from harlm_bench.simulator.store import Store
from harlm_bench.systems import Limits, registry

_SETTINGS = msgspec.structs.replace(Config(), models=ModelSettings(hedging=False))
PERFECT, MINI = profile.load("perfect"), profile.load("gpt-5-mini-like")


@contextmanager
def gateway(
    window: Window, model: Profile, log: Log | None = None, *, has_faults: bool = True
) -> Iterator[Gateway]:
    families = [tasks.family(window.task)]
    backend = Simulated(
        {"sim": model}, Store.of([window]), families, scale=0.002, has_faults=has_faults, log=log
    )
    with Gateway(backend, root="sim", window=model.window, price_of=backend.price_of) as served:
        yield served


def ask(
    served: Gateway,
    window: Window,
    number: int,
    home: Path,
    mode: Mode,
    *,
    limits: Limits | None = None,
    concurrency: int | None = None,
) -> tuple[harlm.Answer, Usage]:
    question = window.questions[number]
    model = served.open(question.id, limits or Limits())
    price = served._price_of("sim")
    asking = HARLM(
        f"openai/sim@{model.base_url}",
        mode=mode,
        cache=False,
        window=model.window,
        api_key="none",
        prices={} if price is None else {"openai/sim": price},
        home=home,
        concurrency=concurrency,
        speculation="off",  # a call that is given up is booked at its bound, and when it is given up depends on the machine
        settings=_SETTINGS,
    )
    answer = asking.ask(question.text, window.text)
    return answer, served.close(question.id)


@pytest.mark.parametrize("task", ["s-niah", "oolong", "multihop-long"])
def test_a_perfect_reader_answers_directly_with_quotes_that_are_found(task: str, tmp_path: Path) -> None:
    window = tasks.family(task).window(1, 4_000, 3)
    log = Log()
    with gateway(window, PERFECT, log) as served:
        for number, question in enumerate(window.questions):
            answer, used = ask(served, window, number, tmp_path, "direct")
            assert question.gold.lower() in answer.text.lower()
            if any(line.used for line in log.lines if line.question == question.id):
                assert answer.citations
            assert (used.calls, used.refused) == (1, 0)
            assert used.micro_usd == answer.usage.cost_micros
    found = [each.id for each in window.questions if "unknown" not in each.gold]
    assert without_evidence(found, log.lines) == []


def test_the_meter_of_a_run_with_programs_is_the_bill_and_the_same_at_any_concurrency(tmp_path: Path) -> None:
    window = tasks.family("oolong").window(2, 16_000, 2)
    told: dict[int, list[tuple[object, ...]]] = {1: [], 16: []}
    for concurrency, seen in told.items():
        with gateway(window, MINI, has_faults=False) as served:
            for number in range(len(window.questions)):
                home = tmp_path / str(concurrency)
                answer, used = ask(served, window, number, home, "full", concurrency=concurrency)
                assert used.calls == answer.usage.calls >= 2
                assert used.micro_usd == answer.usage.cost_micros
                assert (used.prompt, used.cached) == (answer.usage.input_tokens, answer.usage.cached_tokens)
                seen.append((answer.text, used.calls, used.prompt, used.completion, used.micro_usd))
    assert told[1] == told[16]


def test_a_question_that_is_out_of_calls_ends_as_a_failure_and_not_as_a_wait(tmp_path: Path) -> None:
    window = tasks.family("oolong").window(1, 4_000, 1)
    with gateway(window, MINI, has_faults=False) as served:
        with pytest.raises(harlm.HarlmError, match="requests"):
            ask(served, window, 0, tmp_path, "direct", limits=Limits(calls=0))
        assert served.close("1").calls == 0


NOTES, WHOLE, SEARCHED = "summary", ("base", "truncated-base", "bm25"), ("codeact-bm25", "scripted-plan")


@pytest.mark.parametrize(
    ("name", "task", "tokens", "room"),
    [
        (NOTES, "s-niah", 8_000, 6_000),  # read in parts
        (NOTES, "multihop-long", 4_000, 4_200),
        (NOTES, "oolong", 2_000, 6_000),
        *((name, "s-niah", 4_000, 100_000) for name in (*WHOLE, *SEARCHED, "codeact-calls")),
        *((name, "oolong", 2_000, 100_000) for name in ("base", "truncated-base", "codeact-bm25")),
        ("codeact-bm25", "multihop-long", 8_000, 100_000),
        ("codeact-calls", "multihop-long", 8_000, 100_000),
    ],
)
def test_with_a_perfect_reader_a_baseline_answers_all_that_it_can_reach(
    name: str, task: str, tokens: int, room: int
) -> None:
    window = tasks.family(task).window(1, tokens, 3)
    with gateway(window, msgspec.structs.replace(PERFECT, window=room)) as served:
        for question in window.questions:
            model = served.open(question.id, Limits())
            outcome = registry.system(name).answer(window, question, model, Limits())
            served.close(question.id)
            assert score(question, outcome.text) == 1.0, (question.text, question.gold, outcome)
            assert (outcome.notes.get("parts", 1) != 1) == (name == NOTES and task != "oolong")
