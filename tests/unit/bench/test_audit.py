from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from harlm_bench import audit
from harlm_bench.items import Question, Window
from harlm_bench.journal import Journal
from harlm_bench.outcomes import Result, Usage
from harlm_bench.secrecy import as_written
from tests.unit.bench.made import journal, result, window

WINDOW = window()


def _score(question: Question, text: str) -> float:
    return float(question.gold == text)


def _sound(**changed: object) -> Result:
    base = result(window=0, question="q1", score=1.0)
    sound = msgspec.structs.replace(
        base,
        tokens=WINDOW.tokens,
        window=WINDOW.id,
        digest=WINDOW.digest,
        gold="1",
        outcome=msgspec.structs.replace(base.outcome, text="1", notes={"meter_micro_usd": 1_000}),
    )
    return msgspec.structs.replace(sound, **changed)


def _faults(of: Result, windows: tuple[Window, ...] = (WINDOW,)) -> list[str]:
    found: Journal = journal(Path("journal.jsonl"), [of])
    return [fault.what for fault in audit.faults(found, windows, _score)]


def test_a_sound_journal_has_no_fault() -> None:
    assert _faults(_sound()) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"score": 0.5}, "score 0.5, and 1 when the answer is scored again"),
        ({"digest": "f" * 64}, "digest ffffffffffff"),
        ({"gold": "2"}, "gold answer"),
        ({"question": "q7"}, "its question"),
        ({"window": "oolong-1024-9"}, "1 results of a window that the run does not have"),
        ({"usage": Usage(calls=0, micro_usd=1_000)}, "without a single call"),
        ({"usage": Usage(calls=1, prompt=5, cached=9, micro_usd=1_000)}, "9 cached tokens of 5"),
        ({"usage": Usage(calls=1, micro_usd=1_500)}, "meter says 1,000 micro-dollars, the bill 1,500"),
        ({"usage": Usage(calls=1, micro_usd=900)}, "meter says 1,000 micro-dollars, the bill 900"),
    ],
)
def test_whatever_was_changed_is_found(changed: dict[str, object], said: str) -> None:
    (fault,) = _faults(_sound(**changed))
    assert said in fault


def test_a_secret_gold_answer_is_checked_by_its_digest() -> None:
    secret = replace(WINDOW, is_secret=True)
    written = as_written(_sound(), secret)
    assert _faults(written, (secret,)) == []
    assert "gold answer" in _faults(msgspec.structs.replace(written, gold="1"), (secret,))[0]


@pytest.mark.parametrize(
    ("bill", "is_sound"), [(699, True), (700, True), (850, True), (1_001, True), (698, False), (1_002, False)]
)
def test_a_meter_may_exceed_the_bill_by_what_was_cancelled_and_never_fall_short(
    bill: int, is_sound: bool
) -> None:
    notes = {"meter_micro_usd": 1_000, "cancelled_micro_usd": 300}
    sound = _sound()
    told = msgspec.structs.replace(
        sound,
        outcome=msgspec.structs.replace(sound.outcome, notes=notes),
        usage=Usage(calls=1, micro_usd=bill),
    )
    found = _faults(told)
    assert found == [] if is_sound else "300 of them for calls that it cancelled" in found[0]
