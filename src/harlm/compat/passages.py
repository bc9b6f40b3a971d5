"""Search over files for retrievers of other packages: words only, no model is asked."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path

from harlm import config
from harlm.corpora import Corpus, ReadCorpus
from harlm.home import user_config_file
from harlm.synchronous import run_here
from harlm.types import Hit


class FilePassages:
    """The passages of files that fit a question best. Files that have changed are read anew. Safe to use from several threads.

    Args:
        paths: files, folders and globs.
        count: how many passages, at most.

    Raises:
        ConfigError: a setting cannot be used, or a path names no file.
    """

    def __init__(self, paths: str | Path | Sequence[str | Path], count: int) -> None:
        named = [paths] if isinstance(paths, str | Path) else paths
        loaded = config.load(
            flags={}, environment=os.environ, folder=Path.cwd(), user_file=user_config_file()
        )
        self._corpus = Corpus("passages", [str(each) for each in named], loaded.config)
        self._count = count
        self._reading = threading.Lock()

    def found(self, question: str) -> list[tuple[str, float, dict[str, object]]]:
        """Each passage with its score, higher is better, and where it stands.

        Raises:
            ContextError: a path does not exist, or there is nothing to read.
            SandboxFailure: no process can be started to read foreign formats.
        """
        with self._reading:
            read = run_here(self._corpus.read())
        return [_passage(read, hit) for hit in read.searcher.search(question, self._count)]


def _passage(read: ReadCorpus, hit: Hit) -> tuple[str, float, dict[str, object]]:
    document = read.context.documents[hit.document]
    place, quote = document.place(hit.best[0]), document.text[slice(*hit.best)]
    where: dict[str, object] = {
        "source": document.name,
        "place": f"{document.cited_as or document.name}:{place.label}",
        "line": place.line,
    }
    where |= {"page": place.page, "start": hit.start, "end": hit.end, "quote": quote}
    return document.text[hit.start : hit.end], hit.score, where
