"""What the strategies know of a task before anything is asked: the question, a look at the text, the models, their prices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from harlm.types import ModelFacts, Profile, Task

_LOOK = 20_000  # characters of the beginning of a text


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A task, as strategies see it.

    Attributes:
        task: the question and its context.
        profile: of the context.
        root, sub: the models.
        concurrency: the most calls at once.
    """

    task: Task
    profile: Profile
    root: ModelFacts
    sub: ModelFacts
    concurrency: int

    @cached_property
    def question(self) -> str:
        """The question, with blanks and quotation marks in one form."""
        plain = self.task.question.translate(_QUOTES)
        return " ".join(plain.split())

    @cached_property
    def beginning(self) -> str:
        """The beginning of the first text, up to a whole line."""
        documents = self.task.context.documents
        if not documents:
            return ""
        text = documents[0].text
        return text if len(text) <= _LOOK else text[: text.rfind("\n", 0, _LOOK) + 1 or _LOOK]

    @property
    def has_stronger(self) -> bool:
        """Whether the root model is another one than the sub-model."""
        return self.root.name != self.sub.name


_QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "\u00a0": " "})
