"""Verbs that other packages add through entry points, found as an installed package is found: by its metadata."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from tests.support.cli import Ran, harlm

_PROJECT = Path(__file__).parents[3] / "pyproject.toml"
_MODULE = """\
import click

@click.command("greet", help="Greet someone.")
@click.argument("name")
def greet(name):
    click.echo(f"hello {name}")

NUMBER = 3
"""


@pytest.fixture
def installed(tmp_path: Path) -> dict[str, str]:
    """A package that adds verbs: one that works, one that is no command, one that cannot be imported, one with a taken name."""
    (tmp_path / "greeting.py").write_text(_MODULE, encoding="utf-8")
    info = tmp_path / "greeting-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(
        "[harlm.verbs]\ngreet = greeting:greet\nodd = greeting:NUMBER\nlost = nowhere.at_all:verb\nask = greeting:greet\n",
        encoding="utf-8",
    )
    return {"PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])}


def run(environment: dict[str, str], *arguments: str) -> Ran:
    return harlm(*arguments, environment=environment)


def test_an_added_verb_runs_like_a_built_in_one(installed: dict[str, str]) -> None:
    assert run(installed, "greet", "world").out == "hello world\n"
    assert "Greet someone." in run(installed, "greet", "--help").out
    wrong = run(installed, "greet")
    assert wrong.code == 2
    assert "Missing argument 'NAME'" in wrong.err


def test_help_lists_added_verbs_without_importing_them(installed: dict[str, str]) -> None:
    ran = run(installed, "--help")
    assert ran.code == 0
    lines = {line.split()[0]: line for line in ran.out.splitlines() if line.startswith("  ")}
    assert "From the package greeting; see `harlm greet --help`." in lines["greet"]
    assert "From the package nowhere" in lines["lost"]
    assert "Ask a question" in lines["ask"]


def test_help_says_what_a_known_verb_does_without_importing_it(tmp_path: Path) -> None:
    """The entry point is the one that this project declares; importing it would leave a file."""
    declared = tomllib.loads(_PROJECT.read_text(encoding="utf-8"))["project"]["entry-points"]["harlm.verbs"]
    assert declared == {"bench": "harlm_bench.cli:bench"}
    (tmp_path / "harlm_bench").mkdir()
    (tmp_path / "harlm_bench/__init__.py").write_text(
        f"open({str(tmp_path / 'imported')!r}, 'w')", encoding="utf-8"
    )
    info = tmp_path / "measuring-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: measuring\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[harlm.verbs]\nbench = {declared['bench']}\n", encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    ran = harlm("--help", environment={"PYTHONPATH": path})
    assert "Measure HARLM and its rivals on the same tasks." in ran.out
    assert not (tmp_path / "imported").exists()


def test_an_added_verb_never_takes_the_place_of_a_built_in_one(installed: dict[str, str]) -> None:
    assert "Ask QUESTION over" in run(installed, "ask", "--help").out


def test_a_verb_that_cannot_be_loaded_says_why(installed: dict[str, str]) -> None:
    lost = run(installed, "lost")
    assert lost.code == 3
    assert "'lost' of the package greeting cannot be imported (ModuleNotFoundError" in lost.err
    assert "install it again" in lost.err
    odd = run(installed, "odd")
    assert odd.code == 3
    assert "'odd' is not a command: 'greeting:NUMBER' is a int" in odd.err


def test_a_verb_that_does_not_exist_is_a_mistake_of_usage(installed: dict[str, str]) -> None:
    ran = run(installed, "gret")
    assert ran.code == 2
    assert "No such command 'gret'" in ran.err


def test_a_built_in_verb_does_not_look_for_added_ones() -> None:
    """It would cost every start the reading of the metadata of all installed packages."""
    script = (
        "import sys; sys.argv = ['harlm', 'models', '--help']\n"
        "from harlm.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('importlib.metadata' in sys.modules)\n"
    )
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
