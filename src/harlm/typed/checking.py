"""What is wrong with a value, by a JSON Schema that ``keywords`` has taken."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from harlm.typed.keywords import target_of, type_of

_MOST = 5  # faults that are told
_SHOWN = 80  # characters of a value in a message
_DEEPEST = 200  # of subschemas that apply to one another; deeper ones refer to themselves


def faults_in(value: object, schema: Mapping[str, object]) -> list[str]:
    """What is wrong with a value, one sentence a fault, the first few of them; empty if it follows the schema."""
    return list(islice(_Check(schema).applied(value, schema, "", 0), _MOST))


class _Check:
    """Checks values by one schema. What was found of a part and a subschema is kept, since alternatives in alternatives would
    otherwise be checked two to the power of their depth.
    """

    def __init__(self, root: Mapping[str, object]) -> None:
        self._root = root
        self._open: set[tuple[int, int]] = set()  # parts and subschemas, by id, that are being checked
        self._verdicts: dict[tuple[int, int], bool] = {}

    def applied(self, value: object, schema: object, at: str, depth: int) -> Iterator[str]:
        """The faults of a value by a subschema that may apply to it more than once."""
        key = (id(value), id(schema))
        if self._verdicts.get(key):
            return
        if key in self._open:
            yield f"{_place(at)} the schema refers to itself without end"
            return
        self._open.add(key)
        is_valid = True
        try:
            for fault in self.faults(value, schema, at, depth):
                is_valid = False
                yield fault
        finally:
            self._open.discard(key)
        if is_valid:
            self._verdicts[key] = True

    def faults(self, value: object, schema: object, at: str, depth: int) -> Iterator[str]:
        if schema is True:
            return
        if not isinstance(schema, dict):
            yield f"{_place(at)} nothing is allowed here"
            return
        if depth > _DEEPEST:
            yield f"{_place(at)} the schema refers to itself without end"
            return
        if "$ref" in schema:
            yield from self.applied(value, target_of(schema["$ref"], self._root), at, depth + 1)
        yield from _of_itself(value, schema, at)
        yield from self._combined(value, schema, at, depth)
        if isinstance(value, dict):
            yield from self._object(value, schema, at, depth)
        elif isinstance(value, list | tuple):
            yield from self._array(value, schema, at, depth)

    def _is(self, value: object, schema: object, depth: int) -> bool:
        key = (id(value), id(schema))
        if key not in self._verdicts:
            self._verdicts[key] = next(self.applied(value, schema, "", depth + 1), None) is None
        return self._verdicts[key]

    def _combined(self, value: object, schema: Mapping[str, object], at: str, depth: int) -> Iterator[str]:
        for each in _schemas(schema, "allOf"):
            yield from self.applied(value, each, at, depth + 1)
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
            yield from self.applied(value, schema.get(then, True), at, depth + 1)

    def _nearest(self, value: object, options: Sequence[object], at: str, depth: int) -> Iterator[str]:
        """The faults by the alternative of the value's own type, or that it follows none."""
        own = [each for each in options if isinstance(each, dict) and self._has_type(value, each)]
        if len(own) == 1:
            yield from self.applied(value, own[0], at, depth + 1)
        else:
            yield f"{_place(at)} {_shown(value)} follows none of the alternatives"

    def _has_type(self, value: object, schema: Mapping[str, object]) -> bool:
        target = target_of(schema["$ref"], self._root) if "$ref" in schema else schema
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
                yield f"{_place(at)} {found} of its items are of the kind of which it must contain {least} or more"


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


def _is_multiple(value: float, unit: float) -> bool:
    if isinstance(value, int) and isinstance(unit, int):
        return value % unit == 0
    quotient = value / unit
    return math.isfinite(quotient) and abs(quotient - round(quotient)) <= 1e-9 * max(1.0, abs(quotient))


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
    try:
        text = json.dumps(value, ensure_ascii=False, default=repr)
    except (ValueError, RecursionError):
        text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _place(at: str) -> str:
    return f"at `{at}`:" if at else "at the top:"
