"""What a cell may pass as the ``schema`` of a call, as JSON Schema: a JSON Schema itself, a type, or a dict of fields with
their types. The host checks it again.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from typing import Any

from .arguments import SCHEMA, within

_NAMES = {
    "str": "string", "string": "string", "int": "integer", "integer": "integer", "float": "number", "number": "number",
    "bool": "boolean", "boolean": "boolean", "none": "null", "null": "null", "list": "array", "array": "array",
    "dict": "object", "object": "object",
}  # fmt: skip
_TYPES = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
    list: "array",
    dict: "object",
}
_KEYWORDS = {
    "$ref": str, "anyOf": list, "oneOf": list, "allOf": list, "enum": list, "const": object, "properties": dict,
    "items": dict, "not": dict, "$defs": dict,
}  # fmt: skip
"""Keywords by which a JSON Schema is told from a dict of fields, with what stands there."""

_DEEPEST = 32  # types inside types
_LONGEST_NAME = 200  # characters of the name of a type


def with_schema(arguments: dict[str, Any], schema: Any) -> dict[str, Any]:
    """The arguments of a call, with the schema that its value must follow, if there is one.

    Args:
        arguments: of the call.
        schema: as the cell gave it; ``None`` wants text.

    Raises:
        TypeError, ValueError: it is nothing that has a JSON Schema, or is too long.
    """
    return arguments if schema is None else {**arguments, "schema": schema_text(schema)}


def schema_text(schema: Any) -> str:
    """A schema as JSON text.

    Args:
        schema: a JSON Schema as a dict or as text; a type or its name, such as ``int``, ``"list[str]"``,
            ``Literal["yes", "no"]``, a dataclass, a ``TypedDict`` or an ``Enum``; a dict of fields, such as
            ``{"name": str, "years": list[int]}``; or a list with one of these, for a list of it. The text of a field that
            names no type describes a text.

    Raises:
        TypeError, ValueError: it is nothing of that kind, or is too long.
    """
    if isinstance(schema, str):
        within(len(schema), "a schema", SCHEMA)
        if schema.lstrip().startswith("{"):
            return schema
        if (named := _of_text(schema)) is None:
            raise TypeError(f"schema: {schema[:80]!r} is neither a JSON Schema nor the name of a type")
        return json.dumps(named)
    try:
        text = json.dumps(_json_schema(schema, 0), ensure_ascii=False)
    except TypeError as error:
        raise TypeError(f"schema: {error}") from None
    within(len(text), "a schema", SCHEMA)
    return text


def _json_schema(given: Any, depth: int) -> dict[str, Any]:
    if depth > _DEEPEST:
        raise TypeError(f"its types are nested deeper than {_DEEPEST} levels; use a JSON Schema with $defs")
    if isinstance(given, dict):
        return dict(given) if _is_json_schema(given) else _object(given, depth)
    if isinstance(given, list) and len(given) == 1:
        return {"type": "array", "items": _json_schema(given[0], depth + 1)}
    if isinstance(given, str):
        return _of_text(given) or {"type": "string", "description": given}
    if given is None:
        return {"type": "null"}
    if isinstance(given, type) and given in _TYPES:
        return {"type": _TYPES[given]}
    made = _generic(given, depth)
    return _class(given, depth) if made is None else made


def _of_text(text: str) -> dict[str, Any] | None:
    """The schema of a type that a text names, such as ``list[int]`` (types of generics arrive so from Monty); else ``None``."""
    if len(text) > _LONGEST_NAME:
        return None
    try:
        return _of_syntax(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _of_syntax(node: ast.expr) -> dict[str, Any] | None:
    match node:
        case ast.Constant(value=None):
            return {"type": "null"}
        case ast.Name(id=name) | ast.Attribute(attr=name):
            kind = _NAMES.get(name.lower())
            return None if kind is None else {"type": kind}
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _any_of([left, right])
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inside):
            return _of_generic(name.lower(), inside.elts if isinstance(inside, ast.Tuple) else [inside])
    return None


def _of_generic(name: str, parts: list[ast.expr]) -> dict[str, Any] | None:
    if name == "literal" and all(isinstance(each, ast.Constant) for each in parts):
        return {"enum": [each.value for each in parts if isinstance(each, ast.Constant)]}
    if name in ("union", "optional"):
        return _any_of([*parts, ast.Constant(value=None)] if name == "optional" else parts)
    made = _of_syntax(parts[-1] if name == "dict" else parts[0])
    if made is None:
        return None
    if name == "dict":
        return {"type": "object", "additionalProperties": made}
    return {"type": "array", "items": made} if name in ("list", "set", "sequence") else None


def _any_of(parts: list[ast.expr]) -> dict[str, Any] | None:
    made = [_of_syntax(each) for each in parts]
    return None if None in made else {"anyOf": made}


def _is_json_schema(given: Mapping[Any, Any]) -> bool:
    """Whether a dict is a JSON Schema, not fields with their types: it has a keyword, and no type of Python in it."""
    kind = given.get("type")
    names = kind if isinstance(kind, list) and kind else [kind]
    has_type = all(isinstance(each, str) and each in _NAMES.values() for each in names)
    has_keyword = any(each in given and isinstance(given[each], kind) for each, kind in _KEYWORDS.items())
    return not given or ((has_type or has_keyword) and _is_json(given, 0))


def _is_json(given: Any, depth: int) -> bool:
    if depth > _DEEPEST or given is None or isinstance(given, str | int | float):
        return True
    if isinstance(given, dict):
        return all(_is_json(each, depth + 1) for each in given.values())
    return isinstance(given, list) and all(_is_json(each, depth + 1) for each in given)


def _generic(given: Any, depth: int) -> dict[str, Any] | None:
    """The schema of ``list[int]``, ``str | None``, ``Literal["a"]`` and their like; ``None`` for other types."""
    if given is Any:
        return {}
    origin: Any = getattr(given, "__origin__", None)
    parts: list[Any] = list(getattr(given, "__args__", ()))
    kind = str(getattr(origin, "_name", None) or getattr(origin, "__name__", type(given).__name__))
    if kind in ("Union", "UnionType"):
        return {"anyOf": [_json_schema(each, depth + 1) for each in parts]}
    if kind == "Literal":
        return {"enum": parts}
    if origin in (list, set, frozenset, tuple):
        inner = [each for each in parts if each is not ...]
        if origin is tuple and len(inner) == len(parts) and inner:
            fixed = [_json_schema(each, depth + 1) for each in inner]
            return {"type": "array", "prefixItems": fixed, "minItems": len(fixed), "maxItems": len(fixed)}
        return {"type": "array", **({"items": _json_schema(inner[0], depth + 1)} if inner else {})}
    if origin is dict:
        return {"type": "object", "additionalProperties": _json_schema(parts[1], depth + 1)}
    if hasattr(given, "__metadata__"):
        return _json_schema(origin, depth + 1)
    return None


def _class(given: Any, depth: int) -> dict[str, Any]:
    if not isinstance(given, type):
        raise TypeError(f"{given!r} is no type and no JSON Schema; pass such as {{'name': str}} or list[int]")
    members = getattr(given, "__members__", None)
    if members is not None:
        return {"enum": [each.value for each in members.values()]}
    fields = getattr(given, "__annotations__", None)
    if not fields:
        raise TypeError(
            f"{given.__name__} has no fields with types; pass such as {{'name': str}} or a dataclass"
        )
    from typing import get_type_hints  # here, since few cells need it

    try:
        types = get_type_hints(given)
    except NameError as error:
        raise TypeError(f"the types of {given.__name__} cannot be found: {error}") from None
    return {"title": given.__name__, **_object(types, depth, _optional(given, types))}


def _optional(given: Any, types: Mapping[str, Any]) -> frozenset[str]:
    """The fields of a class that a value may lack."""
    if hasattr(given, "__dataclass_fields__"):
        return frozenset(each.name for each in given.__dataclass_fields__.values() if _has_default(each))
    if hasattr(given, "_field_defaults"):  # of a named tuple
        return frozenset(given._field_defaults)
    if hasattr(given, "__optional_keys__"):  # of a TypedDict
        return frozenset(given.__optional_keys__)
    return frozenset(name for name in types if hasattr(given, name))


def _has_default(field: Any) -> bool:
    return not all(type(each).__name__ == "_MISSING_TYPE" for each in (field.default, field.default_factory))


def _object(fields: Mapping[Any, Any], depth: int, optional: frozenset[str] = frozenset()) -> dict[str, Any]:
    for name in fields:
        if not isinstance(name, str):
            raise TypeError(f"a field must have a name, not {name!r}")
    return {
        "type": "object",
        "properties": {name: _json_schema(kind, depth + 1) for name, kind in fields.items()},
        "required": [name for name in fields if name not in optional],
        "additionalProperties": False,
    }
