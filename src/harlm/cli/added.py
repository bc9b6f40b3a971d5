"""Commands that other installed packages add, found by entry points. None is imported before it is used."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import click

from harlm.errors import ConfigError


def added(group: str, own: Collection[str], known: Mapping[str, str]) -> dict[str, str]:
    """The commands of a group of entry points, with a line of help for each.

    Args:
        group: of entry points, such as ``harlm.verbs``.
        own: names that are taken.
        known: the help lines of some, by what their entry points name: these cannot carry one.
    """
    from importlib.metadata import entry_points  # costs a built-in verb nothing

    return {
        entry.name: known.get(entry.value)
        or f"From the package {entry.value.partition(':')[0].partition('.')[0]}; see `harlm {entry.name} --help`."
        for entry in sorted(entry_points(group=group))
        if entry.name not in own
    }


def added_command(group: str, name: str) -> click.Command | None:
    """A command of a group of entry points; ``None`` if there is none of that name.

    Raises:
        ConfigError: it cannot be loaded, or is no command.
    """
    from importlib.metadata import entry_points

    for entry in entry_points(group=group, name=name):
        try:
            command = entry.load()
        except Exception as error:
            raise ConfigError(
                f"the verb {name!r} cannot be loaded from {entry.value!r} ({type(error).__name__}: {error}); "
                "install its package again, with its extras"
            ) from error
        if not isinstance(command, click.Command):
            raise ConfigError(
                f"the verb {name!r} is not a command: {entry.value!r} is a {type(command).__name__}"
            )
        return command
    return None
