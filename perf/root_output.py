"""What the root model writes in a run: turns, output tokens and seconds, before and after. ``--before FOLDER`` is a checkout
of an earlier version; without it, this version that reads each reply to its end (``speculation = off``).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from perf.measure import ROOT, Table, report

_COLUMNS = {"turns": "turns", "tokens": "output tokens", "words": "words that arrived", "seconds": "seconds"}

Runs = dict[str, dict[str, float]]


def runs(checkout: Path, *settings: str) -> Runs:
    """The runs with the version in a checkout."""
    script = ROOT / "perf" / "root_output_runs.py"
    done = subprocess.run(
        [sys.executable, str(script), *settings],
        env={**os.environ, "PYTHONPATH": str(checkout / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    measured: Runs = json.loads(done.stdout.splitlines()[-1])
    return measured


def main() -> None:
    """Measure all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", metavar="FOLDER", type=Path, help="a checkout of an earlier version")
    earlier = parser.parse_args().before
    before = runs(ROOT, "speculation=off") if earlier is None else runs(earlier.resolve())
    after = runs(ROOT)
    rows = [
        [style, *(figure for name in _COLUMNS for figure in (before[style][name], after[style][name]))]
        for style in after
    ]
    header = ["the root", *(f"{name}, {when}" for name in _COLUMNS.values() for when in ("before", "after"))]
    report(
        "root_output",
        "What the root model writes in a run (SIMULATED model)",
        "A scripted root model behind HTTP that streams a line in 50 ms and counts its words as tokens, over a log of 28 lines; "
        f"before is {'an earlier version' if earlier else 'this version with early calls off'}. Of a reply that was ended, "
        "output tokens are estimated; words that arrived are counted.",
        [Table("Five ways to write the same run", header, rows)],
        options="--before FOLDER" if earlier else "",
    )


if __name__ == "__main__":
    main()
