from __future__ import annotations

from pathlib import Path

from tests.support.guest_processes import printed

_ZYGOTE = f"""
ROOT = {str(Path(__file__).parents[4])!r}
import os, select, socket, sys
sys.path.insert(0, ROOT)
from harlm.guest.worker.children import listen_for_ends, report_ends
from harlm.guest.worker.zygote_socket import HostSocket
from tests.support.guest_processes import Peer

ours, theirs = socket.socketpair()
host, control = Peer(ours), HostSocket(theirs.detach())
wakes = listen_for_ends()
assert list(report_ends(control, wakes)) == []  # no child yet
children = []
for code in (0, 3):
    pid = os.fork()
    if pid == 0:
        os._exit(code)
    children.append(pid)
killed = os.fork()
if killed == 0:
    os.kill(os.getpid(), 9)
children.append(killed)
ended = []
while len(ended) < 3:
    assert select.select([wakes], [], [], 20)[0], "no wake-up came"
    ended += report_ends(control, wakes)
assert sorted(ended) == sorted(children)
seen = [host.receive() for _ in children]
assert {{one["pid"]: one["status"] for one in seen}} == dict(zip(children, (0, 3, -9)))
assert all(one["op"] == "gone" and one["peak_kb"] > 0 for one in seen)
while select.select([wakes], [], [], 0)[0]:  # a child may be reaped before its own wake-up is read
    assert list(report_ends(control, wakes)) == []
print("all told")
"""


def test_every_child_that_ends_is_reported_once() -> None:
    """In a process of its own, since the parent's handler of SIGCHLD is replaced."""
    assert printed(_ZYGOTE) == "all told\n"
