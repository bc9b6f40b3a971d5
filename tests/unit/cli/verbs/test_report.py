"""``harlm report`` writes a run as one file."""

from __future__ import annotations

from pathlib import Path

from tests.support.cli import harlm
from tests.support.told_runs import BEGUN, ENDED, RUN, stored


def test_a_run_becomes_one_file(clean_environment: Path) -> None:
    stored(clean_environment / "runs", [*BEGUN, *ENDED])
    done = harlm("report", "last", "--html")
    assert (done.code, done.out) == (0, "")
    page = Path(f"harlm-{RUN}.html")
    assert f"{page} (" in done.err
    assert "this one" in page.read_text(encoding="utf-8")
    assert page.stat().st_mode & 0o077 == 0


def test_the_file_can_be_named(clean_environment: Path) -> None:
    stored(clean_environment / "runs", [*BEGUN, *ENDED])
    assert harlm("report", RUN, "--html", "-o", "mine.html").code == 0
    assert Path("mine.html").exists()
    done = harlm("report", RUN, "--html", "-o", "gone/mine.html")
    assert done.code == 3
    assert "'gone/mine.html' cannot be written" in done.err


def test_a_form_is_asked_for() -> None:
    assert harlm("report", "last").code == 2


def test_a_run_that_is_not_there_is_named() -> None:
    done = harlm("report", "last", "--html")
    assert done.code == 8
    assert "Traceback" not in done.err
