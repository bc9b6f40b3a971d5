"""Measures what a user pays before the first question, in a fresh environment from ``locks/core.txt`` with the built wheel: packages,
megabytes, and processor time of the import. Fails where a limit is passed.

    python -m tools.gates

The package index must be reachable. Sizes are without bytecode, as packages are downloaded; a megabyte is 10⁶ bytes.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]

MOST_PACKAGES = 25
"""Packages of an installation, HARLM included."""

MOST_MB = 40.0
"""Megabytes of an installation, HARLM included."""

MOST_IMPORT_MS = 120.0
"""Milliseconds of processor time of ``import harlm``."""

_LIMITED, _TOLD = "import harlm", "from harlm import HARLM"
"""The import that has a limit, and the one that loads the client, whose time is told only."""

_TIMES = 15  # processes that import; the median counts
_TIMED = "import time; before = time.process_time(); {}; print(time.process_time() - before)"


def installed(name: str) -> dict[str, float]:
    """Megabytes of a package and of all that it needs in this environment, without extras, by their names.

    Raises:
        importlib.metadata.PackageNotFoundError: one is missing.
    """
    from packaging.requirements import Requirement  # here: the outer Python may not have it
    from packaging.utils import canonicalize_name

    waiting, sizes = [name], dict[str, float]()
    while waiting:
        key = canonicalize_name(waiting.pop())
        if key in sizes:
            continue
        found = metadata.distribution(key)
        places = (Path(str(found.locate_file(file))) for file in found.files or ())
        sizes[key] = (
            sum(each.stat().st_size for each in places if each.is_file() and each.suffix != ".pyc") / 1e6
        )
        needed = map(Requirement, found.requires or ())
        waiting += [
            each.name for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})
        ]
    return sizes


def import_ms(python: Path, statement: str) -> float:
    """The median processor time of an import, in milliseconds; each is made by a process of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    times = [
        float(_output([python, "-c", _TIMED.format(statement)], cwd=python.parent, env=environment))
        for _ in range(_TIMES)
    ]
    return 1e3 * statistics.median(times)


def environment_with_wheel(folder: Path) -> Path:
    """The Python of a fresh environment in ``folder``, with the core lock and a wheel that is built there, all compiled."""
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    pip: list[str | Path] = [python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
    _output([*pip, "--require-hashes", "-r", ROOT / "locks/core.txt"])
    _output([python, "-m", "hatchling", "build", "-t", "wheel", "-d", folder])
    (wheel,) = folder.glob("*.whl")
    _output([*pip, "--no-deps", wheel])
    return python


def passed(sizes: Mapping[str, float], ms: float) -> list[str]:
    """The limits that are passed by an installation and the time of its import, in words; none if all hold."""
    total = sum(sizes.values())
    found = [
        f"{len(sizes)} packages, and at most {MOST_PACKAGES} are allowed" * (len(sizes) > MOST_PACKAGES),
        f"{total:.1f} MB, and at most {MOST_MB:.0f} are allowed" * (total > MOST_MB),
        f"`{_LIMITED}` takes {ms:.0f} ms, and at most {MOST_IMPORT_MS:.0f} are allowed"
        * (ms > MOST_IMPORT_MS),
    ]
    return [each for each in found if each]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the figures, and return 1 if a limit is passed."""
    options = argparse.ArgumentParser(description="Measures the installation of HARLM against its limits.")
    options.add_argument(
        "--sizes", action="store_true", help="only print the sizes in this environment, as JSON"
    )
    if options.parse_args(arguments).sizes:
        print(json.dumps(installed("harlm")))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        python = environment_with_wheel(Path(folder))
        sizes: dict[str, float] = json.loads(_output([python, Path(__file__), "--sizes"], cwd=folder))
        limited, told = import_ms(python, _LIMITED), import_ms(python, _TOLD)
    for name, size in sorted(sizes.items(), key=lambda each: -each[1]):
        print(f"{size:8.2f} MB  {name}")
    print(
        f"{len(sizes)} packages (at most {MOST_PACKAGES}), {sum(sizes.values()):.1f} MB (at most {MOST_MB:.0f})"
    )
    print(
        f"{_LIMITED}: {limited:.0f} ms of processor time (at most {MOST_IMPORT_MS:.0f}); {_TOLD}: {told:.0f} ms"
    )
    too_much = passed(sizes, limited)
    for each in too_much:
        print(f"FAILED: {each}", file=sys.stderr)
    return 1 if too_much else 0


def _output(
    command: Sequence[str | Path], cwd: str | Path = ROOT, env: Mapping[str, str] | None = None
) -> str:
    return subprocess.run(
        list(map(str, command)), stdout=subprocess.PIPE, text=True, check=True, cwd=cwd, env=env
    ).stdout


if __name__ == "__main__":
    sys.exit(main())
