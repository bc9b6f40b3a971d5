"""The stored schemas mean what the types mean, whichever release of msgspec wrote them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
import pytest
from click.testing import CliRunner

from harlm.events import AnyEvent
from harlm.schemas import schemas
from harlm.tracing.jsonl import RunResult
from harlm.tracing.report import AnswerReport
from tests.support.schema_meaning import meaning

Schema = Mapping[str, Any]

TYPES = {"event.json": AnyEvent, "result.json": RunResult, "answer.json": AnswerReport}


def stored(file: str) -> dict[str, Any]:
    text = resources.files("harlm").joinpath("schemas", file).read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


# -- the stored schema and the generated one -----------------------------------------------------------------


@pytest.mark.parametrize("file", TYPES)
def test_the_schemas_in_the_wheel_are_those_of_the_types(file: str) -> None:
    """``python -m harlm.schemas --write`` writes them again."""
    generated = json.loads(json.dumps(schemas()[file]))
    assert meaning(stored(file)) == meaning(generated)


@pytest.mark.parametrize("file", TYPES)
def test_order_and_indents_mean_nothing(file: str) -> None:
    schema = stored(file)
    assert json.dumps(_turned_round(schema)) != json.dumps(schema)
    assert meaning(_turned_round(schema)) == meaning(schema)


def _turned_round(value: Any) -> Any:
    match value:
        case dict():
            return {key: _turned_round(each) for key, each in reversed(value.items())}
        case list():
            return [_turned_round(each) for each in reversed(value)]
        case str():
            return value.replace("\n", "\n    ")
        case _:
            return value


# -- the command ---------------------------------------------------------------------------------------------


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "harlm.schemas", *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("file", TYPES)
@pytest.mark.parametrize("suffix", ["", ".json"])
def test_a_schema_is_printed_and_nothing_is_written(file: str, suffix: str) -> None:
    path = Path(str(resources.files("harlm").joinpath("schemas", file)))
    before = path.stat()
    ran = run(file.removesuffix(".json") + suffix)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert meaning(json.loads(ran.stdout)) == meaning(json.loads(json.dumps(schemas()[file])))
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_without_a_name_the_names_are_printed() -> None:
    assert run().stdout.split() == ["event", "result", "answer"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["events"], "there is no schema 'events'; there are event, result, answer"),
        (["event", "--write"], "--write writes all schemas; leave NAME out"),
    ],
)
def test_what_cannot_be_printed_is_a_usage_error(arguments: list[str], said: str) -> None:
    ran = run(*arguments)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert said in ran.stderr


def test_files_are_written_on_request_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from harlm.schemas import __main__ as command

    monkeypatch.setattr(command, "__file__", str(tmp_path / "__main__.py"))
    assert CliRunner().invoke(command.main, ["event"]).exit_code == 0
    assert not list(tmp_path.iterdir())
    assert CliRunner().invoke(command.main, ["--write"]).exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == set(TYPES)
    monkeypatch.setattr(command, "__file__", str(tmp_path / "gone" / "__main__.py"))
    ran = CliRunner().invoke(command.main, ["--write"])
    assert ran.exit_code == 1
    assert "cannot be written into" in ran.output


# -- changes of a type ---------------------------------------------------------------------------------------

_FIELDS: Mapping[str, tuple[Any, ...]] = {
    "name": (str,),
    "count": (int, 0),
    "mode": (Literal["direct", "full"], "full"),
    "tags": (tuple[str, ...], ()),
    "weights": (dict[str, float], msgspec.field(default_factory=dict)),
    "parent": (str | None, None),
}


def _schema_with(changes: Mapping[str, tuple[Any, ...] | None]) -> Schema:
    """The schema of a struct that has ``_FIELDS`` with ``changes``; None removes a field."""
    fields = {name: field for name, field in {**_FIELDS, **changes}.items() if field is not None}
    kind = msgspec.defstruct("Thing", [(name, *field) for name, field in fields.items()], kw_only=True)
    return msgspec.json.schema(kind)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"colour": (str,)}, id="added"),
        pytest.param({"colour": (str, "red")}, id="added, optional"),
        pytest.param({"name": None}, id="removed"),
        pytest.param({"parent": None}, id="removed, optional"),
        pytest.param({"name": None, "title": (str,)}, id="renamed"),
        pytest.param({"count": (float, 0)}, id="retyped"),
        pytest.param({"tags": (tuple[int, ...], ())}, id="items retyped"),
        pytest.param({"weights": (dict[str, int], msgspec.field(default_factory=dict))}, id="values retyped"),
        pytest.param({"name": (str, "")}, id="made optional"),
        pytest.param({"count": (int,)}, id="made required"),
        pytest.param({"weights": (dict[str, float],)}, id="map made required"),
        pytest.param({"count": (int | None, 0)}, id="may be null"),
        pytest.param({"parent": (str, "")}, id="may not be null"),
        pytest.param({"count": (int, 1)}, id="another default"),
        pytest.param({"mode": (Literal["direct", "repl", "full"], "full")}, id="one more word"),
        pytest.param({"mode": (Literal["full"], "full")}, id="one word less"),
    ],
)
def test_a_change_of_a_type_is_a_change_of_meaning(changes: Mapping[str, tuple[Any, ...] | None]) -> None:
    assert meaning(_schema_with({})) == meaning(_schema_with({}))
    assert meaning(_schema_with(changes)) != meaning(_schema_with({}))


# -- the stored schema and the decoder -----------------------------------------------------------------------


class Instance(NamedTuple):
    """A value, and whether the schema that it was made from admits it."""

    value: Any
    is_valid: bool


@pytest.mark.parametrize("file", TYPES)
def test_the_decoder_takes_what_the_schema_admits_and_nothing_else(file: str) -> None:
    schema = stored(file)
    instances = list(Instances(schema["$defs"]).of(schema))
    assert {each.is_valid for each in instances} == {True, False}
    for value, is_valid in instances:
        assert _is_decoded(value, TYPES[file]) == is_valid, json.dumps(value)


def _is_decoded(value: Any, kind: Any) -> bool:
    try:
        msgspec.json.decode(json.dumps(value), type=kind)
    except msgspec.ValidationError:
        return False
    return True


class Instances:
    """Makes values from a schema: one that is whole, then each way to leave a field out or to fill it wrongly."""

    def __init__(self, definitions: Mapping[str, Schema]) -> None:
        self._definitions = definitions

    def of(self, schema: Schema, above: tuple[str, ...] = ()) -> Iterator[Instance]:
        """Instances of ``schema``, which stands within the definitions ``above``."""
        match schema:
            case {"$ref": reference} if reference in above:
                return
            case {"$ref": reference}:
                yield from self.of(self._named(reference), (*above, reference))
            case {"anyOf": options}:
                for option in options:
                    if not _is_blob(option):
                        # A value of another JSON type may be what another option admits.
                        kinds = self._admitted(option)
                        yield from (each for each in self.of(option, above) if _kind(each.value) in kinds)
            case {"properties": properties}:
                yield from self._of_object(properties, schema.get("required", ()), above)
            case {"additionalProperties": {} as each}:
                yield from (Instance({_key(schema): value}, valid) for value, valid in self.of(each, above))
            case {"items": each}:
                yield from (Instance([value], is_valid) for value, is_valid in self.of(each, above))
        yield Instance(self.whole(schema), True)
        yield from (Instance(value, False) for value in self._wrong(schema))

    def _of_object(
        self, properties: Mapping[str, Schema], required: list[str], above: tuple[str, ...]
    ) -> Iterator[Instance]:
        whole = {name: self.whole(each) for name, each in properties.items()}
        for name, each in properties.items():
            rest = {other: value for other, value in whole.items() if other != name}
            yield Instance(rest, name not in required)
            yield from (
                Instance({**rest, name: value}, is_valid)
                for value, is_valid in self.of(each, above)
                if name != "kind"  # it says which type the object is of
            )

    def whole(self, schema: Schema) -> Any:
        """A value with every field that ``schema`` names, as short as can be."""
        match schema:
            case {"$ref": reference}:
                return self.whole(self._named(reference))
            case {"anyOf": [first, *_]}:
                return self.whole(first)
            case {"enum": [first, *_]}:
                return first
            case {"properties": properties}:
                return {name: self.whole(each) for name, each in properties.items()}
        return _SHORTEST[schema.get("type", "null")]

    def _wrong(self, schema: Schema) -> Iterator[Any]:
        """A value of every JSON type that ``schema`` does not admit."""
        admitted = self._admitted(schema)
        yield from (value for kind, value in _SHORTEST.items() if kind not in admitted)
        if "enum" in schema:
            yield "no such word"

    def _admitted(self, schema: Schema) -> set[str]:
        match schema:
            case {"$ref": reference}:
                return self._admitted(self._named(reference))
            case {"anyOf": options}:
                return set[str]().union(*map(self._admitted, options))
            case {"enum": _}:
                return {"string"}
            case {"type": "number"}:
                return {"integer", "number"}
            case {"type": kind}:
                return {kind}
        return set(_SHORTEST)

    def _named(self, reference: str) -> Schema:
        return self._definitions[reference.removeprefix("#/$defs/")]


_SHORTEST: Mapping[str, Any] = {
    "null": None, "boolean": False, "integer": 1, "number": 0.5, "string": "", "array": [], "object": {},
}  # fmt: skip


def _kind(value: Any) -> str:
    """The JSON type of a value."""
    return next(kind for kind, each in _SHORTEST.items() if type(each) is type(value))


def _is_blob(schema: Schema) -> bool:
    """Whether ``schema`` is that of a long value, which is put back before an event is decoded."""
    return "blob" in schema.get("properties", {})


def _key(schema: Schema) -> str:
    return str(schema["propertyNames"]["enum"][0]) if "propertyNames" in schema else "key"
