"""Answers of a type that the caller chose, over real HTTP: every kind of type, every mode, citations, and models that do not
follow the schema.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, TypedDict

import msgspec
import pytest

from harlm import HARLM, Budget, events
from harlm.errors import CallLimit, ConfigError, SchemaMismatch
from harlm.testing import EventLog, Request, ScriptedServer
from tests.support.cli import harlm

DOCUMENTS = {f"part{n}.txt": f"Section {n}. The clerk of district {n} is named Clerk{n}." for n in range(6)}
QUESTION = "Who is the clerk of district 3?"
FORM = "Write the answer as one JSON value that follows the JSON Schema"
"""What the prompt says that puts a finished answer into the form."""


@dataclasses.dataclass
class Clerk:
    name: str
    district: int


class ClerkDict(TypedDict):
    name: str
    district: int


class ClerkStruct(msgspec.Struct):
    name: str
    district: int


class LikePydantic:
    """What a pydantic model offers."""

    def __init__(self, name: str, district: int) -> None:
        self.name, self.district = name, district

    @classmethod
    def model_json_schema(cls) -> dict[str, Any]:
        return RAW

    @classmethod
    def model_validate(cls, value: dict[str, Any]) -> LikePydantic:
        return cls(**value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LikePydantic) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment] # as of any class with __eq__ only


RAW: dict[str, Any] = {
    "title": "Clerk",
    "type": "object",
    "properties": {"name": {"type": "string"}, "district": {"type": "integer"}},
    "required": ["name", "district"],
}
VALUE = {"name": "Clerk3", "district": 3}


def client(server: ScriptedServer, **settings: Any) -> HARLM:
    return HARLM(
        model=f"openai/root@{server.base_url}", sub_model=f"openai/sub@{server.base_url}", **settings
    )


# -- kinds of types ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (Clerk, Clerk("Clerk3", 3)),
        (ClerkDict, VALUE),
        (ClerkStruct, ClerkStruct("Clerk3", 3)),
        (LikePydantic, LikePydantic("Clerk3", 3)),
        (RAW, VALUE),
    ],
    ids=["dataclass", "TypedDict", "Struct", "like pydantic", "JSON Schema"],
)
def test_data_is_of_the_type(schema: object, expected: object) -> None:
    with ScriptedServer(lambda request: json.dumps(VALUE)) as server:
        answer = client(server, mode="direct").ask(QUESTION, DOCUMENTS, schema=schema)
    assert answer.data == expected
    assert type(answer.data) is type(expected)
    assert json.loads(answer.text) == VALUE
    assert '"district":{"type":"integer"}' in server.requests[0].messages[0][1]
    assert len(server.requests) == 1


def test_data_is_a_pydantic_model() -> None:
    pydantic = pytest.importorskip("pydantic")
    model = pydantic.create_model("Clerk", name=(str, ...), district=(int, pydantic.Field(le=5)))
    with ScriptedServer(lambda request: json.dumps(VALUE)) as server:
        answer = client(server, mode="direct").ask(QUESTION, DOCUMENTS, schema=model)
    assert answer.data == model(name="Clerk3", district=3)


def test_a_schema_comes_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "clerk.json"
    path.write_text(json.dumps(RAW), encoding="utf-8")
    with ScriptedServer(lambda request: f"```json\n{json.dumps(VALUE)}\n```") as server:
        assert client(server, mode="direct").ask(QUESTION, DOCUMENTS, schema=path).data == VALUE


@pytest.mark.parametrize(
    ("schema", "reply", "data"),
    [
        (list[str], '{"value": ["Clerk3"]}', ["Clerk3"]),
        (int, "3", 3),
        (str, '{"value": "Clerk3"}', "Clerk3"),
        (int | None, '{"value": null}', None),
    ],
)
def test_a_value_that_is_no_object_is_asked_for_in_one(schema: object, reply: str, data: object) -> None:
    with ScriptedServer(lambda request: reply) as server:
        answer = client(server, mode="direct").ask(QUESTION, DOCUMENTS, schema=schema)
    assert (answer.data, answer.status) == (data, "ok")
    assert '"required":["value"]' in server.requests[0].messages[0][1]


def test_the_stream_ends_with_data_of_the_type_and_events_hold_json() -> None:
    log = EventLog()
    with ScriptedServer(lambda request: json.dumps(VALUE)) as server:
        *_, last = client(server, mode="direct").stream(QUESTION, DOCUMENTS, schema=Clerk)
        client(server, mode="direct").ask(QUESTION, DOCUMENTS, schema=Clerk, sinks=[log])
    assert isinstance(last, events.Answered)
    assert last.answer.data == Clerk("Clerk3", 3)
    assert [each.answer.data for each in log.of(events.Answered)] == [VALUE]


# -- modes -------------------------------------------------------------------------------------------------


def test_in_repl_mode_a_wrong_finish_is_told_and_the_node_continues() -> None:
    replies = [
        "```repl\nprint(context.search('district 3', k=1))\n```",
        "```repl\nFINAL({'name': 'Clerk3', 'district': 'three'})\n```",
        "```repl\nFINAL({'name': 'Clerk3', 'district': 3})\n```",
    ]
    with ScriptedServer(lambda request: replies[request.number]) as server:
        answer = client(server, mode="repl").ask(QUESTION, DOCUMENTS, schema=Clerk)
    assert answer.data == Clerk("Clerk3", 3)
    assert "must be one value that follows this JSON Schema" in server.requests[0].messages[0][1]
    assert "Expected `int`, got `str` - at `$.district`" in server.requests[2].prompt


def test_a_root_that_stays_wrong_is_put_into_the_form_after_three_refusals() -> None:
    def reply(request: Request) -> str:
        if FORM in request.prompt:
            assert request.body["response_format"]["json_schema"]["schema"]["title"] == "Clerk"
            return json.dumps(VALUE)
        return f"```repl\nprint({request.number})\nFINAL('It is Clerk3 of district {request.number}.')\n```"

    with ScriptedServer(reply) as server:
        answer = client(server, mode="repl").ask(QUESTION, DOCUMENTS, schema=RAW)
    assert answer.data == VALUE
    assert sum("does not follow the JSON Schema" in each.prompt for each in server.requests[:-1]) == 3


def test_in_full_mode_values_of_sub_calls_make_the_answer() -> None:
    def reply(request: Request) -> str:
        if request.model == "sub":
            number = int(request.prompt.partition("district ")[2].partition(" ")[0])
            return json.dumps({"name": f"Clerk{number}", "district": number})
        if len(request.messages) == 2:
            return (
                "```repl\nclerks = llm_query_batched(['Who? ' + t for t in context], schema={'name': str, 'district': int})\n"
                "print(clerks)\n```"
            )
        return "```repl\nFINAL([c for c in clerks if c['district'] > 3])\n```"

    with ScriptedServer(reply) as server:
        answer = client(server, mode="full").ask("Which clerks?", DOCUMENTS, schema=list[Clerk])
    assert answer.data == [Clerk("Clerk4", 4), Clerk("Clerk5", 5)]
    assert len(server.requests) == 2 + 6


def test_in_plan_mode_the_answer_of_a_strategy_is_put_into_the_form() -> None:
    def reply(request: Request) -> str:
        return json.dumps(VALUE) if FORM in request.prompt else "Clerk3"

    text = "\n\n".join(DOCUMENTS.values()) * 200
    with ScriptedServer(reply) as server:
        answer = client(server, mode="plan").ask(QUESTION, text, schema=Clerk)
    assert (answer.data, answer.mode) == (Clerk("Clerk3", 3), "plan")
    assert sum(FORM in each.prompt for each in server.requests) == 1
    assert answer.usage.calls == len(server.requests)


def test_the_offline_model_answers_in_text_or_says_that_it_cannot() -> None:
    found = HARLM().ask("What is the vault code?", "The vault code is 4711.", schema=str)
    assert isinstance(found.data, str)
    assert "4711" in found.data
    with pytest.raises(SchemaMismatch, match="does not follow the schema Clerk") as raised:
        HARLM().ask("What is the vault code?", "The vault code is 4711.", schema=Clerk)
    assert raised.value.partial is not None
    assert "4711" in raised.value.partial.text


# -- not found, citations ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["direct", "repl"])
def test_not_found_is_a_status_and_no_value(mode: str) -> None:
    said = "NOT FOUND: no clerk of district 9 is named."

    def reply(request: Request) -> str:
        if mode == "direct":
            return said
        return "```repl\nprint(context)\n```" if request.number == 0 else f'```repl\nFINAL("{said}")\n```'

    with ScriptedServer(reply) as server:
        answer = client(server, mode=mode).ask("Who is the clerk of district 9?", DOCUMENTS, schema=Clerk)
    assert (answer.status, answer.data) == ("not_found", None)
    assert "district 9" in answer.text
    assert len(server.requests) == (1 if mode == "direct" else 2)


@pytest.mark.parametrize("mode", ["direct", "repl"])
def test_citations_in_strings_are_checked(mode: str) -> None:
    value = {
        "name": 'Clerk3 [part3.txt "district 3 is named Clerk3"]',
        "district": 3,
        "notes": ['Clerk9 [part3.txt "district 3 is named Clerk9"]', "no source"],
    }
    notes = {"type": "array", "items": {"type": "string"}}
    schema = {**RAW, "properties": {**RAW["properties"], "notes": notes}}

    def reply(request: Request) -> str:
        if mode == "direct":
            return json.dumps(value)
        return "```repl\nprint(context)\n```" if request.number == 0 else f"```repl\nFINAL({value!r})\n```"

    with ScriptedServer(reply) as server:
        answer = client(server, mode=mode).ask(QUESTION, DOCUMENTS, schema=schema)
    assert answer.data == {
        "name": "Clerk3 [part3.txt:1]", "district": 3, "notes": ["Clerk9", "no source"],
    }  # fmt: skip
    assert [(each.source, each.quote) for each in answer.citations] == [
        ("part3.txt", "district 3 is named Clerk3")
    ]
    assert answer.citations_dropped == 1
    assert json.loads(answer.text) == answer.data


def test_a_string_that_the_schema_fixes_keeps_what_it_must_hold() -> None:
    schema = {
        "type": "object",
        "properties": {"quote": {"type": "string", "minLength": 20}},
        "required": ["quote"],
    }
    value = {"quote": 'x [part3.txt "this is said nowhere"]'}
    with ScriptedServer(lambda request: json.dumps(value)) as server:
        answer = client(server, mode="direct").ask(QUESTION, DOCUMENTS, schema=schema)
    assert answer.data == value
    assert (answer.citations, answer.citations_dropped) == ((), 1)


# -- what goes wrong ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["direct", "repl"])
def test_a_model_that_never_follows_is_an_error_with_its_best_attempt(mode: str) -> None:
    def reply(request: Request) -> str:
        if mode == "direct" or FORM in request.prompt:
            return json.dumps({"name": "Clerk3", "district": f"number {request.number}"})
        return f"```repl\nprint({request.number})\nFINAL({{'name': 'Clerk3', 'district': None}})\n```"

    with ScriptedServer(reply) as server:
        with pytest.raises(SchemaMismatch, match="does not follow the schema Clerk") as raised:
            client(server, mode=mode).ask(QUESTION, DOCUMENTS, schema=Clerk)
        last = len(server.requests) - 1
    partial = raised.value.partial
    assert partial is not None
    assert (partial.data, partial.status) == ({"name": "Clerk3", "district": f"number {last}"}, "partial")
    assert "Expected `int`, got `str` - at `$.district`" in raised.value.faults
    assert partial.usage.calls == last + 1 == (2 if mode == "direct" else 6)


def test_a_type_that_refuses_by_its_own_rules_is_told_why() -> None:
    class Strict(LikePydantic):
        @classmethod
        def model_validate(cls, value: dict[str, Any]) -> LikePydantic:
            if not value["name"].isupper():
                raise RuntimeError("name: write it in capitals")
            return super().model_validate(value)

    def reply(request: Request) -> str:
        return json.dumps(
            {"name": "CLERK3" if "write it in capitals" in request.prompt else "Clerk3", "district": 3}
        )

    with ScriptedServer(reply) as server:
        answer = client(server, mode="direct").ask(QUESTION, DOCUMENTS, schema=Strict)
    assert answer.data == Strict("CLERK3", 3)
    assert len(server.requests) == 2


def test_a_budget_that_ends_before_the_form_is_a_limit_with_the_answer_so_far() -> None:
    with ScriptedServer(lambda request: "It is Clerk3.") as server:
        with pytest.raises(CallLimit) as raised:
            client(server, mode="direct", budget=Budget(calls=1)).ask(QUESTION, DOCUMENTS, schema=Clerk)
        assert len(server.requests) == 1
    assert raised.value.partial is not None
    assert (raised.value.partial.text, raised.value.partial.data) == ("It is Clerk3.", None)


def test_a_recursive_schema_is_checked_at_every_level() -> None:
    tree = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "below": {"type": "array", "items": {"$ref": "#"}}},
        "required": ["name"],
        "additionalProperties": False,
    }
    wrong = {"name": "a", "below": [{"name": "b", "below": [{"named": "c"}]}]}
    right = {"name": "a", "below": [{"name": "b", "below": [{"name": "c"}]}]}
    with ScriptedServer(lambda request: json.dumps([wrong, right][request.number])) as server:
        answer = client(server, mode="direct").ask(QUESTION, DOCUMENTS, schema=tree)
    assert answer.data == right
    assert "at `below[0].below[0]`: the property 'name' is missing" in server.requests[1].prompt


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"$schema": "https://json-schema.org/draft/2030-01/schema", "type": "object"}, "2030-01/schema' is not a known draft"),
        ({"type": "object", "tupleItems": []}, "the keyword 'tupleItems' is not checked by HARLM"),
        ({"type": "integer", "minimum": 3, "maximum": 2}, "no value can follow it"),
        ({"anyOf": [{"$ref": "#"}]}, "lead back to it without end"),
        ({"$ref": "https://example.org/s.json"}, "is not a place in the schema"),
        ("Clerk", "is text; pass a type"),
        (len, "is no type that an answer can have"),
        (Path("none.json"), "'none.json' cannot be read"),
    ],
)  # fmt: skip
def test_a_schema_that_cannot_be_used_costs_nothing(schema: object, why: str) -> None:
    with ScriptedServer(lambda request: "{}") as server:
        for asking in (
            lambda: client(server).ask(QUESTION, Path("no/such/file"), schema=schema),
            lambda: list(client(server).stream(QUESTION, DOCUMENTS, schema=schema)),
        ):
            with pytest.raises(ConfigError, match=why):
                asking()
        assert server.requests == []


# -- command line ------------------------------------------------------------------------------------------


@pytest.fixture
def clerk_file(tmp_path: Path) -> Path:
    path = tmp_path / "clerk.json"
    path.write_text(json.dumps(RAW), encoding="utf-8")
    return path


def asked(server: ScriptedServer, *options: str | Path) -> Any:
    return harlm(
        "ask",
        QUESTION,
        "-",
        "-m",
        f"openai/x@{server.base_url}",
        *options,
        stdin=b"It is Clerk3 of district 3.",
    )


def test_the_command_line_prints_the_value(clerk_file: Path) -> None:
    with ScriptedServer(lambda request: json.dumps(VALUE)) as server:
        ran = asked(server, "--schema", clerk_file)
        assert (ran.code, json.loads(ran.out)) == (0, VALUE), ran.err
        ran = asked(server, "--schema", clerk_file, "--format", "json")
    assert json.loads(ran.out)["data"] == VALUE


@pytest.mark.parametrize("style", ["text", "json"])
def test_the_best_attempt_is_printed_and_the_exit_code_says_so(clerk_file: Path, style: str) -> None:
    best = {"name": "Clerk3"}
    with ScriptedServer(lambda request: json.dumps(best)) as server:
        ran = asked(server, "--schema", clerk_file, "--format", style)
    assert ran.code == 6
    assert (json.loads(ran.out)["data"] if style == "json" else json.loads(ran.out)) == best
    assert "does not follow the schema" in ran.err
    assert "the property 'district' is missing" in ran.err


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be read"),
        ("{", "is not JSON"),
        ("[]", "a JSON Schema is an object, not list"),
        ('{"type": "words"}', "type 'words' does not exist"),
        ("folder", "cannot be read"),
    ],
)
def test_a_file_without_a_schema_is_named(content: str | None, why: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_text(content, encoding="utf-8")
    with ScriptedServer(lambda request: "{}") as server:
        ran = asked(server, "--schema", path)
        assert server.requests == []
    assert (ran.code, ran.out) == (3, "")
    assert "broken.json" in ran.err
    assert why in ran.err
