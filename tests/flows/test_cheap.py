"""Runs whose calls wait in batches of their provider, over real HTTP: the same answer at half the price."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from harlm import HARLM, Answer, Budget, events
from harlm.errors import HarlmError
from harlm.home import user_config_file
from harlm.journal import JOURNAL
from harlm.testing import BatchDesk, ChatServer, EventLog, Request
from harlm.testing.batches import Fate
from harlm.testing.faults import Status, refusal
from harlm.types import Usage
from tests.support.batched import (
    DIALECTS,
    ITEMS,
    RIGHT,
    ROOMY,
    ROOT,
    SUB,
    Dialect,
    address_of,
    cheap_client,
    in_a_hurry,
    says,
)
from tests.support.busy import eventually
from tests.support.durable import folder_of_run, started

KEY = "sk-very-secret-key-1234"


@pytest.fixture(autouse=True)
def quick(clean_environment: Path) -> Iterator[None]:
    with in_a_hurry():
        yield


def ask(client: HARLM) -> tuple[Answer, list[str]]:
    """The answer, and the notes of the run."""
    log = EventLog()
    answer = client.ask("What?", "a text", sinks=[log])
    return answer, [each.message for each in log.events if isinstance(each, events.Noted)]


def cost_of(answer: Answer, model: str) -> int:
    """Micro-dollars that a model has cost."""
    cost = answer.usage.by_model[model].cost_micros
    assert cost is not None
    return cost


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_answer_is_the_same_and_the_sub_calls_cost_half(dialect: Dialect) -> None:
    batches = BatchDesk(0.1)
    with ChatServer(says, batches=batches) as server:
        plain, _ = ask(cheap_client(server, dialect, cheap=False))
        assert batches.asked == []
        before = len(server.requests)
        cheap, notes = ask(cheap_client(server, dialect))
        direct = server.requests[before:]
    assert plain.text == cheap.text == RIGHT
    assert [len(each.requests) for each in batches.made] == [ITEMS]
    assert {each.model for each in direct} == {"root"}
    assert cost_of(cheap, f"{dialect}/root") == cost_of(plain, f"{dialect}/root")
    assert 2 * cost_of(cheap, f"{dialect}/sub") == cost_of(plain, f"{dialect}/sub") > 0
    assert cheap.usage.calls == plain.usage.calls == ITEMS + 2
    assert cheap.usage.unconfirmed_micros == 0
    assert [note for note in notes if batches.made[0].id in note]


def test_more_fits_into_a_budget_at_the_price_of_batches() -> None:
    """What is reserved is half, too: the bounds of a fan-out that is in flight as a whole."""
    batches = BatchDesk(0.1)
    bound = 64 * 4_096 * 40 / 1e6  # dollars, for replies alone
    with ChatServer(says, batches=batches) as server:
        answer, _ = ask(cheap_client(server, budget=Budget(usd=0.6 * bound)))
    assert answer.text == RIGHT
    assert [len(each.requests) for each in batches.made] == [ITEMS]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_provider_without_batches_is_asked_at_full_price_with_one_note(dialect: Dialect) -> None:
    with ChatServer(says) as server:
        plain, _ = ask(cheap_client(server, dialect, cheap=False))
        cheap, notes = ask(cheap_client(server, dialect))
    assert cheap.text == plain.text
    assert cost_of(cheap, f"{dialect}/sub") == cost_of(plain, f"{dialect}/sub")
    assert len([note for note in notes if "full price" in note]) == 1


def test_a_model_that_has_no_batches_says_so() -> None:
    with ChatServer(says) as server:
        client = HARLM(f"ollama/root@{server.base_url}", mode="full", cheap=True, cache=False)
        _, notes = ask(client)
    assert [note for note in notes if "models.cheap has no effect" in note and "ollama/root" in note]


def test_a_call_does_not_wait_for_a_batch_that_may_end_too_late() -> None:
    batches = BatchDesk()
    with ChatServer(says, batches=batches) as server:
        answer, notes = ask(cheap_client(server, budget=Budget(usd=1, seconds=3_600)))
    assert answer.text == RIGHT
    assert batches.asked == []
    assert [note for note in notes if "time limit is shorter" in note]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_requests_that_were_not_served_are_asked_at_once_at_full_price(dialect: Dialect) -> None:
    fates: dict[str, Fate] = {"item 63": "expired", "item 5": "cancelled"}
    batches = BatchDesk(fate=lambda request: fates.get(request.prompt, "served"))
    with ChatServer(says, batches=batches) as server:
        plain, _ = ask(cheap_client(server, dialect, cheap=False))
        before = len(server.requests)
        cheap, _ = ask(cheap_client(server, dialect))
        direct = [each.prompt for each in server.requests[before:] if each.model == "sub"]
    assert cheap.text == RIGHT
    assert sorted(direct) == ["item 5", "item 63"]
    full = cost_of(plain, f"{dialect}/sub")
    assert cost_of(cheap, f"{dialect}/sub") == full * (ITEMS + 2) // (2 * ITEMS)


def test_a_request_that_is_refused_fails_its_call_as_one_of_its_own() -> None:
    def reply(request: Request) -> str | Status:
        if request.model == "sub" and request.prompt == "item 7":
            return refusal(400, "this prompt breaks the rules")
        return says(request)

    failures = []
    for cheap in (False, True):
        log = EventLog()
        with ChatServer(reply, batches=BatchDesk()) as server:
            client = cheap_client(server, cheap=cheap, max_turns=2)
            try:
                client.ask("What?", "a text", sinks=[log])
            except HarlmError:
                pass
        failures.append(
            {
                (each.status, each.error.split(" at ")[0])
                for each in log.events
                if isinstance(each, events.CallFailed)
            }
        )
    assert failures[0] == failures[1] != set()


async def test_a_run_that_is_cancelled_cancels_its_batch_and_pays_what_is_in_doubt() -> None:
    batches = BatchDesk()
    batches.is_paused = True
    log = EventLog()
    with ChatServer(says, batches=batches) as server:
        asking = asyncio.create_task(cheap_client(server).aask("What?", "a text", sinks=[log]))
        assert await asyncio.to_thread(eventually, lambda: bool(batches.made), 30)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert batches.made[0].is_cancelled
    assert len([each for each in log.events if isinstance(each, events.CallFailed)]) == ITEMS


def test_no_key_is_in_what_is_stored(clean_environment: Path) -> None:
    with ChatServer(says, batches=BatchDesk()) as server:
        answer, _ = ask(cheap_client(server, api_key=KEY))
        heard = {each.headers["authorization"] for each in server.requests}
    assert answer.text == RIGHT
    assert heard == {f"Bearer {KEY}"}
    files = [path for path in clean_environment.rglob("*") if path.is_file()]
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []


async def test_single_calls_of_many_questions_wait_together() -> None:
    def reply(request: Request) -> str:
        if request.model == "sub":
            return f"reply to {request.prompt}"
        asked = re.search(r"What is (\d)", request.messages[1][1])
        assert asked is not None
        return f"```repl\nFINAL(llm_query('item {asked[1]}'))\n```"

    desk = BatchDesk()
    with ChatServer(reply, batches=desk) as server:
        rows = cheap_client(server).abatch(
            [f"What is {at}?" for at in range(5)], "a text", budget=ROOMY, at_once=5
        )
        answers = {row.question: row.answer async for row in rows}
    assert answers == {f"What is {at}?": f"reply to item {at}" for at in range(5)}
    assert (
        sum(len(each.requests) for each in desk.made) + sum(each.model == "sub" for each in server.requests)
        == 5
    )
    assert len(desk.requests) >= 2  # those whose roots were ready within a moment of each other


# -- killed --------------------------------------------------------------------------------------------------


def killed_with_a_batch(
    server: ChatServer, batches: BatchDesk, home: Path, dialect: Dialect = "openai"
) -> None:
    """Ask on the command line, and kill the process once the journal has its batch."""
    prices = user_config_file().with_name("prices.toml")
    prices.parent.mkdir(parents=True, exist_ok=True)
    prices.write_text(
        "".join(
            f'["{dialect}/{name}"]\ninput = {price.input}\noutput = {price.output}\n'
            for name, price in (("root", ROOT), ("sub", SUB))
        ),
        encoding="utf-8",
    )
    Path("a.txt").write_text("a text", encoding="utf-8")
    address = address_of(server, dialect)
    process = started(
        *("ask", "What?", "a.txt", "--mode", "full", "--cheap", "--no-cache", "--max-cost", "90"),
        *("-m", f"{dialect}/root@{address}", "--sub-model", f"{dialect}/sub@{address}"),
    )
    try:
        assert eventually(lambda: len(batches.made) == 1 and waiting_in_journal(home) == ITEMS, 60)
    finally:
        process.kill()
        process.communicate()


def waiting_in_journal(home: Path) -> int:
    """How many calls wait in a batch, by the journal of the only run."""
    with closing(sqlite3.connect(folder_of_run(home) / JOURNAL)) as connection:
        return int(connection.execute("SELECT count(*) FROM choices WHERE node = 'in batches'").fetchone()[0])


def usage_of_sub(answer: Answer, dialect: Dialect) -> Usage:
    return answer.usage.by_model[f"{dialect}/sub"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_run_that_was_killed_fetches_its_batch_and_pays_for_nothing_twice(
    clean_environment: Path, dialect: Dialect
) -> None:
    batches = BatchDesk()
    batches.is_paused = True
    with ChatServer(says, batches=batches) as server:
        killed_with_a_batch(server, batches, clean_environment, dialect)
        batches.is_paused = False
        answer = HARLM().resume("last")
        assert HARLM().replay("last").difference is None
        asked = Counter(each.prompt for each in [*server.requests, *batches.requests] if each.model == "sub")
        plain, _ = ask(cheap_client(server, dialect, cheap=False))
    assert answer.text == RIGHT
    assert len(batches.made) == 1
    assert set(asked.values()) == {1}
    used = usage_of_sub(answer, dialect)
    assert (used.calls, used.unconfirmed_micros, used.estimated) == (ITEMS, 0, False)
    assert 2 * cost_of(answer, f"{dialect}/sub") == cost_of(plain, f"{dialect}/sub")
    assert answer.usage.calls == ITEMS + 2


def test_what_was_not_served_meanwhile_is_asked_again_and_counted_once(clean_environment: Path) -> None:
    fates: dict[str, Fate] = {"item 63": "expired"}
    batches = BatchDesk(fate=lambda request: fates.get(request.prompt, "served"))
    batches.is_paused = True
    with ChatServer(says, batches=batches) as server:
        killed_with_a_batch(server, batches, clean_environment)
        batches.is_paused = False
        answer = HARLM().resume("last")
        direct = [each.prompt for each in server.requests if each.model == "sub"]
    assert answer.text == RIGHT
    assert direct == ["item 63"]  # alone, so at once
    assert usage_of_sub(answer, "openai").calls == ITEMS
    assert answer.usage.unconfirmed_micros == 0


def test_a_batch_that_cannot_be_found_any_more_counts_as_paid(clean_environment: Path) -> None:
    batches = BatchDesk()
    batches.is_paused = True
    with ChatServer(says, batches=batches) as server:
        killed_with_a_batch(server, batches, clean_environment)
        batches.is_paused = False
        del batches.made[:]
        log = EventLog()
        answer = HARLM().resume("last", sinks=[log])
    assert answer.text == RIGHT
    assert [
        each for each in log.events if isinstance(each, events.Noted) and "cannot be fetched" in each.message
    ]
    assert len(batches.made) == 1
    assert answer.usage.unconfirmed_micros > 0
    assert answer.usage.calls == 2 * ITEMS + 2
