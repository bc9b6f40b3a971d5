"""Schemas from what callers have: types of Python, JSON Schemas, files with one."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from harlm.errors import ConfigError
from harlm.typed.checking import faults_in
from harlm.typed.keywords import SchemaFault, checked
from harlm.types import OutputSchema, without_surrogates

_LONGEST_FILE = 1_000_000  # bytes of a file with a JSON Schema
_SHOWN = 1_000  # characters of another library's message


def schema_of(wanted: object) -> OutputSchema:
    """The schema of a type.

    Args:
        wanted: a pydantic model, a dataclass, a ``TypedDict``, a ``msgspec.Struct``, another type that msgspec knows, such
            as ``list[int]`` or ``Literal["yes", "no"]``, a JSON Schema as a dict, or a ``Path`` to a file with one.

    Raises:
        ConfigError: it is nothing of that kind, or a JSON Schema that cannot be checked.
    """
    match wanted:
        case OutputSchema():
            return wanted
        case Path():
            return _of_file(wanted)
        case Mapping():
            return _of_json_schema(dict(wanted), "the schema")
        case str() | bytes():
            raise ConfigError(
                f"schema {wanted[:80]!r} is text; pass a type, a JSON Schema as a dict, or a pathlib.Path to a file with one"
            )
    if hasattr(wanted, "model_json_schema") and hasattr(wanted, "model_validate"):
        return _of_pydantic(wanted)
    return _of_type(wanted)


def schema_of_text(text: str, *, patterns: bool = False) -> OutputSchema:
    """The schema in a JSON text that a model wrote; without ``patterns``, regular expressions in it are refused.

    Raises:
        SchemaFault: it is not a JSON Schema, or one that cannot be checked.
    """
    try:
        found = _loaded(text)
    except (ValueError, RecursionError) as error:
        raise SchemaFault(f"the schema is not JSON: {error}") from error
    return _checking(dict(checked(found, patterns=patterns)), "the schema")


def _loaded(text: str) -> Any:
    """The value of a JSON text, without half surrogates, which cannot be sent.

    Raises:
        ValueError, RecursionError: it is not JSON.
    """
    found = json.loads(text, parse_constant=_refuse)
    if "\\ud" not in text.lower():
        return found
    return json.loads(without_surrogates(json.dumps(found, ensure_ascii=False)))


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number of JSON")


def _of_file(path: Path) -> OutputSchema:
    try:
        with path.open("rb") as file:
            text = file.read(_LONGEST_FILE + 1)
    except OSError as error:
        raise ConfigError(f"the schema {str(path)!r} cannot be read ({error.strerror})") from error
    if len(text) > _LONGEST_FILE:
        raise ConfigError(f"the schema {str(path)!r} has more than {_LONGEST_FILE:,} bytes")
    try:
        data = _loaded(text.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"the schema {str(path)!r} is not JSON: {error}") from error
    return _of_json_schema(data, repr(str(path)))


def _of_json_schema(data: object, name: str) -> OutputSchema:
    try:
        known = dict(checked(_loaded(json.dumps(data, allow_nan=False))))
    except (TypeError, ValueError, RecursionError) as fault:
        raise ConfigError(f"{name} cannot be used as a JSON Schema: {fault}") from fault
    title = known.get("title")
    return _checking(known, title if isinstance(title, str) else name)


def _checking(known: Mapping[str, object], name: str) -> OutputSchema:
    def build(value: object) -> object:
        if faults := faults_in(value, known):
            raise ValueError("; ".join(faults))
        return value

    return OutputSchema(name=name, json_schema=known, build=build)


def _of_pydantic(model: Any) -> OutputSchema:
    """By pydantic's own rules. It is not imported here: who passes a model has it."""
    try:
        json_schema = model.model_json_schema()
    except Exception as error:
        raise ConfigError(f"{_name(model)} has no JSON Schema: {str(error)[:_SHOWN]}") from error

    def build(value: object) -> object:
        try:
            return model.model_validate(value)
        except Exception as error:
            raise _refused(error) from error

    return OutputSchema(name=_name(model), json_schema=json_schema, build=build)


def _of_type(wanted: Any) -> OutputSchema:
    try:
        json_schema = msgspec.json.schema(wanted)
    except (TypeError, ValueError, NameError) as error:
        raise ConfigError(
            f"schema {wanted!r} is no type that an answer can have ({str(error)[:_SHOWN]}); pass a pydantic model, a "
            "dataclass, a TypedDict, a msgspec.Struct, or a JSON Schema as a dict"
        ) from error

    def build(value: object) -> object:
        try:
            return msgspec.convert(value, wanted)
        except Exception as error:
            raise _refused(error) from error

    return OutputSchema(name=_name(wanted), json_schema=json_schema, build=build)


def _refused(error: Exception) -> ValueError:
    """What a type says against a value. Validators and ``__post_init__`` of a caller's type may raise anything."""
    return ValueError(str(error)[:_SHOWN] or type(error).__name__)


def _name(wanted: Any) -> str:
    if dataclasses.is_dataclass(wanted) or isinstance(wanted, type):
        return str(getattr(wanted, "__name__", wanted))
    return str(wanted)
