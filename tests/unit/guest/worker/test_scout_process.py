"""When a cell gets a scout, where it starts, and what the scout may not do."""

from __future__ import annotations

import ast
import builtins
import os
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from harlm.guest.scout.world import Lost
from harlm.guest.worker import scout_process
from harlm.guest.worker.channel import Channel
from harlm.guest.worker.functions import HostFunctions
from harlm.guest.worker.scout_process import ScoutLauncher
from harlm.guest.worker.snapshot import unpack
from harlm.guest.worker.tools import functions_of
from tests.support.guest_processes import Peer, printed

FILE = "<cell 1>"


@pytest.fixture
def ends() -> Iterator[tuple[ScoutLauncher, Peer]]:
    ours, theirs = socket.socketpair()
    channel, host = Channel(theirs.detach()), Peer(ours)
    launcher = ScoutLauncher(channel, [], lambda wire, output: None, is_eager=False)
    yield launcher, host
    launcher.close()
    host.close()
    channel._socket.close()


def names_of_a_repl() -> dict[str, Any]:
    tools = HostFunctions(lambda *_: "reply", lambda *_: []).named(
        ["llm_query", "llm_query_batched", "rlm_query"]
    )
    return {"__name__": "__main__", **tools}


def marked(code: str, launcher: ScoutLauncher, names: dict[str, Any] | None = None) -> int | None:
    """The index of the statement before which the scout starts."""
    tree = ast.parse(code)
    before = len(tree.body)
    launcher.mark_start(tree, FILE, {FILE: code}, names_of_a_repl() if names is None else names)
    marks = [at for at, node in enumerate(tree.body) if ast.unparse(node).startswith("\0")]
    assert len(tree.body) == before + len(marks)
    return marks[0] if marks else None


@pytest.mark.parametrize(
    ("code", "at"),
    [
        ("x = 1\nfor c in 'ab':\n    llm_query(c)", 1),
        ("llm_query('a')\nllm_query('b')", 0),
        ("x = llm_query('a') + llm_query('b')", 0),
        ("x = [llm_query(c) for c in 'ab']", 0),
        ("def f(c): return llm_query(c)\nx = 1\nf('a')", 2),
        ("class A:\n    def ask(self): return llm_query('a')\na = A()\na.ask()\nprint()", 1),
    ],
)
def test_a_scout_starts_before_the_first_statement_that_can_call(
    ends: tuple[ScoutLauncher, Peer], code: str, at: int
) -> None:
    assert marked(code, ends[0]) == at


@pytest.mark.parametrize(
    "code",
    [
        "x = 1",
        "llm_query('only one')",
        "def f(): return [llm_query(c) for c in 'ab']",
        "import asyncio\nawait asyncio.sleep(0)\nawait llm_query('a')",
    ],
)
def test_a_cell_with_at_most_one_call_gets_no_scout(ends: tuple[ScoutLauncher, Peer], code: str) -> None:
    assert marked(code, ends[0]) is None


def test_functions_of_earlier_cells_that_call_count(ends: tuple[ScoutLauncher, Peer]) -> None:
    names = names_of_a_repl()
    exec(compile("def ask(c): return llm_query(c)", "<cell 0>", "exec"), names)
    assert marked("x = 1\nask('a')", ends[0], names) == 1


def test_where_nothing_can_fork_the_host_gets_copies_and_the_cell_runs_on(
    ends: tuple[ScoutLauncher, Peer],
) -> None:
    launcher, host = ends
    code = "seen = []\nfor c in 'ab':\n    seen.append(llm_query(c))"
    tree, names = ast.parse(code), names_of_a_repl()
    launcher.mark_start(tree, FILE, {FILE: code}, names)
    exec(compile(tree, FILE, "exec"), names)
    assert names["seen"] == ["reply", "reply"]
    frame = host.receive()
    assert frame["op"] == "copies"
    arrived: dict[str, Any] = {}
    rest = unpack(frame["data"], arrived)
    assert (rest.code, rest.at, arrived["seen"]) == (code, 1, [])
    assert not hasattr(builtins, scout_process._MARK)


def test_the_mark_is_removed_if_the_cell_never_comes_to_it(ends: tuple[ScoutLauncher, Peer]) -> None:
    launcher, _ = ends
    tree = ast.parse("1 / 0\nfor c in 'ab': llm_query(c)")
    launcher.mark_start(tree, FILE, {FILE: ""}, names_of_a_repl())
    assert hasattr(builtins, scout_process._MARK)
    launcher.close()
    assert not hasattr(builtins, scout_process._MARK)


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("open", ("file", "w", os.O_WRONLY | os.O_CREAT)),
        ("open", ("file", None, os.O_RDWR)),
        ("os.remove", ("file", -1)),
        ("os.fork", ()),
        ("subprocess.Popen", ()),
        ("shutil.rmtree", ()),
        ("socket.connect", ()),
        ("_thread.start_new_thread", ()),
    ],
)
def test_what_others_could_see_is_left_to_the_cell(event: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(Lost, match=event):
        scout_process._forbid(event, arguments)


@pytest.mark.parametrize(
    ("event", "arguments"),
    [("open", ("file", "r", os.O_RDONLY)), ("open", ("file", "r", None)), ("import", ()), ("os.listdir", ())],
)
def test_what_no_other_process_can_see_is_allowed(event: str, arguments: tuple[Any, ...]) -> None:
    scout_process._forbid(event, arguments)


@pytest.mark.skipif(sys.platform != "linux", reason="forks of a warm process are for Linux")
def test_a_forked_scout_asks_early_prints_nothing_and_leaves_the_cell_alone() -> None:
    code = """
import ast, os, socket
from harlm.guest.worker.channel import Channel
from harlm.guest.worker.functions import HostFunctions
from harlm.guest.worker.msgpack import unpack
from harlm.guest.worker.scout_process import ScoutLauncher
from harlm.guest.worker.zygote_socket import close_all_but
ours, theirs = socket.socketpair()
scout_ours, scout_theirs = socket.socketpair()
channel = Channel(theirs.detach())
names = {"__name__": "__main__", "seen": [], **HostFunctions(lambda *_: "reply", lambda *_: []).named(["llm_query"])}
def become(wire, output):
    os.dup2(wire, channel._descriptor)
    close_all_but(channel._descriptor)
output = os.open(os.devnull, os.O_WRONLY)
launcher = ScoutLauncher(channel, [scout_theirs.detach(), output], become, is_eager=False)
cell = "print('cell')\\nfor c in 'ab':\\n    seen.append(llm_query(c))\\n    print('round')"
tree = ast.parse(cell)
launcher.mark_start(tree, "<cell 1>", {"<cell 1>": cell}, names)
exec(compile(tree, "<cell 1>", "exec"), names)
launcher.close()
def frame():
    size = int.from_bytes(scout_ours.recv(4, socket.MSG_WAITALL), "little")
    return unpack(scout_ours.recv(size, socket.MSG_WAITALL))
print(names["seen"], frame()["op"], [frame()["arguments"]["prompt"] for _ in range(2)])
scout_ours.close()
"""
    assert printed(code) == "cell\nround\nround\n['reply', 'reply'] ready ['a', 'b']\n"


def shape(name: str, *, is_pure: bool) -> dict[str, Any]:
    return {"name": name, "parameters": ["x"], "help": "", "is_pure": is_pure}


@pytest.mark.parametrize(
    ("code", "at"),
    [
        ("x = 1\nfor c in 'ab':\n    find(c)", 1),
        ("x = find('a') + llm_query('b')", 0),
        ("find('only one')", None),
        ("for c in 'ab':\n    note(c)", None),
        ("note('a')\nfor c in 'ab':\n    note(find(c))", 1),
    ],
)
def test_pure_tools_of_the_user_count_as_calls_and_others_do_not(
    ends: tuple[ScoutLauncher, Peer], code: str, at: int | None
) -> None:
    tools = functions_of([shape("find", is_pure=True), shape("note", is_pure=False)], lambda *_: "reply")
    assert marked(code, ends[0], {**names_of_a_repl(), **tools}) == at
