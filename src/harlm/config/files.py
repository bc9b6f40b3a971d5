"""Settings from TOML files: the user's own file, and the project file of a folder.

A project file is ``./harlm.toml``, else ``[tool.harlm]`` in ``./pyproject.toml``. It belongs to the repository
that the user happens to be in, which may be hostile: ``harlm.config.project`` says what it may set.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harlm.config.sections import Config
from harlm.config.tables import read_settings_file, read_table, table_of
from harlm.errors import ConfigError

Layer = tuple[str, Mapping[str, object]]
"""One source of settings: where it comes from, as messages name it, and its values by dotted name."""


def user_layer(file: Path) -> Layer:
    """The settings of the user's own file; no values if it does not exist or may not be read.

    Raises:
        ConfigError: the file is damaged.
    """
    return str(file), _by_dotted_name(read_table(file, may_be_link=True) or {}, file)


def project_layer(folder: Path) -> tuple[Path, Mapping[str, object]] | None:
    """The project file in ``folder`` and its values by dotted name; ``None`` if there is none.

    Raises:
        ConfigError: the file is damaged.
    """
    own = folder / "harlm.toml"
    if (table := read_table(own, may_be_link=False)) is not None:
        return own, _by_dotted_name(table, own)
    shared = folder / "pyproject.toml"
    section = _harlm_section(shared)
    return None if section is None else (shared, _by_dotted_name(section, shared))


def _harlm_section(pyproject: Path) -> object:
    """``[tool.harlm]`` of a ``pyproject.toml``; ``None`` if it has none.

    The file belongs to other tools. One that does not mention HARLM is not parsed, and one that HARLM would not
    read as its own (a link, a pipe, a file of many megabytes) counts as absent.

    Raises:
        ConfigError: it mentions HARLM, and is damaged.
    """
    try:
        data = read_settings_file(pyproject, may_be_link=False)
    except ConfigError:
        return None
    if data is None or b"harlm" not in data:
        return None
    tools = table_of(data, pyproject).get("tool")
    return tools.get("harlm") if isinstance(tools, dict) else None


def _by_dotted_name(table: object, path: Path) -> dict[str, object]:
    if not isinstance(table, dict) or not all(isinstance(section, dict) for section in table.values()):
        raise ConfigError(
            f"{path}: settings must be in sections ({', '.join(Config.__struct_fields__)}), for example "
            '[loading] with exclude = ["vendor/"]. `harlm config show` lists all settings.'
        )
    return {f"{section}.{key}": value for section, keys in table.items() for key, value in keys.items()}
