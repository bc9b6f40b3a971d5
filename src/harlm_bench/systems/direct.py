"""``base``, one call with everything in the prompt, and ``truncated base``, the same with the middle left out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from harlm.tokens import estimate_tokens
from harlm_bench.items import Question, Window
from harlm_bench.outcomes import Outcome
from harlm_bench.systems import Limits, Model
from harlm_bench.systems.attempt import Effort, PromptTooLong, attempt
from harlm_bench.systems.chat import Chat
from harlm_bench.systems.wording import asked_of, head_and_tail, reply_tokens, room_for_text

_SURELY_TOO_LONG = 1.5  # times the window, by the estimate: such a prompt is not even sent
_CUTS = 4  # attempts to fit


@dataclass(frozen=True, slots=True)
class Base:
    """Everything in one prompt. A window that does not fit is a question without an answer."""

    name: str = "base"

    def answer(self, window: Window, question: Question, model: Model, limits: Limits) -> Outcome:
        """See ``System``."""
        return attempt(partial(self._solve, window.text, question.text, model, limits))

    def _solve(self, text: str, question: str, model: Model, limits: Limits, effort: Effort) -> str:
        tokens = estimate_tokens(text)
        if tokens > _SURELY_TOO_LONG * model.window:
            raise PromptTooLong(f"about {tokens:,} tokens do not fit into the window of {model.window:,}")
        with Chat(model, limits, effort) as chat:
            return chat.ask(asked_of(text, question), max_tokens=reply_tokens(model.window)).text


@dataclass(frozen=True, slots=True)
class TruncatedBase:
    """As much of the beginning and the end as fits, in one prompt.

    The estimate of the tokens decides first; where the endpoint refuses the prompt and says how many tokens it has,
    that count decides.
    """

    name: str = "truncated base"

    def answer(self, window: Window, question: Question, model: Model, limits: Limits) -> Outcome:
        """See ``System``."""
        return attempt(partial(self._solve, window.text, question.text, model, limits))

    def _solve(self, text: str, question: str, model: Model, limits: Limits, effort: Effort) -> str:
        room = room_for_text(model.window, question)
        with Chat(model, limits, effort) as chat:
            for _ in range(_CUTS):
                effort.notes["text_tokens"] = room
                prompt = asked_of(head_and_tail(text, room), question)
                try:
                    return chat.ask(prompt, max_tokens=reply_tokens(model.window)).text
                except PromptTooLong as refused:
                    last = refused
                    room = int(room * _share(refused))
            raise last


def _share(refused: PromptTooLong) -> float:
    """The share of the text to try next."""
    if refused.tokens and refused.window:
        return 0.95 * refused.window / refused.tokens if refused.tokens > refused.window else 0.9
    return 0.8
