"""Runs one rival in a process: takes questions as lines of JSON from stdin, and writes one line of JSON for each.

Run by the rival's own interpreter, as ``python serve.py ADAPTER.py``; needs the standard library only. An adapter is a
file with ``prepare(options)``, which imports the rival and returns its version, and ``solve(job)``, which returns the
answer, the answer with notes, or the whole result as a dict. With ``WARM_UP``, a reply of a model that ends a run, one
question is answered from it before the first that counts. Whatever a rival prints goes to stderr. When stdin ends,
the caller is gone: the process ends with its group, in the middle of a question too.
"""

from __future__ import annotations

import json
import os
import queue
import resource
import runpy
import signal
import sys
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_LIMITS = ("Timeout", "Budget", "Limit", "Exhausted", "Exceeded", "Deadline")
_ENDPOINT = (
    "APIConnection", "APIStatus", "APITimeout", "AuthenticationError", "ConnectError", "ConnectionError",
    "ConnectionRefused", "InternalServer", "JSONDecodeError", "NotFoundError", "RateLimit", "RemoteProtocol",
    "ResponseValidation", "ServiceUnavailable", "URLError",
)  # fmt: skip
_TOO_LONG = (
    "context_length_exceeded",
    "exceed_context_size",
    "maximum context length",
    "ContextWindowExceeded",
)
_NO_ANSWER = ("PolicyError", "NoAnswer", "MaxIterations", "IterationLimit", "AdapterParseError")
_OWN_FAULT = ("BadRequest", "UnsupportedParams")  # requests that no endpoint takes
_UNREACHED = ("urlopen error", "Connection refused", "non-JSON response", "No usage data received")
_SPENT = ("insufficient_quota", "Error code: 402", "HTTP 402", "HTTP Error 402")

_WARM_UP_S = 20.0


def main() -> None:
    """Serve until stdin ends."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    jobs = _jobs()
    adapter_file, options = sys.argv[1], json.loads(sys.argv[2])
    try:
        adapter = runpy.run_path(adapter_file)
        version = adapter["prepare"](options)
        if "WARM_UP" in adapter:
            warm_up(adapter["solve"], adapter["WARM_UP"])
    except BaseException as error:
        say(replies, {"ready": False, "error": described(error)})
        raise
    say(
        replies,
        {"ready": True, "version": str(version), "cpu_s": cpu_s()},
    )
    while True:
        say(replies, answered(adapter["solve"], json.loads(jobs.get())))


def _jobs() -> queue.SimpleQueue[str]:
    """The lines of stdin. A rival and its children find an empty one in its place."""
    lines = os.fdopen(os.dup(0), encoding="utf-8")
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - as below
        os.dup2(nothing.fileno(), 0)
    found: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        for line in lines:
            found.put(line)
        if os.getpgrp() == os.getpid():
            os.killpg(os.getpid(), signal.SIGKILL)
        os._exit(1)

    threading.Thread(target=read, name="stdin", daemon=True).start()
    return found


def warm_up(solve: Any, reply: str) -> None:
    """Answer one question, with a model of this process that always says ``reply``. Whether that works is no matter.

    So the first question that counts does not pay for what a rival loads late, such as its client or its interpreter.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), _stub(reply))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    before = signal.signal(signal.SIGALRM, _too_slow)
    signal.setitimer(signal.ITIMER_REAL, _WARM_UP_S, 1.0)  # again, since a rival may catch the first
    try:
        answered(solve, _warm_up_job(f"http://127.0.0.1:{server.server_address[1]}/v1"))
    except TimeoutError:
        traceback.print_exc()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        server.shutdown()
        server.server_close()


def _too_slow(*_: object) -> None:
    raise TimeoutError(f"the warm-up took longer than {_WARM_UP_S:g} s")


def _warm_up_job(url: str) -> dict[str, Any]:
    text = "All is ready."
    return {
        "question": "What is ready?", "documents": {"text": text}, "texts": [text], "text": text, "base_url": url,
        "root": "root", "sub": "sub", "window": 32_768, "key": "none", "prices": {}, "micro_usd": None, "calls": 100,
        "wall_s": _WARM_UP_S, "in_flight": 4,
    }  # fmt: skip


def _stub(reply: str) -> type[BaseHTTPRequestHandler]:
    """A server of OpenAI's dialect with one reply."""
    message = {"role": "assistant", "content": reply}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    body = json.dumps(
        {
            "id": "warm-up", "object": "chat.completion", "created": 0, "model": "root", "usage": usage,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        }
    ).encode()  # fmt: skip

    class Stub(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Stub


def answered(solve: Any, job: dict[str, Any]) -> dict[str, Any]:
    """The result of one job."""
    began, before = time.perf_counter(), cpu_s()
    try:
        said = solve(job)
        text, notes = said if isinstance(said, tuple) else (said, {})
        came: dict[str, Any] = {
            "status": "answered",
            "text": "" if text is None else str(text),
            "notes": notes,
        }
        came = said if isinstance(said, dict) else came
    except Exception as error:  # noqa: BLE001 - a rival that crashes is a result
        traceback.print_exc()
        came = {
            "status": status_of(error),
            "text": str(getattr(error, "partial_answer", "") or ""),
            "reason": described(error),
        }
    return {**came, "wall_s": time.perf_counter() - began, "cpu_s": cpu_s() - before}


def status_of(error: BaseException) -> str:
    """How a question ended that raised ``error``, by the names of its class, of its bases and of its causes."""
    names: list[str] = []
    words: list[str] = []
    seen: BaseException | None = error
    while seen is not None and len(names) < 60:
        names += [each.__name__ for each in type(seen).__mro__]
        words.append(str(seen)[:2_000])
        seen = seen.__cause__ or seen.__context__
    every, said = " ".join(names), " ".join(words)
    if getattr(error, "status_code", None) == 402:
        return "limit"
    if any(part in said or part in every for part in _TOO_LONG):
        return "no answer"
    if any(part in said for part in _SPENT):
        return "limit"
    if any(part in type(error).__name__ for part in _NO_ANSWER):
        return "no answer"
    if any(part in type(error).__name__ for part in _OWN_FAULT):
        return "crashed"
    if any(part in every for part in _ENDPOINT) or any(part in said for part in _UNREACHED):
        return "endpoint"
    if any(part in type(error).__name__ for part in _LIMITS):
        return "limit"
    return "crashed"


def described(error: BaseException) -> str:
    """An error in one line."""
    return f"{type(error).__name__}: {error}"[:1_000]


def cpu_s() -> float:
    """CPU seconds of this process, of its ended children, and, on Linux, of what its living children have used."""
    own, below = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    ticks = sum(map(_ticks, _children(os.getpid())))
    return own.ru_utime + own.ru_stime + below.ru_utime + below.ru_stime + ticks / os.sysconf("SC_CLK_TCK")


def _ticks(pid: int) -> int:
    """Clock ticks of a process, of its ended children and of its living ones."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:  # noqa: PTH123 - as quick as can be
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(map(int, fields[11:15])) + sum(map(_ticks, _children(pid)))


def _children(pid: int) -> list[int]:
    """The living children of a process; none where the kernel does not say."""
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - as above
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:  # noqa: PTH123 - as above
                found += map(int, file.read().split())
    except OSError:
        pass  # not Linux, or it has just ended
    return found


def say(replies: Any, message: dict[str, Any]) -> None:
    """Write one line."""
    replies.write(json.dumps(message) + "\n")
    replies.flush()


if __name__ == "__main__":
    main()
