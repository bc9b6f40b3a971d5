"""Runs that are killed or stopped: what they ask, what they have got, and what is asked for once more."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from harlm import HARLM
from harlm.journal import JOURNAL, RunJournal
from harlm.testing import ChatServer, Request
from tests.support.busy import eventually

ITEMS = 12
RIGHT = "reply to again reply to item 3"
ITEM = f"out = []\nfor at in range({ITEMS}):\n    out.append(llm_query(f'item {{at}}'))\nprint(len(out))"
AGAIN = "x = [llm_query(f'again {each}') for each in out[:4]]\nprint(x)"
CHILD = "print(rlm_query('Look into this: child', 'some text'))\n"
NUMBERED = "chain = 'item'\nfor at in range(40):\n    chain = llm_query(f'{chain[-9:]} {at}')\nprint(chain)"


def root(*cells: str) -> Any:
    """A root model that writes one cell a turn, the last one again and again. Its children finish at once."""

    def reply(request: Request) -> str:
        if request.model == "sub":
            return f"reply to {request.prompt}"
        turn = sum(role == "assistant" for role, _ in request.messages)
        if "Look into this" in request.messages[1][1]:
            return f"```repl\nFINAL('found ' + llm_query('in child {turn}'))\n```"
        return f"```repl\n{cells[min(turn, len(cells) - 1)]}\n```"

    return reply


def asked(request: Request) -> str:
    """What a request asks for, without what differs from attempt to attempt."""
    if request.model == "sub":
        return request.prompt
    child = "child" if "Look into this" in request.messages[1][1] else "root"
    return f"{child} {sum(role == 'assistant' for role, _ in request.messages)}"


def asking(server: ChatServer, *options: str, home: Path | None = None) -> subprocess.Popen[str]:
    """``harlm ask`` over ``a.txt``, under way."""
    Path("a.txt").write_text("a text", encoding="utf-8")
    return started(
        *("ask", "What?", "a.txt", "-m", f"openai/root@{server.base_url}", "-j", "4", "--mode", "full"),
        *("--sub-model", f"openai/sub@{server.base_url}", *options),
        home=home,
    )


def started(*arguments: str, home: Path | None = None) -> subprocess.Popen[str]:
    """``harlm ARGUMENTS``, under way."""
    environment = os.environ | ({"HARLM_HOME": str(home)} if home is not None else {})
    return subprocess.Popen(
        [sys.executable, "-m", "harlm", *arguments],
        env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def wait_for(server: ChatServer, requests: int) -> None:
    """Return once so many requests have come."""
    assert eventually(lambda: server.arrived >= requests, 60)


def killed_after(server: ChatServer, requests: int, *options: str, home: Path | None = None) -> None:
    """Ask, and kill the process after so many requests."""
    process = asking(server, *options, home=home)
    try:
        wait_for(server, requests)
    finally:
        process.kill()
        process.communicate()


def folder_of_run(home: Path) -> Path:
    """The folder of the only run."""
    (folder,) = (home / "runs").glob("0*")
    return folder


def came_back(folder: Path) -> set[str]:
    """The replies that the journal of a run has."""
    with closing(RunJournal(folder / JOURNAL)) as journal:
        kept = [each for several in journal.earlier.replies.values() for each in several]
    return {each.completion.text for each in kept if each.completion is not None}


def counted(folder: Path) -> tuple[int, int]:
    """The requests that the journal of a run counts: those that came back, and those of which it is unknown."""
    with closing(RunJournal(folder / JOURNAL)) as journal:
        spent = [usage for _, usage in journal.earlier.spent]
    unknown = sum(usage.calls for usage in spent if usage.estimated)
    return sum(usage.calls for usage in spent) - unknown, unknown


def paid_twice(server: ChatServer, reply: Any, known: set[str], drafts: int = 1) -> list[str]:
    """What was asked for more than once although its reply was known; the first turn of the root may have several drafts."""
    texts = {asked(each): reply(each) for each in server.requests}
    counts = Counter(map(asked, server.requests))
    return [
        what
        for what, count in counts.items()
        if count > (drafts if what == "root 0" else 1) and texts[what] in known
    ]


def client(server: ChatServer, **settings: Any) -> HARLM:
    """A client whose models are on a server."""
    return HARLM(
        model=f"openai/root@{server.base_url}",
        sub_model=f"openai/sub@{server.base_url}",
        **{"mode": "full", **settings},
    )


def run_named(text: str) -> str:
    """The id of the run that a report on stderr names."""
    found = re.search(r"harlm runs resume (\w{26})", text)
    assert found is not None, text
    return found[1]
