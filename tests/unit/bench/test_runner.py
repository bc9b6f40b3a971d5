from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from harlm.errors import ConfigError, CostLimit, ModelUnavailable
from harlm_bench import runner
from harlm_bench.items import Question, Window
from harlm_bench.journal import Writer, read
from harlm_bench.outcomes import Outcome, Result, Usage
from harlm_bench.runner import Work
from harlm_bench.systems import Limits, Model, System
from tests.unit.bench.made import Echo, FakeGateway, Silent, header, window

PATH = Path("journal.jsonl")


def work(*systems: System, windows: int = 2, gateway: FakeGateway | None = None, **more: object) -> Work:
    fields: dict[str, object] = {"limits": Limits(wall_s=5.0), **more}
    return Work(
        windows=[window(number) for number in range(windows)],
        systems=systems,
        gateway=gateway or FakeGateway(),
        score=lambda question, text: float(question.gold == text),
        **fields,  # type: ignore[arg-type] # fields by name
    )


def run(it: Work, watcher: Silent | None = None) -> None:
    with Writer(PATH, header()) as journal:
        runner.run(it, journal, watcher or Silent())


class Broken:
    """A system that does whatever it is told to instead of answering."""

    def __init__(self, name: str, does: Callable[[], Outcome]) -> None:
        self.name = name
        self._does = does

    def answer(self, window: Window, question: Question, model: Model, limits: Limits) -> Outcome:
        return self._does()


def _raise(error: BaseException) -> Outcome:
    raise error


def test_every_system_gets_every_question_in_a_fixed_order() -> None:
    first, second, gateway = Echo("one"), Echo("two"), FakeGateway()
    run(work(first, second, gateway=gateway))
    found = read(PATH).results
    assert [f"{it.window} {it.system} {it.question}" for it in found] == [
        f"oolong-1024-{number} {system} q{question}"
        for number in (0, 1)
        for system in ("one", "two")
        for question in (0, 1)
    ]
    assert {it.score for it in found} == {1.0}
    assert {it.usage.micro_usd for it in found} == {500}
    assert not gateway.open_now


def test_as_many_questions_as_asked_for_run_at_once() -> None:
    together = threading.Barrier(3, timeout=5)
    gateway = FakeGateway()
    run(work(Echo(before=lambda *_: (together.wait(), None)[1]), windows=3, gateway=gateway, jobs=3))
    assert gateway.most_open == 3
    assert len(read(PATH).results) == 6


def test_a_system_that_raises_has_crashed_and_counts() -> None:
    run(work(Broken("broken", lambda: _raise(RuntimeError("no luck"))), Echo()))
    found = [it for it in read(PATH).results if it.system == "broken"]
    assert len(found) == 4
    assert {(it.outcome.status, it.outcome.reason, it.score) for it in found} == {
        ("crashed", "RuntimeError: no luck", 0.0)
    }


@pytest.mark.parametrize("status", ["limit", "not installed", "no answer", "endpoint"])
def test_what_a_system_says_of_itself_is_written_down(status: str) -> None:
    outcome = Outcome(text="0", status=status, reason="so", wall_s=1.0, cpu_s=0.0)  # type: ignore[arg-type] # a status
    run(work(Broken("odd", lambda: outcome)))
    assert {(it.outcome.status, it.score) for it in read(PATH).results} == {(status, 0.0)}


def test_a_system_that_does_not_come_back_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_GRACE_S", 0.05)
    release = threading.Event()
    hangs = Broken("hangs", lambda: _raise(RuntimeError(f"released: {release.wait(20)}")))
    started = time.perf_counter()
    run(work(hangs, windows=1, limits=Limits(wall_s=0.05)))
    assert time.perf_counter() - started < 5
    release.set()
    assert {it.outcome.status for it in read(PATH).results} == {"limit"}


def test_a_run_that_was_stopped_continues_where_it_was() -> None:
    with Writer(PATH, header()) as journal, pytest.raises(KeyboardInterrupt):
        runner.run(work(Echo("one")), _interrupted(journal, after=3), Silent())
    assert len(read(PATH).results) == 3
    watcher, system = Silent(), Echo("one")
    run(work(system), watcher)
    assert watcher.kept_of == ["one"] * 3
    assert system.asked == ["oolong-1024-1 q1"]
    assert len(read(PATH).results) == 4


def _interrupted(journal: Writer, after: int) -> Writer:
    add, count = journal.add, [0]

    def adding(result: object) -> None:
        count[0] += 1
        add(result)  # type: ignore[arg-type] # passed on as it came
        if count[0] == after:
            raise KeyboardInterrupt

    journal.add = adding  # type: ignore[method-assign] # as a signal would arrive there
    return journal


def test_ctrl_c_closes_the_questions_under_way_and_does_not_wait_for_them() -> None:
    gateway, entered, release = FakeGateway(), threading.Event(), threading.Event()

    def hang(window: Window, question: Question) -> None:
        if question.id == "q1":
            entered.set()
            release.wait(20)

    with Writer(PATH, header()) as journal, pytest.raises(KeyboardInterrupt):
        runner.run(
            work(Echo(before=hang), windows=1, gateway=gateway, jobs=2),
            _interrupted(journal, after=1),
            Silent(),
        )
    assert entered.wait(5)
    assert not gateway.open_now
    release.set()
    assert [it.question for it in read(PATH).results] == ["q0"]
    assert read(PATH).micro_usd == 1_000  # with what q1 has cost


class Closing(FakeGateway):
    """Refuses to close a question twice, as the real one does."""

    def close(self, question_key: str) -> Usage:
        if question_key not in self.open_now:
            raise ConfigError("not open")
        return super().close(question_key)


def test_a_question_that_ends_while_the_run_is_stopped_has_its_result() -> None:
    gateway = Closing()

    class Late(Silent):
        def finished(self, result: Result) -> None:
            while len(gateway.closed) < 2:  # both are closed by their own threads
                time.sleep(0.005)
            raise KeyboardInterrupt

    with Writer(PATH, header()) as journal, pytest.raises(KeyboardInterrupt):
        runner.run(work(Echo(), windows=1, gateway=gateway, jobs=2), journal, Late())
    assert sorted(result.question for result in read(PATH).results) == ["q0", "q1"]
    assert read(PATH).micro_usd == 1_000


def test_a_budget_is_of_the_whole_run_however_often_it_is_continued() -> None:
    def work_for(budget: int) -> Work:
        return work(Echo(), gateway=FakeGateway(micro_usd=400_000), budget_micro_usd=budget)

    with pytest.raises(CostLimit):
        run(work_for(700_000))
    assert len(read(PATH).results) == 2
    with pytest.raises(CostLimit, match=r"\$0\.80 of its \$0\.70"):
        run(work_for(700_000))
    assert len(read(PATH).results) == 2
    with pytest.raises(CostLimit, match=r"\$1\.20 of its \$1\.20"):
        run(work_for(1_200_000))
    assert len(read(PATH).results) == 3


def test_a_run_stops_when_its_money_is_spent() -> None:
    gateway = FakeGateway(micro_usd=400_000)
    with pytest.raises(CostLimit, match=r"\$1\.20 of its \$1\.00.*--budget-usd"):
        run(work(Echo(), gateway=gateway, budget_micro_usd=1_000_000))
    assert len(read(PATH).results) == 3


def test_a_budget_cannot_be_kept_where_a_bill_is_not_known() -> None:
    with pytest.raises(ConfigError, match=r"bills of 1 questions are not known.*prices\.toml"):
        run(work(Echo(), gateway=FakeGateway(micro_usd=None), budget_micro_usd=1_000_000))
    assert len(read(PATH).results) == 1


def test_a_run_stops_when_the_model_is_gone_and_asks_those_questions_again() -> None:
    gone = Outcome(text="", status="endpoint", reason="connection refused", wall_s=0.1, cpu_s=0.0)
    with pytest.raises(ModelUnavailable, match=r"last 10 questions.*connection refused.*same command"):
        run(work(Broken("one", lambda: gone), windows=9))
    assert len(read(PATH).results) == 10
    run(work(Echo("one"), windows=9))
    found = read(PATH)
    assert len(found.results) == 18
    assert {it.outcome.status for it in found.results} == {"answered"}
    assert found.replaced == 10


def test_the_address_of_a_question_is_the_same_in_every_run() -> None:
    first, second = FakeGateway(), FakeGateway()
    with Writer(Path("a.jsonl"), header()) as journal:
        runner.run(work(Echo(), gateway=first, jobs=1), journal, Silent())
    with Writer(Path("b.jsonl"), header()) as journal:
        runner.run(work(Echo(), gateway=second, jobs=4), journal, Silent())
    assert sorted(first.closed) == sorted(second.closed)
    assert len(set(first.closed)) == 4
