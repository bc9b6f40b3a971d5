"""JSON Schemas and values, as Hypothesis draws them: any schemas, schemas that show a value which follows them, and the ways in
which models write a value.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Schema = dict[str, Any]

_NAMES = st.sampled_from(["a", "b", "c", "value"])
_TYPES = ["string", "number", "integer", "boolean", "null", "array", "object"]
_WORDS = st.text(alphabet="ab1 ,]}\"\\\n'`é", max_size=5)
_NUMBERS = st.integers(-4, 6) | st.sampled_from([0.5, 1.0, 2.0, -1.5, 1e300])
_SCALARS = st.none() | st.booleans() | _NUMBERS | _WORDS
_PATTERNS = st.sampled_from(["^a", "b$", "[0-9]", "^$", "a|1", ""])
_COUNTS = st.integers(0, 3)

VALUES: st.SearchStrategy[Any] = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=8,
)
"""Any JSON values, small ones of few words, so that schemas and values often meet."""


def _some(**keywords: st.SearchStrategy[Any]) -> st.SearchStrategy[Schema]:
    return st.fixed_dictionaries({}, optional=keywords)


def _keywords(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Schema]:
    """Subschemas of some keywords of one subject."""
    by_name = st.dictionaries(_NAMES, inner, max_size=3)
    several = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.builds(lambda kind: {"type": kind}, st.sampled_from(_TYPES)),
        st.builds(
            lambda kinds: {"type": kinds},
            st.lists(st.sampled_from(_TYPES), min_size=1, max_size=3, unique=True),
        ),
        _some(enum=st.lists(VALUES, min_size=1, max_size=4)),
        _some(const=VALUES),
        _some(
            minimum=_NUMBERS, maximum=_NUMBERS, exclusiveMinimum=_NUMBERS, exclusiveMaximum=_NUMBERS,
            multipleOf=st.sampled_from([1, 2, 0.5, 0.25]),
        ),
        _some(minLength=_COUNTS, maxLength=_COUNTS, pattern=_PATTERNS),
        _some(
            items=inner, prefixItems=st.lists(inner, min_size=1, max_size=2), minItems=_COUNTS, maxItems=_COUNTS, uniqueItems=st.booleans(),
        ),
        _some(contains=inner, minContains=_COUNTS, maxContains=_COUNTS, uniqueItems=st.booleans()),
        _some(
            properties=by_name, required=st.lists(_NAMES, max_size=2, unique=True), additionalProperties=inner,
            patternProperties=st.dictionaries(_PATTERNS, inner, max_size=2),
        ),
        _some(
            propertyNames=inner, minProperties=_COUNTS, maxProperties=_COUNTS,
            dependentRequired=st.dictionaries(_NAMES, st.lists(_NAMES, max_size=2, unique=True), max_size=2),
        ),
        _some(allOf=several, anyOf=several, oneOf=several),
        st.builds(lambda each: {"not": each}, inner),
        st.fixed_dictionaries({"if": inner}, optional={"then": inner, "else": inner}),
        st.builds(lambda name: {"$ref": name}, st.sampled_from(["#/$defs/x", "#/$defs/y", "#"])),
    )  # fmt: skip


def _joined(one: Schema, other: Schema) -> Schema:
    return {**one, **other}


def _parts(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    one = _keywords(inner)
    return st.booleans() | one | st.builds(_joined, one, one) | st.builds(_joined, one, one)


SCHEMAS: st.SearchStrategy[Schema] = st.builds(
    lambda root, x, y: {**root, "$defs": {"x": x, "y": y}},
    _keywords(st.recursive(_keywords(st.booleans()), _parts, max_leaves=5)),
    st.recursive(_keywords(st.booleans()), _parts, max_leaves=3),
    st.recursive(_keywords(st.booleans()), _parts, max_leaves=3),
)
"""Any schemas over all keywords that are checked, with definitions that may refer to one another; not all are taken."""
