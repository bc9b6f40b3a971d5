"""The sockets: the protocols through which one part of HARLM uses another.

Every socket is closed under wrapping: a wrapper of a ``LanguageModel`` is a ``LanguageModel``, a cascade of
``Router``s is a ``Router``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from harlm.events import Event
from harlm.storage import Behind
from harlm.threads import StopFlag
from harlm.types import (
    Completion,
    Context,
    Entry,
    GatedCall,
    Message,
    ModelDescription,
    NextMode,
    Observation,
    PaidCall,
    RawFile,
    ReadResult,
    Recollection,
    Route,
    Sampling,
    Situation,
    ToolShape,
    Tried,
    Unread,
)

NOT_SENT = "nothing was sent"
"""The argument of a ``CancelledError`` with which a model says that it had sent nothing yet."""


class LanguageModel(Protocol):
    """A model that continues a conversation."""

    @property
    def name(self) -> str:
        """The name in usage records and messages, such as ``openai/gpt-5``."""
        ...

    @property
    def window(self) -> int:
        """The most tokens of one call, input and output together."""
        ...

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """The model's reply to ``messages``.

        Raises:
            ModelError: there is no completion; the subclass says why, and so what the caller can do.
        """
        ...


@runtime_checkable
class Described(Protocol):
    """A ``LanguageModel`` whose server describes it."""

    @property
    def description(self) -> ModelDescription | None:
        """What the server has said; ``None`` until it was asked."""
        ...

    @property
    def seems_local(self) -> bool:
        """Whether a reply showed that the server runs models of a user's own machine, which may be small."""
        ...

    async def describe(self) -> ModelDescription:
        """Ask the server, once for each address, within a few seconds. Never raises for what the server does."""
        ...


class TokenCounter(Protocol):
    """Counts tokens exactly as one model's tokenizer does."""

    def count(self, text: str) -> int:
        """The exact number of tokens of ``text``."""
        ...


class Router(Protocol):
    """Chooses a mode for a task. It is pure: equal arguments give equal routes."""

    def route(self, situation: Situation) -> Route:
        """The mode for a task, and what belongs to it: the strategy, the reader, the depth.

        It never chooses an option with an obstacle if another one has none.
        """
        ...

    def judge(self, route: Route, tried: Tried) -> float | None:
        """How probable it is that an answer is right, now that it was reached; ``None`` if the router cannot say."""
        ...

    def follow(self, situation: Situation, route: Route, tried: Sequence[Tried]) -> NextMode | None:
        """The mode that is worth trying after some were tried; ``None`` if the answer stands.

        Args:
            situation: as for ``route``, with what is left now.
            route: what it has led to.
            tried: the answers, the first one first.
        """
        ...


class TraceSink(Protocol):
    """A destination of events: a file, a terminal, a queue."""

    def emit(self, event: Event) -> None:
        """Take one event. It must not block for long, and must not raise because of an event's content."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplSetup:
    """The initial state of a REPL.

    Attributes:
        context: the value of the variable ``context`` in the REPL.
        functions: the names of the functions in the REPL that the host serves, such as ``llm_query``.
        tools: the user's own functions, which cells find under their names.
        seed: the seed of ``random`` before the first cell.
    """

    context: Context
    functions: tuple[str, ...] = ()
    tools: tuple[ToolShape, ...] = ()
    seed: int = 0


class Embedder(Protocol):
    """Turns texts into vectors; texts of similar meaning have vectors that are near each other."""

    @property
    def tag(self) -> str:
        """The origin of a vector: provider, model, revision, dimension.

        Vectors with different tags are never compared.
        """
        ...

    @property
    def dimension(self) -> int | None:
        """The length of each vector; ``None`` until the first vector was made."""
        ...

    async def embed(self, texts: Sequence[str]) -> Sequence[bytes]:
        """A vector for each text, as little-endian float32.

        Raises:
            ModelError: the request failed, or a vector has another dimension than earlier ones.
        """
        ...


class MemoryStore(Behind, Protocol):
    """Stores entries. A store in front of another store is a ``MemoryStore`` as well."""

    def put(self, entry: Entry) -> None:
        """Store an entry, unless its key is stored already.

        ``get`` and ``search`` find it from now on; the next ``flush`` makes it durable.
        """
        ...

    def get(self, key: str) -> Entry | None:
        """The whole entry under ``key``; ``None`` if there is none."""
        ...

    def search(self, query: str, k: int, *, run: str, stop: StopFlag | None = None) -> Sequence[Recollection]:
        """The ``k`` passages that match ``query`` best, best first, among the entries of one run.

        Called in a thread.

        Raises:
            Stopped: ``stop`` ended the search.
        """
        ...

    def flush(self) -> None:
        """Return once every entry that was put is as durable as this store can make it.

        Raises:
            MemoryFailure: the entries cannot be made durable; they can be read as long as this store is open.
        """
        ...

    def close(self) -> None:
        """Release all resources. Safe to call twice."""
        ...


class CallStore(Behind, Protocol):
    """Stores paid calls."""

    def put(self, call: PaidCall) -> None:
        """Store a call, unless its key is stored already.

        ``get`` finds it from now on; the next ``flush`` makes it durable.
        """
        ...

    def get(self, key: str) -> PaidCall | None:
        """The call under a key; ``None`` if there is none."""
        ...

    def flush(self) -> None:
        """Return once every call that was put is as durable as this store can make it.

        Raises:
            MemoryFailure: the calls cannot be made durable; they can be read as long as this store is open.
        """
        ...

    def close(self) -> None:
        """Release all resources. Safe to call twice."""
        ...


class DocumentReader(Protocol):
    """Reads files in foreign formats. Each implementation documents what it protects from."""

    def prepare(self, file: RawFile) -> None:
        """Begin to make ready for files such as this one, without waiting. Need not be called."""
        ...

    def read(self, files: Sequence[RawFile], check: Callable[[], None]) -> Sequence[ReadResult | Unread]:
        """What each file holds, or why it cannot be read, in the order of the files.

        Args:
            files: the files.
            check: is called every few milliseconds; an exception that it raises ends the reading.

        Raises:
            SandboxFailure: no process can be started to read them.
        """
        ...

    def close(self) -> None:
        """End every process that was started. Safe to call twice."""
        ...


class Tool(Protocol):
    """A function of the user's that cells may call (``harlm.tools``)."""

    @property
    def shape(self) -> ToolShape:
        """What cells and prompts know of it."""
        ...

    def allows(self, call: GatedCall) -> bool:
        """Whether a call may be made with these arguments. Never raises."""
        ...

    async def call(self, arguments: Mapping[str, object]) -> object:
        """What it returns, as JSON-like data of a limited size.

        Args:
            arguments: by name, as a cell gave them.

        Raises:
            CodeError: the arguments are wrong, or it failed; raised in the cell with this message.
        """
        ...


class ReplHost(Protocol):
    """The host's side of a REPL, which serves the calls of cells. A model chose all arguments: trust none."""

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        """Serve one call of a cell. Many calls can run concurrently.

        Args:
            function: one of the names in ``ReplSetup.functions``.
            arguments: JSON-like values that are not validated any further.

        Returns:
            a JSON-like value: what the call returns in the cell.

        Raises:
            CodeError: the call failed; the cell raises an error with this message.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """A call that a cell is going to make.

    Attributes:
        number: 1, 2, 3, … among the foreseen calls of a cell.
        function, arguments: the call, as the cell will make it.
        needs: the numbers of the earlier calls that its arguments depend on, or whether it is made at all.
        is_certain: whether the cell makes it, whatever the other calls return.
    """

    number: int
    function: str
    arguments: Mapping[str, object]
    needs: Sequence[int] = ()
    is_certain: bool = True


class Foresight(Protocol):
    """Makes foreseen calls before the cell reaches them (``harlm.scheduler.broker``)."""

    @property
    def is_eager(self) -> bool:
        """Whether there is no limit on early calls that are not certain."""
        ...

    async def foresee(self, call: Foreseen) -> object:
        """Make a foreseen call; its value is the one that the cell will get.

        Raises:
            CodeError: the call failed; the cell will get this error.
        """
        ...

    def retract(self, numbers: Sequence[int]) -> None:
        """Take foreseen calls back, which the cell will not make after all: those that it has not made and that have no reply
        yet are cancelled.

        Args:
            numbers: as in ``Foreseen``; unknown ones are ignored.
        """
        ...


class EarlyScout(Protocol):
    """Foresees the calls of a cell while the model still writes it."""

    def tell(self, code: str, *, is_all: bool) -> None:
        """Pass on the cell as written so far.

        Args:
            code: every complete statement, from the first one on.
            is_all: whether the cell is complete.
        """
        ...

    def hint(self, tail: str) -> None:
        """Pass on what is written after the whole statements, as far as it goes.

        Args:
            tail: the text; empty if what was passed on before does not stand any more.
        """
        ...

    def close(self) -> None:
        """End the scout: its cell has ended, or the model wrote another one."""
        ...


class Repl(Protocol):
    """One persistent interpreter for model-written code."""

    async def run(self, cell: str, *, ahead: Foresight | None = None) -> Observation:
        """Run one cell to its end, to an exception or to a limit. Its variables stay for the next cell.

        Args:
            ahead: makes the calls that this REPL can foresee; the result of the cell is the same with and
                without it.

        Raises:
            SandboxFailure: the sandbox itself failed, and the REPL cannot be used any more.
        """
        ...

    async def scout(self, foresight: Foresight) -> EarlyScout | None:
        """Start to foresee the calls of the next cell while the model writes it; ``None`` if it cannot.

        The cell then runs without ``ahead``.

        Raises:
            SandboxFailure: the sandbox itself failed.
        """
        ...

    async def fork(self, host: ReplHost, *, read_only: bool = False) -> Repl:
        """A second REPL with the state of this one; call it between two cells.

        The two do not affect each other.

        Args:
            host: serves the calls of the new REPL.
            read_only: forbid the new REPL to change any file, even its own copies.

        Raises:
            SandboxFailure: a REPL with the same state cannot be created.
        """
        ...

    async def twin(self, host: ReplHost) -> Repl | None:
        """A second REPL with exactly the state of this one, ``random`` included, made within milliseconds; call it
        between two cells. It is the way back from a cell that is run before it is certain that it counts.

        Args:
            host: serves the calls of the twin.

        Returns:
            the twin; ``None`` if none can be made at once.

        Raises:
            SandboxFailure: the sandbox itself failed.
        """
        ...

    async def close(self) -> None:
        """End the interpreter and all processes that it started. Safe to call twice."""
        ...


class Sandbox(Protocol):
    """Opens REPLs. Each implementation documents what it protects from, and what it does not."""

    @property
    def tier(self) -> str:
        """The isolation tier, as traces and answers name it.

        One of ``s3``, ``s2``, ``s1``, ``s0``, ``seatbelt`` and ``monty``.
        """
        ...

    async def open(self, setup: ReplSetup, host: ReplHost) -> Repl:
        """A new REPL with its context loaded.

        Raises:
            SandboxFailure: it cannot be opened on this machine; the message says why and what to do.
        """
        ...

    async def close(self) -> None:
        """End every REPL that is still open, and release what they share."""
        ...
