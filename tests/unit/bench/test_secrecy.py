"""Secret windows: a whole run, its journal and its reports, searched for words that must not be in them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from harlm.errors import ConfigError
from harlm_bench import assembly, own_data, runner, suites
from harlm_bench.items import Question, Window
from harlm_bench.journal import Writer, read
from harlm_bench.outcomes import Outcome, Status
from harlm_bench.report.writing import write_report
from harlm_bench.runner import Work
from harlm_bench.secrecy import WITHHELD, as_written, sealing
from harlm_bench.serving import Wanted
from harlm_bench.suites import Entry, Load
from harlm_bench.systems import Limits, Model
from tests.unit.bench.made import FakeGateway, Silent, header, result

_TEXT, _ASKED, _GOLD, _SAID = "Wrenfield keeps otters.", "Who keeps otters?", "Wrenfield", "It is Oxbow."
_WORDS = ("Wrenfield", "otters", "Oxbow")
SECRET = Window(
    task="browsecomp-plus",
    version=1,
    seed=0,
    tokens=1_024,
    documents={"d1": _TEXT},
    questions=(Question(id="17", text=_ASKED, kind="query", gold=_GOLD, scorer="contains"),),
    facts=(),
    is_secret=True,
)


class _Quoting:
    """A system that quotes what it was given wherever it can."""

    def __init__(self, name: str, status: Status) -> None:
        self.name = name
        self._status = status

    def answer(self, window: Window, question: Question, model: Model, limits: Limits) -> Outcome:
        return Outcome(
            text=_SAID,
            status=self._status,
            reason="" if self._status == "answered" else f"cannot parse {window.text!r}",
            wall_s=1.0,
            cpu_s=0.1,
            notes={"mode": "full", "turns": 3, "last_line": question.text},
        )


class _Crashing(_Quoting):
    def answer(self, window: Window, question: Question, model: Model, limits: Limits) -> Outcome:
        raise ValueError(window.text)


def _run(asked: Window, folder: Path) -> tuple[Path, ...]:
    systems = (
        _Quoting("base", "answered"),
        _Quoting("rlms", "no answer"),
        _Quoting("minrlm", "limit"),
        _Crashing("harlm", "crashed"),
    )
    work = Work(
        windows=[asked],
        systems=systems,
        gateway=FakeGateway(),
        limits=Limits(wall_s=5.0),
        score=lambda question, text: 1.0,
    )
    entries = tuple(Entry(key=each.name, role="rival", reads=1.0, name=each.name) for each in systems)
    loads = (Load(task=asked.task, tokens=asked.tokens, windows=1, questions=1),)
    path = folder / "journal.jsonl"
    with Writer(path, header(loads=loads, systems=entries)) as journal:
        runner.run(work, journal, Silent())
    return (path, *write_report([read(path)], folder))


def test_neither_the_journal_nor_a_report_of_a_secret_window_holds_a_word_of_it(tmp_path: Path) -> None:
    written = _run(SECRET, tmp_path)
    assert len(written) == 4
    for path in written:
        text = path.read_text(encoding="utf-8")
        assert not [word for word in _WORDS if word in text], path.name
    base, rlms, minrlm, crashed = read(written[0]).results
    assert (base.window, base.question, base.score) == ("browsecomp-plus-1024-0", "17", 1.0)
    assert base.outcome.notes == {"mode": "full", "turns": 3}
    assert (base.gold, base.outcome.text) == (sealing(SECRET)(_GOLD), sealing(SECRET)(_SAID))
    assert {each.outcome.reason for each in (rlms, minrlm, crashed)} == {WITHHELD}


def test_a_window_that_is_not_secret_is_written_as_it_is(tmp_path: Path) -> None:
    written = _run(replace(SECRET, is_secret=False), tmp_path)
    journal = written[0].read_text(encoding="utf-8")
    assert not [word for word in _WORDS if word not in journal]


def test_a_digest_depends_on_the_texts_so_that_a_journal_alone_opens_none() -> None:
    other = replace(SECRET, documents={"d1": f"{_TEXT} And geese."})
    assert sealing(SECRET)(_GOLD).startswith("sealed:")
    assert sealing(SECRET)(_GOLD) == sealing(SECRET)(_GOLD) != sealing(other)(_GOLD)
    assert sealing(SECRET)(_GOLD) != sealing(SECRET)(_SAID)
    assert sealing(SECRET)("") == ""


def test_why_a_system_could_not_be_installed_is_told() -> None:
    missing = result(status="not installed")
    assert as_written(missing, SECRET).outcome.reason == "why not installed"


def test_a_secret_window_under_another_name_is_not_recorded_either(monkeypatch: pytest.MonkeyPatch) -> None:
    load = Load(task="of my own", tokens=1_024, windows=1, questions=1)
    wanted = Wanted(
        suite=msgspec.structs.replace(suites.suite("quick"), loads=(load,), systems=("base",)),
        data=Path("data"),
        base_url="http://127.0.0.1:1/v1",
        model="m",
        record=Path("tape.jsonl"),
    )
    found: Callable[..., list[Window]] = lambda *_: [SECRET]  # noqa: E731 - in place of a loader
    monkeypatch.setattr(own_data, "windows", found)
    with (
        assembly.assembled(wanted) as made,
        pytest.raises(ConfigError, match="secret, and must not be recorded"),
    ):
        list(made.work.windows)
    assert len(Path("tape.jsonl").read_bytes().splitlines()) == 1  # its head, and no reply
