"""``harlm batch`` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from aiohttp import web

from harlm.testing import ChatServer, Request
from tests.support.cli import harlm


def echo(request: Request) -> str:
    return "1883"


@pytest.fixture(autouse=True)
def files() -> None:
    Path("a.txt").write_text("The bridge opened in 1883.\n", "utf-8")
    Path("q.jsonl").write_text(
        '{"id": "a", "question": "When?"}\n{"id": "b", "question": "What opened?"}\n', "utf-8"
    )


def rows_in(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_rows_go_to_stdout_and_progress_to_stderr() -> None:
    done = harlm("batch", "q.jsonl", "a.txt", "-m", "offline/extractive")
    assert (done.code, done.err.splitlines()[-1]) == (0, "2 of 2 questions")
    assert {row["id"] for row in rows_in(done.out)} == {"a", "b"}


def test_results_go_to_a_file_and_the_same_command_goes_on_there() -> None:
    with ChatServer(echo) as server:
        command = (
            "batch",
            "q.jsonl",
            "a.txt",
            "-m",
            f"openai/m@{server.base_url}",
            "--mode",
            "direct",
            "-o",
            "out/r.jsonl",
            "-q",
        )
        assert harlm(*command) == harlm(*command)
        assert server.arrived == 2
    assert {row["status"] for row in rows_in(Path("out/r.jsonl").read_text("utf-8"))} == {"ok"}


def test_limits_hold_for_the_batch_and_for_each_question() -> None:
    with ChatServer(echo) as server:
        command = (
            "batch",
            "q.jsonl",
            "a.txt",
            "-m",
            f"openai/m@{server.base_url}",
            "--mode",
            "direct",
            "-o",
            "r.jsonl",
        )
        none = harlm(*command, "--max-tokens-each", "5")
        assert none.code == 4
        assert "2 of 2 questions have no answer, such as '" in none.err
        assert "(--max-tokens-each and the like are the limits of one question)" in none.err
        assert server.arrived == 0
        one = harlm(*command, "--max-calls", "1")
        assert one.code == 4
        assert ": the budget of the batch: 1 calls of 1 calls are used" in one.err
        assert "the same command continues where this one ended (-o r.jsonl)" in one.err
        assert harlm(*command, "--max-calls", "2").code == 0
        assert server.arrived == 2


@pytest.mark.parametrize(
    ("text", "arguments", "code", "said"),
    [
        ("{}\n", (), 8, "1 row is no question in q.jsonl: row 1: it has no field question"),
        (
            '{"id": 1, "question": "a"}\n{"id": 1, "question": "b"}\n',
            (),
            8,
            "row 2: the id '1' is that of an earlier row",
        ),
        ('"Who?"\n', ("-o", "a.txt"), 8, "no document but 'a.txt'"),
        ('"Who?"\n', ("-m", "nowhere/m"), 3, "'nowhere/m' cannot be used"),
        ('"Who?"\n', ("--at-once", "0"), 2, "--at-once"),
        ('"Who?"\n', ("--schema", "none.json"), 3, "none.json"),
    ],
)
def test_what_cannot_be_asked_is_named_and_costs_nothing(
    text: str, arguments: tuple[str, ...], code: int, said: str
) -> None:
    Path("q.jsonl").write_text(text, "utf-8")
    done = harlm("batch", "q.jsonl", "a.txt", "-m", "offline/extractive", *arguments)
    assert done.code == code
    assert said in done.err
    assert "Traceback" not in done.err


def test_a_refused_key_fails_each_row_and_is_never_shown() -> None:
    refused = web.Response(text='{"error": {"message": "bad key"}}', status=401)
    with ChatServer(lambda request: refused) as server:
        done = harlm(
            *("batch", "q.jsonl", "a.txt", "-m", f"openai/m@{server.base_url}", "--mode", "direct"),
            environment={"OPENAI_API_KEY": "sk-wrong-key-of-mine"},
        )
    assert done.code == 3
    assert [row["status"] for row in rows_in(done.out)] == ["failed", "failed"]
    assert "refused the key (401: bad key)" in done.err
    assert "sk-wrong-key-of-mine" not in done.out + done.err
