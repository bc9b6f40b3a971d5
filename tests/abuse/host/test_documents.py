"""Folders with documents that cost much to read: one that passes its limits is left out, and the run continues."""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.abuse.host import documents
from tests.support.host import FUZZ, Case, Host, cell

pytestmark = pytest.mark.timeout(900)
_CHANCE = random.Random(15)
_MANY = 200 if FUZZ else 2
_HONEST = "The zebra crossing is in MARK-0123456789abcdef street."
_FINDS = cell("FINAL(' '.join(context.grep('zebra')[0].text for _ in [1]))")


def folder_of(place: Path, files: Mapping[str, bytes]) -> Path:
    """A folder with these files, and an honest one."""
    place.mkdir()
    for name, content in {**files, "honest.txt": _HONEST.encode()}.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return place


def read(place: Path, name: str) -> Case:
    """A run over a folder, which finds what the honest file says."""
    return Case(name=name, replies=[_FINDS], folder=str(place), seconds=10, ends=("ok",))


@pytest.mark.parametrize("kind", documents.KINDS)
def test_a_document_costs_at_most_its_limits_and_the_others_are_read(
    host: Host, kind: str, tmp_path: Path
) -> None:
    """F4, F9, F26, F27."""
    files = documents.KINDS[kind]()
    assert all(len(content) < 2 << 20 for content in files.values())
    seen = host.hold(
        *(
            read(folder_of(tmp_path / str(number), {name: content}), f"{len(content) >> 10} KB: {name}")
            for number, (name, content) in enumerate(files.items())
        )
    )
    assert all("zebra" in one.text for one in seen)


def test_an_archive_costs_at_most_its_limits_and_writes_nothing(host: Host, tmp_path: Path) -> None:
    """F8."""
    files = documents.archives(1_500 if FUZZ else 400)
    place = folder_of(tmp_path / "archives", files)
    ends = ("ok", "ContextError", "LimitExceeded")
    host.hold(
        *(
            Case(name=f"{len(content) >> 10} KB: {name}", folder=str(place / name), seconds=15, ends=ends)
            for name, content in files.items()
        )
    )
    assert "outside" not in {path.stem for path in tmp_path.rglob("*")}


def test_the_deadline_includes_reading(host: Host, tmp_path: Path) -> None:
    """F4."""
    place = folder_of(
        tmp_path / "all",
        {f"{n}/{name}": data for n in range(6) for name, data in documents.html().items()},
    )
    host.hold(Case(name="84 pages in 2 s", folder=str(place), seconds=2, replies=[_FINDS]))


@pytest.mark.parametrize("kind", documents.ignore_files())
def test_an_ignore_file_is_matched_in_bounded_time(host: Host, kind: str, tmp_path: Path) -> None:
    """F10."""
    place = folder_of(
        tmp_path / "ignoring",
        {".gitignore": documents.ignore_files()[kind] + b"\n!honest.txt\n"}
        | dict.fromkeys(documents.named_to_match(), b"a text"),
    )
    (place / ".git").mkdir()
    host.hold(read(place, f"ignore: {kind}"))


def test_no_broken_document_stops_a_run(host: Host, tmp_path: Path) -> None:
    """F8, F9, F26, F27."""
    for number in range(_MANY):
        files = {
            f"{copy}-{name}": documents.broken(_CHANCE, data)
            for copy in range(4)
            for name, data in documents.good().items()
        }
        (seen,) = host.hold(read(folder_of(tmp_path / str(number), files), f"broken {number}"))
        assert "zebra" in seen.text
