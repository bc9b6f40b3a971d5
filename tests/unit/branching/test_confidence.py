"""A number only where something justifies it; deterministic acceptors outrank it; the reasons say why."""

from __future__ import annotations

from pathlib import Path

import pytest

from harlm.branching import confidence as module
from harlm.branching.calibration import save
from harlm.branching.confidence import calibrations_in, confidence, shipped
from harlm.errors import ConfigError
from harlm.types import ACCEPTORS, Acceptor, Confidence, Share, Signals, Verdict
from tests.support.scored_answers import calibrated

CLEAN = Signals(ran_clean=True, quotes=Share(2, 2))


def judged(signals: Signals, *, mode: str = "direct", model: str = "scripted/model") -> Confidence:
    return confidence(signals, mode=mode, model=model, known=[calibrated()])


def test_a_calibration_of_the_mode_and_model_gives_a_number() -> None:
    found = judged(CLEAN)
    assert found.value is not None
    assert found.value > 0.8
    assert found.reasons[0].startswith(
        f"{found.value:.0%} of answers like this were right, by 600 scored answers"
    )
    assert "SIMULATED" in found.calibration
    assert found.signals == CLEAN


@pytest.mark.parametrize(
    ("signals", "mode", "model", "why"),
    [
        (CLEAN, "full", "scripted/model", "no scored answers of scripted/model in mode full are known"),
        (CLEAN, "direct", "openai/gpt-5", "no scored answers of openai/gpt-5 in mode direct are known"),
        (Signals(), "direct", "scripted/model", "nothing was measured"),
        (Signals(logprob=0.9), "direct", "scripted/model", "what was measured here was not measured in 600"),
    ],
)
def test_without_what_justifies_it_there_is_no_number(
    signals: Signals, mode: str, model: str, why: str
) -> None:
    found = judged(signals, mode=mode, model=model)
    assert found.value is None
    assert found.calibration == ""
    assert found.reasons[0].startswith(why)


@pytest.mark.parametrize("acceptor", ACCEPTORS)
@pytest.mark.parametrize(("accepted", "value"), [(True, 1.0), (False, 0.0)])
def test_an_acceptor_outranks_the_score(acceptor: Acceptor, accepted: bool, value: float) -> None:
    for signals in (CLEAN, Signals(ran_clean=False), Signals()):
        known = Signals(
            ran_clean=signals.ran_clean, quotes=signals.quotes, verdict=Verdict(acceptor, accepted)
        )
        assert judged(known).value == value
        assert judged(known, mode="full").value == value, "without a calibration, too"


def test_every_signal_is_told_in_words() -> None:
    every = Signals(
        agreement=Share(2, 3),
        coverage=Share(9, 10),
        quotes=Share(0, 0),
        audit=Share(1, 20),
        has_type=False,
        ran_clean=False,
        is_found=False,
        logprob=0.75,
    )
    told = judged(every).reasons[1:]
    assert told == (
        "2 of 3 ways to decompose the task came to this answer",
        "9 of 10 items were judged",
        "the answer quotes nothing",
        "1 of 20 items that were checked again were wrong",
        "the answer has not the form that the question asks for",
        "it was not reached cleanly: an exception, a cut or a limit",
        "the model says that the context does not hold the answer",
        "the model gave its own words a mean probability of 75%",
    )


def test_the_first_calibration_of_a_mode_and_model_counts() -> None:
    own, other = calibrated(300), calibrated(600)
    found = confidence(
        CLEAN, mode="direct", model="scripted/model", known=[calibrated(mode="repl"), own, other]
    )
    assert found.calibration == str(own)


def test_calibrations_are_read_from_a_folder(tmp_path: Path) -> None:
    assert calibrations_in(tmp_path / "none") == ()
    save(calibrated(mode="repl"), tmp_path / "b.json")
    save(calibrated(), tmp_path / "a.json")
    (tmp_path / "notes.txt").write_text("not one")
    assert [each.mode for each in calibrations_in(tmp_path)] == ["direct", "repl"]
    (tmp_path / "c.json").write_text("{}")
    with pytest.raises(ConfigError, match=r"c\.json"):
        calibrations_in(tmp_path)


def test_what_ships_can_be_read_and_names_its_source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for each in shipped():
        assert each.origins[0].label
    save(calibrated(), tmp_path / module.FOLDER / "a.json")
    monkeypatch.setattr(module, "files", lambda _: tmp_path)
    assert shipped.__wrapped__() == (calibrated(),)
