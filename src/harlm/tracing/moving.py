"""Moves one stored run between machines: a ZIP file of its folder, which is checked before it is believed."""

from __future__ import annotations

import os
import shutil
import sqlite3
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec

from harlm.errors import TraceError
from harlm.open_flags import BINARY
from harlm.patterns import lazy_pattern
from harlm.storage import copied
from harlm.tracing.housekeeping import IMPORTED, run_ids
from harlm.tracing.jsonl import RunFolder
from harlm.tracing.request import CONTEXT, has_questions, mark_imported, put_context
from harlm.types import Context

FORMAT = 1
"""The version of the file."""

EXPORTED = ".harlm"
"""How the name of an exported run ends."""

_MANIFEST = "harlm-run.json"
_JOURNAL = "journal.db"
_FILES = ("run.json", "events.jsonl", "result.json", "request.json", CONTEXT, _JOURNAL)
_BLOB = lazy_pattern(r"blobs/[0-9a-f]{32}")
_MOST = 8 << 30  # bytes of all files of a run
_MOST_FILES = 1_000_000
_PIECE = 1 << 20
_COMPRESSIONS = (
    zipfile.ZIP_STORED,
    zipfile.ZIP_DEFLATED,
)  # of others, few bytes can ask for gigabytes of memory
_UNREADABLE = (
    OSError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)


class Manifest(msgspec.Struct, frozen=True):
    """The first file of an export: the version, and the id of the run."""

    v: int
    run: str


def export_run(
    stored: RunFolder, file: Path, context: Context | None = None, *, with_documents: bool = True
) -> int:
    """Write a stored run into one file. Secrets are not in it, since none is stored.

    Args:
        stored: the run.
        file: is replaced, whole or not at all.
        context: the documents, if they are not kept with the run.
        with_documents: whether documents are written.

    Returns:
        bytes of the file.

    Raises:
        TraceError: the run is a session or cannot be read, or the file cannot be written.
    """
    folder = stored.folder
    if has_questions(folder):
        raise TraceError(f"run {folder.name} is a session, and only a run of one question is exported")
    unfinished = file.with_name(f"{file.name}.unfinished")
    try:
        with (
            tempfile.TemporaryDirectory() as scratch,
            zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as target,
        ):
            target.writestr(_MANIFEST, msgspec.json.encode(Manifest(FORMAT, folder.name)))
            if context is not None and with_documents:
                put_context(Path(scratch), context)
            for name in _FILES:
                source = folder / name
                if name == CONTEXT:
                    source = Path(scratch, name) if context is not None else source
                    if not with_documents:
                        continue
                elif name == _JOURNAL and source.exists():
                    copied(source, Path(scratch, name))
                    source = Path(scratch, name)
                if source.exists():
                    target.write(source, name)
            for blob in sorted((folder / "blobs").iterdir()):
                if _BLOB.fullmatch(f"blobs/{blob.name}"):
                    target.write(blob, f"blobs/{blob.name}")
        unfinished.chmod(0o600)
        unfinished.replace(file)
        return file.stat().st_size
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            unfinished.unlink()
        raise TraceError(f"run {folder.name} cannot be written to {str(file)!r}: {error}") from error


def import_run(file: Path, runs: Path) -> str:
    """Add a run from a file that ``export_run`` wrote, perhaps on another machine.

    Args:
        file: the file. Nothing in it is trusted: it can add one run, and nothing else.
        runs: the folder of all runs.

    Returns:
        the id of the run.

    Raises:
        TraceError: the file is no such export, is damaged, is from a newer HARLM, or the run is there already.
    """
    try:
        with zipfile.ZipFile(file) as source:
            manifest = _manifest(source, file)
            if (runs / manifest.run).exists():
                raise TraceError(
                    f"run {manifest.run} is in {str(runs)!r} already; `harlm runs rm` removes it"
                )
            runs.mkdir(parents=True, exist_ok=True, mode=0o700)
            fresh = Path(tempfile.mkdtemp(prefix=IMPORTED, dir=runs))
            try:
                (fresh / "blobs").mkdir(mode=0o700)
                for entry in _entries(source, file):
                    _unpack(source, entry, fresh / entry.filename)
                if RunFolder(fresh).record.run != manifest.run:
                    raise TraceError(f"{str(file)!r} is damaged: it names another run than it holds")
                mark_imported(fresh)
                fresh.rename(runs / manifest.run)
            except BaseException:
                shutil.rmtree(fresh, ignore_errors=True)
                raise
    except _UNREADABLE as error:
        raise TraceError(
            f"{str(file)!r} is no stored run ({error}); `harlm runs export` writes one"
        ) from error
    return manifest.run


def _manifest(source: zipfile.ZipFile, file: Path) -> Manifest:
    try:
        _check_compression(source.getinfo(_MANIFEST))
        with source.open(_MANIFEST) as data:
            manifest = msgspec.json.decode(data.read(_PIECE), type=Manifest)
    except (KeyError, msgspec.MsgspecError) as error:
        raise TraceError(f"{str(file)!r} is no stored run; `harlm runs export` writes one") from error
    if manifest.v > FORMAT:
        raise TraceError(
            f"{str(file)!r} was written by a newer HARLM (format {manifest.v}, and this one reads up to {FORMAT}); use that version"
        )
    if not run_ids([manifest.run]):
        raise TraceError(f"{str(file)!r} is damaged: {manifest.run[:100]!r} is no id of a run")
    return manifest


def _entries(source: zipfile.ZipFile, file: Path) -> Iterator[zipfile.ZipInfo]:
    """The files of the run, of names and sizes that a run can have."""
    entries = source.infolist()
    if len(entries) > _MOST_FILES or sum(each.file_size for each in entries) > _MOST:
        raise TraceError(
            f"{str(file)!r} holds more than a run can have ({_MOST_FILES:,} files, {_MOST >> 30} GB)"
        )
    for entry in entries:
        if entry.filename == _MANIFEST:
            continue
        if entry.filename not in _FILES and not _BLOB.fullmatch(entry.filename):
            raise TraceError(f"{str(file)!r} is no stored run: it holds {entry.filename[:100]!r}")
        _check_compression(entry)
        yield entry


def _check_compression(entry: zipfile.ZipInfo) -> None:
    """Refuse compressions that ``export_run`` does not use.

    Raises:
        ValueError: it is another one.
    """
    if entry.compress_type not in _COMPRESSIONS:
        raise ValueError(f"{entry.filename[:100]} is compressed in another way")


def _unpack(source: zipfile.ZipFile, entry: zipfile.ZipInfo, to: Path) -> None:
    """Write one file, of at most the size that its entry states."""
    left = entry.file_size
    opened = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, 0o600)
    with source.open(entry) as data, os.fdopen(opened, "wb") as target:
        while piece := data.read(min(_PIECE, left + 1)):
            left -= len(piece)
            if left < 0:
                raise ValueError(f"{entry.filename} is larger than it says")
            target.write(piece)
