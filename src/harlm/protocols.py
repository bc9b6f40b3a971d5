"""The sockets: what one part may expect of another. Knows values only; refuses to name an implementation.

Every socket is closed under wrapping: a wrapper of a ``LanguageModel`` is a ``LanguageModel``, a cascade of
``Router``s is a ``Router``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from harlm.events import Event
from harlm.types import (
    Completion,
    Context,
    Entry,
    Message,
    ModelFacts,
    Observation,
    PaidCall,
    Profile,
    Recollection,
    Route,
    Sampling,
    Task,
)


class LanguageModel(Protocol):
    """Something that continues a conversation."""

    @property
    def name(self) -> str:
        """What usage is booked to and messages call it, such as ``openai/gpt-5``."""
        ...

    @property
    def window(self) -> int:
        """The most tokens that one call can hold, input and output together."""
        ...

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """The model's reply to ``messages``.

        Raises:
            ModelError: no completion came back. Which kind says what to do about it.
        """
        ...


class TokenCounter(Protocol):
    """Counts the tokens of a text as one model's tokenizer does."""

    def count(self, text: str) -> int:
        """The tokens of ``text``, exactly."""
        ...


class Router(Protocol):
    """Chooses a mode for a task. Pure: the same values give the same route."""

    def route(self, task: Task, profile: Profile, *, root: ModelFacts, sub: ModelFacts) -> Route:
        """The mode for ``task``, given what is known of its context and of the models."""
        ...


class TraceSink(Protocol):
    """Somewhere for events to go: a file, a terminal, a queue."""

    def emit(self, event: Event) -> None:
        """Take one event. Must not block for long, and must not raise for what an event says."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplSetup:
    """What a REPL is opened with.

    Attributes:
        context: becomes ``context``.
        functions: the names in the REPL that are answered by the host, such as ``llm_query``.
        seed: seeds ``random`` before the first cell.
    """

    context: Context
    functions: tuple[str, ...] = ()
    seed: int = 0


class Embedder(Protocol):
    """Turns texts into vectors of which those of like meaning are near each other."""

    @property
    def tag(self) -> str:
        """What made a vector: provider, model, revision, dimension. Vectors of different tags are never compared."""
        ...

    @property
    def dimension(self) -> int | None:
        """How many numbers a vector has; None until the first was made."""
        ...

    async def embed(self, texts: Sequence[str]) -> Sequence[bytes]:
        """A vector for each text, as little-endian float32.

        Raises:
            ModelError: it failed, or a vector is of another dimension than those before.
        """
        ...


class MemoryStore(Protocol):
    """Keeps entries. One in front of another is a ``MemoryStore`` as well."""

    def put(self, entry: Entry) -> None:
        """Keep an entry; the first one under a key stays. It is found from here on, and acknowledged by the next ``flush``."""
        ...

    def get(self, key: str) -> Entry | None:
        """The entry, whole; None where there is none."""
        ...

    def search(self, query: str, k: int, *, run: str) -> Sequence[Recollection]:
        """The passages that fit a query best, best first, among the entries that were put in a run."""
        ...

    def flush(self) -> None:
        """Return when all that was put is as safe as this store makes it.

        Raises:
            MemoryFailure: it cannot be; it is still found as long as this store is open.
        """
        ...

    def close(self) -> None:
        """Give everything back. Safe to call twice."""
        ...


class CallStore(Protocol):
    """Keeps calls that were paid for."""

    def put(self, call: PaidCall) -> None:
        """Keep a call; the first one under a key stays. It can be read from here on, and is acknowledged by the next ``flush``."""
        ...

    def get(self, key: str) -> PaidCall | None:
        """The call under a key; ``None`` if there is none."""
        ...

    def flush(self) -> None:
        """Return when all that was put is as safe as this store makes it.

        Raises:
            MemoryFailure: it cannot be; it can still be read as long as this store is open.
        """
        ...

    def close(self) -> None:
        """Give everything back. Safe to call twice."""
        ...


class ReplHost(Protocol):
    """The side of a REPL that answers what cells call. Everything that it is given was chosen by a model."""

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        """Serve one call of a cell. Many may be under way at once.

        Args:
            function: one of the names that the REPL was set up with.
            arguments: JSON-like values, not checked further than that.

        Returns:
            a JSON-like value, handed to the cell.

        Raises:
            CodeError: raised inside the cell with this message.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """A call that a cell is going to make.

    Attributes:
        number: 1, 2, 3, … among those that are foreseen.
        function, arguments: as the cell will ask.
        needs: the earlier ones that it was made from, or that decided about it.
        is_certain: whether it is made whatever the others reply.
    """

    number: int
    function: str
    arguments: Mapping[str, object]
    needs: Sequence[int] = ()
    is_certain: bool = True


class Foresight(Protocol):
    """Is asked early for what a cell will ask (``harlm.scheduler.broker``)."""

    @property
    def is_eager(self) -> bool:
        """Whether what a result may make unnecessary is asked for without limit."""
        ...

    async def foresee(self, call: Foreseen) -> object:
        """The value that a call of the cell will have.

        Raises:
            CodeError: what the cell will be told instead.
        """
        ...


class EarlyScout(Protocol):
    """Goes ahead of a cell that is still being written."""

    def tell(self, code: str, *, is_all: bool) -> None:
        """What there is of the cell: whole statements, each time all of them from the first one on."""
        ...

    def close(self) -> None:
        """It is not needed any more: its cell has ended, or was written otherwise."""
        ...


class Repl(Protocol):
    """One persistent interpreter for model-written code."""

    async def run(self, cell: str, *, ahead: Foresight | None = None) -> Observation:
        """Run one cell to its end, to an exception or to a limit. Variables stay for the next.

        Args:
            ahead: is asked early for what the cell will ask, by a REPL that can find that out; what the cell itself does is the
                same with and without.

        Raises:
            SandboxFailure: the sandbox itself broke; the REPL is gone.
        """
        ...

    async def scout(self, foresight: Foresight) -> EarlyScout | None:
        """Begin to foresee the next cell while it is being written; None where that cannot be done. The cell is then run
        without ``ahead``.

        Raises:
            SandboxFailure: the sandbox itself broke.
        """
        ...

    async def fork(self, host: ReplHost, *, read_only: bool = False) -> Repl:
        """A second REPL in the state of this one, between two cells. From here each goes its own way.

        Args:
            host: answers what the new one calls.
            read_only: the new one may change no file, not even copies of its own.

        Raises:
            SandboxFailure: it cannot be made in the same state.
        """
        ...

    async def close(self) -> None:
        """End the interpreter and everything that it started. Safe to call twice."""
        ...


class Sandbox(Protocol):
    """Makes REPLs. What a tier protects from, and what it does not, is said by its implementation."""

    @property
    def tier(self) -> str:
        """The isolation tier, as named in traces and answers: ``s3``, ``s2``, ``s1``, ``s0``, ``seatbelt`` or ``monty``."""
        ...

    async def open(self, setup: ReplSetup, host: ReplHost) -> Repl:
        """A new REPL with its context loaded.

        Raises:
            SandboxFailure: it cannot be built here; the message says why and what to do.
        """
        ...

    async def close(self) -> None:
        """End every REPL that is still open, and what they share."""
        ...
