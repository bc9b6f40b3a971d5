"""Makes the pictures of the viewer in the documentation: ``docs/images/viewer.png`` and ``docs/images/report.png``.

    python -m tools.screenshots

They show a real run: a session of five questions over Python's own standard library, answered offline by the built-in model. The browser
is Debian's Chromium, driven by Playwright from the environment of other programs (``make clients``).
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from tests.support.browser import HOW, browser_python, in_browser, viewing

IMAGES = Path(__file__).parents[1] / "docs" / "images"
QUESTIONS = (
    "Which module defines the class Fraction?",
    "How many modules import asyncio?",
    "Which functions raise TimeoutError?",
    "Which module defines the base class of HTTPServer?",
    "What happens to the median when the number of data points is even?",
)
_SIZE = {"width": 1440, "height": 860}
_LARGEST = 200_000  # bytes of a picture


def main() -> int:
    """Make them."""
    if browser_python() is None:
        sys.stderr.write(f"{HOW}\n")
        return 1
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HARLM_HOME"] = f"{folder}/home"
        _ask()
        with viewing("last") as address:
            picture(address, IMAGES / "viewer.png", "light", "j", "j", "j", "Enter")
        report = Path(folder) / "report.html"
        _harlm("report", "last", "--html", "-o", str(report))
        picture(report.as_uri(), IMAGES / "report.png", "dark", "9", "j", "Enter")
    too_large = [file.name for file in IMAGES.glob("*.png") if file.stat().st_size > _LARGEST]
    for name in too_large:
        sys.stderr.write(f"{name} is larger than {_LARGEST // 1_000} kB\n")
    return len(too_large)


def picture(address: str, file: Path, theme: str, *keys: str) -> None:
    """A picture of a page after some keys."""
    in_browser("shots", address=address, theme=theme, files={str(file): keys}, **_SIZE)


def _ask() -> None:
    library = sysconfig.get_paths()["stdlib"]
    _harlm("chat", library, stdin="".join(f"{question}\n" for question in (*QUESTIONS, "/quit")))


def _harlm(*arguments: str, stdin: str = "") -> None:
    subprocess.run(  # noqa: S603 - our own command, with our own arguments
        [sys.executable, "-m", "harlm", *arguments],
        input=stdin, text=True, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
