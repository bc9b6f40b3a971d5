"""A context of 100 MB: seconds to the first sub-call, and the peak memory of all processes together."""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path

from harlm import HARLM
from harlm.events import CallStarted, Event
from perf.measure import ServerProcess, Table, peak_memory, report, server_process

_MEGABYTES = 100


class _FirstSubCall:
    """Notes when the first sub-call began."""

    def __init__(self) -> None:
        self.at = 0.0

    def emit(self, event: Event) -> None:
        """Take one event."""
        if not self.at and isinstance(event, CallStarted) and event.role == "sub":
            self.at = time.perf_counter()


def ours(server: ServerProcess, text: str) -> tuple[float, float]:
    """Seconds to the first sub-call, and megabytes."""
    with tempfile.TemporaryDirectory() as home, peak_memory(without=server.pid) as peak:
        client = HARLM(
            model=f"openai/root-LOOP-1@{server.url}",
            sub_model=f"openai/sub-0@{server.url}",
            mode="full",
            home=home,
            cache=False,
        )
        first = _FirstSubCall()
        started = time.perf_counter()
        answer = client.ask("?", text, sinks=[first])
        assert answer.text == "done"
    return first.at - started, peak[0]


def peer(python: str, server: ServerProcess) -> tuple[float, float]:
    """The reference RLM: seconds of the whole run, which is its first sub-call and one turn more, and megabytes."""
    script = Path(__file__).parent / "peer_rlms.py"
    with peak_memory(without=server.pid) as peak:
        command = [python, str(script), server.url, "1", str(_MEGABYTES)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    wall: float = json.loads(done.stdout.splitlines()[-1])["wall"]
    return wall, peak[0]


def main() -> None:
    """Measure both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", metavar="PYTHON", help="an interpreter with rlms installed")
    python = parser.parse_args().peer
    rows: list[list[object]] = []
    with server_process() as server:
        if python:
            rows.append(["rlms (whole run; peak of both programs)", *peer(python, server)])
        HARLM(model=f"openai/root-LOOK@{server.url}", mode="full", cache=False).ask("?", "warm up")
        rows.insert(0, ["HARLM", *ours(server, "abcdefghi\n" * (_MEGABYTES * 100_000))])
    report(
        "large_text",
        "A large context (SIMULATED model)",
        "Seconds to the first sub-call, and the peak memory of all processes together"
        f"{', beside the reference RLM' if python else ''}. A server of scripted replies stands in for the model.",
        [Table(f"A context of {_MEGABYTES} MB", ["", "first sub-call, s", "peak memory, MB"], rows)],
        options="--peer PYTHON" if python else "",
    )


if __name__ == "__main__":
    main()
