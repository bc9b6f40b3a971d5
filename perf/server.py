"""A model server for benches: no model, as little work as possible. The model's name says what to do: ``root-LOOP-64``
writes a loop of 64 calls, ``root-BATCH-64`` a batch of them, ``root-EACH-64`` one that no other question asks, and ``sub-100`` replies
after 100 ms.
"""

from __future__ import annotations

import re
import signal

from harlm.testing import ChatServer, Request

_CELLS = {
    "LOOK": "print(len(context))",
    "LOOP": "r = [llm_query(f'item {{i}}') for i in range({n})]\nprint(len(r))",
    "BATCH": "r = llm_query_batched([f'item {{i}}' for i in range({n})])\nprint(len(r))",
    "EACH": "r = llm_query_batched([f'item {{i}} of {number}' for i in range({n})])\nprint(len(r))",
}
_ENDS = {signal.SIGTERM, signal.SIGINT}


def reply(request: Request) -> str:
    """The reply that the model's name asks for."""
    kind, _, rest = request.model.partition("-")
    if kind == "sub":
        return "yes"
    if any(role == "assistant" and "```repl" in text for role, text in request.messages):
        return '```repl\nanswer["content"] = "done"; answer["ready"] = True\n```'
    work, _, count = rest.partition("-")
    number = "".join(re.findall(r"number (\d+)\?", request.prompt)[:1])
    return f"```repl\n{_CELLS[work].format(n=count, number=number)}\n```"


def latency_s(request: Request) -> float:
    """The seconds of latency that the model's name asks for."""
    kind, _, milliseconds = request.model.partition("-")
    return int(milliseconds) / 1000 if kind == "sub" else 0.0


def fixed_usage(request: Request, text: str) -> tuple[int, ...]:
    """Ten tokens of input and five of output, whatever was sent: counting them would take time."""
    return 10, 0, 5


def serve(server: ChatServer) -> None:
    """Serve until terminated; the first line of output is the address."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)  # before the server's thread: it inherits the mask
    with server:
        print(server.base_url, flush=True)
        signal.sigwait(_ENDS)


if __name__ == "__main__":
    serve(ChatServer(reply, latency_s=latency_s, usage=fixed_usage, keeps_requests=False))
