"""``harlm ask``: flags, and the report on stderr. Whole runs are in tests/flows/test_cli.py."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harlm.branching.calibration import save
from harlm.cli.verbs.ask import command
from harlm.errors import ConfigError, NoAnswer
from harlm.home import user_config_file
from harlm.types import Share, Signals
from tests.support.scored_answers import calibrated


def ask(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


@pytest.fixture(autouse=True)
def document(clean_environment: Path) -> None:
    Path("a.txt").write_text("The code is 4711.\n")


def test_the_report_has_sources_and_a_summary() -> None:
    ran = ask("What is the code?", "a.txt")
    assert ran.stdout.startswith("The code is 4711.")
    assert "source: a.txt:1 “The code is 4711.”" in ran.stderr
    assert "direct · $0.0000 · " in ran.stderr.splitlines()[-1]


def test_quiet_prints_only_the_answer() -> None:
    assert ask("What is the code?", "a.txt", "-q").stderr == ""


def test_the_reasons_of_the_route_are_explained_on_demand() -> None:
    ran = ask("What is the code?", "a.txt", "--explain")
    (route,) = [line for line in ran.stderr.splitlines() if line.startswith("route: ")]
    assert route.startswith("route: direct (direct ")
    assert "route:" not in ask("What is the code?", "a.txt").stderr


def test_confidence_is_shown_where_it_is_a_number_and_explained_on_demand(
    clean_environment: Path,
) -> None:
    assert "confidence" not in ask("What is the code?", "a.txt").stderr
    explained = ask("What is the code?", "a.txt", "--explain").stderr
    assert "no confidence: no scored answers of offline/extractive in mode direct are known" in explained
    assert "\n  1 of 1 quotes were found in the text\n" in explained
    own = clean_environment / "calibrations" / "own.json"
    save(calibrated(model="offline/extractive"), own)
    found = calibrated().value(Signals(quotes=Share(1, 1), ran_clean=True, is_found=True))
    ran = ask("What is the code?", "a.txt").stderr
    assert f"confidence: {found:.0%}, since {found:.0%} of answers like this were right, by 600 scored" in ran
    own.write_text("{}")
    broken = ask("What is the code?", "a.txt").exception
    assert isinstance(broken, ConfigError)
    assert str(own) in str(broken)


def test_an_answer_that_is_not_in_the_context_is_reported() -> None:
    assert "not found in the context" in ask("Who flew to Mars in a teapot?", "a.txt").stderr


def test_strict_mode_raises_instead() -> None:
    assert isinstance(ask("Who flew to Mars in a teapot?", "a.txt", "--strict").exception, NoAnswer)


def test_a_dry_run_prints_the_estimate_only() -> None:
    ran = ask("What is the code?", "a.txt", "--dry-run")
    assert "expected" in ran.stdout
    assert "4711" not in ran.stdout


def test_flags_override_settings() -> None:
    file = user_config_file()
    file.parent.mkdir(parents=True)
    file.write_text('[engine]\nmode = "full"\n')
    assert "repl · " in ask("What is the code?", "a.txt", "--mode", "repl").stderr
    assert isinstance(ask("What?", "a.txt", "-m", "openai/x", "--offline").exception, ConfigError)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["  ", "a.txt"], "the question is empty; ask something"),
        (["What?", "a.txt", "--json", "-o", "x"], "use one of them"),
        (["What?", "a.txt", "--max-depth", "17"], "17 is not in the range 0<=x<=16"),
    ],
)
def test_flags_that_contradict_are_refused(arguments: list[str], said: str) -> None:
    ran = ask(*arguments)
    assert ran.exit_code == 2
    assert said in ran.stderr


def test_branches_are_asked_for_with_a_flag() -> None:
    ran = ask("What is the code?", "a.txt", "--mode", "repl", "--branches", "2", "--value-per-second", "0.5")
    assert "4711" in ran.stdout
    assert "race stopped by best after " in ran.stderr
    assert "race " not in ask("What is the code?", "a.txt", "--mode", "repl").stderr
    assert "9 is not in the range 1<=x<=8" in ask("What is the code?", "a.txt", "--branches", "9").stderr
    assert ask("What is the code?", "a.txt", "--value-per-second", "-1").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--resume", "01X", "-m", "openai/x", "--seed", "3"], "-m, --seed would mean nothing"),
        (["What?", "--resume", "01X"], "--resume 01X has its question"),
    ],
)
def test_a_run_that_is_taken_up_has_its_own_question_and_settings(arguments: list[str], said: str) -> None:
    ran = ask(*arguments)
    assert ran.exit_code == 2
    assert said in ran.output
