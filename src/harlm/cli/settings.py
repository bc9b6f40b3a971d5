"""What several verbs share: settings from flags, and patience on a terminal."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from harlm import assembly
from harlm.cli.printing import say
from harlm.config import Settings, load

_PATIENCE_S = 1.5
_Command = TypeVar("_Command", bound=Callable[..., Any])


def load_settings(flags: Mapping[str, object]) -> Settings:
    """The settings that hold here, with these flags."""
    return load(flags=flags, environment=os.environ, folder=_here(), user_file=assembly.user_config_file())


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError:
        return Path()  # the folder was deleted, or may not be read: no project file is found in it


def sandbox_options(command: _Command) -> _Command:
    """The options of a verb that runs model-written code."""
    tier = click.option(
        "--sandbox",
        type=click.Choice(["auto", "s3", "s2", "s1", "monty", "seatbelt", "s0"]),
        help="Isolation tier of model-written code; auto takes the strongest that can be built.",
    )
    unsafe = click.option(
        "--allow-unsafe-sandbox",
        is_flag=True,
        default=None,
        help="Allow tier s0, which protects from accidents only.",
    )
    return tier(unsafe(command))


def sandbox_flags(options: Mapping[str, object]) -> dict[str, object]:
    """What those options say, as settings."""
    return {
        "sandbox.tier": options["sandbox"],
        "sandbox.allow_unsafe": options["allow_unsafe_sandbox"],
    }


@contextmanager
def patience(what: str, *, quiet: bool = False) -> Iterator[None]:
    """Say on stderr what takes so long, once it does."""
    timer = threading.Timer(_PATIENCE_S, say, [f"{what} …"])
    timer.daemon = True
    if not quiet:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


def bytes_text(size: int) -> str:
    """A number of bytes or characters as people say it."""
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    return f"{amount:,.0f} {unit}" if unit == "B" else f"{amount:,.1f} {unit}"
