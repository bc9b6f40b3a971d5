"""CodeAct (arXiv 2402.01030) as arXiv 2512.24601 compares with it: the text in the prompt, and actions in a loop.

Two forms: with BM25 over the documents where a window is searchable, and with sub-calls from code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial

from harlm.types import Context
from harlm_bench.items import Question, Window
from harlm_bench.outcomes import Outcome
from harlm_bench.systems import Limits, Model
from harlm_bench.systems.attempt import Effort, NoAnswerFound, attempt
from harlm_bench.systems.bm25 import Search, searching
from harlm_bench.systems.cells import Cells, shown
from harlm_bench.systems.chat import Chat
from harlm_bench.systems.wording import reply_tokens

_CODE = re.compile(r"```(?:python|py|repl)?[ \t]*\n(?P<code>.*?)(?:```|\Z)", re.DOTALL)
_SEARCH = re.compile(r"^\s*SEARCH\((?P<quote>[\"'])(?P<query>.+?)(?P=quote)\)", re.MULTILINE)
_ANSWER = re.compile(r"^\s*ANSWER\((?P<answer>.*)\)", re.MULTILINE | re.DOTALL)
_PASSAGES = 5

_RULES = """\
You answer a question in steps. In each step write one line that begins with THINK: and then exactly one action:
a block of Python between ```python and ```, which is run and whose printed output you get{more}; or, at the end,
ANSWER(your answer). Variables live on between blocks."""
_MORE_SEARCH = '; or SEARCH("words"), which gives you the passages that match best'
_MORE_CALLS = (
    ". In Python, llm_query(prompt) returns the reply of a language model that sees that prompt alone"
)
_NO_ACTION = "That was no action. Write a Python block{search}, or ANSWER(your answer)."


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeAct:
    """Thinks, runs code, perhaps searches, and answers.

    Attributes:
        sub_calls: whether code may ask the sub-model. If not, a searchable window is searched and not in the prompt.
        turns: the most steps.
    """

    sub_calls: bool = False
    turns: int = 20

    @property
    def name(self) -> str:
        """See ``System``."""
        return "CodeAct + sub-calls" if self.sub_calls else "CodeAct + BM25"

    def answer(self, window: Window, question: Question, model: Model, limits: Limits) -> Outcome:
        """See ``System``."""
        return attempt(partial(self._solve, window, question.text, model, limits))

    def _solve(self, window: Window, question: str, model: Model, limits: Limits, effort: Effort) -> str:
        with Chat(model, limits, effort) as chat:
            if self.sub_calls or not window.is_searchable:
                return self._loop(window, question, chat, effort, None)
            with searching(window) as search:
                return self._loop(window, question, chat, effort, search)

    def _loop(self, window: Window, question: str, chat: Chat, effort: Effort, search: Search | None) -> str:
        rules = _RULES.format(more=_MORE_CALLS if self.sub_calls else _MORE_SEARCH if search else "")
        task = question if search else f"Text:\n\n{window.text}\n\nEnd of the text.\n\n{question}"
        talk = [{"role": "system", "content": rules}, {"role": "user", "content": task}]
        with Cells(Context.of_text(""), chat, effort, may_ask=self.sub_calls) as cells:
            for turn in range(1, self.turns + 1):
                effort.notes["turns"] = turn
                said = chat.ask(talk, max_tokens=reply_tokens(chat.model.window)).text
                if (answer := answer_in(said)) is not None:
                    return answer
                talk += [
                    {"role": "assistant", "content": said},
                    {"role": "user", "content": _result(said, cells, search)},
                ]
        raise NoAnswerFound(f"no ANSWER(…) in {self.turns} steps")


def answer_in(said: str) -> str | None:
    """The answer that a reply ends with, without quotes around it; ``None`` if it does not end with one."""
    found = _ANSWER.search(_CODE.sub("", said))
    if found is None:
        return None
    answer = found["answer"].strip()
    is_quoted = len(answer) > 1 and answer[0] == answer[-1] and answer[0] in "\"'"
    return answer[1:-1] if is_quoted else answer


def _result(said: str, cells: Cells, search: Search | None) -> str:
    """What the model is told after a step."""
    if (block := _CODE.search(said)) is not None:
        return f"Output:\n{shown(cells.run(block['code']))}"
    if search is not None and (asked := _SEARCH.search(said)) is not None:
        found = search(asked["query"], _PASSAGES)
        return "Passages:\n" + ("\n\n".join(found) or "(none)")
    return _NO_ACTION.format(search=', SEARCH("words")' if search else "")
