"""The functions that cells in Monty can call: models, search, memory, and the ways to finish. They check and
arrange the arguments for the host.

A Python worker has the same functions on its own side (``harlm.guest.worker.functions``). A string in Monty
does not know which text it was cut from, so a child gets a text of the context by its number only if the
whole text is equal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any

from harlm.context.tables import ask_tables
from harlm.errors import CodeError
from harlm.guest import arguments as limits
from harlm.guest.schemas import with_schema
from harlm.guest.vocabulary import COMBINATORS, FINISHING, PURE_TOOL, TOOL
from harlm.guest.worker.finishing import only
from harlm.guest.worker.tools import bound
from harlm.protocols import ReplHost
from harlm.sandbox.monty.combinators import MontyCombinators
from harlm.threads import StopFlag, Threads
from harlm.types import Context, ToolShape, without_surrogates

ALWAYS = (*FINISHING, "SHOW_VARS", "search", "place", "ask_tables")
"""The functions that every REPL has."""

_AT_ONCE = 1024  # calls of one batch that are answered concurrently
_PLAIN_DEPTH = 12  # levels of containers that are kept; deeper ones become text


class MontyFinish(Exception):
    """The cell has finished the task: with ``value``, or if that is ``None``, with what ``FINAL_VAR`` means by
    ``text``.
    """

    def __init__(self, value: object = None, *, text: str | None = None) -> None:
        super().__init__("the task is finished")
        self.value = value
        self.text = text


class HostFault(Exception):
    """The host failed in a way that is not the model's fault.

    Attributes:
        fault: the exception that it raised.
    """

    def __init__(self, fault: Exception) -> None:
        super().__init__("a fault of the host")
        self.fault = fault


class HostFunctions:
    """The functions of one REPL. Each public method except ``answer`` is one of them; so are the combinators.

    Args:
        host: answers the calls of models, memory and search.
        context: the context of the REPL.
        show_vars: describes the variables as of the start of the cell.
        tools: the user's own functions.
    """

    def __init__(
        self,
        host: ReplHost,
        context: Context,
        show_vars: Callable[[], str],
        tools: Sequence[ToolShape] = (),
    ) -> None:
        self._host = host
        self._context = context
        self._show_vars = show_vars
        self._tools = {each.name: each for each in tools}
        self._threads = Threads()
        self._combinators = MontyCombinators(self._call, self._call_many, context, self._threads)

    async def answer(self, function: str, args: Sequence[object], kwargs: Mapping[str, object]) -> object:
        """The value that a call returns to the cell.

        Args:
            function: the name of the function.
            args, kwargs: its arguments.

        Raises:
            MontyFinish: the cell finished the task.
            CodeError, TypeError, ValueError: to be raised in the cell.
            HostFault: the host failed; this ends the run.
        """
        if function in COMBINATORS:
            return _clean(await self._combinators.answer(function, args, kwargs))
        if (tool := self._tools.get(function)) is not None:
            arguments = bound(tool.name, tool.parameters, args, kwargs)
            called = PURE_TOOL if tool.is_pure else TOOL
            return _clean(await self._call(called, {"name": tool.name, "arguments": arguments}))
        method: Callable[..., Awaitable[object]] = getattr(self, function)
        try:
            return _clean(await method(*args, **kwargs))
        except TypeError as error:  # Python's own message for a wrong argument names this class
            raise TypeError(str(error).replace(f"{type(self).__name__}.", "")) from None

    async def FINAL(self, *answer: object, **named: object) -> None:  # noqa: N802 - the field's name
        """Finish with this answer."""
        raise MontyFinish(only("FINAL", answer, named))

    async def FINAL_VAR(self, *name: object, **named: object) -> None:  # noqa: N802 - the field's name
        """Finish with the value of the variable of this name, or of an expression in quotes."""
        given = only("FINAL_VAR", name, named)
        if isinstance(given, str):
            raise MontyFinish(text=given)
        raise MontyFinish(given)

    async def SUBMIT(self, *values: object, **fields: object) -> None:  # noqa: N802 - the field's name
        """Finish with a value, or with named fields."""
        if len(values) + len(fields) == 1:
            raise MontyFinish(values[0] if values else next(iter(fields.values())))
        if values:
            raise TypeError("SUBMIT takes one value, or named fields")
        raise MontyFinish(dict(fields))

    async def SHOW_VARS(self) -> str:  # noqa: N802 - the field's name
        """The variables, with the values that they had when this cell began."""
        return self._show_vars()

    async def llm_query(self, prompt: object, model: object = None, schema: object = None) -> object:
        """One call of the sub-model: it sees the prompt and nothing else."""
        asked = {"prompt": _prompt(prompt, "llm_query"), "model": _model(model)}
        return await self._call("llm_query", with_schema(asked, schema))

    async def llm_query_batched(self, prompts: object, model: object = None, schema: object = None) -> object:
        """Many calls of the sub-model at once; the results are in the order of the prompts."""
        shared = with_schema({"model": _model(model)}, schema)
        asked = [{"prompt": prompt, **shared} for prompt in _prompts(prompts, "llm_query_batched")]
        return await self._call_many("llm_query", asked)

    async def rlm_query(
        self, prompt: object, context: object = None, model: object = None, schema: object = None
    ) -> object:
        """The answer of a child with a REPL over ``context``; if there is none, over the prompt."""
        asked = await self._child(_prompt(prompt, "rlm_query"), context, model)
        return await self._call("rlm_query", with_schema(asked, schema))

    async def rlm_query_batched(
        self, prompts: object, contexts: object = None, model: object = None, schema: object = None
    ) -> object:
        """The answers of many children at once, in the order of the prompts."""
        name = "rlm_query_batched"
        asked = _prompts(prompts, name)
        given = [None] * len(asked) if contexts is None else _many(contexts, name)
        if len(given) != len(asked):
            raise ValueError(f"{name} got {len(asked)} prompts and {len(given)} contexts; give one each")
        return await self._call_many(
            "rlm_query",
            [
                with_schema(await self._child(prompt, own, model), schema)
                for prompt, own in zip(asked, given, strict=True)
            ],
        )

    async def budget(self) -> object:
        """The turns and the depth that remain, and what was used so far. ``None`` means that there is no
        limit.
        """
        return await self._call("budget", {})

    async def memory_search(self, query: object, k: object = 5, max_tokens: object = None) -> object:
        """The earlier results that fit a query best, each as a dict."""
        asked = {
            "query": limits.as_text(query, "the query of memory_search", limits.QUERY),
            "k": limits.as_number(k, "k of memory_search", limits.RESULTS),
            "max_tokens": limits.as_number_or_none(max_tokens, "max_tokens", limits.TOKENS, least=1),
        }
        return await self._call("memory_search", asked)

    async def memory_expand(
        self, handle: object, question: object = None, max_tokens: object = None
    ) -> object:
        """An earlier result: all of it, or the parts that say most about ``question`` in at most
        ``max_tokens`` tokens.
        """
        name = limits.as_text(handle, "the handle of memory_expand", limits.HANDLE).strip("[] ")
        asked = {
            "handle": name,
            "question": limits.as_text_or_none(question, "the question of memory_expand", limits.QUERY),
            "max_tokens": limits.as_number_or_none(max_tokens, "max_tokens", limits.TOKENS, least=1),
        }
        found: Any = await self._call("memory_expand", asked)
        cut = f"\n[cut; memory_expand({name!r}) returns all {found['tokens']:,} tokens]"
        return found["text"] + (cut if found["cut"] else "")

    async def memory_note(self, text: object) -> object:
        """Keep a text in view. Returns its handle."""
        return await self._call("memory_note", {"text": limits.as_text(text, "the note", limits.NOTE)})

    async def search(self, question: object, k: object = 10) -> list[dict[str, object]]:
        """The passages of all texts that fit a question best, each as a dict."""
        asked = {
            "query": limits.as_text(question, "the question of search", limits.QUERY),
            "k": limits.as_number(k, "k of search", limits.HITS),
            "document": None,
        }
        reply: Any = await self._call("search", asked)
        documents = self._context.documents
        return [
            {
                "place": hit["place"],
                "source": documents[hit["document"]].name,
                "line": hit["line"],
                "quote": documents[hit["document"]].text[hit["best"][0] : hit["best"][1]],
                "text": documents[hit["document"]].text[hit["start"] : hit["end"]],
                **{key: hit[key] for key in ("document", "start", "end", "score")},
            }
            for hit in reply["hits"]
        ]

    async def place(self, document: object, offset: object) -> str:
        """How to cite a character of ``context[document]``: ``docs/tls.md:41``."""
        documents = self._context.documents
        if not isinstance(document, int) or not 0 <= document < len(documents) or not isinstance(offset, int):
            raise ValueError(
                f"place takes the number of a document, 0 to {len(documents) - 1}, and an offset"
            )
        at = limits.as_number(offset, "the offset of place", limits.NUMBER)
        reply: Any = await self._call("places", {"document": document, "offsets": [at]})
        return f"{documents[document].name}:{reply[0][0]}"

    async def ask_tables(self, question: object) -> object:
        """What the tables of all texts say to a question for a computation, or why they do not. Done in a thread:
        reading tables takes up to seconds.
        """
        asked = limits.as_text(question, "the question of ask_tables", limits.QUERY)
        documents = self._context.documents
        return await self._threads.do(lambda stop: ask_tables(asked, documents, check=stop.check))

    async def _call(self, function: str, arguments: Mapping[str, object]) -> object:
        try:
            return await self._host.call(function, arguments)
        except CodeError:
            raise
        except Exception as error:
            raise HostFault(error) from error

    async def _call_many(self, function: str, all_arguments: Sequence[Mapping[str, object]]) -> list[object]:
        """Many calls concurrently. All are awaited even if one fails: each may have cost something."""
        room = asyncio.Semaphore(_AT_ONCE)

        async def one(arguments: Mapping[str, object]) -> object:
            async with room:
                try:
                    return await self._call(function, arguments)
                except CodeError as error:
                    return error

        calls = [asyncio.ensure_future(one(arguments)) for arguments in all_arguments]
        try:
            results = await asyncio.gather(*calls)
        finally:
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
        failures = [result for result in results if isinstance(result, CodeError)]
        if failures:
            raise CodeError(f"{len(failures)} of {len(results)} calls failed; the first: {failures[0]}")
        return results

    async def _child(self, prompt: str, context: object, model: object) -> dict[str, object]:
        name = _model(model)
        child = None if context is None else await self._threads.do(lambda stop: self._packed(context, stop))
        return {"prompt": prompt, "context": child, "model": name}

    def _packed(self, context: object, stop: StopFlag) -> dict[str, object]:
        """A child's context as it is sent. Done in a thread: there may be a million texts."""
        if isinstance(context, str):
            return limits.child_context("text", [self._text(context, None)])
        return limits.child_context("documents", self._texts(context, stop))

    def _texts(self, context: object, stop: StopFlag) -> Iterator[limits.Given]:
        if isinstance(context, dict):
            named: Iterator[tuple[object, str | None]] = ((value, str(key)) for key, value in context.items())
        elif isinstance(context, list | tuple | set | frozenset):
            named = ((each, None) for each in context)
        else:
            raise TypeError(
                f"a child's context must be a str, a list or a dict of str, not {type(context).__name__}"
            )
        for value, name in named:
            stop.check()
            yield self._text(value, name)

    def _text(self, value: object, name: str | None) -> limits.Given:
        if isinstance(value, str):
            number = self._numbers.get(value)
            return (str.__str__(value), name) if number is None else number
        if isinstance(value, dict) and isinstance(value.get("text"), str) and "place" in value:  # a hit
            return value["text"], str(value["place"])
        return repr(value), name

    @cached_property
    def _numbers(self) -> dict[str, int]:
        documents = self._context.documents
        return {document.text: number for number, document in reversed(list(enumerate(documents)))}


def plain(value: object, depth: int = 0) -> object:
    """A value that JSON can represent. Records become maps of their fields, an exception becomes its message, and
    anything but text, numbers and containers its text.
    """
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, int):
        return value if -(1 << 63) <= value < 1 << 63 else _digits(value)
    if depth < _PLAIN_DEPTH:
        if (named := _fields(value)) is not None:
            return {str(plain(key)): plain(item, depth + 1) for key, item in named.items()}
        if isinstance(value, set | frozenset):
            return [plain(item, depth + 1) for item in sorted(value, key=repr)]
        if isinstance(value, list | tuple):
            return [plain(item, depth + 1) for item in value]
    return _text(value)


def _fields(value: object) -> dict[Any, object] | None:
    """The items of a map, or the fields of a record, by name."""
    if isinstance(value, dict):
        return value
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return dict(zip(value._fields, value, strict=True))
    attributes = getattr(value, "attributes", None)  # Monty's stand-in for an instance of a cell's class
    return attributes if isinstance(attributes, dict) else None


def _text(value: object) -> str:
    """The text of what is not plain."""
    if isinstance(value, BaseException):
        return str(value) or type(value).__name__
    if isinstance(value, bytes):
        with suppress(UnicodeDecodeError):
            return value.decode()
    if isinstance(value, list | tuple | dict | set | frozenset | bytes):
        return as_text(value)
    return without_surrogates(str(value))


def _digits(value: int) -> str:
    try:
        return str(value)
    except ValueError:
        return hex(value)  # beyond what Python converts to decimal


def as_text(value: object) -> str:
    """A string itself, else the ``repr`` of a value; or why there is none: huge integers, lists nested too
    deep.
    """
    try:
        return value if isinstance(value, str) else repr(value)
    except (ValueError, RecursionError) as error:
        return f"({type(value).__name__} that cannot be printed: {error})"


def _clean(value: object) -> object:
    """A value of the host without lone surrogates, which Monty cannot hold."""
    if isinstance(value, str):
        return without_surrogates(value)
    if isinstance(value, Mapping):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value


def _prompt(prompt: object, function: str) -> str:
    if not isinstance(prompt, str):
        raise TypeError(
            f"{function} needs a str prompt, not {type(prompt).__name__}; join or format the parts first"
        )
    if not prompt.strip():
        raise ValueError(f"{function} was given an empty prompt")
    return limits.as_text(prompt, f"the prompt of {function}", limits.PROMPT)


def _prompts(prompts: object, function: str) -> list[str]:
    """The prompts of a batch, checked."""
    checked = [_prompt(prompt, function) for prompt in _many(prompts, function)]
    limits.within(sum(map(len, checked)), f"the batch of {function}", limits.BATCH)
    return checked


def _many(prompts: object, function: str) -> list[object]:
    if not isinstance(prompts, list | tuple | set | frozenset | dict):
        raise TypeError(
            f"{function} needs a list, not one {type(prompts).__name__}; for one there is {function.removesuffix('_batched')}"
        )
    return limits.some(prompts, f"the batch of {function}", limits.PROMPTS)


def _model(model: object) -> str | None:
    if model is not None and not isinstance(model, str):
        raise TypeError(f"model must be a name or None, not {type(model).__name__}")
    return limits.as_text_or_none(model, "model", limits.MODEL)
