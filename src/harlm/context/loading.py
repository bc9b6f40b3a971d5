"""Turns what a caller gives (texts, values, paths, standard input) into a ``Context``.

The readers handle formats, and ``files`` handles the file system.
"""

from __future__ import annotations

import json
import operator
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path
from typing import BinaryIO

from harlm.config import ContextSettings
from harlm.context.document_names import OwnNames, shown_name
from harlm.context.files import FoundFile, find_files
from harlm.context.raw_files import read_stream
from harlm.context.readers import is_foreign, read_document
from harlm.context.readers.in_process import InProcessReader
from harlm.context.reading import FileReading
from harlm.context.web_names import is_page, page_name
from harlm.errors import ContextError
from harlm.protocols import DocumentReader
from harlm.types import Context, Document, RawFile, ReadResult, Skipped, Unread, without_surrogates

STDIN = "<stdin>"

Fetch = Callable[[str, Callable[[], None]], RawFile]
"""Fetches the page at an address; the function that it is given may end that with an exception."""


def _no_check() -> None:
    """Never stops the loading."""


def load(
    source: object,
    loading: ContextSettings | None = None,
    *,
    reader: DocumentReader | None = None,
    check: Callable[[], None] = _no_check,
) -> Context:
    """The context of a Python value.

    A ``Context`` is taken as it is; a path, or a list of paths, is read; a ``str`` is the text itself; a list
    becomes one document for each item, a dict one for each key. Items and values that are not text become
    JSON. In every case, lone surrogates become U+FFFD; except in a given ``Context``, all names become
    unique.

    Args:
        source: the value.
        loading: which files of folders to read, and the limits for each.
        reader, check: as in ``load_paths``.

    Raises:
        ContextError: the value cannot be read, or is empty.
    """
    settings = loading or ContextSettings()
    match source:
        case Context():
            return _sendable(source)
        case str():
            _reject_blank(source, "the context")
            return Context.of_text(without_surrogates(source))
        case PathLike():
            return load_paths([Path(fspath(source))], settings, reader=reader, check=check)
        case Mapping():
            return _of_texts((str(key), _as_text(value)) for key, value in source.items())
        case list() | tuple() if source and all(isinstance(item, PathLike) for item in source):
            paths = [Path(fspath(item)) for item in source]
            return load_paths(paths, settings, reader=reader, check=check)
        case list() | tuple():
            return _of_texts(
                (f"<item {number}>", _as_text(item)) for number, item in enumerate(source, start=1)
            )
    raise ContextError(
        f"a context cannot be made from {type(source).__name__}; "
        "give a str, list, dict, Path, list of Paths or Context"
    )


def load_paths(
    sources: Sequence[str | Path],
    loading: ContextSettings,
    *,
    stdin: BinaryIO | None = None,
    reader: DocumentReader | None = None,
    check: Callable[[], None] = _no_check,
    fetch: Fetch | None = None,
) -> Context:
    """The context that paths, globs, ``@list.txt``, addresses of web pages and ``-`` stand for.

    Args:
        sources: what to read.
        loading: which files of folders to read, and the limits for each.
        fetch: the content of a web page, under a name whose suffix chooses the reader; ``None`` if none can be read.
        stdin: the standard input, which ``-`` stands for; ``None`` if there is none.
        reader: reads foreign formats; by default this process, without limits.
        check: is called for every file, and every few milliseconds while something is waited for; an exception
            that it raises ends the loading.

    Raises:
        ContextError: a source does not exist, a named file cannot be read, or there is nothing to read.
        SandboxFailure: no process can be started to read foreign formats.
    """
    documents: list[Document] = []
    skipped: list[Skipped] = []
    chosen = reader or InProcessReader()
    if "-" in sources:
        documents.extend(_read_stdin(stdin, check))
    for address in dict.fromkeys(str(source) for source in sources if is_page(source)):
        page = _read_page(address, fetch, chosen, check)
        documents.extend(page.documents)
        skipped.extend(page.skipped)
    named = [source for source in sources if source != "-" and not is_page(source)]
    files, left_out = find_files(named, loading, check) if named else ([], [])
    skipped.extend(left_out)
    read = FileReading(loading, chosen, check).results(files)
    for file, reading in zip(files, read, strict=True):
        documents.extend(_of_file(document, file) for document in reading.documents)
        skipped.extend(reading.skipped)
    if not documents:
        raise ContextError(f"{_listed(sources)} holds no text that can be read{_reasons(skipped)}")
    return Context(
        documents=_told_apart(documents),
        shape="text" if len(documents) == 1 else "documents",
        skipped=tuple(skipped),
    )


def _of_file(document: Document, file: FoundFile) -> Document:
    """``document`` with the paths of its file; those of a member of an archive go on below its archive."""
    member = document.name[len(file.name) :] if document.name.startswith(f"{file.name}/") else ""
    path = os.path.abspath(file.path)  # noqa: PTH100 - Path.resolve follows links, and raises for some
    return replace(document, cited_as=file.cited_as + member, path=without_surrogates(path))


def _read_stdin(stdin: BinaryIO | None, check: Callable[[], None]) -> tuple[Document, ...]:
    if stdin is None:
        raise ContextError("'-' is standard input, which is not available here; name a file or a folder")
    try:
        data = read_stream(stdin, check)
        if not data:
            raise ContextError("is empty; pipe some text into it, or name a file or a folder")
        return read_document(STDIN, data).documents
    except ContextError as error:
        raise ContextError(f"standard input {error}") from error


def _read_page(
    address: str, fetch: Fetch | None, reader: DocumentReader, check: Callable[[], None]
) -> ReadResult:
    """The documents of a web page, named by its address.

    Raises:
        ContextError: it cannot be read.
    """
    name = page_name(address)
    if fetch is None:
        raise ContextError(f"{name!r} is a web page, and none can be read here; save it and name that file")
    file = fetch(address, check)
    try:
        if not is_foreign(file.name, file.data):
            read: ReadResult | Unread = read_document(file.name, file.data)
        else:
            reader.prepare(file)
            (read,) = reader.read([file], check)
    except ContextError as error:
        raise ContextError(f"{name!r} {error}") from error
    if isinstance(read, Unread):
        raise ContextError(f"{name!r} {read.reason}")

    def renamed(part: str) -> str:
        return name + part[len(file.name) :] if part.startswith(file.name) else f"{name}/{part}"

    return ReadResult(
        tuple(replace(each, name=renamed(each.name)) for each in read.documents),
        tuple(replace(each, name=renamed(each.name)) for each in read.skipped),
    )


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False, indent=1)
    except (TypeError, ValueError, RecursionError) as error:
        raise ContextError(
            f"a value of type {type(value).__name__} is neither text nor JSON: {error}; make it a str first"
        ) from error


def _of_texts(texts: Iterable[tuple[str, str]]) -> Context:
    """A context of (name, text) pairs.

    Every text is kept, even a blank one, so that ``context[i]`` in the REPL is the caller's item ``i``.
    """
    documents = [_sendable_document(Document(name=name, text=text)) for name, text in texts]
    if not any(document.text.strip() for document in documents):
        raise ContextError("the context is empty; give at least one text that is not blank")
    return Context(documents=_told_apart(documents))


def _told_apart(documents: Iterable[Document]) -> tuple[Document, ...]:
    """The documents under unique names, since citations refer to them by name."""
    names = OwnNames()
    return tuple(_changed(document, names.own(document.name), document.text) for document in documents)


def _sendable(context: Context) -> Context:
    """``context`` itself, unless a name or a text in it cannot be shown or sent."""
    documents = tuple(map(_sendable_document, context.documents))
    same = all(map(operator.is_, documents, context.documents))
    return context if same else replace(context, documents=documents)


def _sendable_document(document: Document) -> Document:
    return _changed(document, shown_name(document.name), without_surrogates(document.text))


def _changed(document: Document, name: str, text: str) -> Document:
    same = name == document.name and text == document.text
    return document if same else replace(document, name=name, text=text)


def _reject_blank(text: str, what: str) -> None:
    if not text.strip():
        raise ContextError(f"{what} is empty; give some text")


def _listed(sources: Sequence[str | Path]) -> str:
    return ", ".join(repr(str(source)) for source in sources) or "nothing"


def _reasons(skipped: Sequence[Skipped]) -> str:
    if not skipped:
        return "; name a file or folder that contains some"
    shown = ", ".join(f"{file.name}: {file.reason}" for file in skipped[:3])
    more = f", and {len(skipped) - 3} more" if len(skipped) > 3 else ""
    return f" (left out: {shown}{more})"
