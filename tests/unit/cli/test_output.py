"""``--format`` and ``--json`` mean one thing in every verb."""

from __future__ import annotations

import json

import click
import pytest

from harlm.cli import _VERBS
from harlm.cli import harlm as cli
from harlm.cli.output import LINES, output_style, show_value
from tests.support.cli import harlm


@pytest.mark.parametrize(
    ("style", "as_lines", "chosen"),
    [(None, False, "text"), ("json", False, "json"), ("dot", False, "dot"), (None, True, LINES)],
)
def test_the_style_is_that_of_the_option(style: str | None, as_lines: bool, chosen: str) -> None:
    assert output_style({"style": style, "as_lines": as_lines}) == chosen


def test_two_forms_are_refused() -> None:
    with pytest.raises(click.UsageError, match="use one of them"):
        output_style({"style": "json", "as_lines": True})


@pytest.mark.parametrize(
    ("value", "lines"), [([{"a": 1}, {"a": 2}], 2), ({"a": [1, 2]}, 1), ([], 0), ("text", 1)]
)
def test_json_lines_are_one_for_each_item(
    value: object, lines: int, capsys: pytest.CaptureFixture[str]
) -> None:
    show_value(value, LINES)
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == lines
    items = value if isinstance(value, list) else [value]
    assert [json.loads(line) for line in printed] == items
    show_value(value, "json")
    assert json.loads(capsys.readouterr().out) == value


def test_every_verb_with_a_format_has_json_lines_too() -> None:
    def commands(command: click.Command) -> list[click.Command]:
        below = command.commands.values() if isinstance(command, click.Group) else ()
        return [command, *(each for one in below for each in commands(one))]

    context = cli.make_context("harlm", ["models"], resilient_parsing=True)
    seen = 0
    for verb in _VERBS:
        command = cli.get_command(context, verb)
        assert command is not None
        for each in commands(command):
            options = {option: one for one in each.params for option in one.opts}
            assert ("--format" in options) == ("--json" in options), each.name
            if "--format" in options:
                seen += 1
                choice = options["--format"].type
                assert isinstance(choice, click.Choice)
                assert {"text", "json"} <= set(choice.choices), each.name
    assert seen >= 10


@pytest.mark.parametrize("verb", ["models", "doctor", "cache", "config show", "runs list", "inspect a.txt"])
def test_both_forms_are_json(verb: str) -> None:
    harlm("config", "path")
    with open("a.txt", "w", encoding="utf-8") as file:  # noqa: PTH123 - one line
        file.write("x y z")
    whole = json.loads(harlm(*verb.split(), "--format", "json").out)
    lines = harlm(*verb.split(), "--json").out.splitlines()
    assert len(lines) == (len(whole) if isinstance(whole, list) else 1)
    for line in lines:
        json.loads(line)
