"""``harlm ask`` on the standard library of this Python, as a user runs it: cold (no index), then indexed; and the cost of
``--help`` and of the installation.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from perf.measure import Table, median, report
from tools import gates

_TIMES = 5
_QUESTIONS = (
    ("where-is", "Which module defines the class Fraction?"),
    ("look-up (search)", "What happens to the median when the number of data points is even?"),
    ("count", "How many modules import asyncio?"),
    ("two-hop", "Which module defines the base class of HTTPServer?"),
)


def harlm(*arguments: str, home: str) -> None:
    """One command, as a process."""
    subprocess.run(
        [sys.executable, "-m", "harlm", *arguments],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HARLM_HOME": home},
    )


def installed() -> tuple[int, float]:
    """Packages and megabytes of the core, with all that it needs. HARLM itself is counted in its source folder."""
    sizes = gates.installed("harlm")
    source = Path(__file__).parents[1] / "src"
    files = (path for path in source.rglob("*") if path.is_file() and path.suffix != ".pyc")
    sizes["harlm"] = sum(path.stat().st_size for path in files) / 1e6
    return len(sizes), sum(sizes.values())


def main() -> None:
    """Measure all."""
    library = sysconfig.get_path("stdlib")
    rows: list[list[object]] = []
    for kind, question in _QUESTIONS:
        with tempfile.TemporaryDirectory() as home:
            cpu, wall = median(lambda: harlm("ask", question, library, "-q", home=home), 1)  # noqa: B023 - called at once
            rows.append([f"{kind}, cold", wall, cpu])
            cpu, wall = median(lambda: harlm("ask", question, library, "-q", home=home), _TIMES)  # noqa: B023 - as above
            rows.append([f"{kind}, again", wall, cpu])
    with tempfile.TemporaryDirectory() as home:
        cpu, wall = median(lambda: harlm("--help", home=home), 11)
        rows.append(["harlm --help", wall, cpu])
    report(
        "standard_library",
        "harlm ask over the standard library",
        "Commands as a user runs them, with the offline model: cold without an index, then again (median); and the size of the "
        "core with all that it needs.",
        [
            Table("Commands", ["", "wall, s", "CPU, s"], rows),
            Table("Core installation", ["packages", "MB"], [installed()]),
        ],
    )


if __name__ == "__main__":
    main()
