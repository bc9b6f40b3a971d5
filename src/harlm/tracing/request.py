"""What a stored run was asked, kept with it so that it can be asked again: ``request.json``, and the texts that cannot be read again.

- ``request.json``: the question, where its documents come from and what they held, and the settings, without any key;
- ``context.z``: the documents themselves, if they are small and did not come from files: a text, a list, standard input.
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from harlm.errors import TraceError
from harlm.redact import Redactor
from harlm.tracing.jsonl import write_private
from harlm.types import Context, Price, ToolShape

FORMAT = 1
"""The version of both files."""

CONTEXT = "context.z"
"""The name of the file of documents."""

LARGEST_KEPT = 8 << 20
"""Characters of documents that are kept with a run; larger ones are passed again when it is taken up."""

QUESTIONS = "session.json"
"""The name of the file of the questions of a session."""

_IMPORTED = "imported"  # the file that marks a run from another machine
_REQUEST = "request.json"
_MOST = 4 << 30  # bytes of texts that are taken out of a file


def _plain(value: object) -> object:
    """The offsets in the marks of a document, which may be arrays."""
    if isinstance(value, array):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is no part of what a run was asked")


_encode = msgspec.json.Encoder(enc_hook=_plain).encode


class Sources(msgspec.Struct, frozen=True):
    """Where the documents and the tools of a run come from.

    Attributes:
        paths: what was named: paths, globs, addresses; ``None`` if the documents are kept with the run.
        folder: the folder in which the paths are read.
        tool_files, servers, tools: what was named on the command line to get tools.
    """

    paths: tuple[str, ...] | None = None
    folder: str = ""
    tool_files: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()


class KnownDocument(msgspec.Struct, frozen=True, array_like=True):
    """A document as a run has read it: its name, and a digest of its text."""

    name: str
    digest: str


class RunModel(msgspec.Struct, frozen=True, kw_only=True):
    """What a run knew of one of its models.

    Attributes:
        name: its full name.
        window: tokens that fit, as far as it was known when the run began.
        identity: its name and address, under which replies are kept; ``None`` if it has no lasting ones.
        price: ``None`` if it is unknown.
    """

    name: str
    window: int
    identity: str | None = None
    price: Price | None = None


class RunRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a run was asked.

    Attributes:
        harlm: the version that was asked.
        question, mode, strategy: of the task.
        schema: the JSON Schema of the answer, if there is one.
        origin: of the documents.
        documents: what they held, in order.
        settings: all settings by section, without keys.
        tools: those that code could call.
        models: what was known of the models when the run began.
        root, sub, economy: the full names of the models by role.
    """

    v: int = FORMAT
    harlm: str
    question: str
    mode: str
    strategy: str | None = None
    schema: Mapping[str, object] | None = None
    origin: Sources = Sources()
    documents: tuple[KnownDocument, ...] = ()
    settings: Mapping[str, Mapping[str, object]] = {}
    tools: tuple[ToolShape, ...] = ()
    models: tuple[RunModel, ...] = ()
    root: str = ""
    sub: str = ""
    economy: str | None = None


def known_documents(context: Context) -> tuple[KnownDocument, ...]:
    """The names and digests of documents. Reads all their text, so call it in a thread."""
    return tuple(KnownDocument(each.name, each.digest) for each in context.documents)


def changed_documents(request: RunRequest, context: Context) -> list[str]:
    """The names of documents that are not as the run has read them: changed, gone, or new."""
    before = {each.name: each.digest for each in request.documents}
    now = {each.name: each.digest for each in known_documents(context)}
    return sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))


def write_request(folder: Path, request: RunRequest, context: Context, redactor: Redactor) -> None:
    """Keep what a run is asked, and its documents if they cannot be read again. Waits for the disk, so call it in a thread.

    Raises:
        OSError: it cannot be written.
    """
    if request.origin.paths is None and context.characters <= LARGEST_KEPT:
        put_context(folder, context)
    write_private(folder / _REQUEST, redactor.clean(_encode(request)) + b"\n")


def read_request(folder: Path) -> RunRequest:
    """What a run was asked.

    Raises:
        TraceError: that was not kept, is damaged, or was written by a newer HARLM.
    """
    file = folder / _REQUEST
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        raise TraceError(
            f"run {folder.name} cannot be taken up again: it was stored before it was asked, or by a version that did not keep "
            "what was asked; ask again, and what it has paid for is reused"
        ) from None
    except OSError as error:
        raise TraceError(f"what run {folder.name} was asked cannot be read: {error}") from error
    try:
        version = msgspec.json.decode(data, type=_Versioned).v
        if version > FORMAT:
            raise TraceError(
                f"run {folder.name} was stored by a newer HARLM (format {version}, and this one reads up to {FORMAT}); use that version"
            )
        return msgspec.json.decode(data, type=RunRequest)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise TraceError(f"{str(file)!r} is damaged: {error}") from error


def read_context(folder: Path) -> Context:
    """The documents that were kept with a run.

    Raises:
        TraceError: they are missing or damaged.
    """
    try:
        return decoded_context((folder / CONTEXT).read_bytes())
    except (OSError, ValueError) as error:
        raise TraceError(f"the documents of run {folder.name} cannot be read: {error}") from error


def put_context(folder: Path, context: Context) -> None:
    """Keep documents with a run.

    Raises:
        OSError: they cannot be written.
    """
    write_private(folder / CONTEXT, encoded_context(context))


def encoded_context(context: Context) -> bytes:
    """Documents as they are kept with a run, and sent to other machines. Takes long for large ones, so call it in a thread."""
    return zlib.compress(_encode(context), 1)


def decoded_context(data: bytes) -> Context:
    """Documents that were encoded. Takes long for large ones, so call it in a thread.

    Raises:
        ValueError: they are damaged.
    """
    try:
        return msgspec.json.decode(zlib.decompressobj().decompress(data, _MOST), type=Context)
    except (zlib.error, msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(str(error)) from error


def has_context(folder: Path) -> bool:
    """Whether documents are kept with a run."""
    return (folder / CONTEXT).exists()


def has_questions(folder: Path) -> bool:
    """Whether a stored run is a session."""
    return (folder / QUESTIONS).exists()


def mark_imported(folder: Path) -> None:
    """Mark a run as one whose request someone else has written: its settings, paths and tools are not this user's.

    Raises:
        OSError: it cannot be marked.
    """
    (folder / _IMPORTED).touch(mode=0o600)


def is_imported(folder: Path) -> bool:
    """Whether a run was imported."""
    return (folder / _IMPORTED).exists()


class _Versioned(msgspec.Struct):
    v: int = 1


def named(documents: Sequence[str], most: int = 3) -> str:
    """Names of documents, for a message."""
    shown = ", ".join(map(repr, documents[:most]))
    return shown if len(documents) <= most else f"{shown} and {len(documents) - most:,} more"
