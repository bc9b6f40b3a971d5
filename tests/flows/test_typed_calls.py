"""Sub-calls with a schema, over real HTTP: valid values or clear errors, few requests, children, early calls, every sandbox."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any

import pytest

from harlm import HARLM, Answer, Budget
from harlm.testing import Request, ScriptedServer

DOCUMENTS = {f"part{n}.txt": f"Section {n}. The clerk of district {n} is named Clerk{n}." for n in range(6)}
PERSON = "{'name': str, 'district': int}"


def client(server: ScriptedServer, **settings: Any) -> HARLM:
    return HARLM(
        model=f"openai/root@{server.base_url}", sub_model=f"openai/sub@{server.base_url}", **settings
    )


def clerk(prompt: str) -> str:
    """What a good sub-model replies about the last district that a prompt names."""
    number = int(prompt.rpartition("district ")[2].partition(" ")[0])
    return json.dumps({"name": f"Clerk{number}", "district": number})


def ran(
    server_reply: Any, cell: str, latency_s: float = 0.0, **settings: Any
) -> tuple[Answer, list[Request]]:
    """The answer of a root that runs a cell, prints ``out`` and finishes with it, and the requests to the sub-model."""

    def reply(request: Request) -> str:
        if request.model == "sub":
            return str(server_reply(request))
        is_first = len(request.messages) == 2
        return f"```repl\n{cell}\nprint(out)\n```" if is_first else "```repl\nFINAL(out)\n```"

    with ScriptedServer(reply, latency_s=latency_s) as server:
        answer = client(server, **{"mode": "full", **settings}).ask("Who?", DOCUMENTS)
        return answer, [each for each in server.requests if each.model == "sub"]


# -- a model that is wrong in one of five replies ----------------------------------------------------------

CALLS = 200


def drawn(text: str) -> float:
    """A number from 0 to 1, by a text."""
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big") / (1 << 32)


def wrong_at_times(request: Request) -> str:
    everything = json.dumps(request.messages)
    number = int(request.messages[0][1].partition("number ")[2].partition(" ")[0])
    if drawn(everything) < 0.2:
        return ["I don't know.", '{"name": 7}', "[]", '{"name": "N'][int(drawn(everything + "kind") * 4)]
    return f'```json\n{{"name": "N{number}", "district": {number},}}\n```'


ONE_BY_ONE = f"""
values, errors = {{}}, {{}}
for number in range({CALLS}):
    try:
        values[number] = llm_query(f'Who is number {{number}} here?', schema={PERSON})
    except Exception as error:
        errors[number] = str(error)
out = {{'values': [values[n] for n in sorted(values)], 'errors': list(errors.values()), 'kinds': len(values) + len(errors)}}
"""


@pytest.mark.parametrize("speculation", ["off", "safe"])
def test_every_value_is_valid_or_a_clear_error_within_1_3_requests_each(speculation: str) -> None:
    answer, asked = ran(wrong_at_times, ONE_BY_ONE, speculation=speculation)
    data: Any = answer.data
    assert data["kinds"] == CALLS
    assert all(
        value == {"name": f"N{value['district']}", "district": value["district"]} for value in data["values"]
    )
    assert all("two replies did not follow the schema" in error for error in data["errors"])
    assert 0 < len(data["errors"]) <= 0.1 * CALLS
    assert 1.1 * CALLS <= len(asked) <= 1.3 * CALLS


def test_a_batch_with_one_value_that_stays_wrong_is_one_exception() -> None:
    cell = f"llm_query_batched(['district 1 ok', 'district 2 bad', 'district 3 ok'], schema={PERSON})"
    answer, asked = ran(
        lambda request: "no" if "bad" in request.messages[0][1] else clerk(request.prompt),
        f"try:\n    {cell}\nexcept Exception as error:\n    out = str(error)",
    )
    assert "1 of 3 calls failed; the first: llm_query: two replies did not follow the schema" in answer.text
    assert "the reply holds no JSON value" in answer.text
    assert len(asked) == 4


# -- what is sent, what comes back -------------------------------------------------------------------------


def test_an_endpoint_is_asked_to_enforce_the_schema_and_the_reply_is_checked_all_the_same() -> None:
    answer, asked = ran(
        lambda request: clerk(request.prompt), f"out = llm_query('district 4 ', schema={PERSON})"
    )
    assert answer.data == {"name": "Clerk4", "district": 4}
    (request,) = asked
    form = request.body["response_format"]["json_schema"]
    assert form["strict"] is True
    assert form["schema"]["required"] == ["name", "district"]
    assert json.dumps(form["schema"], separators=(",", ":")) in request.prompt


@pytest.mark.parametrize(
    ("schema", "reply", "value"),
    [
        ("int", '{"value": 3}', 3),
        ("bool", "true", True),
        ("list[str]", '{"value": ["a"]}', ["a"]),
        ("{'type': 'null'}", '{"value": null}', None),
        ("{'enum': ['yes', 'no']}", '{"value": "no"}', "no"),
        ("{'half': str}", r'{"half": "\ud800 x"}', {"half": "\ufffd x"}),
        ("int", str((1 << 63) - 1), (1 << 63) - 1),
        ("{}", '{"value": {"a": [1, 2.5]}}', {"a": [1, 2.5]}),
    ],
)
def test_a_cell_gets_a_value_and_not_its_text(schema: str, reply: str, value: object) -> None:
    answer, asked = ran(lambda request: reply, f"out = {{'is': llm_query('?', schema={schema})}}")
    assert answer.data == {"is": value}
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("schema", "reply", "why"),
    [
        ("int", str(1 << 64), "more than 64 bits"),
        ("list", "[" * 150 + "]" * 150, "nested deeper than 100"),
        ("float", '{"value": 1e999}', "too large"),
    ],
)
def test_a_value_that_no_cell_can_get_is_an_error_in_the_cell(schema: str, reply: str, why: str) -> None:
    answer, asked = ran(
        lambda request: reply,
        f"try:\n    out = llm_query('?', schema={schema})\nexcept Exception as error:\n    out = str(error)",
    )
    assert why in answer.text
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ("7", "TypeError: schema: 7 is no type and no JSON Schema"),
        ("{'type': 'object', 'pattern': '(a+)+$'}", "'pattern' is not taken here; check the value with `re`"),
        ("{'anyOf': [{'$ref': '#'}]}", "lead back to it without end"),
        ("{'minimum': 2, 'maximum': 1, 'type': 'integer'}", "no value can follow it"),
        ("{'type': 'object', 'futureWord': 1}", "the keyword 'futureWord' is not checked by HARLM"),
        ("{'enum': ['x' * 30_000]}", "a schema has"),
    ],
)
def test_a_bad_schema_is_an_exception_before_any_call(schema: str, why: str) -> None:
    cell = f"try:\n    llm_query('?', schema={schema})\nexcept Exception as error:\n    out = f'{{type(error).__name__}}: {{error}}'"
    answer, asked = ran(lambda request: "{}", cell)
    assert why in answer.text
    assert asked == []


def test_a_large_value_reaches_the_cell_whole() -> None:
    rows = [{"name": f"name {n}", "district": n} for n in range(20_000)]
    answer, _ = ran(
        lambda request: json.dumps({"value": rows}),
        f"rows = llm_query('?', schema=[{PERSON}])\nout = [len(rows), sum(r['district'] for r in rows)]",
    )
    assert answer.data == [20_000, sum(range(20_000))]


# -- children ----------------------------------------------------------------------------------------------


def child_or_root(request: Request, *, finishes: str) -> str:
    """A root that gives each document to a child, and children that finish in one turn."""
    if "<question>\nfind\n" in request.messages[1][1]:
        return f"```repl\nnumber = str(context).split('district ')[1].split(' ')[0]\n{finishes}\n```"
    if len(request.messages) == 2:
        return (
            "```repl\ntry:\n"
            f"    found = rlm_query_batched(['find'] * 6, [[d] for d in context], schema={PERSON})\n"
            "except Exception as error:\n    found = str(error)\nprint(found)\n```"
        )
    return "```repl\nFINAL(found)\n```"


def test_children_return_values_of_the_schema() -> None:
    finishes = "FINAL({'name': 'Clerk' + number, 'district': int(number)})"
    with ScriptedServer(lambda request: child_or_root(request, finishes=finishes)) as server:
        answer = client(server, mode="full").ask("Who?", DOCUMENTS)
    assert answer.data == [{"name": f"Clerk{n}", "district": n} for n in range(6)]
    assert len(server.requests) == 2 + 6


def test_a_child_that_finds_nothing_has_no_value_and_one_that_never_follows_is_an_error() -> None:
    finishes = "print(number); FINAL('NOT FOUND: nothing' if number == '2' else {'name': 'Clerk' + number, 'district': int(number)})"
    with ScriptedServer(lambda request: child_or_root(request, finishes=finishes)) as server:
        answer = client(server, mode="full").ask("Who?", DOCUMENTS)
    data: Any = answer.data
    assert data[2] is None
    assert data[3] == {"name": "Clerk3", "district": 3}

    def wrong(request: Request) -> str:
        if len(request.messages) == 1:
            return "I can't say."
        return child_or_root(request, finishes=f"print({request.number}); FINAL({{'name': 3}})")

    with ScriptedServer(wrong) as server:
        answer = client(server, mode="full").ask("Who?", DOCUMENTS)
    assert "6 of 6 calls failed" in answer.text
    assert "the child's answer does not follow the schema: at the top: the property 'district'" in answer.text
    assert "at `name`: 3 is not of type string" in answer.text


def test_below_the_greatest_depth_children_are_plain_calls_with_the_schema() -> None:
    def reply(request: Request) -> str:
        return clerk(request.prompt) if len(request.messages) == 1 else child_or_root(request, finishes="")

    with ScriptedServer(reply) as server:
        answer = client(server, mode="full", max_depth=0).ask("Who?", DOCUMENTS)
    assert answer.data == [{"name": f"Clerk{n}", "district": n} for n in range(6)]
    assert all(
        "Reply with one JSON value" in each.prompt for each in server.requests if len(each.messages) == 1
    )


# -- budget, early calls, sandboxes ------------------------------------------------------------------------


def test_a_budget_that_ends_between_the_two_requests_of_a_call_is_told_in_the_cell() -> None:
    cell = f"try:\n    llm_query('district 1 ', schema={PERSON})\nexcept Exception as error:\n    FINAL(f'{{len(context)}}: {{error}}')"
    answer, asked = ran(lambda request: "no JSON", cell, budget=Budget(calls=3), speculation="off")
    assert "llm_query was not made: 2 calls of 3 calls are used" in answer.text
    assert len(asked) == 1


TWO_STAGES = f"""
clerks = [llm_query('district ' + str(n) + ' of 4', schema={PERSON}) for n in range(4)]
for one in clerks:
    one['name'] += '!'
big = [one for one in clerks if one['district'] > 1]
names = llm_query_batched([f"{{one['name']}} in district {{one['district']}} now" for one in big], schema={PERSON})
out = [clerks, names]
"""


@pytest.mark.parametrize("sandbox", ["auto", "monty"])
def test_early_calls_change_nothing(sandbox: str) -> None:
    if sandbox == "monty":
        pytest.importorskip("pydantic_monty", reason="pip install 'harlm[monty]'")
    seen = []
    for speculation in ("off", "safe", "eager"):
        answer, asked = ran(
            lambda request: clerk(request.prompt.partition("\n")[0]),
            TWO_STAGES,
            sandbox=sandbox,
            speculation=speculation,
            cache=False,
            latency_s=0.05,
        )
        seen.append((answer.data, sorted(each.prompt for each in asked)))
        assert len(asked) == 6
        if sandbox == "auto" and speculation != "off":
            assert answer.usage.early.made >= 2
            assert answer.usage.early.made == answer.usage.early.claimed
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][0] == [
        [{"name": f"Clerk{n}!", "district": n} for n in range(4)],
        [{"name": f"Clerk{n}", "district": n} for n in (2, 3)],
    ]


def test_a_run_again_reuses_the_replies_of_typed_calls() -> None:
    def reply(request: Request) -> str:
        if request.model == "sub":
            return wrong_first(request)
        if len(request.messages) == 2:
            return f"```repl\nout = llm_query_batched(['district 1 ', 'district 2 '], schema={PERSON})\nprint(out)\n```"
        return "```repl\nFINAL(out)\n```"

    with ScriptedServer(reply) as server:
        answers = [client(server, mode="full").ask("Who?", DOCUMENTS) for _ in range(2)]
        assert len(server.requests) == 2 + 4
    assert [each.data for each in answers] == [[json.loads(clerk(f"district {n} ")) for n in (1, 2)]] * 2
    assert answers[1].memory.reused == 6


def wrong_first(request: Request) -> str:
    return "no JSON" if len(request.messages) == 1 else clerk(request.messages[0][1].partition("\n")[0])
