"""Calibrations from journals: which results count, what counts as right, and what is said of them."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from harlm.branching.calibration import load
from harlm.branching.signals import as_numbers
from harlm.errors import ConfigError, ContextError
from harlm.types import Share, Signals
from harlm_bench.cli import bench
from harlm_bench.confidence import Answering, calibrations, file_of, records_from, told
from harlm_bench.journal import Writer
from harlm_bench.outcomes import Result
from tests.unit.bench import made

DIRECT = Answering("direct", "openai/gpt-5-like")


def notes_of(signals: Signals, answering: Answering = DIRECT) -> dict[str, str | float]:
    numbers = {f"signal_{name}": value for name, value in as_numbers(signals).items()}
    return {"mode": answering.mode, "model": answering.model, "calls": 3, **numbers}


def answers(number: int, answering: Answering = DIRECT) -> Iterable[Result]:
    """Right in 9 of 10 cases if reached cleanly, else in 3 of 10; four about each text."""
    draw = random.Random(3)
    for count in range(number):
        is_clean = draw.random() < 0.5
        yield made.result(
            window=count // 4,
            question=f"{answering.mode} {count}",
            score=float(draw.random() < (0.9 if is_clean else 0.3)),
            notes=notes_of(Signals(ran_clean=is_clean), answering),
        )


def test_results_with_signals_are_records(tmp_path: Path) -> None:
    signals = Signals(quotes=Share(1, 2), ran_clean=True, logprob=0.5)
    found = records_from(
        made.journal(
            tmp_path / "j",
            [
                made.result(question="a", score=1.0, notes=notes_of(signals)),
                made.result(question="b", score=0.5, notes=notes_of(signals)),
                made.result(question="c", score=0.0, status="limit", notes=notes_of(signals)),
                made.result(question="d", status="endpoint", notes=notes_of(signals)),
                made.result("base", question="e", notes={"mode": "direct"}),
                made.result(question="f", notes=notes_of(signals, Answering("full", "a/b"))),
            ],
        )
    )
    assert set(found) == {DIRECT, Answering("full", "a/b")}
    assert [(each.signals, each.right) for each in found[DIRECT]] == [
        (signals, True), (signals, False), (signals, False),
    ]  # fmt: skip
    assert {each.group for each in found[DIRECT]} == {made.result().digest}


def test_a_lower_score_may_count_as_right(tmp_path: Path) -> None:
    journal = made.journal(tmp_path / "j", [made.result(score=0.5, notes=notes_of(Signals(ran_clean=True)))])
    assert [each.right for each in records_from(journal, right=0.5)[DIRECT]] == [True]


def test_signals_out_of_their_bounds_name_the_question(tmp_path: Path) -> None:
    broken = {**notes_of(Signals(ran_clean=True)), "signal_quotes": 3, "signal_quotes_of": 2}
    with pytest.raises(ContextError, match=r"question 'q0' of 'oolong-131072-0': quotes is \[3, 2\]"):
        records_from(made.journal(tmp_path / "j", [made.result(notes=broken)]))


def test_each_mode_and_model_is_calibrated_with_its_origin(tmp_path: Path) -> None:
    few = answers(20, Answering("repl", "a/b"))
    (found,) = calibrations([made.journal(tmp_path / "j", [*answers(240), *few])])
    assert (found.mode, found.model, found.records) == ("direct", "openai/gpt-5-like", 240)
    (origin,) = found.origins
    assert (origin.suite, origin.seed, origin.label) == ("quick", 0, "SIMULATED")
    assert "gpt-5-like v1" in origin.detail
    sure, unsure = (found.value(Signals(ran_clean=clean)) for clean in (True, False))
    assert sure is not None
    assert unsure is not None
    assert sure > 0.75 > 0.5 > unsure
    lines = "\n".join(told([found]))
    assert "held out: 80 answers" in lines
    assert "stops: " in lines


def test_nothing_to_calibrate_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="20 scored answers about 5 texts are too few"):
        calibrations([made.journal(tmp_path / "few", list(answers(20)))])
    with pytest.raises(ConfigError, match="no result has signals"):
        calibrations([made.journal(tmp_path / "none", [made.result("base")])])


def test_a_file_is_named_by_mode_and_model(tmp_path: Path) -> None:
    (found,) = calibrations([made.journal(tmp_path / "j", list(answers(240)))])
    assert file_of(msgspec.structs.replace(found, model="../evil/x y"), Path("here")) == Path(
        "here/direct-.._evil_x_y.json"
    )


@pytest.mark.parametrize("folder", ["named", None])
def test_the_command_writes_what_harlm_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str | None
) -> None:
    monkeypatch.setenv("HARLM_HOME", str(tmp_path / "home"))
    with Writer(tmp_path / "journal.jsonl", made.header()) as writer:
        for result in answers(240):
            writer.add(result)
    out = tmp_path / "home" / "calibrations" if folder is None else tmp_path / folder
    options = [] if folder is None else ["--out", str(out)]
    ran = CliRunner().invoke(bench, ["confidence", str(tmp_path / "journal.jsonl"), *options])
    assert ran.exit_code == 0, ran.output
    file = out / "direct-openai_gpt-5-like.json"
    assert ran.stdout.strip() == str(file)
    assert load(file).records == 240
    assert "240 scored answers of openai/gpt-5-like in mode direct (SIMULATED" in ran.stderr
