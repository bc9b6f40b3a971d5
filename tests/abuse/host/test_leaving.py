"""However a run ends, nothing is left: descriptors, threads, processes, folders; and with few descriptors it ends with
an error of its own.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.cli import harlm
from tests.support.host import FUZZ, ROOT

pytestmark = pytest.mark.timeout(1800 if FUZZ else 300)

_CANCELS = """
import asyncio, gc, json, os, random, sys, tempfile, threading, time
from pathlib import Path
import harlm
from tests.support.processes import descendants

def held():
    gc.collect()
    # asyncio keeps a few threads of its own for to_thread until the loop ends.
    threads = [each for each in threading.enumerate() if not each.name.startswith("asyncio_")]
    return [len(os.listdir("/proc/self/fd")), len(threads), len(descendants(os.getpid())), len(os.listdir(tempfile.gettempdir()))]

def root(messages):
    return "```repl\\nprint(llm_query('x'))\\n```" if len(messages) < 3 else "```repl\\nFINAL('ok')\\n```"

async def sub(prompt):
    return "reply"

class Answered:
    def __init__(self): self.now = asyncio.Event()
    def emit(self, event):
        if isinstance(event, harlm.events.Answered): self.now.set()

async def main(many):
    chance = random.Random(15)
    client = harlm.HARLM(model=root, sub_model=sub, mode="full", home=sys.argv[2])
    for _ in range(2):
        begun = time.monotonic(); await client.aask("q", "warm"); took = time.monotonic() - begun
    before = held()
    for number in range(many):
        sink = Answered()
        task = asyncio.create_task(client.aask("q", f"text {number}", sinks=[sink]))
        if number % 2:
            await asyncio.sleep(chance.random() * took)
        else:  # while it closes
            await sink.now.wait()
            for _ in range(chance.randrange(12)): await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    until = time.monotonic() + 5
    after = held()
    while any(now > then for now, then in zip(after, before)) and time.monotonic() < until:
        await asyncio.sleep(0.1)
        after = held()
    print(json.dumps({"before": before, "after": after, "threads": sorted(t.name for t in threading.enumerate())}))

asyncio.run(main(int(sys.argv[1])))
"""

_FEW = """
import asyncio, json, os, resource, sys, tempfile
import harlm

def root(messages): return "```repl\\nFINAL(llm_query('x'))\\n```"
async def sub(prompt): return "reply"

async def main():
    ended = {}
    client = harlm.HARLM(model=root, sub_model=sub, mode="full", home=sys.argv[1])
    await client.aask("q", "warm")
    held = len(os.listdir("/proc/self/fd"))
    for more in range(0, 40, int(sys.argv[2])):
        resource.setrlimit(resource.RLIMIT_NOFILE, (held + more, 4096))
        try: ended[more] = (await client.aask("q", f"text {more}")).status
        except harlm.HarlmError as error: ended[more] = "own"
        except BaseException as error: ended[more] = f"{type(error).__name__}: {error}"
    async def one(number):
        try: return (await client.aask("q", f"at once {number}")).status
        except harlm.HarlmError: return "own"
        except BaseException as error: return f"{type(error).__name__}: {error}"
    for number, how in enumerate(await asyncio.gather(*map(one, range(40)))): ended[f"at once {number}"] = how
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    ended["after"] = (await client.aask("q", "text after")).status
    print(json.dumps(ended))

asyncio.run(main())
"""


def _made(script: str, *arguments: str, tmp_path: Path) -> dict[str, object]:
    """What a script prints as its last line."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    ran = subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "TMPDIR": str(temporary)}, timeout=1500,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-2000:]
    found: dict[str, object] = json.loads(ran.stdout.splitlines()[-1])
    return found


def test_cancelled_runs_leave_no_descriptor_thread_process_or_folder(tmp_path: Path) -> None:
    """F2."""
    found = _made(_CANCELS, str(2_000 if FUZZ else 60), str(tmp_path / "home"), tmp_path=tmp_path)
    before, after = found["before"], found["after"]
    assert isinstance(before, list)
    assert isinstance(after, list)
    more = [now - then for then, now in zip(before, after, strict=True)]
    assert all(each <= 0 for each in more), (
        f"descriptors, threads, processes, files left: {more}; threads: {found['threads']}"
    )


def test_a_run_without_descriptors_ends_with_an_error_of_its_own(tmp_path: Path) -> None:
    """F25."""
    found = _made(_FEW, str(tmp_path / "home"), "1" if FUZZ else "4", tmp_path=tmp_path)
    odd = {more: how for more, how in found.items() if how not in ("ok", "own", "partial")}
    assert odd == {}
    assert found["after"] == "ok"


def test_what_a_killed_host_leaves_is_gone_after_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F24."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    (tmp_path / "text.txt").write_text("The zebra sits here.", encoding="utf-8")
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.chdir(tmp_path)
    chance = random.Random(15)
    command = [sys.executable, "-m", "harlm", "ask", "where is the zebra?", "text.txt", "--mode", "full"]
    begun = time.monotonic()
    assert harlm("ask", "where is the zebra?", "text.txt", "--mode", "full").code == 0
    took = time.monotonic() - begun
    for _ in range(100 if FUZZ else 8):
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(took * chance.uniform(0.3, 0.9))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    time.sleep(0.5)
    assert harlm("ask", "where is the zebra?", "text.txt", "--mode", "full").code == 0
    assert [each.name for each in temporary.iterdir() if each.name.startswith("harlm")] == []
