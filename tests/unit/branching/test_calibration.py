"""A calibration is fitted from scored answers, says where they come from, and survives no damage to its file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harlm.branching.calibration import FORMAT, LEAST_RECORDS, Record, fit, load, save
from harlm.errors import ConfigError
from harlm.types import Share, Signals
from tests.support.scored_answers import CLEAN, MADE_UP, UNCLEAN, calibrated, scored


def test_probabilities_are_those_of_the_law_behind_the_records() -> None:
    found = calibrated(6_000)
    sure = found.value(Signals(ran_clean=True, quotes=Share(1, 2)))
    unsure = found.value(Signals(ran_clean=False, quotes=Share(1, 2)))
    assert sure == pytest.approx(CLEAN, abs=0.03)
    assert unsure == pytest.approx(UNCLEAN, abs=0.05)
    assert found.quality.error < 0.03
    assert found.quality.brier < found.quality.right * (1 - found.quality.right)


def test_it_names_what_it_was_made_of() -> None:
    found = calibrated(600)
    assert (found.format, found.mode, found.model, found.date) == (
        FORMAT, "direct", "scripted/model", "2026-12-01",
    )  # fmt: skip
    assert found.origins == (MADE_UP,)
    assert found.records == 600
    assert str(found) == (
        "600 scored answers of scripted/model in mode direct (SIMULATED, suite made up, seed 7; 2026-12-01)"
    )


def test_a_third_of_the_texts_is_held_out() -> None:
    found = calibrated(600)
    assert sum(level.records for level in found.levels) == found.quality.records == 200
    assert {level.value for level in found.levels} <= {knot.value for knot in found.knots}


def test_the_same_records_give_the_same_calibration_in_any_order() -> None:
    records = scored(200)
    one, other = (fit(rows, mode="direct", model="m", origins=[MADE_UP]) for rows in (records, records[::-1]))
    signals = [record.signals for record in records]
    assert [one.value(each) for each in signals] == pytest.approx([other.value(each) for each in signals])


def test_what_does_not_count_leaves_no_confidence() -> None:
    found = calibrated(600)
    assert found.value(Signals()) is None
    assert found.value(Signals(logprob=0.9)) is None
    assert found.value(Signals(ran_clean=True)) is not None


def test_records_without_signals_are_left_out() -> None:
    blank = [Record(signals=Signals(), right=True, group=str(number)) for number in range(500)]
    assert fit([*scored(120), *blank], mode="m", model="m", origins=[MADE_UP]).records == 120


@pytest.mark.parametrize(
    ("records", "said"),
    [
        (
            scored(LEAST_RECORDS - 1),
            "59 scored answers about 15 texts are too few to calibrate mode repl of a/b",
        ),
        (scored(200, per_text=100), "200 scored answers about 2 texts are too few"),
        (
            [Record(signals=Signals(ran_clean=True), right=n % 2 == 0, group=str(n)) for n in range(90)],
            "no signal of mode repl of a/b varies",
        ),
    ],
    ids=["few answers", "few texts", "alike"],
)
def test_too_little_makes_no_calibration(records: list[Record], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        fit(records, mode="repl", model="a/b", origins=[MADE_UP])


# -- the file ------------------------------------------------------------------------------------------------


def test_a_calibration_comes_back_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "new" / "direct.json"
    found = calibrated(120)
    save(found, file)
    assert load(file) == found


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        save(calibrated(120), tmp_path / "file" / "direct.json")


def changed(path: str, value: Any) -> Any:
    def change(data: Any) -> None:
        *above, last = path.split(".")
        for key in above:
            data = data[int(key) if key.isdigit() else key]
        data[last] = value

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (changed("format", 2), "has format 2, this version of HARLM reads 1: update HARLM"),
        (changed("format", 0), "its format is 0"),
        (changed("format", "1"), "is not a calibration"),
        (changed("mode", ""), "is not a calibration"),
        (changed("origins", []), "is not a calibration"),
        (changed("knots", []), "is not a calibration"),
        (changed("extra", 1), "unknown field"),
        (changed("knots.0.value", 1.5), "steps do not rise|not between 0 and 1"),
        (changed("knots.0.least", 1e9), "the steps do not rise"),
        (changed("scale.weights.ran_clean.weight", 1e999), "is not a calibration"),
        (changed("scale.weights.moon", {"weight": 1.0, "centre": 0.0}), "it weighs moon"),
        (changed("levels.0.right", 10_000), "more right answers than records"),
        (changed("levels.0.value", -1.0), "not between 0 and 1"),
    ],
)
def test_figures_that_no_fit_gives_are_refused(tmp_path: Path, change: Any, said: str) -> None:
    file = tmp_path / "direct.json"
    save(calibrated(300), file)
    data = json.loads(file.read_text())
    change(data)
    file.write_text(json.dumps(data))
    with pytest.raises(ConfigError, match=said) as caught:
        load(file)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"prices": {}}', b"[" * 100_000])
def test_files_of_others_are_refused(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "other.json"
    file.write_bytes(data)
    with pytest.raises(ConfigError, match=r"other\.json' is not a calibration of confidence"):
        load(file)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist or may not be read"):
        load(tmp_path / "none.json")
