"""The verb ``bench``: what it asks of the others, what it refuses, and that a whole run works from the command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from harlm.errors import ConfigError, ContextError, HarlmError
from harlm_bench import assembly, journal, outcomes, statistics, suites
from harlm_bench.assembly import Bench
from harlm_bench.cli import bench
from harlm_bench.costs import Prediction
from harlm_bench.labels import Label
from harlm_bench.runner import Work
from harlm_bench.serving import Wanted
from harlm_bench.suites import Entry, Load
from harlm_bench.systems import Limits
from tests.unit.bench import made


class Assembled:
    """Stands for the assembly: remembers what was wanted and runs two systems against a gateway without a model."""

    def __init__(self, label: Label, prediction: Prediction | None = None) -> None:
        self.label = label
        self._predict = None if prediction is None else self.predict
        self._prediction = prediction
        self.wanted: list[Wanted] = []
        self.kept: list[int] = []

    def predict(self, done: Iterable[outcomes.Result]) -> Prediction:
        """Remember how many results are kept."""
        assert self._prediction is not None
        self.kept.append(len(tuple(done)))
        return self._prediction

    @contextmanager
    def __call__(self, wanted: Wanted) -> Iterator[Bench]:
        self.wanted.append(wanted)
        entries = (
            Entry(key="base", role="base", reads=1.0, name="base"),
            Entry(key="harlm", role="ours", reads=1.0, name="HARLM 0.1.0"),
        )
        loads = (Load(task="oolong", tokens=1_024, windows=2, questions=2),)
        yield Bench(
            header=made.header(
                self.label, loads, systems=entries, suite=wanted.suite.name, command=wanted.command
            ),
            work=Work(
                windows=[made.window(0), made.window(1)],
                systems=(made.Echo("base"), made.Echo("HARLM 0.1.0")),
                gateway=made.FakeGateway(),
                limits=Limits(),
                score=lambda question, text: float(question.gold == text),
                jobs=wanted.jobs,
            ),
            expected={"base": 4, "HARLM 0.1.0": 4},
            predict=self._predict,
        )


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> Assembled:
    return _assembled(monkeypatch, Assembled(made.EMBEDDED))


def _assembled(monkeypatch: pytest.MonkeyPatch, stand_in: Assembled) -> Assembled:
    def install(run: Bench) -> Mapping[str, str]:
        return {"minrlm 0.1.5": "no network"}

    monkeypatch.setattr(assembly, "assembled", stand_in)
    monkeypatch.setattr(assembly, "install", install)
    return stand_in


def run(*arguments: str) -> Result:
    return CliRunner().invoke(bench, list(arguments))


def refusal(*arguments: str) -> HarlmError:
    error = run(*arguments).exception
    assert isinstance(error, HarlmError), error
    return error


def test_a_run_writes_its_journal_and_its_report(embedded: Assembled) -> None:
    done = run("run", "--suite", "embedded", "--out", "here", "--jobs", "2")
    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in Path("here").iterdir()) == [
        "journal.jsonl", "report.html", "report.json", "report.md",
    ]  # fmt: skip
    assert len(journal.read(Path("here/journal.jsonl")).results) == 8
    assert "minrlm 0.1.5 cannot be installed" in done.stderr
    assert "8 of 8 questions" in done.stderr
    assert embedded.wanted[0].jobs == 2


def test_a_second_run_continues_and_a_fresh_one_begins_again(embedded: Assembled) -> None:
    run("run", "--out", "here")
    run("run", "--out", "here")
    assert len(journal.read(Path("here/journal.jsonl")).headers) == 2
    assert len(Path("here/journal.jsonl").read_text(encoding="utf-8").splitlines()) == 2 + 8
    run("run", "--out", "here", "--fresh")
    assert len(journal.read(Path("here/journal.jsonl")).headers) == 1


def test_a_simulated_run_says_so_in_its_files(monkeypatch: pytest.MonkeyPatch) -> None:
    _assembled(monkeypatch, Assembled(made.SIMULATED))
    assert run("run").exit_code == 0
    names = [path.name for path in Path("bench-results/quick").iterdir()]
    assert len(names) == 4
    assert all(name.startswith("simulated-") for name in names)


def test_the_options_reach_the_assembly(embedded: Assembled) -> None:
    run(
        "run", "--suite", "quick", "--systems", "harlm, rlms", "--tasks", "oolong", "--sizes", "8K,1M,5000", "--seed", "7",
        "--profile", "perfect", "--time-scale", "0.2", "--record", "tape.jsonl", "--leaf", "minilm",
    )  # fmt: skip
    (wanted,) = embedded.wanted
    assert wanted.suite.systems == ("harlm", "rlms")
    assert [load.tokens for load in wanted.suite.loads] == [8_192, 1_048_576, 5_000]
    assert (wanted.seed, wanted.profile, wanted.time_scale) == (7, "perfect", 0.2)
    assert (wanted.record, wanted.leaf) == (Path("tape.jsonl"), "minilm")


@pytest.mark.parametrize("typed", [["--password", "open sesame"], ["--password=open sesame"]])
def test_the_journal_does_not_keep_the_password(
    embedded: Assembled, typed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = ["run", *typed, "--seed", "7"]
    monkeypatch.setattr("sys.argv", ["harlm", "bench", *given])
    run(*given)
    (wanted,) = embedded.wanted
    assert wanted.password == "open sesame"
    assert "sesame" not in wanted.command
    assert wanted.command.startswith("harlm bench run --password")
    assert wanted.command.endswith("... --seed 7")


def test_ablate_runs_the_parts_and_what_the_calibration_needs(embedded: Assembled) -> None:
    assert run("ablate").exit_code == 0
    (wanted,) = embedded.wanted
    assert wanted.suite.systems == suites.ABLATIONS
    assert wanted.suite.name == "quick-ablations"
    assert Path("bench-results/quick-ablations/journal.jsonl").is_file()


_PREDICTION = Prediction(questions=8, prompt=2_000_000, completion=12_000, usd=3.2)


def test_nothing_is_asked_of_a_real_endpoint_before_the_user_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    real = Label(kind="REAL ENDPOINT", detail="m at here, today")
    stand_in = _assembled(monkeypatch, Assembled(real, _PREDICTION))
    error = refusal("run", "--base-url", "http://127.0.0.1:1/v1", "--model", "m", "--out", "here")
    assert isinstance(error, ConfigError)
    assert "about $3.20. Agree with --yes" in str(error)
    assert not Path("here/journal.jsonl").exists()
    assert (
        run("run", "--base-url", "http://127.0.0.1:1/v1", "--model", "m", "--out", "here", "--yes").exit_code
        == 0
    )
    run("run", "--base-url", "http://127.0.0.1:1/v1", "--model", "m", "--out", "here", "--yes")
    assert stand_in.kept == [0, 0, 8]  # only what is left is paid for


def test_a_continued_run_keeps_the_day_of_its_label(embedded: Assembled) -> None:
    run("run", "--out", "here")
    run("run", "--out", "here")
    assert embedded.wanted[1].day == "2026-12-01"  # of the first header


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--sub-model", "m"), "--sub-model needs --model"),
        (("--record", "a", "--replay", "b"), "exclude each other"),
        (("--sizes", "8Q"), "'8Q' is not a size in tokens: use 8K, 1M or 5000"),
        (("--sizes", "0"), "'0' is not a size"),
        (("--jobs", "0"), "--jobs"),
        (("--budget-usd", "-1"), "--budget-usd"),
        (("--data", "x", "--sizes", "8K"), "--sizes is for generated texts"),
    ],
)
def test_options_that_make_no_sense_are_mistakes_of_usage(arguments: tuple[str, ...], said: str) -> None:
    done = run("run", *arguments)
    assert done.exit_code == 2
    assert said in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--suite", "huge"), "suite 'huge' does not exist"),
        (("--systems", "harml"), "system 'harml' does not exist"),
        (("--tasks", "poetry"), "task 'poetry' does not exist"),
        (("--data", "nowhere"), "--data 'nowhere' cannot be read"),
    ],
)
def test_names_that_do_not_exist_are_named(arguments: tuple[str, ...], said: str) -> None:
    assert said in str(refusal("run", *arguments))


def test_report_joins_journals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "DRAWS", 200)
    made.journal(Path("a/a.jsonl"), made.results(), made.header())
    made.journal(Path("b.jsonl"), made.results(), made.header(made.EMBEDDED))
    done = run("report", "a/a.jsonl", "b.jsonl", "--out", "both")
    assert done.exit_code == 0
    assert done.stdout.split() == [
        "both/simulated-report.md",
        "both/simulated-report.html",
        "both/simulated-report.json",
    ]
    assert "EMBEDDED" in Path("both/simulated-report.md").read_text(encoding="utf-8")


def test_a_file_that_is_no_journal_is_named() -> None:
    assert isinstance(refusal("report", "none.jsonl"), ContextError)
    Path("torn.jsonl").write_text('{"header":', encoding="utf-8")
    assert "holds no result" in str(refusal("report", "torn.jsonl"))


def test_diff_prints_a_table_with_its_label() -> None:
    made.journal(Path("a.jsonl"), made.results({"HARLM 0.1.0": 0.3}))
    made.journal(Path("b.jsonl"), made.results({"HARLM 0.1.0": 0.8}))
    done = run("diff", "a.jsonl", "b.jsonl")
    assert done.exit_code == 0
    assert "From a.jsonl to b.jsonl · SIMULATED" in done.stdout
    assert "+50.0" in done.stdout


def test_audit_finds_a_changed_score(monkeypatch: pytest.MonkeyPatch) -> None:
    window = made.window()
    monkeypatch.setattr(assembly, "windows_again", lambda *of: [window])
    import msgspec

    sound = msgspec.structs.replace(
        made.result(question="q0", window=0, tokens=1_024),
        window=window.id,
        digest=window.digest,
        gold="0",
        score=1.0,
    )
    wrong = msgspec.structs.replace(sound, score=1.0)
    made.journal(Path("a.jsonl"), [wrong])
    error = refusal("audit", "a.jsonl")
    assert "1 faults; do not publish these results" in str(error)


def test_help_needs_nothing_but_click() -> None:
    import subprocess
    import sys

    script = (
        "import sys; from harlm_bench.cli import bench; bench(['run', '--help'], standalone_mode=False)\n"
        "print(sorted(name for name in sys.modules if name in ('msgspec', 'aiohttp', 'numpy', 'rich')))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
