"""Calls of tools: made as soon as their arguments are there. Knows what a call waits for; refuses to know how it is made."""

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
    """A call of a tool: made as soon as its arguments are there."""
    if name.endswith("_batched"):
        return _ask_many(name.removesuffix("_batched"), values, named, task)
    missing, _ = settle_parts((*values, *named.values()))
    sources = joined((task.sources, *(each.sources for each in _inside(values, named))))
    if not missing:
        return _asked(tool, values, named, sources, task)
    reply = Pending(joined((sources, *(each.sources for each in missing))), is_text=True)

    def go_on() -> None:
        for each in missing:
            if each.error is not None:
                reply.fail(each.error, task.world.ready)
                return
        more, _ = settle_parts((*values, *named.values()))
        if more:
            wait_for(more, go_on)
            return
        sources = joined((task.sources, reply.sources, *(each.sources for each in missing)))
        try:
            asked = _asked(tool, values, named, sources, task)
        except Exception as error:  # noqa: BLE001 - arguments that no tool takes
            task.world.failed(error, task)
            reply.fail(error, task.world.ready)
            return
        reply.resolve(asked, task.world.ready)
        reply.sources = asked.sources

    wait_for(missing, go_on)
    return reply


def _asked(
    tool: Callable[..., Any], values: list[Any], named: dict[str, Any], needs: Sources, task: ScoutTask
) -> Pending:
    there = {name: with_values(value) for name, value in named.items()}
    return task.world.ask(Asking(tool, list(map(with_values, values)), there, needs, task))


def _inside(values: list[Any], named: dict[str, Any]) -> list[Pending]:
    return [each for each in (*values, *named.values()) if type(each) is Pending]


def _ask_many(name: str, values: list[Any], named: dict[str, Any], task: ScoutTask) -> Any:
    """A batch: each of its calls is made for itself, as soon as its own arguments are there."""
    given = {**dict(zip(BY_NAME[f"{name}_batched"].parameters, values, strict=False)), **named}
    prompts = apply(task, list, given.get("prompts"))
    if type(prompts) is Pending:
        return apply(task, lambda there: _ask_many(name, [], {**given, "prompts": there}, task), prompts)
    tool, model, contexts = task.world.tool(name), given.get("model"), given.get("contexts")
    if "contexts" not in BY_NAME[f"{name}_batched"].parameters:
        return [ask(name, tool, [prompt, model], {}, task) for prompt in prompts]
    texts = [None] * len(prompts) if contexts is None else apply(task, list, contexts)
    if type(texts) is Pending or len(texts) != len(prompts):
        raise Lost("contexts that do not fit their prompts")
    return [
        ask(name, tool, [prompt, text, model], {}, task) for prompt, text in zip(prompts, texts, strict=True)
    ]
