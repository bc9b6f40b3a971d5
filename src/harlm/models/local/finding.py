"""Finds the file of a model's name: a path, a known name, or the name of a file in the folder of models."""

from __future__ import annotations

from pathlib import Path

from harlm.errors import ConfigError
from harlm.models.local.known import KNOWN, KnownModel

_ENDING = ".gguf"


def model_file(name: str, folder: Path) -> Path:
    """The model file of ``local/NAME``, with its full path.

    Args:
        name: what follows ``local/``: a path to a GGUF file, or the name of a known one.
        folder: of the user's model files.

    Raises:
        ConfigError: it does not exist, or is not the whole file; the message says how to get it.
    """
    if name in KNOWN:
        return _known_file(KNOWN[name], folder)
    path = Path(name).expanduser()
    if path.is_file():
        return path.resolve()
    in_folder = folder / (name if name.endswith(_ENDING) else f"{name}{_ENDING}")
    if Path(name).name == name and in_folder.is_file():
        return in_folder.resolve()
    if name.endswith(_ENDING) or "/" in name:
        raise ConfigError(
            f"there is no file {path} for the model 'local/{name}'; give the path of a GGUF file"
        )
    raise ConfigError(
        f"the model 'local/{name}' is not known; use local/PATH.gguf or one of "
        f"{', '.join(f'local/{each}' for each in KNOWN)} (`harlm models --local`)"
    )


def is_here(known: KnownModel, folder: Path) -> bool:
    """Whether the whole file is in the folder, by its size."""
    try:
        return (folder / known.file).stat().st_size == known.size
    except OSError:
        return False


def _known_file(known: KnownModel, folder: Path) -> Path:
    file = folder / known.file
    if is_here(known, folder):
        return file.resolve()
    if file.is_file():
        raise ConfigError(
            f"{file} has {file.stat().st_size:,} bytes and not {known.size:,}: it is cut or another file; "
            f"`harlm local fetch {known.name}` replaces it"
        )
    raise ConfigError(
        f"the weights of local/{known.name} are not in {folder}; `harlm local fetch {known.name}` downloads them "
        f"({known.size / 1e6:,.0f} MB)"
    )
