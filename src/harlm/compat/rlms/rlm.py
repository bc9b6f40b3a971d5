"""``RLM`` of the reference package ``rlms``, which asks HARLM."""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import dataclass
from typing import Self

from harlm.checks import question_in
from harlm.compat.rlms.client import client_for
from harlm.compat.rlms.errors import stopped_by
from harlm.compat.rlms.options import RLMOptions
from harlm.compat.rlms.results import RLMChatCompletion
from harlm.compat.rlms.usage import usage_summary
from harlm.errors import LimitExceeded
from harlm.tracing.console import PlainLines


@dataclass(eq=False)
class RLM(RLMOptions):
    """Answers prompts as ``rlm.RLM`` does, with the arguments of it.

    Raises:
        ConfigError: an argument would have an effect that HARLM does not have, or its value cannot be used.
    """

    def __post_init__(self) -> None:
        self.harlm, self.root_model = client_for(self)

    def completion(self, prompt: object, root_prompt: str | None = None) -> RLMChatCompletion:
        """The answer to a prompt, which is the context: text, a dict or a list. Without ``root_prompt``, the prompt holds the question.

        Raises:
            RLMStopped: a limit that was set here ended it.
            HarlmError: as ``HARLM.ask``.
        """
        try:
            with closing(PlainLines(sys.stderr)) as shown:
                question = root_prompt or question_in(prompt)
                answer = self.harlm.ask(question, prompt, sinks=[shown] if self.verbose else ())
        except LimitExceeded as limit:
            raise stopped_by(limit) from limit
        usage = usage_summary(answer.usage)
        return RLMChatCompletion(
            self.root_model, prompt, answer.text, usage, answer.latency.wall_s, answer=answer
        )

    def close(self) -> None:
        """Do nothing: nothing is kept between completions."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
