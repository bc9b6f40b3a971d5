"""Many questions through the client, against a real server over HTTP."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest

from harlm import HARLM, Budget, ConfigError, Price
from harlm.batch.client_part import batch_caps
from harlm.batch.questions import BatchQuestion
from harlm.batch.rows import BatchRow
from harlm.budget import UNLIMITED
from harlm.interruption import Interruption
from harlm.testing import ChatServer, Request
from tests.support.busy import eventually

TEXT = "The bridge opened in 1883."
PRICE = Price(input=1_000.0, output=1_000.0)  # dollars a million tokens: a call costs some tenths of a dollar


def asking(server: ChatServer, **more: object) -> HARLM:
    return HARLM(f"openai/m@{server.base_url}", api_key="k", **more)  # type: ignore[arg-type]


def echo(request: Request) -> str:
    return f"1883 for {len(request.prompt)}"


def lines_in(results: Path) -> list[str]:
    return results.read_text("utf-8").splitlines()


def test_every_question_gets_its_row() -> None:
    with ChatServer(echo) as server:
        rows = list(
            asking(server).batch(
                ["When, first?", {"question": "When?", "id": "x", "by": "me"}], TEXT, mode="direct"
            )
        )
    assert {row.id: (row.status, row.given) for row in rows} == {"1": ("ok", {}), "x": ("ok", {"by": "me"})}


async def test_equal_calls_of_two_questions_are_made_once() -> None:
    with ChatServer(echo, latency_s=0.2) as server:
        questions = [BatchQuestion(id=str(n), question="When?") for n in range(6)]
        rows = [row async for row in asking(server).abatch(questions, TEXT, mode="direct")]
        assert server.arrived == 1
    assert {row.answer for row in rows} == {rows[0].answer}


async def test_the_bill_of_a_batch_stays_within_its_budget_and_a_later_attempt_goes_on() -> None:
    questions = [f"When, {n}?" for n in range(20)]
    results = Path("r.jsonl")
    with ChatServer(echo) as server:
        client = asking(server, prices={"openai/m": PRICE}, budget=Budget(usd=1), concurrency=4)
        first = [
            row
            async for row in client.abatch(
                questions, TEXT, mode="direct", results=results, budget=Budget(usd=2)
            )
        ]
        paid = sum(row.cost_usd or 0 for row in first)
        assert 0 < paid <= 2
        assert any(row.has_stopped for row in first), "others may end after the one that was refused"
        answered = {row.id for row in first if row.is_final}
        assert 0 < len(answered) < 20
        rest = [
            row
            async for row in client.abatch(
                questions, TEXT, mode="direct", results=results, budget=Budget(usd=1_000)
            )
        ]
        assert {row.id for row in rest} == {str(n) for n in range(1, 21)} - answered
        known = [json.loads(line) for line in lines_in(results)]
        assert sorted(int(row["id"]) for row in known) == list(range(1, 21))
        assert server.arrived == 20, "nothing is asked twice"
        assert [row async for row in client.abatch(questions, TEXT, mode="direct", results=results)] == []


async def test_what_earlier_attempts_have_paid_counts() -> None:
    questions, results = [f"When, {n}?" for n in range(8)], Path("r.jsonl")
    with ChatServer(echo) as server:
        client = asking(server, prices={"openai/m": PRICE}, budget=Budget(usd=0.5))
        for _ in range(3):
            async for _row in client.abatch(
                questions, TEXT, mode="direct", results=results, budget=Budget(usd=1)
            ):
                pass
        paid = sum(json.loads(line)["cost_usd"] for line in lines_in(results))
    assert 0 < paid <= 1


def test_a_schema_holds_for_every_row_without_one() -> None:
    def year(request: Request) -> str:
        return '"none"' if "string" in str(request.messages) else "1883"

    with ChatServer(year) as server:
        questions: list[dict[str, object]] = [
            {"question": "When?"},
            {"question": "Who?", "schema": {"type": "string"}},
        ]
        rows = list(asking(server).batch(questions, TEXT, mode="direct", schema={"type": "integer"}))
    assert {row.id: row.data for row in rows} == {"1": 1883, "2": "none"}


async def test_an_interruption_keeps_what_there_is_and_the_rest_is_asked_later() -> None:
    stop, results = Interruption(), Path("r.jsonl")
    questions = [f"When, {n}?" for n in range(30)]
    with ChatServer(echo, latency_s=0.05) as server:
        client = asking(server)
        rows: list[BatchRow] = []
        async for row in client.abatch(
            questions, TEXT, mode="direct", results=results, at_once=3, interruption=stop
        ):
            rows.append(row)
            stop.request()
        assert len(rows) < 10
        rows += [row async for row in client.abatch(questions, TEXT, mode="direct", results=results)]
        known = [json.loads(line) for line in lines_in(results)]
    assert {row["id"] for row in known if row["status"] == "ok"} == {str(n) for n in range(1, 31)}
    assert len(known) == 30


async def test_results_over_other_documents_are_not_continued_unless_the_user_says_so() -> None:
    results = Path("r.jsonl")
    with ChatServer(echo) as server:
        client = asking(server)
        async for _ in client.abatch(["When?"], TEXT, mode="direct", results=results):
            pass
        with pytest.raises(ConfigError, match=r"answers over other documents than these; .*--accept-changes"):
            async for _ in client.abatch(["When?"], "another text", mode="direct", results=results):
                pass
        again = client.abatch(["When?"], "another text", mode="direct", results=results, accept_changes=True)
        assert [row async for row in again] == []


@pytest.mark.parametrize("given", ["When?", 7, None])
async def test_what_is_no_list_of_questions_is_refused(given: object) -> None:
    with pytest.raises(ConfigError, match="questions is of type"):
        async for _ in HARLM("offline/extractive").abatch(given, TEXT):  # type: ignore[arg-type]
            pass


async def test_leaving_early_leaves_nothing_under_way() -> None:
    with ChatServer(echo, latency_s=0.02) as server:
        rows = asking(server).abatch([f"When, {n}?" for n in range(50)], TEXT, mode="direct", at_once=4)
        async for _ in rows:
            break
        await rows.aclose()
        assert len(asyncio.all_tasks()) == 1
        assert server.arrived < 50


def test_without_a_limit_a_batch_may_cost_one_dollar() -> None:
    assert batch_caps(Budget(), 0.0).micros == 1_000_000
    caps = batch_caps(Budget(usd=1e12, calls=7, seconds=5), 2.0)
    assert (caps.micros, caps.calls, caps.tokens, caps.ends) == (UNLIMITED, 7, UNLIMITED, 7.0)


def test_arguments_that_mean_nothing_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    file.write_text('"Who?"\n', "utf-8")
    for how, said in (
        ({"at_once": 0}, "at_once is 0"),
        ({"mode": "fast"}, "mode 'fast' does not exist"),
        ({"results": 7}, "results is of type int"),
        ({"results": str(file)}, "holds the questions"),
    ):
        with pytest.raises(ConfigError, match=said):
            list(HARLM().batch(file, TEXT, **how))
    with pytest.raises(ConfigError, match="questions is of type dict"):
        list(HARLM().batch({"question": "Who?"}, TEXT))


def test_a_caller_who_takes_few_rows_pays_for_few_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harlm.batch.client_part._AHEAD", 2)
    with ChatServer(echo) as server:
        rows = asking(server).batch([f"When, {n}?" for n in range(200)], TEXT, mode="direct", at_once=2)
        for _ in range(3):
            next(rows)
        assert eventually(lambda: server.arrived >= 5, 20)
        time.sleep(0.5)
        assert server.arrived <= 12
        assert len(list(rows)) == 197
