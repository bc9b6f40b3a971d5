"""Opens the source of a citation at its line. Reads only documents of the run, from where the run was asked to read them; no path
comes from an address.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from harlm.config import Config
from harlm.context.web_names import is_page
from harlm.errors import DeadlineExceeded, HarlmError, TraceError
from harlm.loading import LoadingClock, load_paths
from harlm.tracing.request import RunRequest, has_context, is_imported, read_context, read_request
from harlm.types import Citation, Document

_AROUND = 30_000  # characters before and after a quote
_SECONDS = 20.0
_LARGEST = 64 << 20  # bytes of a file


class CitedSource(msgspec.Struct, kw_only=True):
    """A part of a document around a quote.

    Attributes:
        name, place: of the document, and of the quote.
        text: the part.
        first_line: the number of its first line, counted from 1.
        start, end: the quote in ``text``, in characters; both 0 if it is not there any more.
        has_changed: whether the document is not as the run has read it.
        before, after: whether there is more of the document.
    """

    name: str
    place: str
    text: str
    first_line: int
    start: int
    end: int
    has_changed: bool
    before: bool
    after: bool


def cited_source(folder: Path, citation: Citation, config: Config, *, around: int = _AROUND) -> CitedSource:
    """The document of a citation around its quote. Reads files, so call it in a thread.

    Raises:
        TraceError: the document is not one of the run, or cannot be read again.
    """
    digest, document = _document(folder, citation, config)
    text = document.text
    has_changed = document.digest != digest
    start, end = citation.start, citation.end
    if text[start:end] != citation.quote:
        has_changed = True
        start = text.find(citation.quote)
        start, end = (start, start + len(citation.quote)) if start >= 0 else (0, 0)
    first = text.rfind("\n", 0, max(0, start - around)) + 1 if start > around else 0
    last = min(len(text), end + around)
    if (line_end := text.find("\n", last, last + 2_000)) >= 0:
        last = line_end
    return CitedSource(
        name=citation.source,
        place=citation.place,
        text=text[first:last],
        first_line=text.count("\n", 0, first) + 1,
        start=start - first,
        end=end - first,
        has_changed=has_changed,
        before=first > 0,
        after=last < len(text),
    )


def _document(folder: Path, citation: Citation, config: Config) -> tuple[str, Document]:
    """The digest of the document as the run has read it, and the document."""
    request = read_request(folder)
    known = {each.name: each.digest for each in request.documents}
    if citation.source not in known:
        raise TraceError(f"{citation.source!r} is not a document of this run")
    if has_context(folder):
        document = read_context(folder).by_name.get(citation.source)
        if document is None:
            raise TraceError(f"{citation.source!r} was not kept with this run")
        return known[citation.source], document
    if is_imported(folder):
        raise TraceError("this run was imported, and its paths mean nothing on this machine")
    digest = known[citation.source]
    read = _read_again(_path_in(request, citation), config)
    exact = next((each for each in read if each.digest == digest), None)
    return digest, exact or _alike(read, citation.source)


def _alike(documents: tuple[Document, ...], name: str) -> Document:
    """Of the documents of one file, the one that is called most like ``name``."""
    last = name.rpartition("/")[2]
    return next((each for each in documents if each.name.rpartition("/")[2] == last), documents[0])


def _path_in(request: RunRequest, citation: Citation) -> Path:
    """The file of a citation, if it lies in a place that the run was asked to read."""
    paths = request.origin.paths
    if paths is None:
        raise TraceError("the documents of this run were not kept")
    if citation.path is None:
        raise TraceError(f"{citation.source!r} was not read from a file, and is not read again")
    file, folder = Path(citation.path).resolve(), Path(request.origin.folder)
    for each in paths:
        place = each.removeprefix("@")
        if is_page(place) or place == "-":
            continue
        fixed = Path(*_before_any_sign(Path(place).expanduser()))
        root = (folder / fixed).resolve()
        if file == root or root in file.parents or each.startswith("@"):
            return _bounded_file(file)
    raise TraceError(f"{str(file)!r} is in no place that this run was asked to read")


def _before_any_sign(path: Path) -> tuple[str, ...]:
    """The parts of a path before the first one with a sign of a glob."""
    parts = []
    for part in path.parts:
        if any(sign in part for sign in "*?["):
            break
        parts.append(part)
    return tuple(parts)


def _bounded_file(file: Path) -> Path:
    try:
        size = file.stat().st_size
    except OSError as error:
        raise TraceError(f"{str(file)!r} cannot be read again: {error.strerror}") from error
    if not file.is_file():
        raise TraceError(f"{str(file)!r} is not a file any more")
    if size > _LARGEST:
        raise TraceError(f"{str(file)!r} is larger than {_LARGEST >> 20} MB, and is not shown here")
    return file


def _read_again(file: Path, config: Config) -> tuple[Document, ...]:
    try:
        documents = load_paths([file], config.loading, clock=LoadingClock(_SECONDS)).documents
    except DeadlineExceeded as error:
        raise TraceError(f"{str(file)!r} could not be read within {_SECONDS:.0f} s") from error
    except HarlmError as error:
        raise TraceError(f"{str(file)!r} cannot be read again: {error}") from error
    return documents
