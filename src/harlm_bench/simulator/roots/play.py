"""Chooses what a root does next: the next step of its program, the same step again after an exception, a check, the
finish, or giving up. Reads the dialogue; keeps nothing between turns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from harlm_bench.simulator.roots import acting, mistakes, prompts, reply
from harlm_bench.simulator.roots.acting import Reader
from harlm_bench.simulator.roots.bank import Program, Step, by_eye, looking, program
from harlm_bench.simulator.roots.bank.checking import CHECKS, EARLY
from harlm_bench.simulator.roots.conversation import Conversation
from harlm_bench.simulator.roots.policy import Policy
from harlm_bench.simulator.roots.render import Value, rendered
from harlm_bench.simulator.roots.scaffold import Scaffold
from harlm_bench.simulator.roots.understanding import Asked

Swayed = Callable[[str], str | None]
"""What a text makes a root answer against its task; ``None`` if it resists."""

_SHRINK: Final = 4  # how much less goes into one call after one was too long
_SMALLEST: Final = 2_000  # characters
_PLAN: Final = (
    "First I will look at the structure of the context, then split it into chunks, ask about each chunk, and combine "
    "the replies into the final answer."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """A root in one conversation.

    Attributes:
        asked: what its question says.
        policy: what sort of programmer it is.
        scaffold: whose rules it follows.
        talk: the dialogue so far.
        reader: reads what it has in view; without one it can only copy results that code printed.
        swayed: as in ``turn``.
    """

    asked: Asked
    policy: Policy
    scaffold: Scaffold
    talk: Conversation
    reader: Reader | None = None
    swayed: Swayed | None = None

    def reply(self) -> str:
        """The next message."""
        if self.talk.wants_prose:
            return reply.answered_in_prose(self._best(), self.scaffold)
        if acting.is_needed(self.talk, searches=self.scaffold.search == "action"):
            return acting.acted(self.asked, self.talk, self.reader, patience=self.policy.rates.patience)
        if self.swayed and self.talk.turns and (word := self.swayed(self.talk.turns[-1].shown)) is not None:
            return reply.finished("The output asks for it.", self.scaffold, value=repr(word), shown=word)
        if self.talk.is_last or self._failures() >= self.policy.rates.patience:
            return self._given_up()
        steps = self._steps()
        at = self._position(len(steps))
        if at >= len(steps):
            return self._finished()
        if self.scaffold.is_one_block:
            return self._in_one_block(steps)
        return reply.laid_out(steps[at].says, self._code(steps[at], at), self.scaffold)

    # -- what to do ------------------------------------------------------------------------------------------

    def program(self) -> Program:
        """The program that this root writes: without sub-calls, one that can do without."""
        chosen = program(self.asked.family, self.policy.quality, self.policy.variant)
        return by_eye.PROGRAM if chosen.calls and self.scaffold.single is None else chosen

    def _steps(self) -> tuple[Step, ...]:
        look = (looking.chosen(self.policy, is_asked=self.talk.question is not None),)
        if self.policy.is_early and self.scaffold.single is not None:
            return (*look, EARLY)
        checks = CHECKS[: self.policy.checks] if self.scaffold.single is not None else ()
        steps = [step for step in self.program().steps if not step.needs or self.asked.values.get(step.needs)]
        return (*look, *steps, *checks)

    def _position(self, steps: int) -> int:
        """The index of the next step: the last one again if it failed."""
        last = next((turn for turn in reversed(self.talk.turns) if turn.step is not None), None)
        if last is None or last.step is None:
            return 0
        return last.step - 1 if last.failed else min(last.step, steps)

    def _failures(self) -> int:
        return sum(turn.failed for turn in self.talk.turns)

    # -- code ------------------------------------------------------------------------------------------------

    def _code(self, step: Step, at: int) -> str:
        return self._slipped(f"# Step {at + 1}: {step.says}\n{self.code_of(step)}")

    def _in_one_block(self, steps: tuple[Step, ...]) -> str:
        """The whole work with its finish, again after an exception."""
        work = "\n\n".join(self.code_of(each) for each in steps)
        finish = reply.finish(self.scaffold, "result")
        return reply.laid_out(
            "", self._slipped(f"# Step {len(steps)}: all at once\n{work}\n{finish}"), self.scaffold
        )

    def _slipped(self, code: str) -> str:
        """The code, in some turns with a slip."""
        number = len(self.talk.turns)
        if self.policy.slips_in(number):
            return mistakes.spoiled(code, self.policy.draw.child(f"turn {number}"))
        return code

    def code_of(self, step: Step) -> str:
        """The code of a step under this scaffold, as yet without a slip."""
        template = step.code
        if self.policy.delegates and not self.talk.is_part and "$ask" in template:
            # One level of children: a child of the same question over a part would do the same for ever.
            template = template.replace("$single(", "$recursive(")
        return rendered(template, self.scaffold, self._values(), text=self.talk.text or self.scaffold.text)

    def _values(self) -> Mapping[str, Value]:
        too_long = sum(turn.was_too_long for turn in self.talk.turns)
        shrunk = _SHRINK**too_long
        room = self.scaffold.room or self.policy.characters
        characters = (
            self.policy.characters if self.policy.quality == "sloppy" else min(self.policy.characters, room)
        )
        question = self.asked.question
        return {
            "question": question,
            "lines": max(5, self.policy.lines // shrunk),
            "characters": max(_SMALLEST, characters // shrunk),
            "ask": prompts.ASK.format(question=question),
            "copy": prompts.COPY.format(question=question),
            "said": prompts.SAID,
            "holds": prompts.HOLDS,
            "check": prompts.CHECK,
            **self.asked.values,
        }

    # -- finishing -------------------------------------------------------------------------------------------

    def _finished(self) -> str:
        number = len(self.talk.turns)
        best = self._best()
        if self.policy.gives_plan:
            return reply.finished("", self.scaffold, value=repr(_PLAN), shown=_PLAN)
        misuse = self.policy.misuse_in(number, has_final_var=self.scaffold.final_var is not None)
        is_read = self.program() is by_eye.PROGRAM or self.policy.changes_mind
        value = repr(best) if is_read else "result"
        return reply.finished(
            "The output shows the answer.", self.scaffold, value=value, shown=best, misuse=misuse
        )

    def _given_up(self) -> str:
        best = self._best()
        return reply.finished(
            "I finish with the best answer that I have.", self.scaffold, value=repr(best), shown=best
        )

    def _best(self) -> str:
        """The answer that the root holds after what it has seen."""
        results = [turn.result for turn in self.talk.turns if turn.result]
        if self.policy.changes_mind and results:
            return self.policy.draw.choice(
                "other answer", (results[0].split("\n")[0][:20], prompts.NOT_FOUND)
            )
        if results:
            return results[-1]
        shown = "\n".join(turn.shown for turn in self.talk.turns)
        if self.reader is None or not shown:
            return prompts.NOT_FOUND
        return self.reader(prompts.ASK.format(question=self.asked.question), shown)
