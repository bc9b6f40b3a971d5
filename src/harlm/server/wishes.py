"""What a request asks of the run besides its question: a schema, a lower limit, another mode."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from harlm.config import Config
from harlm.server.failures import RequestRefused
from harlm.server.questions import Utterance
from harlm.typed import SchemaFault, schema_of_text
from harlm.types import MODES, Mode, OutputSchema

_PREFIX = "harlm_"
_COST, _MODE = "harlm_max_cost", "harlm_mode"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """A request, understood.

    Attributes:
        model: ``harlm/auto`` or ``harlm/CORPUS``.
        said: the conversation.
        schema: the type of the answer; ``None`` for text.
        usd: the most dollars that its run may cost; ``None`` for what the server allows.
        mode: of the run; ``None`` for what the server has.
    """

    model: str
    said: tuple[Utterance, ...]
    schema: OutputSchema | None = None
    usd: float | None = None
    mode: Mode | None = None


def wanted_schema(
    kind: str, schema: Mapping[str, object] | None, name: str, param: str
) -> OutputSchema | None:
    """The type of the answer.

    Args:
        kind: ``text``, ``json_object`` or ``json_schema``.
        schema: the JSON Schema.
        name: of the type.
        param: the field of the body that says so.

    Raises:
        RequestRefused: 400, it cannot be used.
    """
    if kind == "text":
        return None
    if kind == "json_object":
        schema = {"type": "object"}
    elif kind != "json_schema":
        raise RequestRefused(
            400, f"{param}.type is {kind[:80]!r}; use text, json_object or json_schema", param=f"{param}.type"
        )
    if schema is None:
        raise RequestRefused(400, f"{param} has no schema; give a JSON Schema", param=param)
    titled = {"title": name, **schema} if name else schema
    try:
        return schema_of_text(
            json.dumps(titled)
        )  # regular expressions of others are refused: one can take forever
    except (SchemaFault, ValueError, RecursionError) as error:
        raise RequestRefused(
            400, f"the schema in {param} cannot be used: {error}", code="invalid_schema", param=param
        ) from error


def wanted_limits(metadata: Mapping[str, object] | None, config: Config) -> tuple[float | None, Mode | None]:
    """The dollars and the mode that a request asks for. It can only lower what the server allows.

    Raises:
        RequestRefused: 400, a value that cannot be used, or a mode that the server does not allow.
    """
    given = metadata or {}
    odd = next((each for each in given if each.startswith(_PREFIX) and each not in (_COST, _MODE)), None)
    if odd is not None:
        raise RequestRefused(
            400, f"metadata.{odd[:80]} is not known; use {_COST} and {_MODE}", param="metadata"
        )
    return _usd(given.get(_COST)), _mode(given.get(_MODE), config.engine.mode)


def _usd(value: object) -> float | None:
    if value is None:
        return None
    try:
        usd = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else -1.0
    except (ValueError, OverflowError):
        usd = -1.0
    if not 0 < usd < math.inf:
        raise RequestRefused(
            400,
            f"metadata.{_COST} is {str(value)[:80]!r}; give a number of dollars above 0, such as 0.05",
            param=f"metadata.{_COST}",
        )
    return usd


def _mode(value: object, allowed: str) -> Mode | None:
    if value is None or value == "auto":
        return None
    where = f"metadata.{_MODE}"
    if value not in MODES:
        raise RequestRefused(
            400, f"{where} is {str(value)[:80]!r}; use auto, {', '.join(MODES)}", param=where
        )
    if allowed != "auto" and MODES.index(value) > MODES.index(cast(Mode, allowed)):
        raise RequestRefused(
            400,
            f"{where} is {value!r}, and this server answers in mode {allowed!r}; leave it out",
            param=where,
        )
    return value
