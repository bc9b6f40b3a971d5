"""Commands that other installed packages add, found by entry points. None is imported before it is used."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import click

from harlm.errors import ConfigError
from harlm.extensions import entries, loaded


def added(group: str, own: Collection[str], known: Mapping[str, str]) -> dict[str, str]:
    """The commands of a group of entry points, with a line of help for each.

    Args:
        group: of entry points, such as ``harlm.verbs``.
        own: names that are taken.
        known: the help lines of some, by what their entry points name: these cannot carry one.
    """
    return {
        name: known.get(found[0].value)
        or f"From the package {found[0].value.partition(':')[0].partition('.')[0]}; see `harlm {name} --help`."
        for name, found in entries(group).items()
        if name not in own
    }


def added_command(group: str, name: str) -> click.Command | None:
    """A command of a group of entry points; ``None`` if there is none of that name.

    Raises:
        ConfigError: it cannot be imported, is no command, or two packages bring it.
    """
    command = loaded(group, name)
    if command is None or isinstance(command, click.Command):
        return command
    raise ConfigError(
        f"the verb {name!r} is not a command: {entries(group)[name][0].value!r} is a {type(command).__name__}"
    )
