"""The folder of an encoder: what its files are called, its description, and the check of all that can be checked without torch.

Holds numbers and text only. No file is unpickled, and none may name code of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta

from harlm.config.tables import read_settings_file
from harlm.errors import ConfigError
from harlm.isotonic import Knot, fault_in
from harlm.router.encoder_text import SIZES
from harlm.router.model import ExampleSource, RouterModel
from harlm.router.model import load as load_router
from harlm.types import MODES, Mode

FORMAT = 1
"""Of the description."""

DESCRIPTION, ROUTER, CONFIG, TOKENIZER = "encoder.json", "router.json", "config.json", "tokenizer.json"
WEIGHTS, INT8 = "model.safetensors", "model.int8.onnx"

Kind = Literal["t5", "auto"]
"""Of the backbone: the encoder half of a T5, or an encoder that transformers finds by its ``config.json``."""

Runtime = Literal["torch", "onnx"]
"""What carries out the forward pass: torch with ``WEIGHTS``, or onnxruntime with ``INT8``."""

_AGAIN = "train it again with `harlm router train`, or name another folder"
_MOST_HEADER = 16 << 20  # bytes of the list of tensors in a file of weights


class Description(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of ``encoder.json``.

    Attributes:
        format: the version of the file.
        kind: of the backbone.
        runtime: what carries out the forward pass.
        backbone: the name of what was tuned, for people.
        date: of the training, ISO 8601.
        width: numbers of a pooled text.
        sizes: the features beside them, in their order.
        modes: in the order of the head's outputs.
        knots: by mode, from log odds to a probability, calibrated on examples that were held out. A mode that is not named was
            not learned.
        most_tokens: of a text; the rest is cut off.
        origins: where the examples come from.
    """

    format: int = FORMAT
    kind: Kind
    runtime: Runtime = "torch"
    backbone: Annotated[str, Meta(max_length=500)]
    date: Annotated[str, Meta(max_length=40)]
    width: Annotated[int, Meta(ge=1, le=65_536)]
    sizes: tuple[str, ...] = SIZES
    modes: tuple[Mode, ...] = MODES
    knots: dict[Mode, tuple[Knot, ...]]
    most_tokens: Annotated[int, Meta(ge=8, le=8_192)] = 512
    origins: tuple[ExampleSource, ...]


class _Version(msgspec.Struct, frozen=True):
    format: int


class EncoderFolder(NamedTuple):
    """A folder whose small files are read and checked.

    Attributes:
        path: where it is.
        about: its description.
        router: the trees, with the costs, checks, shares and bounds that stay in use.
        config: of the backbone, as transformers reads it; empty if onnxruntime carries out the forward pass.
    """

    path: Path
    about: Description
    router: RouterModel
    config: dict[str, Any]


def open_folder(path: Path) -> EncoderFolder:
    """The folder of an encoder.

    Raises:
        ConfigError: it is none, a file is missing or broken, or it is of a later version.
    """
    if not path.is_dir():
        raise ConfigError(
            f"router {str(path)!r} is no folder; name one that `harlm router train` has made of an encoder"
        )
    about = _description(path / DESCRIPTION)
    router = load_router(path / ROUTER)
    needed = (TOKENIZER, INT8) if about.runtime == "onnx" else (TOKENIZER, CONFIG, WEIGHTS)
    for name in needed:
        if not (path / name).is_file():
            raise ConfigError(f"{str(path / name)!r} does not exist, and an encoder needs it; {_AGAIN}")
    return EncoderFolder(
        path, about, router, {} if about.runtime == "onnx" else _config(path / CONFIG, about.kind)
    )


def write_description(path: Path, about: Description) -> None:
    """Write ``encoder.json`` into a folder."""
    (path / DESCRIPTION).write_bytes(msgspec.json.format(msgspec.json.encode(about)) + b"\n")


def shapes_in(file: Path) -> dict[str, tuple[int, ...]]:
    """The tensors of a file of weights, by name, with their shapes. No weight is read.

    Raises:
        ConfigError: it is no such file, or a tensor is not of 32-bit floats.
    """
    try:
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            if length > _MOST_HEADER:
                raise ValueError("it has no list of tensors")
            listed = msgspec.json.decode(opened.read(length), type=dict[str, dict[str, Any]])
        tensors = {name: each for name, each in listed.items() if name != "__metadata__"}
        if odd := next((name for name, each in tensors.items() if each.get("dtype") != "F32"), None):
            raise ValueError(f"tensor {odd!r} is not of 32-bit floats")
        return {name: tuple(map(int, each["shape"])) for name, each in tensors.items()}
    except (OSError, msgspec.DecodeError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise ConfigError(f"{str(file)!r} is no file of weights ({error}); {_AGAIN}") from error


def unusable(file: Path, why: object) -> ConfigError:
    """The error of a file of an encoder that cannot be used."""
    return ConfigError(f"{str(file)!r} cannot be used: {why}; {_AGAIN}")


def _description(file: Path) -> Description:
    data = read_settings_file(file, may_be_link=True)
    if data is None:
        raise ConfigError(
            f"{str(file)!r} does not exist or may not be read, so {str(file.parent)!r} is not the folder of an encoder; {_AGAIN}"
        )
    try:
        version = msgspec.json.decode(data, type=_Version).format
        if version > FORMAT:
            raise ConfigError(
                f"{str(file)!r} has format {version}, this version of HARLM reads {FORMAT}: update HARLM, or train it again"
            )
        found = msgspec.json.decode(data, type=Description)
        _check(found)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise ConfigError(f"{str(file)!r} does not describe an encoder ({error}); {_AGAIN}") from error
    return found


def _check(found: Description) -> None:
    """Refuse what no training gives.

    Raises:
        ValueError: what is wrong.
    """
    if (found.format, found.sizes) != (FORMAT, SIZES):
        raise ValueError("it was made for other features")
    if (
        len(set(found.modes)) != len(found.modes)
        or not found.knots
        or not found.knots.keys() <= set(found.modes)
    ):
        raise ValueError("it has no head for a mode")
    for mode, knots in found.knots.items():
        if not knots:
            raise ValueError(f"mode {mode} is not calibrated")
        if fault := fault_in(knots):
            raise ValueError(f"mode {mode}: {fault}")


def _config(file: Path, kind: Kind) -> dict[str, Any]:
    data = read_settings_file(file, may_be_link=True)
    try:
        found = msgspec.json.decode(data or b"", type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        raise unusable(file, error) from error
    if "auto_map" in found:
        raise unusable(file, "it asks for code of its own, which is never run")
    if (found.get("model_type") == "t5") != (kind == "t5"):
        raise unusable(
            file, f"its model_type is {found.get('model_type')!r}, and {DESCRIPTION} says kind {kind!r}"
        )
    return found
