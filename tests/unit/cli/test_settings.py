"""Options that several verbs share."""

from __future__ import annotations

import io
import sys
import threading
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from harlm.cli import settings
from harlm.cli.settings import (
    Duration,
    budget_flags,
    budget_options,
    bytes_text,
    load_settings,
    patience,
    read,
    reading_flags,
    reading_options,
    sandbox_flags,
    sandbox_options,
)
from harlm.config import Config


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90.0), ("5m", 300.0), ("1h30m", 5_400.0), ("0.5s", 0.5), ("12h", 43_200.0)]
)
def test_a_duration_is_read_in_seconds(text: str, seconds: float) -> None:
    assert Duration().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["soon", "0", "0s", "", "-3s", "5 parsecs"])
def test_a_duration_that_cannot_be_used_says_what_to_write(text: str) -> None:
    with pytest.raises(click.BadParameter, match="90s, 5m or 1h30m"):
        Duration().convert(text, None, None)


@click.command()
@reading_options
@budget_options
@sandbox_options
def verb(paths: tuple[str, ...], **options: object) -> None:
    click.echo(f"{paths}{reading_flags(options)}{budget_flags(options)}{sandbox_flags(options)}")


def test_flags_become_settings() -> None:
    ran = CliRunner().invoke(
        verb,
        "a b --include *.md --include *.txt --max-cost 0.5 --max-tokens 9 --max-calls 3 --timeout 2m "
        "--sandbox s1 --allow-unsafe-sandbox".split(),
    )
    assert ran.output.strip() == (
        "('a', 'b'){'loading.include': ('*.md', '*.txt')}"
        "{'budget.usd': 0.5, 'budget.tokens': 9, 'budget.calls': 3, 'budget.seconds': 120.0}"
        "{'sandbox.tier': 's1', 'sandbox.allow_unsafe': True}"
    )


def test_flags_that_are_not_given_change_nothing() -> None:
    options = {"include": (), "exclude": (), "max_cost": None, "max_tokens": None, "max_calls": None}
    options |= {"timeout": None, "sandbox": None, "allow_unsafe_sandbox": None}
    flags = {**reading_flags(options), **budget_flags(options), **sandbox_flags(options)}
    assert load_settings(flags).config == load_settings({}).config


def test_a_project_file_is_read_from_the_current_folder_and_says_so_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("harlm.toml").write_text('[loading]\nexclude = ["vendor/", "\\u202e"]\n')
    assert load_settings({}).config.loading.exclude == ("vendor/", "\u202e")
    assert (
        capsys.readouterr().err == f"{Path.cwd()}/harlm.toml sets loading.exclude = ['vendor/', '\\u202e']\n"
    )
    load_settings({}, quiet=True)
    assert capsys.readouterr().err == ""


def test_standard_input_is_one_of_the_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.txt").write_text("from a file")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"from stdin")))
    context = read(["a.txt", "-"], Config(), quiet=True)
    assert {document.text for document in context.documents} == {"from a file", "from stdin"}


def test_a_slow_step_is_announced_and_a_quick_or_quiet_one_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with patience("quick"):
        pass
    said = threading.Event()

    def say(line: str) -> None:
        sys.stderr.write(f"{line}\n")
        said.set()

    monkeypatch.setattr(settings, "say", say)
    monkeypatch.setattr(settings, "_PATIENCE_S", 0.0)
    with patience("quiet", quiet=True):
        pass
    with patience("slow"):
        assert said.wait(30)
    assert capsys.readouterr().err == "slow …\n"


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (1_550_000, "1.6 MB"), (5 * 10**12, "5,000.0 GB")],
)
def test_sizes_have_a_unit(size: int, text: str) -> None:
    assert bytes_text(size) == text
