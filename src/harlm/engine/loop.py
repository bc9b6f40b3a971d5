"""*repl* and *full* mode: the model writes cells, sees their output, and finishes. Handles turns; ``timed_cells``
runs the cells, ``call`` makes the calls, ``helping`` and ``failing`` end nodes that do not finish by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from harlm import events
from harlm.budget.pressure import FINISH
from harlm.engine import prompts
from harlm.engine.acceptance import Acceptance
from harlm.engine.call import Call, make
from harlm.engine.conversation import Conversation
from harlm.engine.early_blocks import EarlyBlocks
from harlm.engine.failing import ended_by_failure
from harlm.engine.finishing import Finishing
from harlm.engine.first_reply import first_reply
from harlm.engine.helping import Helper
from harlm.engine.node import Node
from harlm.engine.outcome import Outcome, outcome_of
from harlm.engine.queries import Solve
from harlm.engine.reading import plan_in_words
from harlm.engine.remaining import left_in_words
from harlm.engine.repetition import Repetition
from harlm.engine.root_reply import RootReply, root_reply_in
from harlm.engine.small import is_small, turns_out_small
from harlm.engine.summaries import Summaries
from harlm.engine.toolbox import described
from harlm.engine.transcript import Transcript
from harlm.engine.typed_answers import Fitting, repl_rules
from harlm.engine.workspace import Workspace
from harlm.errors import ContextOverflow, Interrupted, LimitExceeded, ModelError, SandboxFailure
from harlm.types import Completion, Final, Message, Mode, Observation, Profile, Proposal, Task


async def answer_in_turns(
    task: Task,
    node: Node,
    mode: Mode,
    profile: Profile,
    *,
    solve: Solve,
    suggestion: Proposal | None = None,
    earlier: str = "",
) -> Outcome:
    """Answer a task turn by turn, in a REPL.

    Args:
        task: the question and its context.
        node: the node that answers it, and pays.
        mode: ``repl`` or ``full``.
        profile: of the task's context.
        solve: the one recursion, for children.
        suggestion: a strategy that the root model may run, change or leave; ``None`` for none.
        earlier: what the root model is told of an attempt before this one; empty if there was none.

    Raises:
        ModelError: the root model failed, and nothing had been found before.
        SandboxFailure: the REPL cannot be opened, or broke, likewise.
    """
    conversation = node.run.conversation if node.parent is None else None
    workspace = await _opened(task, node, mode, solve, conversation)
    told = "" if conversation is None else conversation.told
    try:
        earlier = "\n".join(filter(None, (told, earlier)))
        return await _Loop(task, workspace, profile, suggestion, earlier).run()
    finally:
        node.account.close()
        if conversation is None:
            await workspace.close()
        else:
            conversation.kept = workspace


async def _opened(
    task: Task, node: Node, mode: Mode, solve: Solve, conversation: Conversation | None
) -> Workspace:
    """A workspace: in a conversation, one that begins with the state that the question before has left."""
    if conversation is None or not isinstance(before := conversation.kept, Workspace):
        return Workspace.open(task, node, mode, solve=solve)
    try:
        return await before.fork(node, task)
    except SandboxFailure as failure:
        node.emit(events.Noted(message=f"the variables of earlier questions are lost: {failure}"))
        return Workspace.open(task, node, mode, solve=solve)
    finally:
        await conversation.close()


# Of the window: turns shown whole take at most a third, the view of earlier turns at most an eighth.
_HISTORY, _VIEW = 3, 8


@dataclass(slots=True)
class _Turn:
    """The results of one turn.

    Attributes:
        observations: of its cells, in order.
        notes: sentences for the model about this turn.
        final: the value that the node finishes with; ``None`` if it does not finish in this turn.
    """

    observations: list[Observation] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    final: Final | None = None


class _Loop:
    """The turns of one node.

    Responsibilities: keep the transcript, run the cells of each reply, decide when the node has finished.
    """

    def __init__(
        self,
        task: Task,
        workspace: Workspace,
        profile: Profile,
        suggestion: Proposal | None = None,
        earlier: str = "",
    ) -> None:
        node = workspace.node
        self._task, self._node, self._profile = task, node, profile
        self._workspace, self._suggestion, self._earlier = workspace, suggestion, earlier
        self._acceptance = Acceptance(Fitting(task.schema), node.run.tools)
        self._blocks = EarlyBlocks(workspace, self._is_accepted)
        self._finishing = Finishing(task, node, workspace.learned)
        self._helper = Helper(task, node, profile, api=workspace.api, finishing=self._finishing)
        self._max_turns = node.settings.max_turns
        self._summaries = Summaries(node, task.question)
        self._told_tier = ""  # the tier that the model was told of
        self._transcript = self._begun(for_small=is_small(node.models.root))
        self._repetition = Repetition()
        self._number = 0

    async def run(self) -> Outcome:
        """Take turns until the model finishes, the last turn ends, the budget is spent, the model leads nowhere, or
        a model or the sandbox fails.
        """
        try:
            outcome = await self._turns()
        except (ModelError, SandboxFailure) as error:
            has_found = self._number > 1 or self._workspace.learned.has_results or error.partial is not None
            if not has_found:
                raise
            outcome = await ended_by_failure(error, self._node, self._finishing)
        finally:
            await self._blocks.forget()
            await self._summaries.close()
        workspace = self._workspace
        return replace(
            outcome,
            saved_s=workspace.queries.bursts.saved,
            exceptions=workspace.learned.exceptions,
            reported=tuple(workspace.api.signals),
        )

    async def _turns(self) -> Outcome:
        for number in range(1, self._max_turns + 1):
            self._number = number
            self._workspace.api.begin_turn(self._max_turns - number)
            try:
                said = root_reply_in(await (self._first_asked() if number == 1 else self._asked()))
            except LimitExceeded as limit:
                return await self._cut_short(limit)
            turn = await self._take_turn(said)
            if turn.final is not None:
                return outcome_of(turn.final.value)
            self._finishing.learned.said(said.reply.prose)
            if (limit_reached := self._node.account.refused) is not None:
                return await self._cut_short(limit_reached)
            if number == self._max_turns:
                return outcome_of(_forced(said, turn), forced=True)
            if self._repetition.leads_nowhere:
                return await self._helper.outcome()
            if self._node.account.pressure >= FINISH:
                self._max_turns = number + 1
            self._transcript.add(
                said.words,
                prompts.observation_message(
                    turn.observations,
                    turn.notes,
                    shown=self._node.settings.shown_chars,
                    turn=number + 1,
                    max_turns=self._max_turns,
                    left=left_in_words(self._node.account),
                ),
            )
        raise AssertionError("the last turn returns")

    async def _first_asked(self) -> Completion:
        """The first reply. If the model turns out to be small, it is asked once more, under short rules."""
        model = self._node.models.root
        window = model.window
        completion = await self._asked()
        needs_short_rules = await turns_out_small(self._node, model)
        if model.window != window or needs_short_rules:
            self._transcript = self._begun(for_small=is_small(model))
        if not needs_short_rules:
            return completion
        await self._blocks.forget()
        try:
            return await self._asked()
        except (LimitExceeded, ModelError):
            return completion

    async def _asked(self) -> Completion:
        """The root model's reply to the transcript. If the transcript does not fit the window, it is
        shortened and sent again.
        """
        while True:
            try:
                await self._workspace.cells.forget()
                ahead = self._blocks.listen(self._number)
                call = Call(
                    model=self._node.models.root,
                    messages=self._transcript.messages,
                    role="root",
                    on_text=None if ahead is None else ahead.on_text,
                    is_enough=None if ahead is None else ahead.is_enough,
                    reads_calls=True,
                )
                if self._number == 1:
                    return await first_reply(self._node, call, self._workspace.mode)
                return (await make(self._node, call))[0]
            except BaseException as error:
                await self._blocks.forget()
                if not (isinstance(error, ContextOverflow) and self._transcript.shorten()):
                    raise

    async def _cut_short(self, limit: LimitExceeded) -> Outcome:
        """Finish a node whose budget is spent, or that is to stop.

        Raises:
            Interrupted: it is to stop, and has found nothing.
        """
        if isinstance(limit, Interrupted) and not self._workspace.learned.has_results:
            raise limit
        return Outcome(text=await self._finishing.text(limit), status="partial", ended_by=limit)

    async def _take_turn(self, said: RootReply) -> _Turn:
        turn, reply = _Turn(), said.reply
        if not reply.cells:
            await self._turn_without_code(said, turn)
            return turn
        await self._blocks.begin(reply.cells)
        for number, cell in enumerate(reply.cells, start=1):
            observation = await self._blocks.run(cell, self._number)
            tier = self._node.run.sandbox.tier
            if tier != self._told_tier and tier in prompts.REPL_NOTES:
                turn.notes.append(prompts.REPL_NOTES[tier])  # the tier is chosen when the first REPL opens
            self._told_tier = tier
            turn.observations.append(observation)
            if observation.final is not None:
                self._finish(observation.final, reply.cells[:number], turn)
                break
            if observation.error is not None:
                left = len(reply.cells) - len(turn.observations)
                if left:
                    turn.notes.append(
                        f"After the exception, {left} more block(s) of this reply were not run."
                    )
                break
        if reply.finish and turn.final is None:
            turn.notes.append(prompts.PROSE_FINISH_IGNORED)
        if not reply.is_whole:
            turn.notes.append(prompts.TOO_MANY_BLOCKS)
        self._note_repetition(reply.cells, turn)
        if said.cut:
            turn.notes.append(said.cut)
        self._acceptance.has_seen_output = True
        return turn

    async def _turn_without_code(self, said: RootReply, turn: _Turn) -> None:
        await self._blocks.forget()
        reply, again = said.reply, self._repetition.prose > 0
        if reply.finish is not None:
            observation = await self._blocks.run(reply.finish, self._number)
            if observation.final is not None:
                self._finish(observation.final, (reply.finish,), turn)
            else:
                turn.observations.append(observation)
                self._note_repetition((reply.finish,), turn)
            return
        seen = self._workspace.learned.has_results
        if again and seen and said.prose and not said.cut:
            turn.final = Final(value=said.prose)
            return
        self._repetition.wrote_prose()
        if said.cut:
            turn.notes.append(said.cut)
        else:
            turn.notes += prompts.not_code_notes(reply.markup, reply.not_run, seen_output=seen, again=again)

    def _note_repetition(self, cells: tuple[str, ...], turn: _Turn) -> None:
        if turn.final is None and self._repetition.ran(cells, turn.observations):
            turn.notes.append(prompts.REPEATED)

    def _finish(self, final: Final, cells: Sequence[str], turn: _Turn) -> None:
        """Finish with a value, or note why not."""
        if reason := self._reason_against(final, cells):
            self._acceptance.refuse(reason)
            turn.notes.append(reason)
        else:
            turn.final = final

    def _is_accepted(self, final: Final, cells: Sequence[str]) -> bool:
        return not self._reason_against(final, cells)

    def _reason_against(self, final: Final, cells: Sequence[str]) -> str:
        is_last_turn = self._number == self._max_turns
        return self._acceptance.reason_against(final, cells, is_last_turn=is_last_turn)

    def _begun(self, *, for_small: bool) -> Transcript:
        """A transcript of the opening messages, within the bounds of the settings and of the model's window."""
        node, mode, task = self._node, self._workspace.mode, self._task
        self._told_tier = node.run.sandbox.tier
        plan = plan_in_words(self._profile, node.run.facts_of(node.models.sub)) if mode == "full" else ""
        opening = prompts.opening_messages(
            task,
            mode,
            self._profile,
            max_turns=self._max_turns,
            tier=self._told_tier,
            plan="\n".join(filter(None, (plan, self._earlier))),
            left=left_in_words(node.account),
            suggestion=None if for_small else self._suggestion,
            is_small=for_small,
            rules=_rules(task, node),
        )
        bounds, window = node.run.memory_settings, node.models.root.window
        counting = node.run.billing.counting_of(node.models.root.name)

        def measure(text: str) -> int:
            return counting.bound(replace(counting.measure([Message(role="user", content=text)]), overhead=0))

        return Transcript(
            opening,
            node.run.memory,
            node=node.name,
            depth=node.depth,
            question=task.question,
            measure=measure,
            history_tokens=min(bounds.history_tokens, window // _HISTORY),
            view_tokens=min(bounds.view_tokens, window // _VIEW),
            on_fold=lambda turns, before, now: node.emit(
                events.Folded(turns=turns, tokens=before, view_tokens=now)
            ),
            on_turn=self._summaries.order,
        )


def _forced(said: RootReply, turn: _Turn) -> str:
    """The answer if the last turn did not finish: the last output of its cells, else the model's prose."""
    printed = [each.output.strip() for each in turn.observations if each.output.strip()]
    return printed[-1] if printed else said.prose or "The turns ran out before the model finished."


def _rules(task: Task, node: Node) -> str:
    """What a root model is told besides the rules that all have: the user's tools, and the type of the answer."""
    typed = "" if task.schema is None else repl_rules(task.schema)
    return "\n\n".join(filter(None, (described(list(node.run.tools.values())), typed)))
