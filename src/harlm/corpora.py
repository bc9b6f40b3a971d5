"""Named contexts that many questions are asked of: read once, and again when a file has changed."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harlm.config import Config
from harlm.context import Searcher
from harlm.context.files import find_files
from harlm.context.web_names import is_page
from harlm.errors import ConfigError
from harlm.home import home_of
from harlm.loading import load_paths
from harlm.types import Context

_LOOKED_S = 2.0  # seconds for which files are taken to be unchanged
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

_Signature = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class ReadCorpus:
    """A corpus as it was read last.

    Attributes:
        context: its documents.
        searcher: over them.
    """

    context: Context
    searcher: Searcher


class Corpus:
    """Some files under a name.

    Args:
        name: letters, digits, ``.``, ``_`` and ``-``.
        sources: paths and globs of files and folders.
        config: the settings: what is read of folders, and where the index is kept.

    Raises:
        ConfigError: it is not a name, or a source is a web page or standard input.
    """

    def __init__(self, name: str, sources: Sequence[str], config: Config) -> None:
        if _NAME.fullmatch(name) is None:
            raise ConfigError(
                f"{name!r} cannot name a corpus: use at most 64 letters, digits, '.', '_' and '-', a letter or digit first"
            )
        if odd := next((each for each in sources if each == "-" or is_page(each)), None):
            raise ConfigError(f"{odd!r} cannot be part of the corpus {name!r}: name files and folders")
        self.name = name
        self.sources = tuple(sources)
        self._config = config
        self._reading = asyncio.Lock()
        self._looked = 0.0
        self._signature: _Signature = ()
        self._read: ReadCorpus | None = None

    async def read(self) -> ReadCorpus:
        """Its documents and their searcher. Files that were changed, added or removed more than two seconds ago are read anew.

        Raises:
            ContextError: a source does not exist, or there is nothing to read.
            SandboxFailure: no process can be started to read foreign formats.
        """
        async with self._reading:
            now = time.monotonic()
            if self._read is not None and now - self._looked < _LOOKED_S:
                return self._read
            signature = await asyncio.to_thread(self._signed)
            self._looked = now
            if self._read is None or signature != self._signature:
                context = await asyncio.to_thread(load_paths, self.sources, self._config.loading)
                index, most = home_of(self._config) / "index.db", self._config.memory.index_mb << 20
                # The searcher before it is not closed: a question may still use it. It is collected with the last of these.
                self._read = ReadCorpus(context, Searcher(context, index, max_bytes=most))
                self._signature = signature
            return self._read

    def close(self) -> None:
        """End its searches."""
        if self._read is not None:
            self._read.searcher.close()

    def _signed(self) -> _Signature:
        """What is known of its files without reading them."""
        files, _ = find_files(self.sources, self._config.loading)
        return tuple(_stats(each.path for each in files))


class Corpora(Mapping[str, Corpus]):
    """Corpora by name. Closed by ``with`` or ``close``.

    Args:
        named: what each name stands for.
        config: the settings of all.

    Raises:
        ConfigError: as ``Corpus``.
    """

    def __init__(self, named: Mapping[str, Sequence[str]], config: Config) -> None:
        self._all = {name: Corpus(name, sources, config) for name, sources in named.items()}

    def __getitem__(self, name: str) -> Corpus:
        return self._all[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def close(self) -> None:
        """End the searches of all."""
        for each in self._all.values():
            each.close()


def corpus_name(sources: Sequence[str]) -> str:
    """The name of a corpus that is given none: that of its first file or folder, as far as it can be one.

    >>> corpus_name(["./My docs/"])
    'My-docs'
    """
    with suppress(OSError, IndexError):
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(sources[0]).expanduser().resolve().name).strip("-._")
        return stem[:64] or "corpus"
    return "corpus"


def _stats(paths: Iterator[str]) -> Iterator[tuple[str, int, int]]:
    for path in paths:
        with suppress(OSError):
            known = Path(path).stat()
            yield path, known.st_mtime_ns, known.st_size
