"""What the project file of a folder may set. The folder may be a stranger's, so this is a list of what is
allowed, not of what is forbidden: a new setting is closed to project files until it has a row here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from harlm.config.sections import Config
from harlm.config.values import in_short
from harlm.errors import ConfigError

PROJECT_SETTINGS: Mapping[str, str] = {
    "loading.exclude": "Only leaves files out, and what is left out is reported. The patterns come before the "
    "user's own, so they cannot bring back a file that the user leaves out, and the user can bring back theirs.",
    "engine.strict": "Only turns an answer without a verified citation into an error; a project cannot turn it off.",
}
"""Every setting that a project file may set, and why that is harmless: it can neither spend, send, delete nor
widen, whatever the value.
"""

_MOST_PATTERNS, _LONGEST_PATTERN = 200, 200  # each file of a folder is matched with each pattern


def check_project_file(values: Mapping[str, object], path: Path, user_file: Path) -> None:
    """Check that a project file sets nothing but ``PROJECT_SETTINGS``.

    Args:
        values: what the file sets, by dotted name; known settings only.
        path: the file, for the message.
        user_file: where the user may set the value instead, for the message.

    Raises:
        ConfigError: it sets something else.
    """
    for name, value in values.items():
        if name not in PROJECT_SETTINGS:
            raise ConfigError(
                f"{path} sets {name}; a project file may not, because a cloned repository could then send your "
                f"documents or keys elsewhere, spend your money or delete your files. It may set "
                f"{' and '.join(PROJECT_SETTINGS)} only. Set {name} in {user_file}, in an environment variable or "
                "with a flag, and remove it there; or run harlm in another folder."
            )
        if name == "engine.strict" and value is not True:
            raise ConfigError(
                f"{path} sets {name} = {in_short(value)}; a project file may only set it to true."
            )
        if name == "loading.exclude" and not _is_short(value):
            raise ConfigError(
                f"{path} sets {name} = {in_short(value)}; a project file may give a list of at most {_MOST_PATTERNS} "
                f"patterns of at most {_LONGEST_PATTERN} characters each."
            )


def narrowed(config: Config, theirs: Config) -> Config:
    """``config`` with what a project file sets.

    Args:
        config: the settings without the project file.
        theirs: the settings of the project file alone.
    """
    loading = msgspec.structs.replace(
        config.loading, exclude=(*theirs.loading.exclude, *config.loading.exclude)
    )
    engine = msgspec.structs.replace(config.engine, strict=config.engine.strict or theirs.engine.strict)
    return msgspec.structs.replace(config, loading=loading, engine=engine)


def project_note(path: Path, values: Mapping[str, object]) -> str:
    """One line that says what a project file has set."""
    return f"{path} sets {', '.join(_each(values))}"


def _is_short(patterns: object) -> bool:
    return (
        isinstance(patterns, list)
        and len(patterns) <= _MOST_PATTERNS
        and all(isinstance(each, str) and len(each) <= _LONGEST_PATTERN for each in patterns)
    )


def _each(values: Mapping[str, object]) -> Iterable[str]:
    return (f"{name} = {in_short(value)}" for name, value in values.items())
