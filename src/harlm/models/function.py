"""Any Python callable as a model, for models that run in this process and for experiments."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from harlm.errors import BadCompletion, ModelError
from harlm.models.usage import estimated_usage
from harlm.types import Completion, Message, Sampling, without_surrogates

Function = Callable[..., str | Completion | Awaitable[str | Completion]]

_WINDOW = 128_000
_THREADS = 64


class FunctionModel:
    """A model that calls a function: a plain one in a thread, an async one in the event loop.

    If the first parameter of the function is called ``messages``, it gets the conversation as a list of
    ``{"role": …, "content": …}``; otherwise it gets one string, the texts of the conversation separated by
    blank lines. It returns the reply as a ``str``, or as a ``Completion`` if it knows its usage.

    Args:
        function: the callable.
        name: the name of the model; ``callable/`` and the name of the function if None.
        window: tokens that fit.
    """

    def __init__(self, function: Function, *, name: str | None = None, window: int = _WINDOW) -> None:
        own_name = getattr(function, "__name__", type(function).__name__)
        self.name = name or f"callable/{own_name}"
        self.window = window
        self._function = function
        self._wants_messages = _first_parameter(function) == "messages"
        self._threads: ThreadPoolExecutor | None = None

    async def complete(self, messages: Sequence[Message], sampling: Sampling) -> Completion:
        """The reply of one call of the function; see ``harlm.protocols.LanguageModel``.

        Raises:
            ModelError: the function raised an exception.
            BadCompletion: it returned neither a str nor a ``Completion``.
        """
        try:
            reply = await self._reply(messages)
        except ModelError:
            raise
        except Exception as error:
            told = without_surrogates(f"{self.name} raised {type(error).__name__}: {error}")
            raise ModelError(told, model=self.name) from error
        if isinstance(reply, Completion):
            return reply
        if not isinstance(reply, str):
            raise BadCompletion(f"{self.name} returned {reply!r:.80}; a model returns a str", model=self.name)
        return Completion(text=reply, model=self.name, usage=estimated_usage(messages, reply))

    def close(self) -> None:
        """End the threads. One that still runs the function ends when the function returns."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def _reply(self, messages: Sequence[Message]) -> object:
        given: object
        if self._wants_messages:
            given = [{"role": message.role, "content": message.content} for message in messages]
        else:
            given = "\n\n".join(message.content for message in messages)
        if inspect.iscoroutinefunction(self._function):
            return await self._function(given)
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="harlm-model")
        reply = await asyncio.get_running_loop().run_in_executor(
            self._threads, _called, self._function, given
        )
        return await reply if inspect.isawaitable(reply) else reply


def _called(function: Function, given: object) -> object:
    try:
        return function(given)
    except StopIteration as error:  # a future cannot hold it, and its waiting task would wait for ever
        raise RuntimeError(f"StopIteration: {error}") from error


def _first_parameter(function: Function) -> str | None:
    try:
        return next(iter(inspect.signature(function).parameters), None)
    except (TypeError, ValueError):
        return None
