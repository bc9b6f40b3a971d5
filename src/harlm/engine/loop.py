"""*repl* and *full* mode: the model writes cells, sees their output, and finishes. Handles turns; ``cells``
runs the cells, ``call`` makes the calls.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from harlm import events
from harlm.budget.pressure import FINISH
from harlm.cleanup import finished
from harlm.engine import prompts
from harlm.engine.call import Call, make
from harlm.engine.finishing import Finishing
from harlm.engine.node import Node
from harlm.engine.outcome import Outcome, outcome_of
from harlm.engine.parsing import ParsedReply, parse_reply
from harlm.engine.queries import Solve
from harlm.engine.reading import plan_in_words
from harlm.engine.remaining import left_in_words
from harlm.engine.summaries import Summaries
from harlm.engine.transcript import Transcript
from harlm.engine.workspace import Workspace
from harlm.errors import ContextOverflow, LimitExceeded
from harlm.types import Completion, Final, Message, Mode, Observation, Profile, Task


async def answer_in_turns(task: Task, node: Node, mode: Mode, profile: Profile, *, solve: Solve) -> Outcome:
    """Answer a task turn by turn, in a REPL.

    Args:
        task: the question and its context.
        node: the node that answers it, and pays.
        mode: ``repl`` or ``full``.
        profile: of the task's context.
        solve: the one recursion, for children.

    Raises:
        ModelError: the root model failed.
        SandboxFailure: the REPL cannot be opened, or broke.
    """
    workspace = Workspace.open(task, node, mode, solve=solve)
    try:
        return await _Loop(task, workspace, profile).run()
    finally:
        node.account.close()
        await workspace.close()


# Of the window: turns shown whole take at most a third, the view of earlier turns at most an eighth.
_HISTORY, _VIEW = 3, 8
_GRACE_S = 0.1  # at most; after the time to work, for a cell to end by itself once its calls are refused


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

    def __init__(self, task: Task, workspace: Workspace, profile: Profile) -> None:
        node, mode = workspace.node, workspace.mode
        self._node = node
        self._workspace = workspace
        self._cells = workspace.cells
        self._finishing = Finishing(task, node, workspace.learned)
        self._max_turns = node.settings.max_turns
        opening_messages = prompts.opening_messages(
            task,
            mode,
            profile,
            max_turns=self._max_turns,
            tier=node.run.sandbox.tier,
            plan=plan_in_words(profile, node.run.facts_of(node.models.sub)) if mode == "full" else "",
            left=left_in_words(node.account),
        )
        self._summaries = Summaries(node, task.question)
        self._transcript = _transcript(opening_messages, task, node, self._summaries)
        self._seen_output = False
        self._refused = False
        self._has_repl = False
        self._last_was_prose = False

    async def run(self) -> Outcome:
        """Take turns until the model finishes, the last turn ends or the budget is spent."""
        try:
            return await self._turns()
        finally:
            await self._summaries.close()

    async def _turns(self) -> Outcome:
        for number in range(1, self._max_turns + 1):
            self._workspace.api.begin_turn(self._max_turns - number)
            try:
                completion = await self._asked()
            except LimitExceeded as limit:
                return await self._cut_short(limit)
            reply = parse_reply(completion.text)
            turn = await self._take_turn(reply, number)
            if turn.final is not None:
                return outcome_of(turn.final.value, saved_s=self._saved_s)
            self._finishing.learned.said(reply.prose)
            self._finishing.learned.printed(turn.observations)
            if (limit_reached := self._node.account.refused) is not None:
                return await self._cut_short(limit_reached)
            if number == self._max_turns:
                return outcome_of(_forced(reply, turn), forced=True, saved_s=self._saved_s)
            if self._node.account.pressure >= FINISH:
                self._max_turns = number + 1
            self._transcript.add(
                completion.text,
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

    async def _asked(self) -> Completion:
        """The root model's reply to the transcript. If the transcript does not fit the window, it is
        shortened and sent again.
        """
        while True:
            try:
                call = Call(
                    model=self._node.models.root,
                    messages=self._transcript.messages,
                    role="root",
                    on_text=self._cells.listen(self._workspace.opening),
                )
                completion, _ = await make(self._node, call)
                return completion
            except BaseException as error:
                await self._cells.forget()
                if not (isinstance(error, ContextOverflow) and self._transcript.shorten()):
                    raise

    @property
    def _saved_s(self) -> float:
        return self._workspace.queries.bursts.saved

    async def _cut_short(self, limit: LimitExceeded) -> Outcome:
        """Finish a node whose budget is spent."""
        text = await self._finishing.text(limit)
        return Outcome(text=text, status="partial", saved_s=self._saved_s, limit=limit)

    async def _take_turn(self, reply: ParsedReply, number: int) -> _Turn:
        turn = _Turn()
        is_last = number == self._max_turns
        if not reply.cells:
            return await self._turn_without_code(reply, turn, number)
        self._last_was_prose = False
        known_tier = self._node.run.sandbox.tier
        for cell in reply.cells:
            observation = await self._run_cell(cell, number)
            if (tier := self._node.run.sandbox.tier) != known_tier and tier in prompts.REPL_NOTES:
                turn.notes.append(prompts.REPL_NOTES[tier])  # the tier is chosen when the first REPL opens
                known_tier = tier
            turn.observations.append(observation)
            if observation.final is not None:
                self._accept(observation.final, turn, is_last=is_last)
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
        self._seen_output = True
        return turn

    async def _turn_without_code(self, reply: ParsedReply, turn: _Turn, number: int) -> _Turn:
        await self._cells.forget()
        if reply.finish is not None:
            observation = await self._run_cell(reply.finish, number)
            if observation.final is not None:
                self._accept(observation.final, turn, is_last=number == self._max_turns)
            else:
                turn.observations.append(observation)
        elif self._last_was_prose and reply.prose:
            turn.final = Final(value=reply.prose)
        else:
            self._last_was_prose = True
            turn.notes.append(prompts.NO_CODE)
        return turn

    def _accept(self, final: Final, turn: _Turn, *, is_last: bool) -> None:
        """Accept a finish. An empty value, or one from before any output was seen, is refused once."""
        if isinstance(final.value, str) and not final.value.strip():
            reason = prompts.EMPTY
        elif not self._seen_output:
            reason = prompts.TOO_EARLY
        else:
            reason = ""
        if not reason or self._refused or is_last:
            turn.final = final
        else:
            self._refused = True
            turn.notes.append(reason)

    async def _run_cell(self, cell: str, turn: int) -> Observation:
        to_work = self._node.seconds_to_work
        seconds = (
            to_work if math.isinf(to_work) else to_work + _grace(self._node.account.seconds_left - to_work)
        )
        running = asyncio.create_task(self._executed(cell, turn))
        observation = await _within(seconds, running)
        if observation is None:
            self._node.account.too_late()
            return Observation(error="The time limit was reached before the cell ended.")
        return observation

    async def _executed(self, cell: str, turn: int) -> Observation:
        repl = await self._workspace.opening
        if not self._has_repl:
            self._has_repl = True
            self._node.emit(events.ReplOpened(tier=self._node.run.sandbox.tier))
        self._node.emit(events.CellStarted(turn=turn, code=cell))
        observation = await self._cells.run(repl, cell, turn)
        self._node.emit(
            events.CellFinished(
                turn=turn,
                output=observation.output,
                output_chars=observation.output_chars,
                error=observation.error,
                finished=observation.final is not None,
                wall_s=round(observation.wall_s, 6),
                waiting_s=round(observation.waiting_s, 6),
            )
        )
        return observation


def _transcript(opening: Sequence[Message], task: Task, node: Node, summaries: Summaries) -> Transcript:
    """The node's transcript, within the bounds of the settings and of the model's window."""
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
        on_turn=summaries.order,
    )


def _grace(kept_s: float) -> float:
    """Seconds that a cell may use to end by itself, out of the ``kept_s`` that are kept for the last call."""
    return min(_GRACE_S, kept_s / 3)


def _forced(reply: ParsedReply, turn: _Turn) -> str:
    """The answer if the last turn did not finish: the last output of its cells, else the model's prose."""
    printed = [each.output.strip() for each in turn.observations if each.output.strip()]
    if printed:
        return printed[-1]
    return reply.prose if reply.prose and not reply.cells else "The turns ran out before the model finished."


async def _within(seconds: float, work: asyncio.Task[Observation]) -> Observation | None:
    """The result of ``work``; ``None`` if it takes longer than ``seconds``, after which it is cancelled."""
    try:
        done, _ = await asyncio.wait({work}, timeout=None if seconds == float("inf") else max(0.0, seconds))
    finally:  # the waiting task may be cancelled as well
        if not work.done():
            work.cancel()
            await finished(asyncio.wait([work]))
    return work.result() if done else None
