"""The surface that users were promised: names, exit codes, word list."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import harlm
from harlm import errors
from harlm.cli import _VERBS, exit_code
from harlm.cli import harlm as cli

SOURCE = Path(harlm.__file__).parent


def test_every_public_name_can_be_imported_and_says_what_it_is() -> None:
    assert dir(harlm) == sorted([*harlm.__all__, "__version__"])
    for name in harlm.__all__:
        assert getattr(harlm, name).__doc__, name


def test_the_reference_lists_every_public_name_with_the_module_that_defines_it() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/python.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| `(harlm[\w.]*)` \|$", page, re.MULTILINE)
    assert sorted(name for name, _ in rows) == sorted(harlm.__all__)
    assert [(name, home) for name, home in rows if getattr(harlm, name).__module__ != home] == []


def test_the_reference_lists_every_method_of_the_client() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/python.md").read_text(encoding="utf-8")
    table = page.partition("### Methods")[2].partition("\n## ")[0]
    named = {
        name
        for row in re.findall(r"^\| (`.+?`) \|", table, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    assert named == {name for name in dir(harlm.HARLM) if not name.startswith("_")}


def test_unknown_names_are_said_to_be_unknown() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = harlm.nothing


def test_every_error_is_in_the_drawn_tree_and_public() -> None:
    drawn = errors.__doc__ or ""
    for name, kind in vars(errors).items():
        if inspect.isclass(kind) and issubclass(kind, errors.HarlmError):
            assert name in drawn, name
            assert name in harlm.__all__, name


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigError("x"), 3),
        (errors.ModelError("x", model="m", status=401), 3),
        (errors.ModelUnavailable("x", model="m"), 5),
        (errors.NoAnswer("x"), 6),
        (errors.SandboxFailure("x"), 7),
        (errors.ContextError("x"), 8),
        (errors.TraceError("x"), 8),
        (errors.ExecutorFailure("x"), 5),
    ],
)
def test_exit_codes(error: errors.HarlmError, code: int) -> None:
    assert exit_code(error) == code


def test_every_verb_has_a_file_and_a_help() -> None:
    context = cli.make_context("harlm", ["models"], resilient_parsing=True)
    for verb in _VERBS:
        command = cli.get_command(context, verb)
        assert command is not None
        assert command.help, verb


def test_ask_has_the_flags_that_users_know() -> None:
    context = cli.make_context("harlm", ["models"], resilient_parsing=True)
    ask = cli.get_command(context, "ask")
    assert ask is not None
    flags = {flag for parameter in ask.params for flag in parameter.opts}
    assert {
        "-m",
        "--sub-model",
        "--mode",
        "--max-depth",
        "-j",
        "--format",
        "--json",
        "-o",
        "--explain",
        "-q",
        "-v",
        "--no-cache",
        "--branches",
        "--resume",
    } <= flags


def test_no_file_has_a_banned_name() -> None:
    banned = {"utils", "util", "helpers", "common", "core", "base", "manager", "handler", "misc"}
    assert not [path for path in SOURCE.rglob("*.py") if path.stem in banned]


def test_every_module_says_what_it_is_for() -> None:
    for path in SOURCE.rglob("*.py"):
        first = path.read_text(encoding="utf-8").lstrip().split("\n", 1)[0]
        assert re.match(r'r?"""\S', first), path
