"""A run that is exported and imported is the same; a file that holds anything else is refused, and leaves nothing."""

from __future__ import annotations

import json
import sqlite3
import stat
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harlm import events
from harlm.errors import TraceError
from harlm.journal import JOURNAL, RunJournal
from harlm.redact import Redactor
from harlm.tracing import moving
from harlm.tracing.housekeeping import stored_runs
from harlm.tracing.jsonl import JsonlSink, RunFolder
from harlm.tracing.moving import export_run, import_run
from harlm.tracing.request import (
    CONTEXT,
    RunRequest,
    Sources,
    is_imported,
    put_context,
    read_context,
    write_request,
)
from harlm.types import Completion, Context, Usage
from tests.support.story import STORY

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
TEXT = Context.of_text("a text")
BLOB = "blobs/0123456789abcdef0123456789abcdef"


def stored(runs: Path, *texts: str, origin: Sources | None = None) -> RunFolder:
    """A run with these notes, and their texts as replies in its journal."""
    sink = JsonlSink(runs / RUN, Redactor(()))
    for event in [*STORY, *(events.Noted(message=text) for text in texts)]:
        sink.emit(msgspec.structs.replace(event, run=RUN))
    sink.close()
    request = RunRequest(harlm="1", question="?", mode="full", origin=origin or Sources())
    write_request(runs / RUN, request, TEXT, Redactor(()))
    with closing(RunJournal(runs / RUN / JOURNAL)) as journal:
        for text in texts:
            reply = Completion(text=text, model="a/b", usage=Usage(calls=1))
            journal.replied("k", journal.ask("k"), reply, node="0", role="sub", is_paid=True)
    return RunFolder(runs / RUN)


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(each.relative_to(folder)): each.read_bytes()
        for each in folder.rglob("*")
        if each.is_file() and not each.name.startswith(JOURNAL)
    }


def replies(folder: Path) -> list[str | None]:
    with closing(RunJournal(folder / JOURNAL)) as journal:
        kept = [journal.known("k") for _ in range(10)]
    return [each.completion.text for each in kept if each is not None and each.completion is not None]


@settings(max_examples=10)
@given(st.lists(st.text(max_size=30) | st.integers(5_000, 9_000).map("é".__mul__), max_size=4))
def test_what_is_imported_is_what_was_exported(texts: list[str]) -> None:
    with TemporaryDirectory() as folder:
        here, there, file = Path(folder, "here"), Path(folder, "a", "there"), Path(folder, "x.harlm")
        run = stored(here, *texts)
        assert export_run(run, file) == file.stat().st_size
        assert import_run(file, there) == RUN
        assert is_imported(there / RUN)
        (there / RUN / "imported").unlink()
        assert files(there / RUN) == files(here / RUN)
        assert replies(there / RUN) == replies(here / RUN) == texts
        assert [each.folder.name for each in stored_runs(there)] == [RUN]
        for each in (file, there / RUN, *(there / RUN).rglob("*")):
            assert stat.S_IMODE(each.stat().st_mode) & 0o077 == 0, each


def test_the_journal_of_a_run_that_was_killed_comes_with_what_is_in_its_log(tmp_path: Path) -> None:
    run = stored(tmp_path / "here")
    with closing(RunJournal(run.folder / JOURNAL)) as writing:
        writing.replied(
            "k", 0, Completion(text="x", model="a/b", usage=Usage()), node="0", role="sub", is_paid=True
        )
        export_run(run, tmp_path / "x.harlm")
    import_run(tmp_path / "x.harlm", tmp_path / "there")
    assert replies(tmp_path / "there" / RUN) == ["x"]


@pytest.mark.parametrize(
    ("given_", "with_documents", "has"), [(TEXT, True, True), (TEXT, False, False), (None, True, False)]
)
def test_documents_are_packed_if_they_are_given_and_wanted(
    tmp_path: Path, given_: Context | None, with_documents: bool, has: bool
) -> None:
    run = stored(tmp_path / "here", origin=Sources(paths=("a.txt",)))
    assert not (run.folder / CONTEXT).exists()
    export_run(run, tmp_path / "x.harlm", given_, with_documents=with_documents)
    import_run(tmp_path / "x.harlm", tmp_path / "there")
    there = tmp_path / "there" / RUN
    assert (there / CONTEXT).exists() is has
    if has:
        assert read_context(there) == TEXT


def test_documents_that_are_kept_with_the_run_are_left_out_on_demand(tmp_path: Path) -> None:
    run = stored(tmp_path / "here")
    export_run(run, tmp_path / "x.harlm", with_documents=False)
    import_run(tmp_path / "x.harlm", tmp_path / "there")
    assert not (tmp_path / "there" / RUN / CONTEXT).exists()
    assert read_context(run.folder) == TEXT


def test_other_things_in_the_folder_of_a_run_are_not_taken_along(tmp_path: Path) -> None:
    run = stored(tmp_path / "here")
    (run.folder / "journal.db.broken-1").write_text("x")
    (run.folder / "pinned").touch()
    (run.folder / "blobs" / "mine.txt").write_text("x")
    export_run(run, tmp_path / "x.harlm")
    with zipfile.ZipFile(tmp_path / "x.harlm") as packed:
        assert not {"pinned", "journal.db.broken-1", "blobs/mine.txt"} & set(packed.namelist())


@pytest.mark.parametrize("place", ["no/folder/x.harlm", "."])
def test_a_file_that_cannot_be_written_is_named_and_leaves_nothing(tmp_path: Path, place: str) -> None:
    run = stored(tmp_path / "here")
    (tmp_path / "out").mkdir()
    with pytest.raises(TraceError, match="cannot be written to"):
        export_run(run, tmp_path / "out" / place if place != "." else tmp_path / "out")
    assert not list(tmp_path.rglob("*.unfinished"))


def test_a_damaged_journal_is_an_error_and_the_file_stays_as_it_was(tmp_path: Path) -> None:
    run = stored(tmp_path / "here", "x")
    (run.folder / JOURNAL).write_bytes(b"no database " * 900)
    (tmp_path / "x.harlm").write_text("mine")
    with pytest.raises(TraceError, match="cannot be written"):
        export_run(run, tmp_path / "x.harlm")
    assert (tmp_path / "x.harlm").read_text() == "mine"
    assert not list(tmp_path.glob("*.unfinished"))


# -- hostile files -----------------------------------------------------------------------------------------

Change = Callable[[dict[str, bytes]], object]
MANIFEST = "harlm-run.json"


def manifest(**fields: object) -> Change:
    return lambda packed: packed.update({MANIFEST: json.dumps({"v": 1, "run": RUN} | fields).encode()})


def refused(tmp_path: Path, file: Path, match: str) -> None:
    """It is refused, and nothing is left of it."""
    runs = tmp_path / "there"
    with pytest.raises(TraceError, match=match):
        import_run(file, runs)
    assert not runs.exists() or list(runs.iterdir()) == []
    assert {each.name for each in tmp_path.iterdir()} <= {"here", "there", "x.harlm"}


@pytest.fixture
def packed(tmp_path: Path) -> dict[str, bytes]:
    """The entries of a file that can be imported."""
    export_run(stored(tmp_path / "here", "x" * 5_000), tmp_path / "x.harlm")
    with zipfile.ZipFile(tmp_path / "x.harlm") as source:
        return {name: source.read(name) for name in source.namelist()}


def write(tmp_path: Path, packed: dict[str, bytes]) -> Path:
    file = tmp_path / "x.harlm"
    with zipfile.ZipFile(file, "w") as target:
        for name, data in packed.items():
            target.writestr(zipfile.ZipInfo(name), data)
    return file


@pytest.mark.parametrize(
    "name",
    [
        "/etc/x", "../x", "blobs/../../x", "..\\x", "C:\\x", "blobs/", "a/b", "pinned", "events.jsonl/x", BLOB.upper(), f"{BLOB}0",
        f"/{BLOB}", f"./{BLOB}", f"{BLOB}\n", "journal.db-wal", "\N{FULLWIDTH FULL STOP}./x",
    ],
)  # fmt: skip
def test_a_file_of_another_name_is_refused(tmp_path: Path, packed: dict[str, bytes], name: str) -> None:
    packed[name] = b"x"
    refused(tmp_path, write(tmp_path, packed), "no stored run: it holds")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda packed: packed.pop(MANIFEST), "no stored run; `harlm runs export` writes one"),
        (lambda packed: packed.update({MANIFEST: b"{"}), "no stored run"),
        (manifest(v=99), r"newer HARLM \(format 99"),
        (manifest(run="../x"), "is no id of a run"),
        (manifest(run=f"{RUN}/x"), "is no id of a run"),
        (manifest(run=""), "is no id of a run"),
        (manifest(run=RUN[:-1] + "W"), "names another run than it holds"),
        (lambda packed: packed.pop("run.json"), "not a file of a stored run"),
        (lambda packed: packed.update({"run.json": b"{}"}), "not a file of a stored run"),
    ],
)
def test_a_file_that_is_no_whole_run_is_refused(
    tmp_path: Path, packed: dict[str, bytes], change: Change, match: str
) -> None:
    change(packed)
    refused(tmp_path, write(tmp_path, packed), match)


@pytest.mark.parametrize("content", [b"", b"PK", b"no archive " * 99])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.harlm").write_bytes(content)
    refused(tmp_path, tmp_path / "x.harlm", "no stored run")
    (tmp_path / "x.harlm").unlink()
    refused(tmp_path, tmp_path / "x.harlm", "no stored run")


@settings(max_examples=20)
@given(st.data())
def test_damage_anywhere_is_refused_or_gives_the_run_and_leaves_nothing_else(data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        file, runs = Path(folder, "x.harlm"), Path(folder, "there")
        export_run(stored(Path(folder, "here"), "x"), file)
        whole = bytearray(file.read_bytes())
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at] ^= data.draw(st.integers(1, 255))
        file.write_bytes(whole[: at + 1] if data.draw(st.booleans()) else whole)
        try:
            import_run(file, runs)
        except TraceError:
            assert not runs.exists() or list(runs.iterdir()) == []
        else:
            assert [each.name for each in runs.iterdir()] == [RUN]


def test_a_file_that_says_it_holds_too_much_is_refused(
    tmp_path: Path, packed: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "_MOST", 1_000)
    refused(tmp_path, write(tmp_path, packed), "holds more than a run can have")
    monkeypatch.setattr(moving, "_MOST", 1 << 30)
    monkeypatch.setattr(moving, "_MOST_FILES", 3)
    refused(tmp_path, write(tmp_path, packed), "holds more than a run can have")


def test_a_file_that_unpacks_to_more_than_it_says_is_refused(
    tmp_path: Path, packed: dict[str, bytes]
) -> None:
    file = tmp_path / "x.harlm"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in packed.items():
            target.writestr(name, data)
        target.writestr(BLOB, b"\0" * 50_000_000)
        target.filelist[-1].file_size = 10
    refused(tmp_path, file, "no stored run")


@pytest.mark.parametrize("name", [BLOB, MANIFEST])
@pytest.mark.parametrize("how", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_another_compression_is_refused(
    tmp_path: Path, packed: dict[str, bytes], name: str, how: int
) -> None:
    data = packed.pop(name, b"x")
    with zipfile.ZipFile(write(tmp_path, packed), "a", how) as target:
        target.writestr(name, data)
    refused(tmp_path, tmp_path / "x.harlm", "compressed in another way")


def test_a_link_is_unpacked_as_the_file_that_it_is_in_the_archive(
    tmp_path: Path, packed: dict[str, bytes]
) -> None:
    file = write(tmp_path, packed)
    link = zipfile.ZipInfo(BLOB)
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(file, "a") as target:
        target.writestr(link, "/etc/passwd")
    import_run(file, tmp_path / "there")
    made = tmp_path / "there" / RUN / BLOB
    assert not made.is_symlink()
    assert made.read_text() == "/etc/passwd"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_comes_twice_is_refused(tmp_path: Path, packed: dict[str, bytes]) -> None:
    file = write(tmp_path, packed)
    with zipfile.ZipFile(file, "a") as target:
        target.writestr("run.json", b"{}")
    refused(tmp_path, file, "no stored run")


def test_a_run_that_is_there_stays_as_it_is(tmp_path: Path, packed: dict[str, bytes]) -> None:
    file, runs = write(tmp_path, packed), tmp_path / "there"
    import_run(file, runs)
    put_context(runs / RUN, Context.of_text("changed"))
    before = files(runs / RUN)
    with pytest.raises(TraceError, match=f"run {RUN} is in .* already; `harlm runs rm`"):
        import_run(file, runs)
    assert files(runs / RUN) == before


def test_a_journal_that_is_no_database_comes_as_it_is_and_its_run_is_shown(
    tmp_path: Path, packed: dict[str, bytes]
) -> None:
    packed[JOURNAL] = b"no database"
    import_run(write(tmp_path, packed), tmp_path / "there")
    assert list(RunFolder(tmp_path / "there" / RUN).events())
    with pytest.raises(sqlite3.DatabaseError):
        RunJournal(tmp_path / "there" / RUN / JOURNAL)
