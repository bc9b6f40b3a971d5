"""The recursive language model of arXiv 2512.24601, first version, written anew: a REPL with the text in ``context``.

Sequential, depth 1: sub-calls are plain calls, one at a time. The words of the prompts are our own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial

from harlm.types import Context
from harlm_bench.items import Question, Window
from harlm_bench.outcomes import Outcome
from harlm_bench.systems import Limits, Model
from harlm_bench.systems.attempt import Effort, attempt
from harlm_bench.systems.bm25 import context_of
from harlm_bench.systems.cells import Cells, shown
from harlm_bench.systems.chat import Chat, Messages
from harlm_bench.systems.wording import reply_tokens

_BLOCK = re.compile(r"```(?:repl|python|py)?[ \t]*\n(?P<code>.*?)```", re.DOTALL)
_FINAL = re.compile(r"^\s*FINAL\((?P<answer>.*)\)", re.MULTILINE | re.DOTALL)
_FINAL_VAR = re.compile(r"^\s*FINAL_VAR\(\s*[\"']?(?P<name>[A-Za-z_]\w*)[\"']?\s*\)", re.MULTILINE)

_RULES = """\
You answer a question about a text that may be far longer than what you can read. You never see the whole text. You have
a Python REPL, in which:
- `context` holds the text{shape};
{calls}- print(...) shows you values; long outputs are cut.
Write code in blocks that open with ```repl and close with ```. The blocks are run in order, you get their output, and
you continue. Variables live on. Look at the text first, then decide how to divide the work.
When you know the answer, write FINAL(the answer) outside of any block, or FINAL_VAR(name) to answer with a variable."""
_CALLS = """\
- llm_query(prompt) returns the reply of a language model that sees only that prompt, which may be long ({window:,} tokens):
  put the question and a piece of the text into it;
"""
_ASK = "The text has {characters:,} characters. Question: {question}\n\nWhat do you do first?"
_NEXT = "Output of the code:\n{output}\n\nContinue, or finish with FINAL(…) or FINAL_VAR(…)."
_NO_CODE = "There was no ```repl block and no FINAL(…). Continue."
_LAST = "There is no time for more code. Reply with your best answer to the question, and nothing else."


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRlm:
    """One root model with a REPL.

    Attributes:
        depth: 1, or 0 for a REPL without sub-calls.
        turns: the most replies of the root model before it must answer.
    """

    depth: int = 1
    turns: int = 20

    @property
    def name(self) -> str:
        """See ``System``."""
        return f"RLM as in the paper, depth {self.depth}"

    def answer(self, window: Window, question: Question, model: Model, limits: Limits) -> Outcome:
        """See ``System``."""
        return attempt(partial(self._solve, context_of(window), question.text, model, limits))

    def _solve(self, context: Context, question: str, model: Model, limits: Limits, effort: Effort) -> str:
        calls = _CALLS.format(window=model.window) if self.depth else ""
        shape = " as a str" if context.shape == "text" else f" as a list of {len(context.documents):,} str"
        ask = _ASK.format(characters=context.characters, question=question)
        talk: list[dict[str, str]] = [
            {"role": "system", "content": _RULES.format(shape=shape, calls=calls)},
            {"role": "user", "content": ask},
        ]
        with (
            Chat(model, limits, effort) as chat,
            Cells(context, chat, effort, may_ask=self.depth > 0) as cells,
        ):
            for turn in range(1, self.turns + 1):
                effort.notes["turns"] = turn
                said = chat.ask(talk, max_tokens=reply_tokens(model.window)).text
                output, answer = _step(said, cells)
                if answer is not None:
                    return answer
                talk += _turn(said, _NEXT.format(output=output) if output is not None else _NO_CODE)
            return self._forced(talk, chat)

    def _forced(self, talk: Messages, chat: Chat) -> str:
        last = [*talk, {"role": "user", "content": _LAST}]
        return chat.ask(last, max_tokens=reply_tokens(chat.model.window)).text


def _turn(said: str, told: str) -> list[dict[str, str]]:
    return [{"role": "assistant", "content": said}, {"role": "user", "content": told}]


def _step(said: str, cells: Cells) -> tuple[str | None, str | None]:
    """The output of a reply's code, ``None`` if it has none; and the answer, ``None`` if it gives none."""
    outputs = []
    for block in _BLOCK.finditer(said):
        observed = cells.run(block["code"])
        if observed.final is not None:  # called as a function inside a block
            return None, str(observed.final.value)
        outputs.append(shown(observed))
    prose = _BLOCK.sub("", said)
    if (named := _FINAL_VAR.search(prose)) is not None:
        observed = cells.run(f"print({named['name']})")
        if observed.error is None:
            return None, observed.output.strip()
        outputs.append(shown(observed))
    elif (given := _FINAL.search(prose)) is not None:
        return None, given["answer"].strip().strip("\"'")
    return ("\n".join(outputs) if outputs else None), None
