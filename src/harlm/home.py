"""The places of HARLM's files: runs, memory, journal, indexes, limits and model files, and the user's settings and prices."""

from __future__ import annotations

import os
from pathlib import Path

from harlm.config import Config
from harlm.errors import ConfigError


def home_of(config: Config) -> Path:
    """The folder of runs, memory, journal and indexes.

    Raises:
        ConfigError: the user's home folder, or the one that ``~name`` stands for, cannot be determined.
    """
    import platformdirs

    try:
        if config.tracing.home is not None:
            return Path(config.tracing.home).expanduser()
        return platformdirs.user_state_path("harlm", appauthor=False).expanduser()
    except RuntimeError as error:
        named = config.tracing.home or "~"
        raise ConfigError(
            f"there is no home folder for {named!r} ({error}); set HARLM_HOME to the full path of a folder"
        ) from error


_OWN_FILES = """# HARLM's own files. A question over a folder around this one leaves them out.
/runs/
/runs.tally
/calibrations/
/router/
/limits.json
/*.db*
/.harlmignore
"""


def leave_out_own_files(config: Config) -> None:
    """Write an ignore file into the home, so that a question over a folder around it reads no stored runs.

    Raises:
        OSError: it cannot be written.
        ConfigError: as ``home_of``.
    """
    file = home_of(config) / ".harlmignore"
    if not file.exists():
        file.write_text(_OWN_FILES, encoding="utf-8")


def runs_of(config: Config) -> Path:
    """The folder of stored runs.

    Raises:
        ConfigError: as ``home_of``.
    """
    return home_of(config) / "runs"


def memory_file(config: Config) -> Path:
    """The file of memory entries, shared by all runs.

    Raises:
        ConfigError: as ``home_of``.
    """
    return home_of(config) / "memory.db"


def journal_file(config: Config) -> Path:
    """The file of paid calls, shared by all runs.

    Raises:
        ConfigError: as ``home_of``.
    """
    return home_of(config) / "journal.db"


def index_file(config: Config) -> Path:
    """The file of search indexes and vectors.

    Raises:
        ConfigError: as ``home_of``.
    """
    return home_of(config) / "index.db"


def models_folder(config: Config) -> Path:
    """The folder of model files that are served on this machine.

    Raises:
        ConfigError: as ``home_of``.
    """
    return home_of(config) / "models"


def calibrations_folder(config: Config) -> Path:
    """The folder of the user's own calibrations of confidence; it need not exist.

    Raises:
        ConfigError: as ``home_of``.
    """
    return home_of(config) / "calibrations"


def limits_file(config: Config) -> Path:
    """The file of what is known of the limits of models at their addresses.

    Raises:
        ConfigError: as ``home_of``.
    """
    return home_of(config) / "limits.json"


def skills_file(config: Config) -> Path:
    """The file that says how well root models write code, by their own runs.

    Raises:
        ConfigError: as ``home_of``.
    """
    return home_of(config) / "router" / "skills.json"


def ratings_file(config: Config) -> Path:
    """The file of the user's ratings of runs.

    Raises:
        ConfigError: as ``home_of``.
    """
    return home_of(config) / "router" / "ratings.json"


def router_file(config: Config) -> Path:
    """The user's own trees; the file need not exist.

    Raises:
        ConfigError: as ``home_of``.
    """
    return home_of(config) / "router" / "trees.json"


def user_config_file() -> Path:
    """The user's own settings file; it need not exist.

    For a user without a home folder, a path that cannot exist.
    """
    import platformdirs

    try:
        folder = platformdirs.user_config_path("harlm", appauthor=False).expanduser()
    except RuntimeError:
        folder = Path(os.devnull)
    return folder / "config.toml"


def prices_file(config: Config) -> Path:
    """The user's own prices file.

    The default file, next to the user's settings, need not exist.

    Raises:
        ConfigError: ``budget.prices`` names a file that does not exist.
    """
    if config.budget.prices is None:
        return user_config_file().with_name("prices.toml")
    named = Path(config.budget.prices).expanduser()
    if not named.is_file():
        raise ConfigError(
            f"budget.prices = {config.budget.prices!r} is not a file; give a TOML file of prices"
        )
    return named
