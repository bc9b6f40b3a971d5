"""Whole runs of models that write what weak and strange models write: never noise with status ok, and an end soon."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web

from harlm import HARLM, Answer, ModelError, events
from harlm.testing import EventLog, Request, ScriptedServer
from harlm.types import Mode

TEXT = "The river is long.\n" * 50 + "The access code of project Falcon is 48213.\n"
QUESTION = "What is the access code of project Falcon?"
LOOK = "```repl\nprint(context.search('access code', k=1))\n```"
Reply = Callable[[Request], str | web.Response]


def ask(
    reply: Reply, mode: Mode = "repl", model: str = "root", **settings: object
) -> tuple[Answer, ScriptedServer, EventLog]:
    log = EventLog()
    with ScriptedServer(reply) as server:
        client = HARLM(model=f"openai/{model}@{server.base_url}", mode=mode, cache=False, **settings)  # type: ignore[arg-type] # settings of the test
        answer = client.ask(QUESTION, {"book.txt": TEXT}, sinks=[log])
    return answer, server, log


def turns(reply: str, last: str = "It is 48213.") -> Reply:
    """The same reply in each turn, and ``last`` otherwise."""
    return lambda request: reply if len(request.messages) > 1 and "REPL" in request.messages[0][1] else last


def test_a_root_that_repeats_a_cell_ends_soon_with_what_the_output_holds() -> None:
    answer, server, _ = ask(turns(LOOK))
    assert (answer.text, answer.status) == ("It is 48213.", "partial")
    assert len(server.requests) == 4
    cited = 'It is 48213 [book.txt:51 "project Falcon is 48213"].'
    answer, _, _ = ask(turns(LOOK, cited))
    assert (answer.text, answer.status) == ("It is 48213 [book.txt:51].", "ok")


def test_prose_without_any_look_at_the_text_is_not_the_answer() -> None:
    answer, server, log = ask(turns("[1.0000, 477 s."))
    assert answer.text == "It is 48213."
    assert len(server.requests) == 4
    assert any("writes no code" in note.message for note in log.of(events.Noted))


@pytest.mark.parametrize(
    "markup",
    [
        "<tool_call>\n{}\n</tool_call>",
        "<execute>\nls -l\n</execute>",
        '{"action": "repl", "code": "print(context"}',
    ],
)
def test_markup_for_ever_is_never_an_answer_that_is_ok(markup: str) -> None:
    answer, server, _ = ask(turns(markup, markup))
    assert answer.status != "ok" or markup not in answer.text
    assert len(server.requests) <= 8


def test_thoughts_are_neither_run_nor_returned_but_stored_and_counted() -> None:
    def reply(request: Request) -> str:
        if len(request.messages) == 1:
            return "<think>\nThe code? 1234? No.\n</think>\n\n48213"
        if len(request.messages) == 2:
            return "<think>\nFINAL(99)\n```repl\n1/0\n```\n</think>\n```repl\nx = int(llm_query('code?'))\nprint(x)\n```"
        return "```repl\nFINAL(x)\n```"

    answer, server, log = ask(reply, "full")
    assert answer.data == 48213
    assert not any("think" in message[1] for request in server.requests for message in request.messages)
    assert ["1/0" in each.thoughts for each in log.of(events.CallFinished)] == [True, False, False]
    assert answer.usage.calls == 3


def test_a_late_failure_raises_its_error_with_what_was_found() -> None:
    def reply(request: Request) -> str | web.Response:
        if len(request.messages) > 2:
            return web.json_response({"error": {"message": "odd refusal"}}, status=400)
        return LOOK

    log = EventLog()
    with ScriptedServer(reply) as server, pytest.raises(ModelError, match="odd refusal") as caught:
        HARLM(model=f"openai/root@{server.base_url}", mode="repl").ask(
            QUESTION, {"book.txt": TEXT}, sinks=[log]
        )
    partial = caught.value.partial
    assert partial is not None
    assert "48213" in partial.text
    assert log.of(events.Answered)[0].answer == partial
    assert len(server.requests) == 2


def test_sampling_is_always_sent_and_the_small_fill_in_a_form() -> None:
    form = '{"answer": "48213", "quote": "The access code of project Falcon is 48213."}'
    answer, server, _ = ask(lambda request: form, "direct", model="qwen2.5-0.5b-instruct")
    assert (answer.text, answer.status, len(answer.citations)) == ("48213 [book.txt:51]", "ok", 1)
    body = server.requests[0].body
    assert body["temperature"] == 0
    assert "answer a question" in body["messages"][0]["content"]
    assert "schema" in str(body.get("response_format"))


def test_a_question_that_a_cell_asks_twice_is_sampled_twice(tmp_path: Path) -> None:
    def reply(request: Request) -> str:
        if len(request.messages) == 1:
            return f"{request.body['temperature']} {request.body['seed']}"
        return (
            "```repl\nprint(llm_query_batched(['q', 'q']))\n```"
            if len(request.messages) == 2
            else "FINAL(done)"
        )

    _, _, log = ask(reply, "full", seed=7)
    assert log.of(events.CellFinished)[0].output.strip() in (
        "['0.0 7', '1.0 8']",
        "['0 7', '1 8']",
        "['0 7', '1.0 8']",
    )
