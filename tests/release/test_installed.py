"""The installed wheel: it works alone, without a network, and its types hold for a program of a user's."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tools import smoke

PROGRAM = '''
import asyncio
from collections.abc import Sequence

from harlm import HARLM, Answer, Budget, Citation, ConfigError, Event, HarlmError, LimitExceeded, tool


@tool(pure=True)
def stock(article: str) -> int:
    """How many are in stock."""
    return len(article)


def asked(question: str, path: str) -> Answer:
    client = HARLM(model="openai/gpt-5", budget=Budget(usd=0.5, seconds=60), tools=[stock])
    try:
        return client.ask(question, path)
    except LimitExceeded as error:
        left: str | None = None if error.partial is None else error.partial.text
        raise SystemExit(left) from error
    except ConfigError as error:
        raise SystemExit(str(error)) from error
    except HarlmError:
        raise


async def watched(question: str, path: str) -> list[str]:
    kinds: list[str] = []
    async for event in HARLM().astream(question, path):
        seen: Event = event
        kinds.append(type(seen).__name__)
    return kinds


def quotes(answer: Answer) -> Sequence[str]:
    cited: Sequence[Citation] = answer.citations
    return [each.quote for each in cited]


answer: Answer = asked("What?", "docs")
calls: int = answer.usage.calls
text: str = answer.text
names: list[str] = asyncio.run(watched("What?", "docs"))
'''
"""Checked, and never run."""


WRONG = """
from harlm import HARLM

HARLM(budget=5).ask(1)
x: int = HARLM().ask("a", "b").text
"""


def users_python(installed: Path, folder: Path) -> Path:
    """The Python of an environment that has the wheel and its dependencies, and no trace of the repository."""
    venv.create(folder / "venv", symlinks=True)
    (place,) = (folder / "venv/lib").glob("python*/site-packages")
    for entry in [*Path(sysconfig.get_path("purelib")).iterdir(), *installed.iterdir()]:
        is_ours = entry.name.startswith("harlm") and entry.parent != installed
        if not is_ours and entry.suffix != ".pth":
            (place / entry.name).symlink_to(entry)
    return folder / "venv/bin/python"


def test_the_types_of_the_wheel_hold_for_a_users_program(installed: Path, tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="pip install 'harlm[check]'")
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    (tmp_path / "wrong.py").write_text(WRONG, encoding="utf-8")
    options = [
        "--strict",
        "--config-file",
        os.devnull,
        "--cache-dir",
        str(tmp_path / "cache"),
        "--python-executable",
        str(users_python(installed, tmp_path)),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "program.py", "wrong.py"],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name not in ("MYPYPATH", "PYTHONPATH")},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    found = [line for line in done.stdout.splitlines() if ": error:" in line]
    assert {
        (line.partition(": error:")[0].rpartition("/")[2], line[line.rindex("[") :]) for line in found
    } == {
        ("wrong.py:4", "[arg-type]"),
        ("wrong.py:4", "[call-arg]"),
        ("wrong.py:5", "[assignment]"),
    }, done.stdout


def test_the_wheel_works_without_a_network(
    installed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = "import sys; sys.path.insert(0, sys.argv.pop(1)); import harlm; assert harlm.__file__.startswith(sys.path[0]); import harlm.cli; harlm.cli.main()"
    work = tmp_path / "work"
    work.mkdir()
    smoke.use([sys.executable, "-c", start, str(installed)], work, with_cells=True)
    said = capsys.readouterr().out
    assert said.count("ok  harlm") == len(smoke.commands(work, with_cells=True))


def test_a_command_that_prints_something_else_fails_the_smoke_test(tmp_path: Path) -> None:
    with pytest.raises(smoke.SmokeFailure, match="harlm --version ended with 0"):
        smoke.use([sys.executable, "-c", "print('no')"], tmp_path, with_cells=False)
