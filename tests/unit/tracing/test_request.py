"""What a run was asked is read back as it was written, or refused with what to do."""

from __future__ import annotations

import json
import os
import stat
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harlm.errors import TraceError
from harlm.redact import Redactor
from harlm.tracing.request import (
    CONTEXT,
    KnownDocument,
    RunModel,
    RunRequest,
    Sources,
    changed_documents,
    has_context,
    known_documents,
    named,
    put_context,
    read_context,
    read_request,
    write_request,
)
from harlm.types import Context, Document, Price

TEXT = Context.of_text("a text \N{SNOWMAN}")
REQUEST = RunRequest(
    harlm="1.0",
    question="What?",
    mode="full",
    schema={"type": "string"},
    origin=Sources(),
    documents=known_documents(TEXT),
    settings={"engine": {"max_turns": 3}},
    models=(RunModel(name="a/b", window=8_192, identity="a/b@x", price=Price(input=1.0, output=2.0)),),
    root="a/b",
    sub="a/b",
)
NO_SECRETS = Redactor(())


def of(**documents: str) -> Context:
    return Context(documents=tuple(Document(name=name, text=text) for name, text in documents.items()))


def test_it_is_read_back_with_its_documents(tmp_path: Path) -> None:
    write_request(tmp_path, REQUEST, TEXT, NO_SECRETS)
    assert read_request(tmp_path) == REQUEST
    assert has_context(tmp_path)
    assert read_context(tmp_path) == TEXT
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_documents_that_can_be_read_again_are_not_kept(tmp_path: Path) -> None:
    write_request(
        tmp_path,
        RunRequest(harlm="1", question="?", mode="full", origin=Sources(paths=("a.txt",))),
        TEXT,
        NO_SECRETS,
    )
    assert [file.name for file in tmp_path.iterdir()] == ["request.json"]
    assert not has_context(tmp_path)


def test_secrets_are_not_kept(tmp_path: Path) -> None:
    secret = "sk-a-key-that-must-stay-secret"
    asked = RunRequest(
        harlm="1", question=f"Is it {secret}?", mode="full", origin=Sources(servers=(f"http://u:{secret}@x",))
    )
    write_request(tmp_path, asked, TEXT, Redactor([secret]))
    assert secret.encode() not in (tmp_path / "request.json").read_bytes()
    assert read_request(tmp_path).question == "Is it [redacted]?"


def test_nothing_that_was_asked_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match=r"cannot be taken up again.*ask again, and what it has paid for"):
        read_request(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"v": 1}',
        b'{"v": "one"}',
        b"\xff\xfe",
        b'{"v": 1, "harlm": 3}',
        b'{"x": ' + b"[" * 10_000,
    ],
)
def test_damage_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "request.json").write_bytes(content)
    with pytest.raises(TraceError, match=r"request\.json' is damaged"):
        read_request(tmp_path)


def test_what_a_newer_version_wrote_is_refused_whatever_its_fields(tmp_path: Path) -> None:
    (tmp_path / "request.json").write_text(json.dumps({"v": 99, "asked": []}), encoding="utf-8")
    with pytest.raises(TraceError, match=r"newer HARLM \(format 99, and this one reads up to 1\)"):
        read_request(tmp_path)


def test_fields_of_a_later_version_of_this_format_are_skipped(tmp_path: Path) -> None:
    write_request(tmp_path, REQUEST, TEXT, NO_SECRETS)
    file = tmp_path / "request.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | {"later": 1}), encoding="utf-8")
    assert read_request(tmp_path) == REQUEST


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    write_request(tmp_path, REQUEST, TEXT, NO_SECRETS)
    (tmp_path / "request.json").chmod(0)
    with pytest.raises(TraceError, match="cannot be read"):
        read_request(tmp_path)


@pytest.mark.parametrize(
    "content",
    [None, b"", b"no zlib", zlib.compress(b"{}"), zlib.compress(b"\xff"), zlib.compress(b"[" * 10_000)[:-9]],
)
def test_documents_that_are_damaged_are_an_error(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / CONTEXT).write_bytes(content)
    with pytest.raises(TraceError, match=r"the documents of run .* cannot be read"):
        read_context(tmp_path)


def test_documents_that_unpack_to_more_than_fits_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harlm.tracing.request._MOST", 1_000)
    put_context(tmp_path, of(a="x" * 100_000))
    with pytest.raises(TraceError, match="cannot be read"):
        read_context(tmp_path)


@given(
    st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy")),
    st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy")),
)
def test_what_changed_is_what_differs_by_name_and_text(before: dict[str, str], now: dict[str, str]) -> None:
    request = RunRequest(harlm="1", question="?", mode="full", documents=known_documents(of(**before)))
    assert changed_documents(request, of(**now)) == sorted(
        name for name in before.keys() | now.keys() if before.get(name) != now.get(name)
    )


def test_a_document_is_known_by_its_name_and_text() -> None:
    one, two = known_documents(of(a="x")), known_documents(of(a="y"))
    assert one[0] != two[0]
    assert one == known_documents(of(a="x"))
    assert one[0] == KnownDocument("a", of(a="x").documents[0].digest)


def test_names_are_shortened_for_a_message() -> None:
    assert named(["a", "b"]) == "'a', 'b'"
    assert named(["a", "b", "c", "d", "e"]) == "'a', 'b', 'c' and 2 more"
