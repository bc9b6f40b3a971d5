"""The pages of results: what their header says, and that each belongs to a bench that exists."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from perf import measure, run
from perf.measure import ROOT, Table, report, report_parts

import harlm

PERF = ROOT / "perf"
REPORTING = ("report", "report_parts")
STAND_INS = ("server_process(", "ScriptedModel(", "ChatServer(", "FaultyServer(")  # for a model
HEADER = re.compile(
    r"# [^\n]+\n\n[^\n]+\n\n"
    r"- Date: \d{4}-\d\d-\d\d\n"
    r"- Machine: \d+ cores, .+, Python 3\.\d+\.\d+\S*, \w+ \S+; load [\d.]+ before, [\d.]+ after\n"
    r"- HARLM: \S+, (?:commit [0-9a-f]{7,}(?:-dirty)?|not from a checkout)\n"
    r"- Run: `python -m perf\.(?P<bench>\w+)(?: [^`]+)?`\n\n"
    r"## "
)
TABLE = Table("Times", ["", "HARLM | ours", "limit"], [["a call", 0.1234, 12345.6], ["calls", 3, "-"]])


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(measure, "RESULTS", tmp_path / "results")
    return tmp_path / "results"


def test_a_page_says_when_on_what_and_how_it_was_measured(results: Path) -> None:
    report("calls", "The calls", "Calls, beside a limit.", [TABLE, TABLE], options="--peer PYTHON")
    page = (results / "calls.md").read_text(encoding="utf-8")
    assert HEADER.match(page)
    assert page.startswith("# The calls\n\nCalls, beside a limit.\n\n- Date: ")
    assert f"- HARLM: {harlm.__version__}, " in page
    assert "- Run: `python -m perf.calls --peer PYTHON`\n" in page
    assert page.count("## Times\n") == 2
    assert page.endswith(
        "|        | HARLM \\| ours | limit    |\n"
        "| ------ | ------------- | -------- |\n"
        "| a call | 0.123         | 12,345.6 |\n"
        "| calls  | 3             | -        |\n"
    )


def test_results_that_were_just_written_do_not_make_the_commit_dirty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "ROOT", tmp_path)
    monkeypatch.setattr(measure, "RESULTS", tmp_path / "docs" / "results")
    (tmp_path / "docs").mkdir()
    identity = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
    for command in (("init", "-q"), (*identity, "commit", "-q", "--allow-empty", "-m", "first")):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    is_dirty = []
    for changed in ("docs/results/other.md", "code.py"):
        report("calls", "The calls", "Calls.", [TABLE])
        (tmp_path / changed).write_text("x", encoding="utf-8")
        report("calls", "The calls", "Calls.", [TABLE])
        is_dirty.append("-dirty" in (tmp_path / "docs/results/calls.md").read_text(encoding="utf-8"))
    assert is_dirty == [False, True]


def test_some_parts_are_printed_and_all_are_kept(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = {name: lambda name=name: [Table(name, ["x"], [[1]])] for name in ("one", "two")}
    monkeypatch.setattr(sys, "argv", ["perf", "two"])
    report_parts("calls", "The calls", "Calls.", parts)
    printed = capsys.readouterr().out
    assert ("## two" in printed, "## one" in printed, results.exists()) == (True, False, False)
    monkeypatch.setattr(sys, "argv", ["perf"])
    report_parts("calls", "The calls", "Calls.", parts)
    page = (results / "calls.md").read_text(encoding="utf-8")
    assert page.index("## one") < page.index("## two")


def reported() -> Iterator[tuple[str, str, str]]:
    """(module, bench, title) of each call of a report in ``perf``."""
    for file in sorted({*PERF.rglob("*.py")} - {PERF / "measure.py"}):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REPORTING:
                bench, title, *_ = (each.value for each in node.args if isinstance(each, ast.Constant))
                module = file.parent.name if file.stem == "__main__" else file.stem
                yield module, str(bench), str(title)


def test_every_bench_reports_under_the_name_of_its_module() -> None:
    names = {bench: module for module, bench, _ in reported()}
    assert all(bench == module for bench, module in names.items())
    assert set(run.BENCHES) == set(names) - {
        "chaos",
        "viewing",
        "real_model",
        "real_vectors",
        "router",
        "router_encoder",
    }  # which need half an hour, weights or journals


def stray(folder: Path) -> list[str]:
    """Pages that have no header, or name no bench."""
    benches = {bench for _, bench, _ in reported()}
    pages = {page: HEADER.match(page.read_text(encoding="utf-8")) for page in folder.glob("*.md")}
    return [
        page.name
        for page, header in pages.items()
        if header is None or header["bench"] != page.stem or page.stem not in benches
    ]


def test_every_page_of_results_is_of_a_bench_that_exists(results: Path) -> None:
    assert stray(ROOT / "docs" / "results") == ["README.md"]
    report("calls", "The calls", "Calls.", [TABLE])
    (results / "gone.md").write_text((results / "calls.md").read_text(encoding="utf-8"), encoding="utf-8")
    (results / "engine.md").write_text("# No header\n", encoding="utf-8")
    assert sorted(stray(results)) == ["engine.md", "gone.md"]


def test_pages_of_simulated_models_say_so_in_their_title() -> None:
    titles = {bench: title for _, bench, title in reported()}
    for bench, title in titles.items():
        files = [each for each in (PERF / f"{bench}.py", *(PERF / bench).glob("*.py")) if each.exists()]
        tables = "".join(each.read_text(encoding="utf-8") for each in files)
        tables = tables.replace('server_process("tests.support.mcp_server"', "")  # serves tools
        is_simulated = "SIMULATED" in tables or any(each in tables for each in STAND_INS)
        assert ("SIMULATED" in title) == is_simulated, bench
    assert sum("SIMULATED" in title for title in titles.values()) == 16
