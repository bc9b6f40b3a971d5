"""Cells that run by the user's word only: in Python, and at a terminal."""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from harlm import HARLM, Answer, PendingCell, events
from harlm.engine.approval import REFUSED
from harlm.errors import ConfigError
from harlm.testing import ChatServer, EventLog, Request, ScriptedServer
from tests.flows.test_terminal import OnTerminal
from tests.support.cli import harlm, on_terminal

ASKS = "out = [llm_query(f'item {at}') for at in range(4)]\nprint(out)\n"
TWO = f"Let me ask.\n```repl\n{ASKS}```\nAnd then:\n```repl\nmore = llm_query('more')\nprint(more)\n```\nThat is all.\n"
FINISH = "```repl\nFINAL(more)\n```\n"


class Words:
    """A root model that says its turns in order, and a sub-model that replies in capitals.

    Attributes:
        subs: the prompts of the sub-model.
    """

    def __init__(self, *turns: str) -> None:
        self._turns = turns
        self.subs: list[str] = []

    def __call__(self, request: Request) -> str:
        if request.model == "sub":
            self.subs.append(request.prompt)
            return request.prompt.upper()
        turn = sum(role == "assistant" for role, _ in request.messages)
        return self._turns[min(turn, len(self._turns) - 1)]


def ask(words: Words, approve: Any, log: EventLog | None = None, **settings: Any) -> Answer:
    with ChatServer(words, line_s=0.02) as server:
        client = HARLM(
            model=f"openai/root@{server.base_url}",
            sub_model=f"openai/sub@{server.base_url}",
            approve=approve,
            cache=False,
            **{"mode": "full", **settings},
        )
        return client.ask("What do they say?", "a short text", sinks=[] if log is None else [log])


# -- in Python -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("speculation", ["off", "safe", "eager"])
def test_nothing_runs_early_before_the_user_allows_it(speculation: str) -> None:
    words, seen = Words(TWO, FINISH), []

    def approve(cell: PendingCell) -> bool:
        time.sleep(0.2)  # what runs early would have begun by now
        seen.append((cell.code, cell.turn, cell.node, cell.question, len(words.subs)))
        return True

    answer = ask(words, approve, speculation=speculation)
    assert answer.text == "MORE"
    assert [(code.partition("\n")[0], turn, node, question) for code, turn, node, question, _ in seen] == [
        (ASKS.partition("\n")[0], 1, "0", "What do they say?"),
        ("more = llm_query('more')", 1, "0", "What do they say?"),
        ("FINAL(more)", 2, "0", "What do they say?"),
    ]
    assert [asked for *_, asked in seen] == [0, 4, 5]


def test_an_allowed_cell_has_a_scout() -> None:
    words = Words(f"```repl\n{ASKS.replace('4', '16')}```\n", "```repl\nFINAL(out[-1])\n```\n")
    with ChatServer(words, latency_s=0.1) as server:
        client = HARLM(
            model=f"openai/root@{server.base_url}", sub_model=f"openai/sub@{server.base_url}", mode="full", cache=False,
            approve=lambda cell: True,
        )  # fmt: skip
        answer = client.ask("What do they say?", "a short text")
    assert answer.text == "ITEM 15"
    assert answer.usage.early.made >= 2


def test_a_refused_cell_does_not_run_and_the_model_is_told() -> None:
    words = Words(f"```repl\n{ASKS}```\n", "```repl\nFINAL('done without')\n```\n")
    log = EventLog()
    answer = ask(words, lambda cell: "llm_query" not in cell.code, log)
    assert answer.text == "done without"
    assert words.subs == []
    shown = [each for each in log.of(events.CallStarted) if each.role == "root"][-1].messages[-1].content
    assert REFUSED in shown
    assert [each.message for each in log.of(events.Noted)].count("the user did not allow a cell to run") == 1
    assert [each.code for each in log.of(events.CellStarted)] == ["FINAL('done without')\n"]


def test_after_a_refused_block_no_later_one_of_the_reply_is_asked_about() -> None:
    seen: list[str] = []

    def approve(cell: PendingCell) -> bool:
        seen.append(cell.code)
        return cell.turn > 1

    words = Words(TWO, "```repl\nFINAL('another way')\n```\n")
    assert ask(words, approve).text == "another way"
    assert [each.partition("\n")[0] for each in seen] == [ASKS.partition("\n")[0], "FINAL('another way')"]


def test_who_allows_nothing_gets_an_answer_in_words() -> None:
    words = Words("```repl\nFINAL('x')\n```\n")
    answer = ask(words, lambda cell: False, max_turns=3)
    assert words.subs == []
    assert answer.status != "ok"


def test_cells_of_children_are_asked_about_too() -> None:
    seen: list[tuple[str, str]] = []

    async def approve(cell: PendingCell) -> bool:
        seen.append((cell.node, cell.code.strip()))
        await asyncio.sleep(0)
        return not (cell.node != "0" and "secret" in cell.code)

    def reply(request: Request) -> str:
        asked = next(text for role, text in request.messages if role == "user")
        turn = sum(role == "assistant" for role, _ in request.messages)
        if "part" in asked:
            return ("```repl\nsecret = 1\n```\n", "```repl\nFINAL('child done')\n```\n")[min(turn, 1)]
        return (
            "```repl\nout = [rlm_query(f'part {at}', context='text ' * 9) for at in range(2)]\nprint(out)\n```\n",
            "```repl\nFINAL(str(out))\n```\n",
        )[min(turn, 1)]

    with ChatServer(reply, line_s=0.01) as server:
        client = HARLM(model=f"openai/root@{server.base_url}", mode="full", approve=approve, cache=False)
        answer = client.ask("What do they say?", "a short text")
    assert answer.text == str(["child done"] * 2)
    children = [code for node, code in seen if node != "0"]
    assert sorted(children) == ["FINAL('child done')"] * 2 + ["secret = 1"] * 2
    assert {node for node, _ in seen if node == "0"} == {"0"}


ROWS = "unit,kind\n" + "\n".join(f"unit {at},{'red' if at % 3 else 'blue'}" for at in range(60))


@pytest.mark.parametrize("allows", [True, False])
def test_cells_of_a_plan_are_asked_about(allows: bool) -> None:
    seen: list[str] = []

    def approve(cell: PendingCell) -> bool:
        seen.append(cell.code)
        return allows

    words = Words("no words")
    with ChatServer(words) as server:
        client = HARLM(model=f"openai/root@{server.base_url}", mode="plan", approve=approve, cache=False)
        if allows:
            assert "40" in client.ask("How many rows have the kind red?", ROWS).text
        else:
            answer = client.ask("How many rows have the kind red?", ROWS)
            assert "40" not in answer.text or answer.status != "ok"
    assert seen
    assert words.subs == []


def test_what_the_function_raises_ends_the_run() -> None:
    def approve(cell: PendingCell) -> bool:
        raise RuntimeError("the reviewer has left")

    with pytest.raises(RuntimeError, match="the reviewer has left"):
        ask(Words(TWO, FINISH), approve)


def test_what_is_not_a_function_is_refused_at_once() -> None:
    with pytest.raises(ConfigError, match="approve is of type bool"):
        HARLM(model=lambda prompt: "x", approve=True)  # type: ignore[arg-type] # that is the error


# -- at a terminal -------------------------------------------------------------------------------------------


@pytest.fixture
def document(clean_environment: Path) -> None:
    Path("a.txt").write_text("The code is 4711.\n", encoding="utf-8")


def asking(server: ScriptedServer) -> tuple[str, ...]:
    return (
        "ask",
        "What is the code?",
        "a.txt",
        "-m",
        f"openai/x@{server.base_url}",
        "--mode",
        "full",
        "--approve",
    )


CELLS = Words(
    "```repl\nprint(context)\n```\n", "```repl\nFINAL('4711')\n```\n", "```repl\nFINAL('4712')\n```\n"
)


@pytest.mark.usefixtures("document")
def test_without_a_terminal_nothing_is_asked_of_any_model() -> None:
    with ScriptedServer(CELLS) as server:
        ran = harlm(*asking(server))
        assert server.arrived == 0
    assert ran.code == 2
    assert "--approve asks at a terminal, and there is none" in ran.err
    assert ran.out == ""


@pytest.mark.usefixtures("document")
@pytest.mark.parametrize(
    ("typed", "answer", "asked"),
    [("y\ny\n", "4711", 2), ("a\n", "4711", 1), ("y\nn\ny\n", "4712", 3), ("n\n\na\n", "4712", 3)],
)
def test_the_user_is_asked_at_the_terminal(typed: str, answer: str, asked: int) -> None:
    with ScriptedServer(CELLS) as server:
        ran = on_terminal(*asking(server), stdout_too=False, typed=typed)
    assert ran.code == 0, ran.err
    assert ran.out == f"{answer}\n"
    assert ran.err.count("wants to run:") == asked
    assert "node 0, turn 1, wants to run:\r\nprint(context)" in ran.err
    assert "\x1b[1A" not in ran.err, "nothing is drawn over what the user is asked"


@pytest.mark.usefixtures("document")
def test_the_end_of_the_input_ends_the_run() -> None:
    with ScriptedServer(CELLS) as server:
        ran = on_terminal(*asking(server), stdout_too=False, typed="\x04")
    assert ran.code == 130
    assert ran.out == ""


@pytest.mark.usefixtures("document")
def test_a_signal_ends_a_run_that_waits_for_the_user() -> None:
    with ScriptedServer(CELLS) as server:
        waiting = OnTerminal(*asking(server), width=100, height=24, environment={}, reads=True)
        waiting.wait_for("Run it?")
        waiting.process.send_signal(signal.SIGINT)
        lines = waiting.end()
    assert waiting.process.returncode == 130
    assert lines[-1].startswith("harlm: ")
