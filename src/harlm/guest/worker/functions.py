"""The functions that model-written code finds in its REPL: calls to models, ``budget``, ``memory``, and the
calls that finish a task. Checks arguments here; the host makes the calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ..arguments import BATCH, MODEL, PROMPT, PROMPTS, Given, as_text_or_none, child_context, some, within
from ..combinators import Combinators
from ..schemas import with_schema
from ..vocabulary import COMBINATORS, MEMORY_FUNCTIONS
from . import finishing, memory
from .channel import Frame
from .context import Document, Hit


class Finished(KeyboardInterrupt):
    """A cell finished the task. Not an ``Exception``, so that ``except Exception`` does not catch it; and a
    ``KeyboardInterrupt``, so that it ends an event loop from whatever task it is raised in.

    Attributes:
        value: the answer.
    """

    def __init__(self, value: Any) -> None:
        super().__init__("the task is finished")
        self.value = value


class HostFunctions:
    """Makes the functions of one REPL that call the host. ``harlm.sandbox.monty.functions.HostFunctions`` is
    the same for cells that run in Monty, on the host's side.

    Args:
        call: calls a host function, and waits for the reply.
        call_many: the same for many calls at once.
        context: what the combinators search.
    """

    def __init__(self, call: Any, call_many: Any, context: Any = None) -> None:
        self._call = call
        self._call_many = call_many
        self._context = context

    def named(self, wanted: list[str]) -> dict[str, Any]:
        """The functions with these names of the vocabulary.

        Args:
            wanted: names from ``vocabulary.GIVEN``; any of the ``memory_…`` names adds ``memory``.
        """
        every = {
            "llm_query": self._llm_query(),
            "llm_query_batched": self._llm_query_batched(),
            "rlm_query": self._rlm_query(),
            "rlm_query_batched": self._rlm_query_batched(),
            "budget": self._budget(),
        }
        named = {name: every[name] for name in wanted if name in every}
        if any(name in COMBINATORS for name in wanted):
            made = Combinators(self._call, self._call_many, self._context).named()
            named |= {name: made[name] for name in wanted if name in made}
        if any(name in MEMORY_FUNCTIONS for name in wanted):
            named["memory"] = memory.CellMemory(self._call)
        return named

    def _llm_query(self) -> Any:
        def llm_query(prompt: str, model: str | None = None, schema: Any = None) -> Any:
            """One call to the sub-model, which sees the prompt and nothing else. Returns its reply, or with a
            ``schema`` a value that follows it.
            """
            arguments = {"prompt": _prompt(prompt, "llm_query"), "model": _model(model)}
            return self._call("llm_query", with_schema(arguments, schema))

        return llm_query

    def _llm_query_batched(self) -> Any:
        def llm_query_batched(prompts: list[str], model: str | None = None, schema: Any = None) -> list[Any]:
            """Many calls to the sub-model at once; the results are in the order of the prompts."""
            shared = with_schema({"model": _model(model)}, schema)
            asked = [{"prompt": prompt, **shared} for prompt in _many(prompts, "llm_query_batched")]
            results: list[Any] = self._call_many("llm_query", asked)
            return results

        return llm_query_batched

    def _rlm_query(self) -> Any:
        def rlm_query(prompt: str, context: Any = None, model: str | None = None, schema: Any = None) -> Any:
            """A child with its own REPL over ``context``, or over the prompt if there is no context. With a ``schema``
            its answer follows it, or is ``None`` if it found nothing.
            """
            arguments = {
                "prompt": _prompt(prompt, "rlm_query"),
                "context": _context(context),
                "model": _model(model),
            }
            return self._call("rlm_query", with_schema(arguments, schema))

        return rlm_query

    def _rlm_query_batched(self) -> Any:
        def rlm_query_batched(
            prompts: list[str],
            contexts: list[Any] | None = None,
            model: str | None = None,
            schema: Any = None,
        ) -> list[Any]:
            """Many children at once; the results are in the order of the prompts."""
            asked = _many(prompts, "rlm_query_batched")
            given = (
                [None] * len(asked)
                if contexts is None
                else some(contexts, "the contexts of rlm_query_batched", PROMPTS)
            )
            if len(given) != len(asked):
                raise ValueError(
                    f"rlm_query_batched got {len(asked)} prompts and {len(given)} contexts; give one each"
                )
            shared = with_schema({"model": _model(model)}, schema)
            results: list[Any] = self._call_many(
                "rlm_query",
                [
                    {"prompt": prompt, "context": _context(context), **shared}
                    for prompt, context in zip(asked, given, strict=True)
                ],
            )
            return results

        return rlm_query_batched

    def _budget(self) -> Any:
        def budget() -> dict[str, Any]:
            """The turns and depth that remain, and what was used so far. ``None`` means that there is no
            limit.
            """
            left: dict[str, Any] = self._call("budget", {})
            return left

        return budget


def finishing_functions(namespace: dict[str, Any], sources: Iterable[str] = ()) -> dict[str, Any]:
    """``FINAL``, ``FINAL_VAR`` and ``SUBMIT`` over a REPL's variables. Each ends the cell by raising
    ``Finished``.

    Args:
        namespace: the variables.
        sources: the text of all cells.
    """

    def FINAL(*answer: Any, **named: Any) -> None:  # noqa: N802 - the field's name
        """Finish with this answer."""
        raise Finished(finishing.only("FINAL", answer, named))

    def FINAL_VAR(*name: Any, **named: Any) -> None:  # noqa: N802 - the field's name
        """Finish with the value of the variable with this name, or of an expression in quotes."""
        given = finishing.only("FINAL_VAR", name, named)
        raise Finished(_meant(given, namespace, sources) if isinstance(given, str) else given)

    def SUBMIT(*values: Any, **fields: Any) -> None:  # noqa: N802 - the field's name
        """Finish with a value, or with named fields."""
        if len(values) + len(fields) == 1:
            raise Finished(values[0] if values else next(iter(fields.values())))
        if values:
            raise TypeError("SUBMIT takes one value, or named fields")
        raise Finished(dict(fields))

    return {"FINAL": FINAL, "FINAL_VAR": FINAL_VAR, "SUBMIT": SUBMIT}


def _meant(text: str, namespace: dict[str, Any], sources: Iterable[str]) -> Any:
    """What ``FINAL_VAR`` finishes with: the value of a variable, of an expression in quotes, or the text itself if
    it was given as a value.

    Raises:
        NameError: it is the name of a variable that does not exist.
    """
    wanted = finishing.name_in(text)
    if wanted in namespace:
        return namespace[wanted]
    in_quotes = finishing.is_quoted(text, sources)
    if wanted.isidentifier() and (in_quotes or not sources):
        if any(type(value) is str and value == text for value in list(namespace.values())):
            return text
        raise NameError(f"FINAL_VAR({text!r}): there is no variable {wanted!r}; SHOW_VARS() lists them")
    if in_quotes and (code := finishing.expression(wanted, namespace)) is not None:
        return eval(compile(code, "<FINAL_VAR>", "eval"), namespace)  # noqa: S307 - a cell has written it
    return text


def _prompt(prompt: Any, function: str) -> str:
    if not isinstance(prompt, str):
        raise TypeError(
            f"{function} needs a str prompt, not {type(prompt).__name__}; join or format the parts first"
        )
    text = str.__str__(prompt)
    if not text or text.isspace():
        raise ValueError(f"{function} was given an empty prompt")
    within(len(text), f"the prompt of {function}", PROMPT)
    return text


def _many(prompts: Any, function: str) -> list[str]:
    """The prompts of a batch, checked."""
    if isinstance(prompts, str):
        raise TypeError(
            f"{function} needs a list of prompts, not one str; use {function.removesuffix('_batched')}"
        )
    checked = [_prompt(prompt, function) for prompt in some(prompts, f"the batch of {function}", PROMPTS)]
    within(sum(map(len, checked)), f"the batch of {function}", BATCH)
    return checked


def _model(model: Any) -> str | None:
    if model is not None and not isinstance(model, str):
        raise TypeError(f"model must be a name or None, not {type(model).__name__}")
    return as_text_or_none(model, "model", MODEL)


def _context(context: Any) -> Frame | None:
    """A child's context as a frame: texts of the host's context are sent by number, others whole."""
    if context is None:
        return None
    if isinstance(context, str):
        return child_context("text", [_text(context, None)])
    return child_context("documents", _texts(context))


def _texts(context: Any) -> Iterator[Given]:
    if isinstance(context, dict):
        return (_text(value, str(key)) for key, value in context.items())
    if isinstance(context, list | tuple | set | frozenset):
        return (_text(each, None) for each in context)
    raise TypeError(f"a child's context must be a str, a list or a dict of str, not {type(context).__name__}")


def _text(value: Any, name: str | None) -> Given:
    if isinstance(value, Document):
        return value.number
    if isinstance(value, Hit):
        return value.text, value.place
    return str.__str__(value) if isinstance(value, str) else repr(value), name
