"""How a node goes on whose model leads nowhere: it repeats itself, or writes no code.

What cells printed usually holds the answer already, so the model is asked once for the answer from that. If nothing was
printed, the question goes to the model directly: over the whole context if the model reads one of that size reliably,
else over the passages that a search finds. All within the node's budget.

The status says what this is worth: an answer over the whole context is as good as one of *direct* mode; any other is
``partial``, unless it cites and every quote is verified.
"""

from __future__ import annotations

from dataclasses import replace

from harlm import events
from harlm.engine import prompts
from harlm.engine.direct import ask_directly
from harlm.engine.finishing import Finishing
from harlm.engine.node import Node
from harlm.engine.outcome import Outcome, outcome_of
from harlm.engine.repl_api import ReplApi
from harlm.errors import CodeError, ContextOverflow, LimitExceeded, ModelError
from harlm.guest.arguments import QUERY
from harlm.types import Context, Document, Profile, Task

_PASSAGES = 6  # that are shown if the context is too long
_LEAST_PASSAGES = 1


class Helper:
    """Ends one node.

    Args:
        task, node: the node that leads nowhere, and its task.
        profile: of the task's context.
        api: searches the context.
        finishing: knows what was learned, and makes the last call.
    """

    def __init__(
        self, task: Task, node: Node, profile: Profile, *, api: ReplApi, finishing: Finishing
    ) -> None:
        self._task = task
        self._node = node
        self._profile = profile
        self._api = api
        self._finishing = finishing

    async def outcome(self) -> Outcome:
        """The best outcome that can be reached without code of the model."""
        if self._finishing.learned.has_results:
            return await self._from_results()
        try:
            with self._node.account.finishing():
                return await self._directly()
        except (LimitExceeded, ModelError):
            return self._unfinished()

    async def _from_results(self) -> Outcome:
        self._note("it is asked to answer from what was found so far")
        text = await self._finishing.last_reply(prompts.NO_PROGRESS)
        return self._unfinished() if text is None else _unproven(outcome_of(text, forced=True))

    async def _directly(self) -> Outcome:
        node = self._node
        if self._profile.tokens <= node.run.facts_of(node.models.root).effective_window:
            self._note("the question is put to it with the whole context")
            try:
                return await ask_directly(self._task, node)
            except ContextOverflow:
                pass  # longer than the estimate
        passages = await self._passages()
        found = "the best passage" if len(passages) == 1 else f"the {len(passages)} best passages"
        self._note(f"the question is put to it with {found} of a search")
        while passages:
            try:
                context = Context(documents=passages, shape="documents")
                return _unproven(await ask_directly(replace(self._task, context=context), node))
            except (LimitExceeded, ContextOverflow):
                passages = passages[: len(passages) // 2]
        return self._unfinished()

    async def _passages(self) -> tuple[Document, ...]:
        """The best passages as documents, named by the places to cite."""
        asked = {"query": self._task.question[: QUERY.most], "k": _PASSAGES}
        try:
            found = await self._api.read("search", asked)
        except CodeError:
            return ()
        assert isinstance(found, dict)
        documents = self._task.context.documents
        return tuple(
            Document(name=hit["place"], text=documents[hit["document"]].text[hit["start"] : hit["end"]])
            for hit in found["hits"]
        )

    def _unfinished(self) -> Outcome:
        return Outcome(
            text=self._finishing.unfinished(prompts.NO_PROGRESS),
            status="partial",
            ended_by=self._node.account.refused,
        )

    def _note(self, what: str) -> None:
        name = self._node.models.root.name
        self._node.emit(events.Noted(message=f"{name} repeats itself or writes no code, so {what}"))


def _unproven(outcome: Outcome) -> Outcome:
    """An outcome that rests on a part of the context: partial, unless its quotes prove it."""
    if outcome.status == "not_found":
        return replace(outcome, status="partial")
    return replace(outcome, status="partial", is_proven_by_quotes=True)
