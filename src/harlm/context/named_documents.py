"""Finds the document that an answer means by a name or a path."""

from __future__ import annotations

from collections.abc import Sequence

from harlm.types import Context, Document

_MOST_COMPARED = 2_000_000  # names that end alike, for one answer
_MOST_KEPT = 50_000  # names whose document is remembered


class DocumentsByName:
    """The documents of a context by name, by path, and by the end of either.

    Args:
        context: its documents.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._by_last_part: dict[str, list[Document]] | None = None
        self._known: dict[str, Document | None] = {}
        self._compares = _MOST_COMPARED

    def get(self, name: str) -> Document | None:
        """The document with this name or path, or the only document whose path ends with it."""
        name = name.strip().removeprefix("./")
        if not name:
            return None
        if exact := self._context.by_name.get(name):
            return exact
        if name not in self._known:
            if len(self._known) >= _MOST_KEPT:
                return None
            self._known[name] = (
                self._only(name) or ("\\" in name and self._only(name.replace("\\", "/"))) or None
            )
        return self._known[name]

    def _only(self, name: str) -> Document | None:
        alike = self._with_last_part(name.rpartition("/")[2])
        self._compares -= len(alike)
        if self._compares < 0:
            return None
        for end in (name, f"/{name}"):
            found = [document for document in alike if _ends(document, end)]
            if len(found) == 1:
                return found[0]
        return None

    def _with_last_part(self, part: str) -> Sequence[Document]:
        if self._by_last_part is None:
            self._by_last_part = {}
            for document in self._context.documents:
                for last in {document.name.rpartition("/")[2], document.cited_as.rpartition("/")[2]} - {""}:
                    self._by_last_part.setdefault(last, []).append(document)
        return self._by_last_part.get(part, ())


def _ends(document: Document, end: str) -> bool:
    """Whether a path of a document is ``end``, or ends with it if it begins with a slash."""
    paths = (document.name, document.cited_as, document.path)
    return any(path.endswith(end) for path in paths) if end.startswith("/") else end in paths
