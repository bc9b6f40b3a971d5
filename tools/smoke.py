"""Uses the wheel in ``dist/`` as a user would: alone with its dependencies, outside of the repository, without a network.

    python -m tools.smoke [--lock test]

Installs a lock, ``locks/core.txt`` by default, and the wheel into a fresh environment, which takes the package index. What follows gets no network where
the system can take it away (Linux, ``unshare``), and elsewhere a proxy that refuses.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]

_NO_NETWORK = (
    ("unshare", "--net"),
    ("unshare", "--user", "--map-current-user", "--net"),
)  # as root; as another user
_REFUSES = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
_SECONDS = 300.0


class SmokeFailure(Exception):
    """A command that does not do what a user expects."""


def commands(folder: Path, *, with_cells: bool) -> list[tuple[Sequence[str], str]]:
    """What is run, each with a part of what it prints. Makes the document that is asked.

    Args:
        folder: for the document.
        with_cells: whether cells can be run here: on Linux by the kernel, elsewhere with Monty.
    """
    document = folder / "vault.txt"
    document.write_text("The vault code is 4711.\n", encoding="utf-8")
    asked = ["ask", "-q", "-m", "offline/extractive"]
    question = ["What is the vault code?", str(document)]
    found: list[tuple[Sequence[str], str]] = [
        (["--version"], "harlm "),
        (["doctor"], "version"),
        ([*asked, "--mode", "direct", *question], "4711"),
        (["bench", "--help"], "Usage"),
    ]
    if with_cells:
        found += [([*asked, "--mode", "repl", *question], "4711"), (["demo"], "AGREES")]
    return found


def use(command: Sequence[str], folder: Path, *, with_cells: bool) -> None:
    """Run each of ``commands`` in an empty folder, with a home of its own.

    Args:
        command: what starts HARLM: ``[PYTHON, "-m", "harlm"]``.
        folder: an empty folder.
        with_cells: see ``commands``.

    Raises:
        SmokeFailure: one fails, or prints something else.
    """
    environment = {
        **_without_ours(os.environ),
        **_REFUSES,
        "HARLM_HOME": str(folder / "home"),
        "PYTHONUTF8": "1",
    }
    cut_off = without_network()
    print(f"network: {'taken away' if cut_off else 'behind a proxy that refuses'}")
    for arguments, expected in commands(folder, with_cells=with_cells):
        done = subprocess.run(
            [*cut_off, *command, *arguments],
            capture_output=True, encoding="utf-8", errors="replace",
            env=environment, cwd=folder, timeout=_SECONDS, check=False,
        )  # fmt: skip
        # The doctor fails where no cell can run.
        if expected not in done.stdout or (done.returncode and (with_cells or arguments[0] != "doctor")):
            raise SmokeFailure(
                f"harlm {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
            )
        print(f"ok  harlm {' '.join(arguments)}")


def without_network() -> Sequence[str]:
    """The words before a command that take the network away; none where the system does not let this user do that."""
    if sys.platform == "linux" and shutil.which("unshare") is not None:
        for words in _NO_NETWORK:
            if subprocess.run([*words, "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0:
                return words
    return ()


def main(arguments: Sequence[str] | None = None) -> int:
    """Install the wheel and use it; returns 1 if a command does not do what a user expects."""
    parser = argparse.ArgumentParser(description="Uses the wheel in dist/ as a user would.")
    parser.add_argument(
        "--lock",
        default="core",
        help="what is installed beside it; where Linux confines no cells, one with Monty",
    )
    lock = ROOT / "locks" / f"{parser.parse_args(arguments).lock}.txt"
    (wheel,) = (ROOT / "dist").glob("*.whl")
    with_cells = sys.platform == "linux" or "pydantic-monty==" in lock.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
        folder = Path(made)
        venv.create(folder / "venv", with_pip=True)
        python = str(folder / "venv" / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python"))
        install = [python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
        subprocess.run([*install, "--require-hashes", "-r", str(lock)], check=True)
        subprocess.run([*install, "--no-deps", str(wheel)], check=True)
        work = folder / "work"
        work.mkdir()
        try:
            use([python, "-m", "harlm"], work, with_cells=with_cells)
        except SmokeFailure as error:
            print(f"FAILED: {error}", file=sys.stderr)
            return 1
    return 0


def _without_ours(environment: Mapping[str, str]) -> dict[str, str]:
    ours = ("PYTHON", "HARLM", "OPENAI", "ANTHROPIC", "GEMINI", "GOOGLE", "OPENROUTER")
    return {name: value for name, value in environment.items() if not name.startswith(ours)}


if __name__ == "__main__":
    sys.exit(main())
