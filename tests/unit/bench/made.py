"""Results, journals, windows and systems for the tests of the runner and the report."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from harlm_bench.items import Question, Window
from harlm_bench.journal import Header, Journal, Writer, read
from harlm_bench.labels import Label
from harlm_bench.outcomes import Outcome, Result, Span, Status, Usage
from harlm_bench.suites import Entry, Load
from harlm_bench.systems import Limits, Model

SIMULATED = Label(kind="SIMULATED", detail="gpt-5-like v1 (0123abcd)")
EMBEDDED = Label(kind="EMBEDDED", detail="tiny 0.5B (4567cdef)")

ENTRIES = (
    Entry(key="base", role="base", reads=1.0, name="base"),
    Entry(key="bm25", role="baseline", reads=0.1, name="BM25, top 8"),
    Entry(key="rlms", role="reference", reads=1.5, name="rlms 0.1.3, depth 1"),
    Entry(key="harlm", role="ours", reads=1.3, name="HARLM 0.1.0"),
    Entry(key="harlm-full", role="mode", reads=1.3, name="HARLM 0.1.0, always full"),
    Entry(key="harlm-width-1", role="part", reads=1.3, name="HARLM 0.1.0, full, one call at a time"),
)
LOADS = (
    Load(task="oolong", tokens=131_072, windows=7, questions=3),
    Load(task="s-niah", tokens=8_192, windows=3, questions=2),
    Load(task="s-niah", tokens=32_768, windows=3, questions=2),
)


def header(label: Label = SIMULATED, loads: tuple[Load, ...] = LOADS, **more: object) -> Header:
    fields: dict[str, object] = {
        "suite": "quick",
        "seed": 0,
        "versions": {load.task: 1 for load in loads},
        "systems": ENTRIES,
        "packages": {"harlm": "0.1.0"},
        "machine": "a machine",
        "command": "harlm bench run",
        "started": "2026-12-01T00:00:00+00:00",
    }
    return Header(label=label, loads=loads, **{**fields, **more})  # type: ignore[arg-type] # fields by name


def result(
    system: str = "HARLM 0.1.0",
    *,
    task: str = "oolong",
    tokens: int = 131_072,
    window: int = 0,
    question: str = "q0",
    score: float = 1.0,
    status: Status = "answered",
    wall_s: float = 2.0,
    usage: Usage | None = None,
    notes: Mapping[str, str | int | float] | None = None,
) -> Result:
    return Result(
        system=system,
        task=task,
        version=1,
        seed=window,
        tokens=tokens,
        window=f"{task}-{tokens}-{window}",
        digest=f"digest of {task}-{tokens}-{window}",
        question=question,
        kind="count",
        gold="3",
        score=score,
        outcome=Outcome(
            text="3" if status == "answered" else "",
            status=status,
            reason="" if status == "answered" else f"why {status}",
            wall_s=wall_s,
            cpu_s=0.1,
            notes=dict(notes or {}),
        ),
        usage=usage or a_usage(),
    )


def a_usage(calls: int = 2, micro_usd: int | None = 1_000) -> Usage:
    return Usage(
        calls=calls,
        prompt=900,
        completion=100,
        micro_usd=micro_usd,
        most_in_flight=calls,
        busy_s=1.0,
        call_s=1.5,
        timeline=tuple(
            Span(0.1 * place, 0.5 + 0.3 * place, "sub" if place else "root", 500) for place in range(calls)
        ),
    )


Scores = Mapping[str, float]
"""The share of right answers of each system."""

NEAR: Scores = {"base": 0.44, "BM25, top 8": 0.4, "rlms 0.1.3, depth 1": 0.56, "HARLM 0.1.0": 0.8}
"""Scores that pass the calibration."""


def results(
    scores: Scores = NEAR, loads: tuple[Load, ...] = LOADS, change: Callable[[Result], Result] = lambda it: it
) -> list[Result]:
    """Results of all systems; each system answers with its score, a little different from question to question."""
    return [
        change(
            result(
                system,
                task=load.task,
                tokens=load.tokens,
                window=window,
                question=f"q{question}",
                score=min(1.0, max(0.0, score + 0.04 * ((window + question) % 3 - 1))),
                wall_s=1.0 + question + len(system) / 10,
                notes={"mode": "direct" if question else "full", "reused": 1, "early": 2, "early_claimed": 1}
                if system.startswith("HARLM")
                else {},
            )
        )
        for system, score in scores.items()
        for load in loads
        for window in range(load.windows)
        for question in range(load.questions)
    ]


def journal(path: Path, of: list[Result], head: Header | None = None, *, fresh: bool = False) -> Journal:
    """A journal in a file, with these results after those that it had, unless it is a fresh one."""
    with Writer(path, head or header(), fresh=fresh) as writer:
        for each in of:
            writer.add(each)
    return read(path)


def window(number: int = 0, questions: int = 2, text: str = "one line\n") -> Window:
    asked = tuple(
        Question(id=f"q{place}", text=f"How many? ({place})", kind="count", gold=str(place), scorer="exact")
        for place in range(questions)
    )
    return Window(
        task="oolong",
        version=1,
        seed=number,
        tokens=1_024,
        documents={"log.txt": f"{text}{number}"},
        questions=asked,
        facts=(),
    )


class Echo:
    """A system that answers every question with its number, as the gold answer is."""

    def __init__(self, name: str = "echo", before: Callable[[Window, Question], None] | None = None) -> None:
        self.name = name
        self.asked: list[str] = []
        self._before = before
        self._lock = threading.Lock()

    def answer(self, window: Window, question: Question, model: Model, limits: Limits) -> Outcome:
        with self._lock:
            self.asked.append(f"{window.id} {question.id}")
        if self._before is not None:
            self._before(window, question)
        return Outcome(text=question.id.removeprefix("q"), status="answered", wall_s=0.1, cpu_s=0.0)


class FakeGateway:
    """Counts nothing, but checks that questions are opened and closed once."""

    def __init__(self, micro_usd: int | None = 500) -> None:
        self.open_now: set[str] = set()
        self.most_open = 0
        self.closed: list[str] = []
        self._micro_usd = micro_usd
        self._lock = threading.Lock()

    def open(self, question_key: str, limits: Limits) -> Model:
        with self._lock:
            assert question_key not in self.open_now
            self.open_now.add(question_key)
            self.most_open = max(self.most_open, len(self.open_now))
        return Model(base_url=f"http://127.0.0.1:1/q/{question_key}/v1", root="r", sub="s", window=8_192)

    def close(self, question_key: str) -> Usage:
        with self._lock:
            self.open_now.discard(question_key)
            self.closed.append(question_key)
        return Usage(calls=1, prompt=10, completion=2, micro_usd=self._micro_usd)


class Silent:
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.kept_of: list[str] = []
        self.finished_of: list[str] = []

    def kept(self, system: str) -> None:
        self.kept_of.append(system)

    def finished(self, result: Result) -> None:
        self.finished_of.append(result.system)
