"""Sessions over real HTTP and in real REPLs: state, bill, storage, forks, questions that are taken back."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from harlm import HARLM, Budget, ConfigError, CostLimit, Interrupted, Price, TraceError
from harlm.interruption import Interruption
from harlm.sessions import LiveSession, read_questions
from harlm.testing import Request, ScriptedServer
from harlm.tracing.request import has_questions


def reply(request: Request) -> str:
    """A root model that runs the code in its question, and a sub-model that repeats its prompt."""
    if request.model == "sub":
        return f"<{request.prompt}>"
    asked = next(text for role, text in request.messages if role == "user")
    code = re.findall(r"run\((.+?)\)run", asked)
    if any(role == "assistant" for role, _ in request.messages):
        return "```repl\nFINAL(str(x))\n```"
    return f"```repl\n{code[-1]}\nprint(x)\n```"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(reply) as server:
        yield server


def client(server: ScriptedServer, **settings: object) -> HARLM:
    return HARLM(
        model=f"openai/root@{server.base_url}",
        sub_model=f"openai/sub@{server.base_url}",
        **settings,  # type: ignore[arg-type] # as the client takes them
    )


FIRST, SECOND, THIRD = (
    "run(x = [llm_query('one')])run",
    "run(x.append(llm_query('two')))run",
    "run(x.append('three'))run",
)


def test_a_question_finds_the_variables_of_the_one_before_and_what_was_said(server: ScriptedServer) -> None:
    with client(server).session("a text") as session:
        assert session.ask(FIRST).text == "['<one>']"
        assert session.ask(SECOND).text == "['<one>', '<two>']"
        assert [each.answer for each in session.asked] == ["['<one>']", "['<one>', '<two>']"]
    told = [request.prompt for request in server.requests if request.model == "root"]
    assert "continues a conversation" not in told[0]
    assert "Answer: ['<one>']" in "".join(text for _, text in server.requests[-1].messages)


def test_each_answer_has_its_own_bill_and_the_session_the_sum(server: ScriptedServer) -> None:
    with client(server).session("a text") as session:
        first, second = session.ask(FIRST), session.ask(SECOND)
        assert session.usage.calls == first.usage.calls + second.usage.calls == len(server.requests)


def test_one_budget_covers_all_questions(server: ScriptedServer) -> None:
    price = Price(input=1.0, output=1.0)
    prices = {f"openai/{name}": price for name in ("root", "sub")}
    settings = {"prices": prices, "speculation": "off"}
    with client(server, **settings).session("a text") as session:
        used = session.ask(FIRST).usage.cost_usd
    assert used
    limited = client(server, **settings, cache=False, budget=Budget(usd=3 * used))

    def ask_again_and_again() -> None:
        with limited.session("a text") as session:
            for _ in range(10):
                session.ask(FIRST)

    with pytest.raises(CostLimit):
        ask_again_and_again()


def test_it_is_taken_up_again_with_its_state_and_pays_nothing_for_it(server: ScriptedServer) -> None:
    ours = client(server, cache=False)
    with ours.session("a text") as session:
        session.ask(FIRST)
        session.ask(SECOND)
        name, paid = session.id, session.usage
    before = len(server.requests)
    with ours.session(resume=name) as again:
        answer = again.ask(THIRD)
        assert answer.text == "['<one>', '<two>', 'three']"
        assert len(server.requests) == before + answer.usage.calls
        assert again.usage.calls == paid.calls + answer.usage.calls
        assert again.id == name


def test_typed_questions_are_taken_up_again_with_their_types(server: ScriptedServer) -> None:
    ours = client(server, cache=False)
    with ours.session("a text") as session:
        assert session.ask("run(x = 4)run", schema={"type": "string"}).data == "4"
        name = session.id
    before = len(server.requests)
    with ours.session(resume=name) as again:
        assert again.ask("run(x = 5)run").text == "5"
    assert len(server.requests) == before + 2


def test_a_question_is_taken_back_with_what_it_changed(server: ScriptedServer) -> None:
    with client(server).session("a text") as session:
        session.ask(FIRST)
        session.ask(SECOND)
        paid = session.usage.calls
        assert session.undo() == SECOND
        assert session.usage.calls == paid
        assert session.ask(THIRD).text == "['<one>', 'three']"
        assert [each.question for each in session.asked] == [FIRST, THIRD]


def test_nothing_can_be_taken_back_before_the_first_question(server: ScriptedServer) -> None:
    with client(server).session("a text") as session, pytest.raises(ConfigError, match="no question"):
        session.undo()


def test_a_fork_goes_its_own_way(server: ScriptedServer) -> None:
    with client(server).session("a text") as session:
        session.ask(FIRST)
        with session.fork() as twin:
            assert twin.ask(SECOND).text == "['<one>', '<two>']"
            assert session.ask(THIRD).text == "['<one>', 'three']"
            assert twin.id != session.id


def test_its_paths_are_read_again(server: ScriptedServer, clean_environment: Path) -> None:
    Path("a.txt").write_text("a text", encoding="utf-8")
    ours = client(server)
    with ours.session(Path("a.txt")) as session:
        session.ask(FIRST)
        name = session.id
    with ours.session(resume="last") as again:
        assert again.ask(SECOND).text == "['<one>', '<two>']"
    assert again.id == name
    folder = next((clean_environment / "runs").glob(f"*{name}"))
    assert has_questions(folder)
    with pytest.raises(TraceError, match="is a session: `harlm chat --resume"):
        ours.resume(name)
    with pytest.raises(TraceError, match="is a session"):
        ours.replay(name)
    assert len(read_questions(folder)) == 2
    assert not (folder / "context.z").exists()


def test_a_question_that_fails_is_kept_and_the_next_one_is_answered(server: ScriptedServer) -> None:
    with client(server, max_turns=2).session("a text") as session:
        session.ask(FIRST)
        with pytest.raises(ConfigError, match="empty"):
            session.ask("  ")
        assert session.ask(THIRD).text == "['<one>', 'three']"


async def test_one_question_at_a_time(server: ScriptedServer) -> None:
    async with client(server).session("a text") as session:
        first, second = await asyncio.gather(
            session.aask(FIRST), session.aask(SECOND), return_exceptions=True
        )
        assert getattr(first, "text", "") == "['<one>']"
        assert isinstance(second, ConfigError)
        assert "answers another question" in str(second)


def test_a_mode_without_a_repl_is_refused() -> None:
    with pytest.raises(ConfigError, match="mode 'direct'"):
        HARLM().session("a text", mode="direct")  # type: ignore[arg-type] # that is the test


def test_a_run_of_one_question_is_no_session(server: ScriptedServer) -> None:
    ours = client(server)
    run = ours.ask(FIRST, "a text", mode="full").run_id
    session: LiveSession = ours.session(resume=run)
    with session, pytest.raises(TraceError, match="is no session"):
        session.ask(SECOND)


async def test_after_a_stop_the_next_question_is_answered() -> None:
    stop = Interruption()

    def slow(request: Request) -> str:
        if "run(x = 9)run" in request.prompt and not any(role == "assistant" for role, _ in request.messages):
            stop.request()
        return reply(request)

    with ScriptedServer(slow) as server:
        async with client(server, cache=False).session("a text") as session:
            assert (await session.aask(FIRST)).text == "['<one>']"
            with pytest.raises(Interrupted):
                await session.aask("run(x = 9)run", interruption=stop)
            assert (await session.aask("run(x = 4)run")).text == "4"
            name = session.id
        async with client(server, cache=False).session(resume=name) as again:
            assert (await again.aask("run(x = 5)run")).text == "5"


def test_a_session_keeps_its_mode(server: ScriptedServer) -> None:
    ours = client(server, cache=False)
    with ours.session("a text", mode="repl") as session:
        assert session.ask("run(x = 4)run").text == "4"
        name = session.id
    before = len(server.requests)
    with ours.session(resume=name) as again:
        again.ask("run(x = 5)run")
    assert len(server.requests) == before + 2


def test_a_time_limit_holds_for_each_question(server: ScriptedServer) -> None:
    limited = client(server, cache=False, budget=Budget(seconds=4))
    with limited.session("a text") as session:
        assert session.ask(FIRST).status == "ok"
        time.sleep(4.2)  # the user thinks
        assert session.ask(SECOND).text == "['<one>', '<two>']"
