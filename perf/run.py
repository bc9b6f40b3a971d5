"""All benches but ``chaos``, which takes half an hour, and ``router``, ``router_encoder``, ``real_model``, ``real_vectors`` and ``viewing``, which need journals, weights or a browser, one after another; each can be run alone as ``python -m perf.NAME``. Arguments go to those that take them."""

from __future__ import annotations

import subprocess
import sys

from perf.measure import ROOT

BENCHES = (
    "standard_library", "engine", "large_text", "retrieval", "reading", "questions", "confidence", "sandbox", "calls", "budget", "scheduler",
    "ahead", "branching", "root_output", "memory", "memory_search", "tools", "serving", "batch", "cluster", "scale",
)  # fmt: skip
_WITH_PEER = ("engine", "large_text")


def main() -> int:
    """Run them; how many failed."""
    failed = 0
    for name in BENCHES:
        arguments = sys.argv[1:] if name in _WITH_PEER else []
        done = subprocess.run([sys.executable, "-m", f"perf.{name}", *arguments], cwd=ROOT, check=False)
        failed += done.returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
