"""One REPL process, over frames that a test sends as the host does."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from harlm.guest.vocabulary import GIVEN
from tests.support.guest_processes import Peer, printed, process

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="REPLs are forked from a warm process on Linux only"
)

SERVE = """
from harlm.guest.worker import repl
from harlm.guest.worker.channel import Channel
from harlm.guest.worker.context import Library
library = Library()
for name, text in (("a", "alpha"), ("b", "beta")):
    library.add(name, True, text)
repl.settle(wire, 1, None)
repl.serve(Channel(repl.WIRE), library, tier="s0", folder=None, own_texts=None)
print("ended")
"""


def setup(**changed: Any) -> dict[str, Any]:
    return {
        "op": "setup", "texts": None, "functions": list(GIVEN), "shape": "documents", "seed": 1, "head": 1_000,
        "tail": 1_000, "largest_frame": 100_000, "folder": None, **changed,
    }  # fmt: skip


@contextmanager
def repl(**changed: Any) -> Iterator[Peer]:
    with process(SERVE) as (host, _):
        host.send(setup(**changed))
        assert host.receive() == {"op": "ready"}
        yield host


def run(host: Peer, code: str) -> dict[str, Any]:
    host.send({"op": "execute", "cell": "c", "code": code, "ahead": ""})
    return host.receive()


def test_cells_run_one_after_another_and_report_their_id() -> None:
    with repl() as host:
        assert run(host, "x = len(context)")["names"] == [["x", "int 2"]]
        done = run(host, "print(x)")
    assert (done["op"], done["cell"], done["head"], done["error"]) == ("done", "c", "2\n", None)


def test_the_process_ends_when_the_host_is_gone() -> None:
    with process(SERVE) as (host, started):
        host.send(setup())
        host.receive()
        host.close()
        assert started.communicate()[0] == "ended\n"


def test_a_seed_decides_what_is_drawn() -> None:
    drawn = []
    for seed in (5, 5, 6):
        with repl(seed=seed) as host:
            drawn.append(run(host, "import random\nrandom.random()")["head"])
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_repl_has_the_texts_that_it_was_set_up_with() -> None:
    text = {"name": "b", "has_lines": True, "size": 4, "ascii": True, "shared": 1}
    with repl(shape="text", texts=[text]) as host:
        assert run(host, "print(context, context.name, context.number)")["head"] == "beta b 0\n"


def test_cells_start_in_their_folder(tmp_path: Path) -> None:
    with repl(folder=str(tmp_path)) as host:
        done = run(host, "import os, tempfile\nprint(os.getcwd(), os.environ['HOME'], tempfile.gettempdir())")
    assert done["head"].split() == [str(tmp_path)] * 3


def test_an_answer_that_is_too_large_is_an_error_of_the_cell_and_the_repl_lives_on() -> None:
    with repl() as host:
        done = run(host, "x = 1\nFINAL('x' * 200_000)")
        assert done["final"] is None
        assert done["error"].startswith("The value that the cell finished with cannot be sent: 200,")
        assert "at most 100,000 can be sent" in done["error"]
        assert run(host, "x")["head"] == "1\n"


def test_a_call_of_a_cell_goes_to_the_host_and_back() -> None:
    with repl() as host:
        host.send({"op": "execute", "cell": "c", "code": "print(llm_query('a'))", "ahead": ""})
        call = host.receive()
        assert (call["function"], call["arguments"]) == ("llm_query", {"prompt": "a", "model": None})
        host.send({"op": "reply", "id": call["id"], "value": "reply"})
        assert host.receive()["head"] == "reply\n"


@contextmanager
def branch_of(host: Peer, *, may_write: bool = True) -> Iterator[Peer]:
    """A second REPL in the state of the first."""
    ours, theirs = socket.socketpair()
    output = os.open(os.devnull, os.O_WRONLY)
    with theirs:
        frame = {"op": "fork", "seed": 7, "folder": ".branch-1", "may_write": may_write}
        host.send(frame, [theirs.fileno(), output])
    os.close(output)
    branch = Peer(ours)
    try:
        yield branch
    finally:
        branch.close()


def test_a_branch_has_the_variables_and_changes_only_its_own(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept", encoding="utf-8")
    with repl(folder=str(tmp_path)) as host:
        run(host, "x = [1]")
        with branch_of(host) as branch:
            assert host.receive() == {"op": "forked"}
            assert branch.receive() == {"op": "ready"}
            code = "x.append(2)\nprint(x, open('file').read())\nopen('file', 'w').write('changed')\nNone"
            assert run(branch, code)["head"] == "[1, 2] kept\n"
            assert run(host, "print(x, open('file').read())")["head"] == "[1] kept\n"


def test_a_repl_with_a_running_thread_says_why_it_cannot_fork() -> None:
    with repl() as host:
        run(
            host,
            "import threading\nstop = threading.Event()\nthreading.Thread(target=stop.wait, daemon=True).start()",
        )
        with branch_of(host):
            assert host.receive() == {"op": "unforked", "why": "1 thread(s) of earlier cells still run"}


def test_a_process_that_a_cell_forks_ends_without_a_word_to_the_host() -> None:
    with repl() as host:
        done = run(host, "import os\nif os.fork() == 0:\n    pass\nelse:\n    os.wait()\nprint('parent')")
        assert done["head"] == "parent\n"
        assert run(host, "1")["head"] == "1\n"


def test_descriptors_are_put_in_their_places_and_all_others_are_closed() -> None:
    code = """
import os
from harlm.guest.worker import repl
pipes = [os.pipe() for _ in range(4)]
wire, output, texts = pipes[2][0], os.dup(1), pipes[0][0]
os.write(pipes[2][1], b"wire")
os.write(pipes[0][1], b"texts")
repl.settle(wire, output, texts)
print(os.read(repl.WIRE, 9), os.read(repl.TEXTS, 9), sorted(map(int, os.listdir("/proc/self/fd")))[:-1])
"""
    assert printed(code) == "b'wire' b'texts' [0, 1, 2, 3, 4]\n"


def test_a_rehearsal_prints_nothing_and_leaves_no_lines_behind() -> None:
    code = (
        "import linecache\nfrom harlm.guest.worker import repl\nrepl.rehearse()\nprint(len(linecache.cache))"
    )
    assert printed(code) == "0\n"
