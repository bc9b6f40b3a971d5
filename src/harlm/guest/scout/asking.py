"""Calls of tools, the functions that call models: each is asked for as soon as its arguments have arrived."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..vocabulary import BY_NAME
from .operations import apply, wait_for
from .pending import Pending, Sources, joined, settle_parts, with_values
from .tasks import ScoutTask
from .world import Asking, Lost


def ask(
    name: str, tool: Callable[..., Any], values: list[Any], named: dict[str, Any], task: ScoutTask
) -> Any:
    """Ask for a call of a tool, as soon as its arguments have arrived.

    Args:
        name: of the tool.
        tool: the function.
        values: its positional arguments.
        named: its keyword arguments.
        task: the block that calls.

    Returns:
        The pending reply; for a batch, a list of pending replies or a pending list.

    Raises:
        Lost: the contexts of a batch are not known, or do not fit its prompts.
    """
    if name.endswith("_batched"):
        return _ask_many(name.removesuffix("_batched"), values, named, task)
    missing, _ = settle_parts((*values, *named.values()))
    sources = joined((task.sources, *(part.sources for part in _pending_arguments(values, named))))
    if not missing:
        return _asked(tool, values, named, sources, task)
    reply = Pending(
        joined((sources, *(part.sources for part in missing))), is_text=not _is_typed(name, values, named)
    )

    def ask_now() -> None:
        for part in missing:
            if part.error is not None:
                reply.fail(part.error, task.world.ready)
                return
        more, _ = settle_parts((*values, *named.values()))
        if more:
            wait_for(more, ask_now)
            return
        sources = joined((task.sources, reply.sources, *(part.sources for part in missing)))
        try:
            asked = _asked(tool, values, named, sources, task)
        except Exception as error:  # noqa: BLE001 - the tool does not accept the arguments
            task.world.failed(error, task)
            reply.fail(error, task.world.ready)
            return
        reply.resolve(asked, task.world.ready)
        reply.sources = asked.sources

    wait_for(missing, ask_now)
    return reply


def _is_typed(name: str, values: list[Any], named: dict[str, Any]) -> bool:
    """Whether a call is given a schema or goes to a tool, so that it need not return text."""
    if name not in BY_NAME:
        return True
    given = dict(zip(BY_NAME[name].parameters, values, strict=False)) | named
    return given.get("schema") is not None


def _asked(
    tool: Callable[..., Any], values: list[Any], named: dict[str, Any], needs: Sources, task: ScoutTask
) -> Pending:
    keywords = {name: with_values(value) for name, value in named.items()}
    return task.world.ask(Asking(tool, list(map(with_values, values)), keywords, needs, task))


def _pending_arguments(values: list[Any], named: dict[str, Any]) -> list[Pending]:
    return [value for value in (*values, *named.values()) if type(value) is Pending]


def _ask_many(name: str, values: list[Any], named: dict[str, Any], task: ScoutTask) -> Any:
    """Ask for the calls of a batch, each as soon as its own arguments have arrived."""
    given = {**dict(zip(BY_NAME[f"{name}_batched"].parameters, values, strict=False)), **named}
    prompts = apply(task, list, given.get("prompts"))
    if type(prompts) is Pending:
        return apply(task, lambda known: _ask_many(name, [], {**given, "prompts": known}, task), prompts)
    tool, contexts = task.world.tool(name), given.get("contexts")
    shared: dict[str, Any] = {each: given[each] for each in ("model", "schema") if each in given}
    if "contexts" not in BY_NAME[f"{name}_batched"].parameters:
        return [ask(name, tool, [prompt], shared, task) for prompt in prompts]
    texts = [None] * len(prompts) if contexts is None else apply(task, list, contexts)
    if type(texts) is Pending or len(texts) != len(prompts):
        raise Lost("a batch whose contexts do not fit its prompts")
    return [
        ask(name, tool, [prompt, text], shared, task) for prompt, text in zip(prompts, texts, strict=True)
    ]
