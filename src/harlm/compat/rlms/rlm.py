"""``RLM`` of the reference package ``rlms``, which asks HARLM."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from harlm import config
from harlm.checks import question_in
from harlm.client import HARLM
from harlm.compat.rlms.errors import stopped_by
from harlm.compat.rlms.models import chosen_models
from harlm.compat.rlms.options import RLMOptions
from harlm.compat.rlms.results import RLMChatCompletion, usage_summary
from harlm.compat.rlms.tools import tools_for
from harlm.errors import LimitExceeded
from harlm.home import user_config_file
from harlm.tracing.console import PlainLines
from harlm.types import Budget


@dataclass
class RLM(RLMOptions):
    """Answers prompts as ``rlm.RLM`` does, with the arguments of it.

    Raises:
        ConfigError: an argument would have an effect that HARLM does not have, or its value cannot be used.
    """

    def __post_init__(self) -> None:
        self.refuse_what_has_no_meaning()
        root, sub = chosen_models(self)
        loaded = config.load(
            flags=root.settings, environment=os.environ, folder=Path.cwd(), user_file=user_config_file()
        )
        self.root_model = root.own_name
        self.harlm = HARLM(
            root.name, sub_model=None if sub is None else sub.name, api_key=root.api_key, settings=loaded.config,
            mode="auto" if self.max_depth > 0 else "direct",
            max_depth=max(self.max_depth - 1, 0),  # the reference counts the plain calls below the last REPL as a level
            max_turns=self.max_iterations + 1,  # after its last iteration the reference asks once more for the answer
            concurrency=self.max_concurrent_subcalls,
            budget=Budget(usd=self.max_budget, seconds=self.max_timeout, tokens=self.max_tokens),
            tools=tools_for(self.custom_tools, self.custom_sub_tools, self.max_depth),
        )  # fmt: skip

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
