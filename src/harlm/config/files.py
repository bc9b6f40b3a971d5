"""Settings from TOML files: the user's own file, and the project file of a folder.

A project file (``./harlm.toml``, else ``[tool.harlm]`` in ``./pyproject.toml``) belongs to the repository
that the user happens to be in, which may be hostile. It must not set keys, base URLs, certificates, proxies,
the home folder, anything of the sandbox and the budget, or undo the rule to stay offline.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from harlm.config.sections import Config
from harlm.errors import ConfigError

_NOT_FOR_PROJECTS = (
    "models.api_key",
    "models.base_url",
    "models.proxy",
    "models.ca_bundle",
    "models.offline",
    "sandbox.",
    "budget.",
    "memory.namespace",
    "memory.summaries",
    "memory.embedder",
    "memory.index_mb",
    "tracing.",
)

_MODEL_NAMES = ("models.root", "models.sub", "models.fallback", "models.economy")

Layer = tuple[str, Mapping[str, object]]
"""One source of settings: where it comes from, as messages name it, and its values by dotted name."""


def user_layer(file: Path) -> Layer:
    """The settings of the user's own file; no values if it does not exist or may not be read.

    Raises:
        ConfigError: the file is damaged.
    """
    return str(file), _by_dotted_name(_table_if_any(file) or {}, file)


def project_layer(folder: Path) -> Layer | None:
    """The settings of the project file in ``folder``; ``None`` if there is no project file.

    Raises:
        ConfigError: the file is damaged, or sets something that a project file may not set.
    """
    own, shared = folder / "harlm.toml", folder / "pyproject.toml"
    if (table := _table_if_any(own)) is not None:
        path, layer = own, _by_dotted_name(table, own)
    elif (table := _table_if_any(shared)) is not None:
        tools = table.get("tool")
        section = tools.get("harlm", {}) if isinstance(tools, dict) else {}
        path, layer = shared, _by_dotted_name(section, shared)
    else:
        return None
    for name, value in layer.items():
        _check_project_may_set(name, value, path)
    return str(path), layer


def _check_project_may_set(name: str, value: object, path: Path) -> None:
    hidden_url = name in _MODEL_NAMES and any(mark in str(value) for mark in ("@", "://"))
    if name.startswith(_NOT_FOR_PROJECTS) or hidden_url:
        raise ConfigError(
            f"{path} sets {name}; a project file may not, because a cloned repository could then send "
            "your documents or keys elsewhere, or spend your money. Set it in your user file, in an "
            "environment variable or with a flag."
        )


def _table_if_any(path: Path) -> dict[str, object] | None:
    """The table of an optional file; ``None`` if it does not exist, or this user may not read it.

    A file that the user may not read belongs to another user, so it does not concern this one.
    """
    try:
        return _table(path) if path.is_file() else None
    except PermissionError:
        return None


def _table(path: Path) -> dict[str, object]:
    """The table of a file.

    Raises:
        ConfigError: the file is damaged.
        PermissionError: this user may not read it.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}. Fix or remove the file.") from error
    except PermissionError:
        raise
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}. Fix or remove the file.") from error


def _by_dotted_name(table: object, path: Path) -> dict[str, object]:
    if not isinstance(table, dict) or not all(isinstance(section, dict) for section in table.values()):
        raise ConfigError(
            f"{path}: settings must be in sections ({', '.join(Config.__struct_fields__)}), for example "
            '[models] with root = "openai/gpt-5". `harlm config show` lists all settings.'
        )
    return {f"{section}.{key}": value for section, keys in table.items() for key, value in keys.items()}
