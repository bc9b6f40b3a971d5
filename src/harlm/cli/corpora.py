"""What a verb that serves takes from the command line: corpora with names, and packages that are optional."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any, TypeVar

import click

from harlm.corpora import corpus_name
from harlm.errors import ConfigError

_Command = TypeVar("_Command", bound=Callable[..., Any])


def corpus_options(command: _Command) -> _Command:
    """Adds the options ``name`` and ``corpora`` to a verb with ``paths``. ``corpora_named`` reads them."""
    of_name = click.option(
        "--name", metavar="NAME", help="The name of the corpus of PATH; that of the first path by default."
    )
    of_corpora = click.option(
        "--corpus",
        "corpora",
        multiple=True,
        metavar="NAME=PATH",
        help="Another corpus (may be repeated; a name that is repeated adds to it).",
    )
    return of_name(of_corpora(command))


def corpora_named(paths: Sequence[str], name: str | None, corpora: Sequence[str]) -> dict[str, list[str]]:
    """The corpora that the user named, and what each is made of.

    Args:
        paths: those of one corpus.
        name: of it; ``None`` for that of its first path.
        corpora: others, each ``NAME=PATH``.

    Raises:
        click.UsageError: an option cannot be understood.
    """
    if name is not None and not paths:
        raise click.UsageError(
            f"--name {name!r} is that of PATH, and no PATH is given; name its files or folders too"
        )
    named = {name or corpus_name(paths): list(paths)} if paths else {}
    for each in corpora:
        one, _, path = each.partition("=")
        if not one or not path:
            raise click.UsageError(f"--corpus {each!r} is not NAME=PATH, such as --corpus handbook=./docs")
        named.setdefault(one, []).append(path)
    return named


def check_installed(*packages: str) -> None:
    """Check for what a server needs.

    Raises:
        ConfigError: a package is missing.
    """
    for package in packages:
        if find_spec(package) is None:
            raise ConfigError(
                f"the server needs the package {package}; install it: pip install 'harlm[serve]'"
            )
