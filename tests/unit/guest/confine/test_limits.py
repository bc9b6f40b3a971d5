"""Limits that the kernel enforces, in processes of their own."""

from __future__ import annotations

import sys
import threading

import pytest

from harlm.guest.confine.limits import threads_of_user
from tests.support.guest_processes import printed, process

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux enforces all of these limits")


def limited(then: str, **limits: object) -> str:
    given = {"memory_bytes": 1 << 32, "file_bytes": 1 << 20, "threads": None, **limits}
    settings = ", ".join(f"{name}={value}" for name, value in given.items())
    return printed(
        f"import os, resource\nfrom harlm.guest.confine.limits import limit\nlimit({settings})\n{then}"
    ).strip()


def test_more_memory_than_allowed_is_an_error() -> None:
    code = "try:\n    bytearray(1 << 33)\nexcept MemoryError:\n    print('denied')"
    assert limited(code) == "denied"


def test_a_file_does_not_grow_beyond_its_limit(tmp_path: object) -> None:
    code = (
        f"path = {str(tmp_path)!r} + '/file'\ntry:\n    open(path, 'wb').write(bytes(2 << 20))\n"
        "except OSError as error:\n    print(error.errno == 27, os.stat(path).st_size)"
    )
    assert limited(code) == f"True {1 << 20}"


def test_limits_are_set_for_good_and_core_dumps_are_off() -> None:
    code = "print([resource.getrlimit(getattr(resource, f'RLIMIT_{name}')) for name in ('AS', 'FSIZE', 'CORE', 'NOFILE')])"
    assert limited(code) == str([(1 << 32, 1 << 32), (1 << 20, 1 << 20), (0, 0), (256, 256)])


def test_a_limit_that_is_lower_already_stays() -> None:
    code = "print(resource.getrlimit(resource.RLIMIT_NOFILE))"
    before = "resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))"
    given = "memory_bytes=1 << 32, file_bytes=1 << 20, threads=None"
    assert (
        printed(
            f"import resource\nfrom harlm.guest.confine.limits import limit\n{before}\nlimit({given})\n{code}"
        )
        == "(100, 100)\n"
    )


@pytest.mark.parametrize("threads", [None, 500])
def test_threads_are_limited_only_if_asked_for(threads: int | None) -> None:
    code = "print(resource.getrlimit(resource.RLIMIT_NPROC)[0])"
    unlimited = printed(f"import resource\n{code}").strip()
    assert limited(code, threads=threads) == (unlimited if threads is None else "500")


def test_a_process_and_its_children_are_the_first_to_be_killed_for_memory() -> None:
    code = "os.fork() or os._exit(print(open('/proc/self/oom_score_adj').read().strip(), flush=True) or 0); os.wait()"
    before = "import os\nfrom harlm.guest.confine.limits import be_killed_first\n"
    assert printed(f"{before}be_killed_first()\n{code}") == "1000\n"


def test_a_process_is_killed_with_the_one_that_started_it() -> None:
    code = """
import os, signal, socket, time
from harlm.guest.confine.limits import die_with_parent
own = socket.socket(fileno=wire)
if os.fork() == 0:
    die_with_parent()
    own.sendall(b"\\x02\\x00\\x00\\x00\\x93\\x01")  # says that it is ready; its end closes the socket
    signal.pause()
own.close()
signal.pause()
"""
    with process(code) as (child, parent):
        assert child._exactly(6)[:1] == b"\x02"
        parent.kill()
        with pytest.raises(EOFError):
            child.receive()


def test_threads_of_the_user_are_counted_over_all_processes() -> None:
    stop = threading.Event()
    threads = [threading.Thread(target=stop.wait) for _ in range(5)]
    for thread in threads:
        thread.start()
    with process("import os\nos.read(wire, 1)"):
        assert threads_of_user() >= threading.active_count() + 1 >= 7
    stop.set()
    for thread in threads:
        thread.join()
