"""The combinators (``harlm.guest.combinators``) for cells in Monty. They are plain Python, which runs on the host there: in a
thread, whose calls the event loop answers. Their arguments are values that Monty sent, so nothing of a cell is run here; a
function cannot be sent, and is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from harlm.errors import CodeError
from harlm.guest.combinators import Combinators
from harlm.guest.worker.context import Document, Documents, Library
from harlm.patterns import lazy_pattern
from harlm.threads import StopFlag, Stopped, Threads
from harlm.types import Context

Call = Callable[[str, Mapping[str, object]], Awaitable[object]]
CallMany = Callable[[str, Sequence[Mapping[str, object]]], Awaitable[list[object]]]

_T = TypeVar("_T")
_FUNCTION = lazy_pattern(
    r"<(?:built-in )?(?:function|method|bound method|class) .{1,200} ?(?:at 0x[0-9a-f]+)?>$"
)


class MontyCombinators:
    """Runs the combinators of one REPL.

    Args:
        call: calls a host function.
        call_many: the same many times at once.
        context: the context of the REPL.
        threads: where they run.
    """

    def __init__(self, call: Call, call_many: CallMany, context: Context, threads: Threads) -> None:
        self._call = call
        self._call_many = call_many
        self._context = context
        self._threads = threads
        self._library: Library | None = None

    async def answer(self, name: str, args: Sequence[object], kwargs: Mapping[str, object]) -> object:
        """The value of a combinator. If the waiting task is cancelled, its calls are too, and it makes no further ones.

        Raises:
            TypeError, ValueError: an argument cannot be used; one that is a function of the cell, too.
            CodeError: it failed otherwise.
        """
        for each in (*args, *kwargs.values()):
            if isinstance(each, str) and _FUNCTION.match(each):
                raise TypeError(
                    f"{name} was given {each[:60]}, and no function leaves Monty: call {name} without it, if it is optional, or write "
                    "the loop in the cell"
                )
        loop = asyncio.get_running_loop()
        return await self._threads.do(lambda stop: self._run(_Bridge(loop, stop), name, args, kwargs))

    def _run(
        self, bridge: _Bridge, name: str, args: Sequence[object], kwargs: Mapping[str, object]
    ) -> object:
        def call(function: str, arguments: dict[str, Any]) -> Any:
            return bridge.result(lambda: self._call(function, arguments))

        def call_many(function: str, every: list[dict[str, Any]]) -> list[Any]:
            return bridge.result(lambda: self._call_many(function, every))

        try:
            return _sent(Combinators(call, call_many, self._texts(call)).named()[name](*args, **kwargs))
        except (CodeError, TypeError, ValueError, Stopped):
            raise
        except Exception as error:
            if error is bridge.fault:
                raise
            raise CodeError(f"{type(error).__name__}: {error}") from error

    def _texts(self, call: Callable[[str, dict[str, Any]], Any]) -> Document | Documents:
        """The context as combinators search it, made when it is first asked for."""
        if self._library is None:
            library = Library()
            for document in self._context.documents:
                library.add(document.name, document.marks is None, document.text)
            self._library = library
        self._library.connect(call)
        return self._library.context(self._context.shape)


def _sent(value: Any) -> object:
    """A result as Monty can hold it: lists and texts without their attributes, records as dicts of theirs."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, dict):
        return {key: _sent(item) for key, item in value.items()}
    if (
        fields := getattr(value, "_fields", None) or getattr(value, "__dataclass_fields__", None)
    ) is not None:
        computed = [name for name, each in vars(type(value)).items() if isinstance(each, property)]
        return {name: _sent(getattr(value, name)) for name in (*fields, *computed) if name[:1] != "_"}
    if isinstance(value, set | frozenset):
        return sorted((_sent(item) for item in value), key=repr)
    return [_sent(item) for item in value] if isinstance(value, list | tuple) else value


class _Bridge:
    """The way from the thread of a combinator to the event loop.

    Args:
        loop: does the work.
        stop: set when the combinator is to stop.

    Attributes:
        fault: what the event loop raised that no cell has caused.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, stop: StopFlag) -> None:
        self._loop = loop
        self._stop = stop
        self.fault: Exception | None = None

    def result(self, begin: Callable[[], Awaitable[_T]]) -> _T:
        """The result of ``begin()``, awaited in the event loop.

        Raises:
            Stopped: the combinator is to stop; the work is cancelled.
            Exception: as the work raised it.
        """
        doing = asyncio.run_coroutine_threadsafe(self._begun(begin), self._loop)
        try:
            self._stop.wait_for(doing)
            return doing.result()
        except (CodeError, Stopped):
            raise
        except Exception as error:
            self.fault = error
            raise
        finally:
            doing.cancel()

    async def _begun(self, begin: Callable[[], Awaitable[_T]]) -> _T:
        self._stop.check()  # in the event loop, where it is set: nothing begins after a cancellation
        return await begin()
