from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from harlm.errors import ContextError
from harlm_bench import journal, suites
from harlm_bench.suites import Load
from harlm_train.examples import from_journals
from harlm_train.simulating import FIRST_SEED, PROFILES, simulate
from harlm_train.training import train_from


def test_every_mode_is_run_once_and_gives_an_example(tmp_path: Path) -> None:
    """The whole way: texts, a SIMULATED model behind a gateway, HARLM in processes of its own, a journal, examples."""
    load = Load(task="short", tokens=1_024, windows=1, questions=2)
    suite = msgspec.structs.replace(suites.suite("router"), loads=(load,), jobs=2)
    (path,) = simulate(tmp_path, draws=1, suite=suite, profiles=PROFILES[:1])
    found = journal.read(path)
    assert found.header.seed == FIRST_SEED
    assert found.header.label.is_simulated
    assert len(found.results) == 8
    examples = from_journals([found])
    assert {each.mode for each in examples.all} == {"direct", "plan", "repl", "full"}
    assert all(each.expected_micros for each in examples.all)
    assert all(each.question and each.question in each.prompt for each in examples.all)
    size = path.stat().st_size
    assert simulate(tmp_path, draws=1, suite=suite, profiles=PROFILES[:1]) == [path]
    assert len(journal.read(path).results) == 8
    assert path.stat().st_size < size + 10_000, "only a header was added"
    with pytest.raises(ContextError, match="no mode has 50 examples"):
        train_from(examples)
