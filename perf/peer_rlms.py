"""The reference RLM on the same server; run by perf/engine.py and perf/large_text.py with an interpreter that has rlms.

Usage: python peer_rlms.py URL COUNT [MEGABYTES]
"""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time


def cpu() -> float:
    """CPU of this process and its ended children."""
    own, below = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + below.ru_utime + below.ru_stime


def main() -> None:
    """Print one JSON object."""
    from rlm import RLM  # in the interpreter of the peer only

    url, count = sys.argv[1], int(sys.argv[2])

    def ask(root: str, sub: str, prompt: str = "a short context") -> tuple[float, float]:
        rlm = RLM(
            backend="openai",
            backend_kwargs={"model_name": root, "base_url": url, "api_key": "x"},
            other_backends=["openai"],
            other_backend_kwargs=[{"model_name": sub, "base_url": url, "api_key": "x"}],
            max_depth=1,
            verbose=False,
        )
        before, started = cpu(), time.perf_counter()
        rlm.completion(prompt)
        return cpu() - before, time.perf_counter() - started

    if len(sys.argv) > 3:
        text = "abcdefghi\n" * (int(sys.argv[3]) * 100_000)
        _, wall = ask("root-LOOP-1", "sub-0", text)
        print(json.dumps({"wall": wall}))
        return
    ask("root-LOOK", "sub-0")
    fixed = [ask("root-LOOK", "sub-0") for _ in range(10)]
    base = statistics.median(each[0] for each in fixed)
    batch = statistics.median(ask(f"root-BATCH-{count}", "sub-0")[0] for _ in range(3))
    loop = statistics.median(ask(f"root-LOOP-{count}", "sub-0")[0] for _ in range(3))
    slow = statistics.median(ask("root-BATCH-64", "sub-100")[1] for _ in range(3))
    print(
        json.dumps(
            {
                "fixed CPU ms": 1000 * base,
                "fixed wall ms": 1000 * statistics.median(each[1] for each in fixed),
                "CPU ms per sub-call, batch": 1000 * (batch - base) / count,
                "CPU ms per sub-call, loop": 1000 * (loop - base) / count,
                "64 x 100 ms in a batch, s": slow,
            }
        )
    )


if __name__ == "__main__":
    main()
