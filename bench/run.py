"""All benchmarks, one after another; each can be run alone as ``python -m bench.NAME``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_ALL = (
    "standard_library",
    "engine",
    "large_text",
    "retrieval",
    "reading",
    "sandbox",
    "calls",
    "budget",
    "scheduler",
    "memory",
)


def main() -> int:
    """Run them from the root of the repository; arguments go to those that take them."""
    root = Path(__file__).parents[1]
    failed = 0
    for name in _ALL:
        arguments = sys.argv[1:] if name in ("engine", "large_text") else []
        failed += (
            subprocess.run(
                [sys.executable, "-m", f"bench.{name}", *arguments], cwd=root, check=False
            ).returncode
            != 0
        )
    return failed


if __name__ == "__main__":
    sys.exit(main())
