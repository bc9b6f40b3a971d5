"""The documents of a batch: what tells them from others, and that its own files are none of them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path

from harlm.errors import ContextError
from harlm.types import Context, Skipped

_REASON = "is a file of this batch"


def without_own(context: Context, own: Iterable[Path | None]) -> Context:
    """A context without the questions and the results of the batch, which may lie in the folder that it asks about.

    Args:
        context: the documents as they were read.
        own: the files of the batch; ``None`` for one that there is not.

    Raises:
        ContextError: nothing else is in it.
    """
    files = {os.path.realpath(each) for each in own if each is not None}
    taken = [each for each in context.documents if each.path and os.path.realpath(each.path) in files]
    if not taken:
        return context
    left = tuple(each for each in context.documents if each not in taken)
    if not left:
        raise ContextError(
            f"there is no document but {taken[0].name!r}, which {_REASON}; name the files to ask about"
        )
    names = {each.name for each in taken}
    return replace(
        context,
        documents=left,
        shape="text" if len(left) == 1 else "documents",
        skipped=(*context.skipped, *(Skipped(name=name, reason=_REASON) for name in sorted(names))),
    )


def documents_digest(context: Context) -> str:
    """24 hexadecimal digits that tell some documents from all others. Reads all their text, so call it in a thread."""
    state = blake2b(digest_size=12)
    for each in context.documents:
        state.update(f"{each.name}\0{each.digest}\0".encode("utf-8", "surrogatepass"))
    return state.hexdigest()
