"""The summary agent: reads the text a window at a time, keeps notes for the question, and answers from the notes.

The baseline "compaction" of arXiv 2512.24601: the sub-model takes the notes, the root model answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from harlm_bench.items import Question, Window
from harlm_bench.outcomes import Outcome
from harlm_bench.systems import Limits, Model
from harlm_bench.systems.attempt import Effort, attempt
from harlm_bench.systems.chat import Chat
from harlm_bench.systems.wording import asked_of, parts_of, reply_tokens, room_for_text

_NOTES = """\
A long text is read part by part to answer a question at the end. Only your notes are kept.

Question: {question}

Notes so far:
{notes}

Part {number} of {count}:
{part}

Summarise the notes so far and this part in at most {room} tokens: keep what matters for the question, with exact names,
numbers and counts, word for word where you can. Reply with the new notes only."""


@dataclass(frozen=True, slots=True)
class SummaryAgent:
    """Fill the window, summarise, continue, answer."""

    name: str = "summary agent"

    def answer(self, window: Window, question: Question, model: Model, limits: Limits) -> Outcome:
        """See ``System``."""
        return attempt(partial(self._solve, window.text, question.text, model, limits))

    def _solve(self, text: str, question: str, model: Model, limits: Limits, effort: Effort) -> str:
        reply = reply_tokens(model.window)
        with Chat(model, limits, effort) as chat:
            parts = parts_of(text, max(100, room_for_text(model.window, question)))
            if len(parts) == 1:
                return chat.ask(asked_of(text, question), max_tokens=reply).text
            parts = parts_of(text, max(100, int(0.9 * room_for_text(model.window, question)) - reply))
            effort.notes["parts"] = len(parts)
            notes = "(none)"
            for number, part in enumerate(parts, start=1):
                prompt = _NOTES.format(
                    question=question, notes=notes, number=number, count=len(parts), part=part, room=reply
                )
                notes = chat.ask(prompt, role="sub", max_tokens=reply).text or notes
            prompt = f"These are notes on a long text:\n\n{notes}\n\n{question}\nReply with the answer only."
            return chat.ask(prompt, max_tokens=reply).text
