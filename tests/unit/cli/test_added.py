"""Commands that other packages add, found in this process; ``test_added_verbs`` runs them."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import pytest

from harlm.cli.added import added, added_command
from harlm.errors import ConfigError

GROUP = "harlm.tests_of_added"
_MODULE = """\
import click

@click.command("greet")
def greet():
    click.echo("hello")

NUMBER = 3
"""
_POINTS = f"""\
[{GROUP}]
greet = greeting_for_tests.parts:greet
odd = greeting_for_tests.parts:NUMBER
lost = nowhere.at_all:verb
broken = greeting_for_tests.broken:verb
missing = greeting_for_tests.parts:verb
taken = greeting_for_tests.parts:greet

[{GROUP}.others]
train = greeting_for_tests.parts:greet
"""


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with entry points."""
    package = tmp_path / "greeting_for_tests"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "parts.py").write_text(_MODULE, encoding="utf-8")
    (package / "broken.py").write_text("1 / 0\n", encoding="utf-8")
    info = tmp_path / "greeting-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(_POINTS, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [each for each in sys.modules if each.startswith("greeting_for_tests")]:
        monkeypatch.delitem(sys.modules, name)


def test_added_commands_are_listed_in_order_with_a_line_each_and_none_is_imported() -> None:
    found = added(GROUP, {"taken", "ask"}, {"nowhere.at_all:verb": "Find what was lost."})
    assert found == {
        "broken": "From the package greeting_for_tests; see `harlm broken --help`.",
        "greet": "From the package greeting_for_tests; see `harlm greet --help`.",
        "lost": "Find what was lost.",
        "missing": "From the package greeting_for_tests; see `harlm missing --help`.",
        "odd": "From the package greeting_for_tests; see `harlm odd --help`.",
    }
    assert "greeting_for_tests" not in sys.modules


def test_groups_are_apart() -> None:
    assert list(added(f"{GROUP}.others", (), {})) == ["train"]
    assert added(f"{GROUP}.none", (), {}) == {}
    assert added_command(f"{GROUP}.others", "greet") is None


def test_an_added_command_is_loaded_by_its_name() -> None:
    found = added_command(GROUP, "greet")
    assert isinstance(found, click.Command)
    assert found.name == "greet"
    assert added_command(GROUP, "gret") is None


def test_what_cannot_be_used_is_an_error_that_names_it_and_says_why() -> None:
    table = {
        "lost": r"'lost' of the package greeting cannot be imported \(ModuleNotFoundError: .*install it again",
        "broken": r"'broken' of the package greeting cannot be imported .*ZeroDivisionError",
        "missing": r"'missing' of the package greeting cannot be imported .*AttributeError",
        "odd": r"'odd' is not a command: 'greeting_for_tests.parts:NUMBER' is a int",
    }
    for name, said in table.items():
        with pytest.raises(ConfigError, match=said):
            added_command(GROUP, name)


def test_the_verbs_of_this_project_are_found() -> None:
    assert "bench" in added("harlm.verbs", (), {})
    assert isinstance(added_command("harlm.verbs", "bench"), click.Command)
