"""What works without the parts of POSIX that Windows lacks. They are taken away here; on Windows itself CI runs the smoke test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.as_windows import MISSING_MODULES

ROOT = Path(__file__).parents[2]
_CONFINED = ("harlm.guest.worker", "harlm.guest.confine", "harlm.reading", "harlm.sandbox.process")
"""What runs in or beside a confined process, which Windows does not have."""

pytestmark = pytest.mark.usefixtures("clean_environment")


def as_windows(*arguments: str | Path, expected: int = 0) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.as_windows", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])},
        timeout=120,
        check=False,
    )
    assert done.returncode == expected, done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "code.txt").write_text(
        "The launch code is 7431, said Mary Thorne.\r\n", encoding="utf-8", newline=""
    )
    (folder / "port.html").write_text("<html><body><p>The harbour master is Ada Quell.</p></body></html>")
    return folder


def test_every_module_but_those_of_confined_processes_can_be_imported() -> None:
    program = """
import importlib, pkgutil, sys
from tests.support.as_windows import become_windows
become_windows()
import harlm
for module in pkgutil.walk_packages(harlm.__path__, "harlm.", onerror=lambda name: None):
    try:
        module.name.endswith("__main__") or importlib.import_module(module.name)
    except harlm.ConfigError as error:
        assert "is not installed" in str(error), error
    except Exception as error:
        print(f"{module.name}: {error!r}")
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])},
        timeout=120,
        check=True,
    )
    failed = done.stdout.splitlines()
    assert not [line for line in failed if not line.startswith(_CONFINED)]
    assert failed, "nothing was taken away"


def test_the_parts_are_really_taken_away() -> None:
    program = (
        "from tests.support.as_windows import become_windows; become_windows(); import os, sys, importlib.util as u; "
        "print(sys.platform, hasattr(os, 'fork'), u.find_spec('fcntl'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert done.stdout.split() == ["win32", "False", "None"]
    assert {"fcntl", "resource", "pwd"} <= set(MISSING_MODULES)


def test_a_question_in_direct_mode(documents: Path) -> None:
    done = as_windows(
        "ask", "-q", "-m", "offline/extractive", "--mode", "direct", "Who is the harbour master?", documents
    )
    assert "Ada Quell" in done.stdout


@pytest.mark.parametrize("wanted", [(), ("--sandbox", "monty")])
def test_cells_run_in_monty_by_default(documents: Path, wanted: tuple[str, ...]) -> None:
    pytest.importorskip("pydantic_monty")
    asked = (
        "ask",
        "-m",
        "offline/extractive",
        "--mode",
        "repl",
        *wanted,
        "What is the launch code?",
        str(documents),
    )
    done = as_windows(*asked)
    assert "7431" in done.stdout
    assert "sandbox monty" in done.stderr


def test_the_demo_shows_what_monty_can_do_and_says_so() -> None:
    pytest.importorskip("pydantic_monty")
    shown = as_windows("demo").stdout
    assert "a part of Python" in shown
    assert (shown.count("AGREES"), shown.count("DIFFERS")) == (4, 0)


def test_a_batch_goes_on_after_it_was_stopped(documents: Path, tmp_path: Path) -> None:
    questions, results = tmp_path / "questions.jsonl", tmp_path / "results.jsonl"
    lines = [
        '{"id": "a", "question": "Who is the harbour master?"}',
        '{"id": "b", "question": "What is the launch code?"}',
    ]
    questions.write_text(lines[0] + "\n", encoding="utf-8")
    batch = ("batch", questions, documents, "-o", results, "-m", "offline/extractive", "--mode", "direct")
    as_windows(*batch)
    before = results.read_bytes()
    questions.write_text("\n".join(lines) + "\n", encoding="utf-8")
    results.write_bytes(before + b'{"id": "b", ')
    as_windows(*batch)
    answers = {row["id"]: row["answer"] for row in map(json.loads, results.read_text().splitlines())}
    assert results.read_bytes().startswith(before)
    assert "Ada Quell" in answers["a"]
    assert "7431" in answers["b"]


def test_stored_runs_are_listed_and_removed(documents: Path) -> None:
    as_windows("ask", "-q", "-m", "offline/extractive", "--mode", "direct", "Who is Ada Quell?", documents)
    (run,) = [line.split()[0] for line in as_windows("runs", "list").stdout.splitlines()]
    as_windows("runs", "rm", "-y", run)
    assert run not in as_windows("runs", "list").stdout


def test_without_monty_the_message_names_its_extra(documents: Path) -> None:
    asked = ("ask", "-m", "offline/extractive", "--mode", "repl", "What is the launch code?", str(documents))
    done = as_windows("--without", "pydantic_monty", *asked, expected=7)
    assert "pip install 'harlm[monty]'" in done.stderr
    assert "--allow-unsafe-sandbox" not in done.stderr  # no process can be forked, confined or not


@pytest.mark.parametrize(("tier", "said"), [("s3", "needs a Linux kernel"), ("s0", "Windows does not have")])
def test_a_tier_of_processes_is_refused(documents: Path, tier: str, said: str) -> None:
    options = ("--mode", "repl", "--sandbox", tier, "--allow-unsafe-sandbox")
    done = as_windows(
        "ask", "-m", "offline/extractive", *options, "What is the launch code?", documents, expected=7
    )
    assert said in done.stderr


def test_the_doctor_says_why_monty() -> None:
    pytest.importorskip("pydantic_monty")
    (found,) = [line for line in as_windows("doctor").stdout.splitlines() if "weaker than possible" in line]
    assert "Windows confines no process" in found
    report = json.loads(as_windows("doctor", "--json").stdout)
    assert "monty" in json.dumps(report)


def test_what_needs_a_program_of_this_machine_says_so(documents: Path) -> None:
    done = as_windows("local", "fetch", "smollm2-135m", expected=3)
    assert "ollama" in done.stderr
