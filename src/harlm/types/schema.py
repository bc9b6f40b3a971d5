"""The type that a value of a model must have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSchema:
    """The type that an answer must have (``harlm.typed.schema_of`` makes it).

    Attributes:
        name: of the type, as messages name it.
        json_schema: the JSON Schema that a model is shown, and that endpoints are asked to enforce.
        build: makes a value of the type from JSON-like data; raises ``ValueError``, whose message says which part of the
            data is wrong.
    """

    name: str
    json_schema: Mapping[str, object]
    build: Callable[[object], object]
