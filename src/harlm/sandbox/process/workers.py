"""The worker processes of one sandbox. REPLs and scouts start and end theirs here; all have ended when the
sandbox is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from harlm import temporary
from harlm.cleanup import all_finished, finished
from harlm.config import SandboxSettings
from harlm.errors import SandboxFailure
from harlm.protocols import ReplSetup
from harlm.sandbox.process import frames
from harlm.sandbox.process.connection import Ends, Link
from harlm.sandbox.process.context_file import nameless_file, write_texts
from harlm.sandbox.process.worker_process import WorkerProcess, in_words
from harlm.sandbox.process.zygote import HostZygote, RunZygote
from harlm.sandbox.shortage import SHORTAGES, shortage, starting_a_thread
from harlm.types import Context, Document

_HEAD = 64_000  # characters kept from the start of a cell's output
_TAIL = 32_000  # and from its end
_SMALLEST_LIMIT = 16 << 20  # bytes that one frame of a worker may have at least
_SMALL_TEXTS = 8 << 20  # bytes of a REPL's own texts that fit into the memory of every REPL
_AT_ONCE = 1 << 20  # bytes below which texts are written without a thread
_READ_BYTES_PER_S = 10 << 20
_START_S = 30.0


@dataclass(frozen=True, slots=True)
class Texts:
    """The context of one REPL in the form that its worker gets.

    Attributes:
        table: the texts in order; ``None`` stands for all texts of the run.
        file: a descriptor of the file with the texts that the run does not have; ``None`` if there are none.
        size: bytes of the texts that the run does not have.
    """

    table: Sequence[frames.TextExtent] | None
    file: int | None
    size: int


class Folders:
    """The folder in which the cells of one REPL may write. It also holds the folders of REPLs forked from it.

    Attributes:
        place: a name in the run's work folder, or a path of the host (``s0``).
        users: the number of REPLs that use it.
    """

    def __init__(self, place: str) -> None:
        self.place = place
        self.users = 1

    def shared(self) -> Folders:
        """This object, with one more user."""
        self.users += 1
        return self


class Member(Protocol):
    """A REPL of the sandbox, as ``Workers`` sees it."""

    @property
    def pid(self) -> int | None:
        """The id of its worker's process; ``None`` if it has none, or the id is unknown."""
        ...

    async def close(self) -> None:
        """End it."""
        ...


class Workers:
    """The worker processes of one sandbox.

    Args:
        tier: the confinement of their zygote.
        limits: for each cell and REPL.
        wrapper: a command that confines the program that it starts (macOS); empty for none.

    Attributes:
        limits: for each cell and REPL.
        largest_frame: bytes that one frame of a worker may have.
    """

    def __init__(self, tier: str, limits: SandboxSettings, wrapper: Sequence[str] = ()) -> None:
        self.limits = limits
        self.largest_frame = _SMALLEST_LIMIT
        self._tier = tier
        self._wrapper = wrapper
        self._zygote: RunZygote | None = None
        self._context: Context | None = None
        self._numbers: dict[int, int] = {}
        self._members: set[Member] = set()
        self._links: set[Link] = set()
        self._has_ended = False

    @property
    def is_started(self) -> bool:
        """Whether the run's zygote exists."""
        return self._zygote is not None

    async def start_zygote(self, context: Context) -> None:
        """Start the run's zygote.

        Args:
            context: of the first REPL. Later REPLs share its texts.

        Raises:
            SandboxFailure: it cannot be started.
        """
        size = sum(map(_size, context.documents))
        try:
            host = HostZygote.current(self._wrapper)
            with nameless_file() as file:
                # The host's zygote starts meanwhile.
                texts = await _written(context.documents, file)
                zygote = await RunZygote.start(
                    host,
                    self._tier,
                    texts,
                    file,
                    memory_bytes=(self.limits.memory_mb << 20) + 8 * size,
                    patience=size / _READ_BYTES_PER_S,
                )
        except SHORTAGES as error:
            raise shortage("the sandbox cannot be started", error) from error
        if self._has_ended:  # in the meantime
            zygote.end()
            raise SandboxFailure("this sandbox is closed")
        self._zygote = zygote
        self._context = context
        self._numbers = {id(document): number for number, document in enumerate(context.documents)}
        self.largest_frame = max(_SMALLEST_LIMIT, 2 * size)

    def end(self) -> RunZygote | None:
        """End every process, without waiting. Returns the run's zygote, if it was running."""
        self._has_ended = True
        zygote, self._zygote = self._zygote, None
        if zygote is not None:
            zygote.end()
        for link in self._links:
            link.end()
        return zygote

    async def close(self) -> None:
        """``end``, then wait until every process has ended, and remove the folders of cells."""
        zygote = self.end()
        members = [member.close() for member in tuple(self._members)]
        await all_finished(*members, *([] if zygote is None else [zygote.close()]))
        # Links are left by tasks that were cancelled half way.
        await all_finished(*(link.close() for link in tuple(self._links)))

    def join(self, member: Member) -> None:
        """Have ``close`` close a REPL, unless it leaves before."""
        self._members.add(member)

    def leave(self, member: Member) -> None:
        """Note that a REPL is closed."""
        self._members.discard(member)

    async def texts_of(self, context: Context) -> contextlib.AbstractContextManager[Texts]:
        """The texts of a context: those that the run has by number, others in a file.

        Returns:
            a context manager for the texts; it closes the file on exit.

        Raises:
            OSError: the file cannot be written.
        """
        documents = context.documents
        if self._context is not None and (
            documents is self._context.documents
            or (
                len(documents) == len(self._context.documents)
                and all(a is b for a, b in zip(documents, self._context.documents, strict=True))
            )
        ):
            return contextlib.nullcontext(Texts(None, None, 0))
        own = [document for document in documents if id(document) not in self._numbers]
        size = sum(map(_size, own))
        if not own:
            return contextlib.nullcontext(Texts(self._table(documents, ()), None, 0))
        files = contextlib.ExitStack()
        try:
            file = files.enter_context(nameless_file())
            written = write_texts(own, file) if size < _AT_ONCE else await _written(own, file)
        except BaseException:
            files.close()
            raise
        return _closing(files, Texts(self._table(documents, written), file, size))

    def _table(
        self, documents: Sequence[Document], written: Sequence[frames.TextExtent]
    ) -> list[frames.TextExtent]:
        others = iter(written)
        return [
            next(others)
            if (number := self._numbers.get(id(document))) is None
            else frames.TextExtent(name="", has_lines=False, size=0, ascii=False, shared=number)
            for document in documents
        ]

    def new_folders(self, worker: WorkerProcess) -> Folders:
        """A folder for the cells of a new REPL."""
        return Folders(temporary.make_folder() if self._tier == "s0" else worker.folder)

    async def release(self, folders: Folders) -> None:
        """Remove a folder when its last user has released it."""
        folders.users -= 1
        if folders.users:
            return
        if self._tier == "s0":
            await asyncio.to_thread(temporary.remove_folder, folders.place)
        elif self._zygote is not None:
            await self._zygote.clear(folders.place)

    def setup_for(self, setup: ReplSetup, texts: Texts, folders: Folders) -> frames.Setup:
        """The first frame of a REPL."""
        return frames.Setup(
            texts=texts.table,
            functions=setup.functions,
            tools=setup.tools,
            shape=setup.context.shape,
            seed=setup.seed,
            head=_HEAD,
            tail=_TAIL,
            largest_frame=self.largest_frame,
            folder=folders.place if self._tier == "s0" else None,
        )

    async def start(
        self, setup: ReplSetup, on_call: Callable[[frames.CallFrame, int], None]
    ) -> tuple[Link, Folders]:
        """Start a worker and set it up.

        Args:
            setup: of the REPL.
            on_call: see ``Link``.

        Returns:
            the connection to the worker, and the folder in which its cells may write.

        Raises:
            SandboxFailure: it cannot be started, or did not start in time.
        """
        link: Link | None = None
        folders: Folders | None = None
        try:
            with Ends() as ends, await self.texts_of(setup.context) as texts:
                file = [] if texts.file is None else [texts.file]
                async with asyncio.timeout(_START_S):
                    worker = await self.fork([ends.theirs.fileno(), ends.output, *file], texts)
                    link = self.keep(Link(worker, on_call))
                    ready = link.due(lambda frame: isinstance(frame, frames.Ready))
                    await link.connect(ends, largest=self.largest_frame)
                    folders = self.new_folders(worker)
                    link.to_worker.send(self.setup_for(setup, texts, folders))
                    await ready
            return link, folders
        except (EOFError, ConnectionError, TimeoutError) as error:
            status = None if link is None else link.worker.status
            how = "" if status is None else f", {in_words(status)}"
            await self.drop(link, folders)
            raise SandboxFailure(
                f"a REPL did not start ({type(error).__name__}{how}); run `harlm doctor` to test one alone"
            ) from error
        except SHORTAGES as error:
            await self.drop(link, folders)
            raise shortage("a REPL cannot be started", error) from error
        except BaseException:
            await self.drop(link, folders)
            raise

    async def drop(self, link: Link | None, folders: Folders | None) -> None:
        """End a worker and release its folder. A task that is cancelled here does not leave them behind."""
        if link is not None:
            link.end()
        if link is not None or folders is not None:
            await finished(self._drop(link, folders))

    async def _drop(self, link: Link | None, folders: Folders | None) -> None:
        try:
            if link is not None:
                await link.close()
                self.let_go(link)
        finally:
            if folders is not None:
                await self.release(folders)

    async def fork(self, descriptors: Sequence[int], texts: Texts) -> WorkerProcess:
        """A process forked from the run's zygote.

        Args:
            descriptors: for the process.
            texts: its memory has room for those that the run does not have.

        Raises:
            SandboxFailure: the zygote is gone, or cannot fork.
        """
        if self._zygote is None:
            raise SandboxFailure("this sandbox is closed")
        more_memory = 8 * texts.size if texts.size > _SMALL_TEXTS else 0
        return await self._zygote.open(descriptors, more_memory)

    async def rules(self, folder: str, *, may_write: bool) -> list[int]:
        """Have rules made under which a fork of a REPL has only one folder, on tiers where REPLs have folders.

        Args:
            folder: its path in the run's work folder.
            may_write: whether the fork may write to it. The folder is then made too.

        Returns:
            the descriptor of the rules, which the caller owns; nothing on other tiers.

        Raises:
            SandboxFailure: they cannot be made.
        """
        if self._tier != "s3" or self._zygote is None:
            return []
        return [await self._zygote.rules(folder, may_write=may_write)]

    async def adopt(self, worker: WorkerProcess) -> None:
        """Have a process that a REPL forked ended with the run."""
        if self._zygote is not None:
            await self._zygote.adopt(worker)

    def order_fork(self, worker: WorkerProcess) -> None:
        """Allow ``worker`` to fork once."""
        if self._zygote is not None and self._zygote.gate is not None and worker.pid is not None:
            self._zygote.gate.order(worker.pid)

    def withdraw_fork(self, worker: WorkerProcess) -> bool:
        """Take one permission back, but none that was given for something else. Returns as ``revoke_fork`` does."""
        gate = None if self._zygote is None else self._zygote.gate
        return gate is None or worker.pid is None or gate.withdraw(worker.pid)

    def revoke_fork(self, worker: WorkerProcess) -> bool:
        """Forbid ``worker`` to fork. Returns whether it had not forked yet, or there is no gate to tell."""
        gate = None if self._zygote is None else self._zygote.gate
        return gate is None or worker.pid is None or gate.revoke(worker.pid)

    def pids(self) -> set[int]:
        """The ids of the processes of all open REPLs."""
        return {each.pid for each in self._members if each.pid is not None}

    def keep(self, link: Link) -> Link:
        """Have ``close`` close a connection, unless it is let go before. Returns it."""
        self._links.add(link)
        return link

    def let_go(self, link: Link) -> None:
        """Note that a connection is closed."""
        self._links.discard(link)
        if self._zygote is not None:
            self._zygote.forget(link.worker)


async def _written(documents: Sequence[Document], file: int) -> list[frames.TextExtent]:
    """Write texts in a thread. A cancelled task also waits for the thread, which has the file open."""
    with starting_a_thread():
        writing = asyncio.get_running_loop().run_in_executor(None, write_texts, documents, file)
    return await finished(writing)


@contextmanager
def _closing(files: contextlib.ExitStack, texts: Texts) -> Iterator[Texts]:
    with files:
        yield texts


def _size(document: Document) -> int:
    """About the UTF-8 bytes of a text: exact for ASCII, else an upper bound for most scripts. For limits
    only.
    """
    return len(document.text) if document.text.isascii() else 3 * len(document.text)
