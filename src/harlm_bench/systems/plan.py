"""A scripted plan for questions that take several steps: search, read, search again with what was read, answer.

The plan is ours and fixed, not a model's; no root model is asked. Works from the words of the question only.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from harlm_bench.items import Question, Window
from harlm_bench.outcomes import Outcome
from harlm_bench.systems import Limits, Model
from harlm_bench.systems.attempt import Effort, attempt
from harlm_bench.systems.bm25 import searching
from harlm_bench.systems.chat import Chat
from harlm_bench.systems.wording import asked_of, reply_tokens

_READ = """\
Text:

{text}

A question that needs several steps: {question}
Copy the one sentence of the text that is most useful for a first step towards the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedPlan:
    """A fixed number of steps over BM25.

    Attributes:
        hops: how often it searches.
        k: passages that each search brings.
    """

    hops: int = 2
    k: int = 4

    @property
    def name(self) -> str:
        """See ``System``."""
        return f"scripted plan, {self.hops} hops"

    def answer(self, window: Window, question: Question, model: Model, limits: Limits) -> Outcome:
        """See ``System``."""
        return attempt(partial(self._solve, window, question.text, model, limits))

    def _solve(self, window: Window, question: str, model: Model, limits: Limits, effort: Effort) -> str:
        query = question
        read: list[str] = []
        with Chat(model, limits, effort) as chat, searching(window) as search:
            for hop in range(1, self.hops + 1):
                found = [passage for passage in search(query, self.k + len(read)) if passage not in read]
                if hop == self.hops:
                    text = "\n\n".join([*read, *found[: self.k]])
                    break
                prompt = _READ.format(text="\n\n".join(found[: self.k]), question=question)
                note = chat.ask(prompt, role="sub", max_tokens=min(128, reply_tokens(model.window))).text
                read.append(note.strip())
                query = note
            prompt = asked_of(text, question)
            return chat.ask(prompt, role="sub", max_tokens=reply_tokens(model.window)).text
