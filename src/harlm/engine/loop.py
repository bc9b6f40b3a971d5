"""*repl* and *full* mode: the model writes cells, sees what they print, and finishes. Knows turns; refuses to know how
a cell is run or a call is made.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from harlm import events
from harlm.budget.pressure import FINISH
from harlm.context import Searcher
from harlm.engine import prompts
from harlm.engine.abstracts import Abstracts
from harlm.engine.ahead import Cells
from harlm.engine.finishing import Finishing, within
from harlm.engine.left import left_in_words
from harlm.engine.outcome import Outcome, outcome_of
from harlm.engine.parsing import Reply, parse_reply
from harlm.engine.reading import plan_in_words
from harlm.engine.repl_api import ReplApi, Solve
from harlm.engine.run import Run
from harlm.engine.transcript import Transcript
from harlm.errors import ContextOverflow, LimitExceeded
from harlm.protocols import Repl, ReplSetup
from harlm.types import Completion, Final, Message, Mode, Observation, Profile, Task


async def answer_in_turns(task: Task, run: Run, mode: Mode, profile: Profile, *, solve: Solve) -> Outcome:
    """Run the loop to its end.

    Raises:
        ModelError: the root model failed.
        SandboxFailure: the REPL cannot be opened, or broke.
    """
    # What a child reads was cut for it alone: its index would only drive others out of the file.
    with Searcher(task.context, None if run.depth else run.shared.index_file) as searcher:
        finishing = Finishing(task, run)
        api = ReplApi(task, run, solve=solve, searcher=searcher, learned=finishing.learned, mode=mode)
        setup = ReplSetup(context=task.context, functions=api.functions(mode), seed=run.settings.seed or 0)
        # The first call needs no REPL, so the REPL is opened beside it.
        opening = asyncio.create_task(run.shared.sandbox.open(setup, api))
        try:
            return await _Loop(task, run, mode, profile, api, opening, finishing).run()
        finally:
            run.account.close()
            opening.cancel()
            repl = (await asyncio.gather(opening, return_exceptions=True))[0]
            if not isinstance(repl, BaseException):
                await repl.close()


# Of a window, at most one part in so many: the turns that are shown whole, and the view of those before.
_HISTORY, _VIEW = 3, 8
_GRACE_S = 0.1  # after the time to work, in which a cell is told that its calls are over; at most


@dataclass(slots=True)
class _Turn:
    """What one turn came to."""

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
        run: Run,
        mode: Mode,
        profile: Profile,
        api: ReplApi,
        opening: asyncio.Task[Repl],
        finishing: Finishing,
    ) -> None:
        self._run = run
        self._api = api
        self._cells = Cells(api, run)
        self._opening = opening
        self._finishing = finishing
        self._most = run.settings.max_turns
        opening_messages = prompts.opening_messages(
            task,
            mode,
            profile,
            max_turns=self._most,
            tier=run.shared.sandbox.tier,
            plan=plan_in_words(profile, run.models.sub.window) if mode == "full" else "",
            left=left_in_words(run.account),
        )
        self._abstracts = Abstracts(run, task.question)
        self._transcript = _transcript(opening_messages, task, run, self._abstracts)
        self._seen_output = False
        self._refused = False
        self._has_repl = False
        self._last_was_prose = False

    async def run(self) -> Outcome:
        """Turn after turn, until the model finishes, the last turn is over or the budget is spent."""
        try:
            return await self._turns()
        finally:
            await self._abstracts.close()

    async def _turns(self) -> Outcome:
        for number in range(1, self._most + 1):
            self._api.turns_left = self._most - number
            try:
                completion = await self._asked()
            except LimitExceeded as limit:
                return await self._cut_short(limit)
            reply = parse_reply(completion.text)
            turn = await self._take_turn(reply, number)
            if turn.final is not None:
                return outcome_of(turn.final.value, saved_s=self._api.bursts.saved)
            self._finishing.learned.said(reply.prose)
            self._finishing.learned.printed(turn.observations)
            if (limit_reached := self._run.account.refused) is not None:
                return await self._cut_short(limit_reached)
            if number == self._most:
                return outcome_of(_forced(reply, turn), forced=True, saved_s=self._api.bursts.saved)
            if self._run.account.pressure >= FINISH:
                self._most = number + 1
            self._transcript.add(
                completion.text,
                prompts.observation_message(
                    turn.observations,
                    turn.notes,
                    shown=self._run.settings.shown_chars,
                    turn=number + 1,
                    max_turns=self._most,
                    left=left_in_words(self._run.account),
                ),
            )
        raise AssertionError("the last turn returns")

    async def _asked(self) -> Completion:
        """The root model's reply to the transcript. One that has outgrown the window is shortened, the oldest outputs first."""
        while True:
            try:
                heard = self._cells.listen(self._opening)
                completion, _ = await self._run.call(
                    self._run.models.root, self._transcript.messages, "root", heard=heard
                )
                return completion
            except BaseException as error:
                await self._cells.forget()
                if not (isinstance(error, ContextOverflow) and self._transcript.shorten()):
                    raise

    async def _cut_short(self, limit: LimitExceeded) -> Outcome:
        """The end of a node whose budget is spent."""
        text = await self._finishing.text(limit)
        return Outcome(text=text, status="partial", saved_s=self._api.bursts.saved, limit=limit)

    async def _take_turn(self, reply: Reply, number: int) -> _Turn:
        turn = _Turn()
        is_last = number == self._most
        if not reply.cells:
            return await self._turn_without_code(reply, turn, number)
        self._last_was_prose = False
        told = self._run.shared.sandbox.tier
        for cell in reply.cells:
            observation = await self._run_cell(cell, number)
            if (tier := self._run.shared.sandbox.tier) != told and tier in prompts.REPL_NOTES:
                turn.notes.append(prompts.REPL_NOTES[tier])  # it was chosen only now
                told = tier
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
        self._seen_output = True
        return turn

    async def _turn_without_code(self, reply: Reply, turn: _Turn, number: int) -> _Turn:
        await self._cells.forget()
        if reply.finish is not None:
            observation = await self._run_cell(reply.finish, number)
            if observation.final is not None:
                self._accept(observation.final, turn, is_last=number == self._most)
            else:
                turn.observations.append(observation)
        elif self._last_was_prose and reply.prose:
            turn.final = Final(value=reply.prose)
        else:
            self._last_was_prose = True
            turn.notes.append(prompts.NO_CODE)
        return turn

    def _accept(self, final: Final, turn: _Turn, *, is_last: bool) -> None:
        """Take a finish. One that is empty, or comes before any output was seen, is refused once."""
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
        to_work = self._run.seconds_to_work
        seconds = (
            to_work if math.isinf(to_work) else to_work + _grace(self._run.account.seconds_left - to_work)
        )
        running = asyncio.create_task(self._executed(cell, turn))
        observation = await within(seconds, running)
        if observation is None:
            self._run.account.too_late()
            return Observation(error="The time is over.")
        return observation

    async def _executed(self, cell: str, turn: int) -> Observation:
        repl = await self._opening
        if not self._has_repl:
            self._has_repl = True
            self._run.emit(events.ReplOpened(tier=self._run.shared.sandbox.tier))
        self._run.emit(events.CellStarted(turn=turn, code=cell))
        observation = await self._cells.run(repl, cell, turn)
        self._run.emit(
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


def _transcript(opening: Sequence[Message], task: Task, run: Run, abstracts: Abstracts) -> Transcript:
    """The node's transcript, within the bounds of the settings and of the model's window."""
    remembering, window = run.shared.remembering, run.models.root.window
    counting = run.shared.till.counting_of(run.models.root.name)

    def measure(text: str) -> int:
        return counting.bound(replace(counting.measure([Message(role="user", content=text)]), overhead=0))

    return Transcript(
        opening,
        run.shared.memory,
        node=run.node,
        depth=run.depth,
        question=task.question,
        measure=measure,
        history_tokens=min(remembering.history_tokens, window // _HISTORY),
        view_tokens=min(remembering.view_tokens, window // _VIEW),
        told=lambda turns, before, now: run.emit(events.Folded(turns=turns, tokens=before, view_tokens=now)),
        folded=abstracts.order,
    )


def _grace(kept_s: float) -> float:
    """How much of the time that is kept for the last call a cell may use to end by itself."""
    return min(_GRACE_S, kept_s / 3)


def _forced(reply: Reply, turn: _Turn) -> str:
    """The best that is there when the last turn did not finish: what its code printed, else what the model wrote."""
    printed = [each.output.strip() for each in turn.observations if each.output.strip()]
    if printed:
        return printed[-1]
    return reply.prose if reply.prose and not reply.cells else "The turns ran out before the model finished."
