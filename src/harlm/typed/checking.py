"""What is wrong with a value, by a JSON Schema that ``keywords`` has taken."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import islice
from typing import Any

from harlm.typed.keywords import target_of, type_of

_MOST = 5  # faults that are told
_SHOWN = 80  # characters of a value in a message
_DEEPEST = 200  # subschemas inside one another that are applied to parts inside one another
_STEPS = 50_000  # applied subschemas of a small value; alternatives of alternatives could need 2 ** 64
_STEPS_PER_PART = 20  # more of them for each part of a value
_MOST_STEPS = 1_500_000  # in all: some seconds


class _TooInvolved(Exception):
    """A check would take too long."""


def faults_in(value: object, schema: Mapping[str, object]) -> list[str]:
    """What is wrong with a value, one sentence a fault, the first few of them; empty if it follows the schema."""
    try:
        return list(islice(_Check(schema, _steps_for(value)).faults(value, schema, "", 0), _MOST))
    except (_TooInvolved, RecursionError):
        return [
            f"{_place('')} it cannot be checked, since it is too large, or nested too deeply, for this schema"
        ]


def _steps_for(value: object) -> int:
    """How many subschemas may be applied to a value and its parts."""
    waiting, parts = [value], 0
    while waiting and parts * _STEPS_PER_PART < _MOST_STEPS:
        part = waiting.pop()
        parts += 1
        if isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, list | tuple):
            waiting += part
    return min(_STEPS + _STEPS_PER_PART * parts, _MOST_STEPS)


class _Check:
    """One check of a value."""

    def __init__(self, root: Mapping[str, object], steps: int) -> None:
        self._root = root
        self._targets: dict[object, object] = {}
        self._left = steps

    def faults(self, value: object, schema: object, at: str, depth: int) -> Iterator[str]:
        """The faults of a value by a subschema.

        Raises:
            _TooInvolved: it is nested too deeply, or there have been too many steps.
        """
        if schema is True:
            return
        if not isinstance(schema, dict):
            yield f"{_place(at)} nothing is allowed here"
            return
        self._left -= 1
        if depth > _DEEPEST or self._left < 0:
            raise _TooInvolved
        if "$ref" in schema:
            yield from self.faults(value, self._target(schema["$ref"]), at, depth + 1)
        yield from _of_itself(value, schema, at)
        yield from self._combined(value, schema, at, depth)
        if isinstance(value, dict):
            yield from self._object(value, schema, at, depth)
        elif isinstance(value, list | tuple):
            yield from self._array(value, schema, at, depth)

    def _target(self, reference: object) -> object:
        if reference not in self._targets:
            self._targets[reference] = target_of(reference, self._root)
        return self._targets[reference]

    def _is(self, value: object, schema: object, depth: int) -> bool:
        return next(self.faults(value, schema, "", depth + 1), None) is None

    def _combined(self, value: object, schema: Mapping[str, object], at: str, depth: int) -> Iterator[str]:
        for each in _schemas(schema, "allOf"):
            yield from self.faults(value, each, at, depth + 1)
        if (options := _schemas(schema, "anyOf")) and not any(
            self._is(value, each, depth) for each in options
        ):
            yield from self._nearest(value, options, at, depth)
        if options := _schemas(schema, "oneOf"):
            fitting = sum(self._is(value, each, depth) for each in options)
            if not fitting:
                yield from self._nearest(value, options, at, depth)
            elif fitting > 1:
                yield f"{_place(at)} it follows {fitting} of the alternatives, and must follow exactly one"
        if "not" in schema and self._is(value, schema["not"], depth):
            yield f"{_place(at)} {_shown(value)} is what the schema excludes"
        if "if" in schema:
            then = "then" if self._is(value, schema["if"], depth) else "else"
            yield from self.faults(value, schema.get(then, True), at, depth + 1)

    def _nearest(self, value: object, options: Sequence[object], at: str, depth: int) -> Iterator[str]:
        """The faults by the alternative of the value's own type, or that it follows none."""
        own = [each for each in options if isinstance(each, dict) and self._has_type(value, each)]
        if len(own) == 1:
            yield from self.faults(value, own[0], at, depth + 1)
        else:
            yield f"{_place(at)} {_shown(value)} follows none of the alternatives"

    def _has_type(self, value: object, schema: Mapping[str, object]) -> bool:
        target = self._target(schema["$ref"]) if "$ref" in schema else schema
        wanted = target.get("type") if isinstance(target, dict) else None
        return wanted is None or _is_type(value, wanted)

    def _object(
        self, value: Mapping[str, object], schema: Mapping[str, object], at: str, depth: int
    ) -> Iterator[str]:
        known, patterns = _named(schema, "properties"), _named(schema, "patternProperties")
        for name in _names(schema.get("required")):
            if name not in value:
                yield f"{_place(at)} the property {name!r} is missing"
        for name, others in _named(schema, "dependentRequired").items():
            for other in _names(others) if name in value else ():
                if other not in value:
                    yield f"{_place(at)} the property {other!r} is missing, which {name!r} requires"
        rest = schema.get("additionalProperties", True)
        for name, part in value.items():
            place = f"{at}.{name}" if at else name
            applied = [known[name]] if name in known else []
            applied += [each for pattern, each in patterns.items() if re.search(pattern, name)]
            if not applied and rest is False:
                yield f"{_place(at)} the property {name!r} is not allowed"
                continue
            for each in applied or [rest]:
                yield from self.faults(part, each, place, depth + 1)
            if "propertyNames" in schema:
                yield from self.faults(name, schema["propertyNames"], f"{at} (the name {name!r})", depth + 1)

    def _array(
        self, value: Sequence[object], schema: Mapping[str, object], at: str, depth: int
    ) -> Iterator[str]:
        first = _schemas(schema, "prefixItems")
        for number, part in enumerate(value):
            one = first[number] if number < len(first) else schema.get("items", True)
            yield from self.faults(part, one, f"{at}[{number}]", depth + 1)
        if schema.get("uniqueItems") is True and len({_same(each) for each in value}) < len(value):
            yield f"{_place(at)} its items are not all different"
        if "contains" in schema:
            found = sum(self._is(each, schema["contains"], depth) for each in value)
            least, most = schema.get("minContains", 1), schema.get("maxContains", math.inf)
            if not _number(least) <= found <= _number(most):
                wanted = f"{least} or more" if most == math.inf else f"from {least} to {most}"
                yield f"{_place(at)} {found} of its items are of a kind of which it must contain {wanted}"


def _of_itself(value: object, schema: Mapping[str, object], at: str) -> Iterator[str]:
    """The faults of a value that show without its parts."""
    if "type" in schema and not _is_type(value, schema["type"]):
        wanted = schema["type"]
        named = " or ".join(map(str, wanted)) if isinstance(wanted, list) else str(wanted)
        yield f"{_place(at)} {_shown(value)} is not of type {named}"
        return
    enum = schema.get("enum")
    if isinstance(enum, list) and _same(value) not in map(_same, enum):
        yield f"{_place(at)} {_shown(value)} is not one of {_shown(enum)}"
    if "const" in schema and _same(value) != _same(schema["const"]):
        yield f"{_place(at)} {_shown(value)} is not {_shown(schema['const'])}"
    if isinstance(value, str):
        yield from _sizes(len(value), schema, "Length", "characters", at)
        pattern = schema.get("pattern")
        if isinstance(pattern, str) and not re.search(pattern, value):
            yield f"{_place(at)} {_shown(value)} does not match the pattern {pattern!r}"
    elif isinstance(value, dict):
        yield from _sizes(len(value), schema, "Properties", "properties", at)
    elif isinstance(value, list | tuple):
        yield from _sizes(len(value), schema, "Items", "items", at)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        for keyword, (is_kept, words) in _BOUNDS.items():
            if keyword in schema and not is_kept(value, _number(schema[keyword])):
                yield f"{_place(at)} {value} is not {words} {schema[keyword]}"


def _is_multiple(value: Any, unit: Any) -> bool:
    """By the decimal digits: 0.3 is a multiple of 0.1."""
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return _exact(value) % _exact(unit) == 0


def _exact(number: Any) -> Fraction:
    return Fraction(repr(number)) if isinstance(number, float) else Fraction(number)


_BOUNDS: Mapping[str, tuple[Callable[[float, float], bool], str]] = {
    "minimum": (lambda value, bound: value >= bound, "at least"),
    "maximum": (lambda value, bound: value <= bound, "at most"),
    "exclusiveMinimum": (lambda value, bound: value > bound, "greater than"),
    "exclusiveMaximum": (lambda value, bound: value < bound, "less than"),
    "multipleOf": (_is_multiple, "a multiple of"),
}


def _sizes(size: int, schema: Mapping[str, object], what: str, unit: str, at: str) -> Iterator[str]:
    least, most = schema.get(f"min{what}"), schema.get(f"max{what}")
    if isinstance(least, int) and size < least:
        yield f"{_place(at)} it has {size} {unit}, fewer than {least}"
    if isinstance(most, int) and size > most:
        yield f"{_place(at)} it has {size} {unit}, more than {most}"


def _is_type(value: object, wanted: object) -> bool:
    names = wanted if isinstance(wanted, list) else [wanted]
    return not type_of(value).isdisjoint(names)


def _number(value: object) -> float:
    return value if isinstance(value, int | float) else 0


def _schemas(schema: Mapping[str, object], keyword: str) -> Sequence[object]:
    value = schema.get(keyword)
    return value if isinstance(value, list) else ()


def _named(schema: Mapping[str, object], keyword: str) -> Mapping[str, object]:
    value = schema.get(keyword)
    return value if isinstance(value, dict) else {}


def _names(value: object) -> Sequence[str]:
    return value if isinstance(value, list) else ()


def _same(value: object) -> object:
    """Equal for values that JSON Schema counts as equal: 1 and 1.0 are, 1 and true are not."""
    match value:
        case bool() | None | str():
            return (type(value), value)
        case int() | float():
            return ("number", value)
        case list() | tuple():
            return ("array", tuple(map(_same, value)))
        case dict():
            return ("object", frozenset((name, _same(part)) for name, part in value.items()))
    return (type(value), repr(value))


def _shown(value: object) -> str:
    """The beginning of a value, without writing all of it."""
    text = ""
    for piece in _ENCODER.iterencode(value[: _SHOWN + 1] if isinstance(value, str) else value):
        text += piece[: _SHOWN + 1]
        if len(text) > _SHOWN:
            return f"{text[:_SHOWN]}…"
    return text


_ENCODER = json.JSONEncoder(ensure_ascii=False, default=repr)


def _place(at: str) -> str:
    return f"at `{at}`:" if at else "at the top:"
