"""The mixed folder, and the checks of answers about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harlm.context import load
from harlm.demo.mixed import QUESTIONS, write_mixed_folder
from harlm.types import Answer, Citation

TABLE, LOG, MAIL = QUESTIONS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_mixed_folder(tmp_path)
    return tmp_path


def said(text: str, source: str = "", place: str = "") -> Answer:
    cited = (
        (Citation(source=source, start=0, end=1, quote="x", place=place, line=None, page=None),)
        if source
        else ()
    )
    return Answer(text=text, citations=cited)


def test_harlm_reads_all_of_it(folder: Path) -> None:
    names = [each.name for each in load(folder).documents]
    assert sorted(names) == ["handbook.md", "notice.eml", "orders.csv", "server.log"]


@pytest.mark.parametrize(
    ("answer", "is_right"), [("40", True), ("40\n\nrows", True), ("0", False), ("140", False)]
)
def test_a_count_agrees_with_csv(folder: Path, answer: str, is_right: bool) -> None:
    assert TABLE.is_right(said(answer), folder) == (is_right, "40 rows")


def test_the_time_in_the_log_needs_its_own_line(folder: Path) -> None:
    time = "2026-03-01T11:17:00"
    assert LOG.is_right(said(time, "server.log", "server.log:78"), folder)[0]
    assert not LOG.is_right(said(time, "server.log", "server.log:77"), folder)[0]
    assert not LOG.is_right(said("11:18", "server.log", "server.log:78"), folder)[0]
    assert not LOG.is_right(said(time), folder)[0]


def test_the_day_in_the_mail_needs_the_mail(folder: Path) -> None:
    assert MAIL.is_right(said("14 April 2026", "notice.eml", "notice.eml:7"), folder) == (
        True,
        "14 April 2026",
    )
    assert not MAIL.is_right(said("14 April 2026", "handbook.md", "handbook.md:3"), folder)[0]
    assert not MAIL.is_right(said("the second floor", "notice.eml", "notice.eml:7"), folder)[0]
