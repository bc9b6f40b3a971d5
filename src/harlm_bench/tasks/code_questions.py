"""The words of questions about code, and what they mean. Knows facts about functions and classes; reads no source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harlm_bench.items import Fact

CodeKind = Literal["default", "error", "caller", "override"]

_WORDS: dict[CodeKind, str] = {
    "default": "In {module}, what is the default value of the parameter `{detail}` of `{subject}`?",
    "error": "In {module}, which error does the only `raise` statement of `{subject}` raise?",
    "caller": "In {module}, which function or method calls `{subject}`?",
    "override": "In {module}, which class overrides the method `{detail}` that it inherits from `{subject}`?",
}
_FORMS: dict[CodeKind, str] = {
    "default": "Answer with the value as Python writes it, and nothing else.",
    "error": "Answer with the name of the error, and nothing else.",
    "caller": "Answer with its name, with the class before it if it is a method, such as `Parser.feed`, and nothing else.",
    "override": "Answer with the name of the class, and nothing else.",
}
_CHOICE_FORM = "Answer with the letter of the right choice, and nothing else."
_LETTERS = "ABCD"
_PATTERNS = {
    kind: re.compile(
        re.escape(text)
        .replace(r"\{module\}", r"(?P<module>[\w./-]+)")
        .replace(r"\{subject\}", r"(?P<subject>[\w.]+)")
        .replace(r"\{detail\}", r"(?P<detail>\w+)")
    )
    for kind, text in _WORDS.items()
}
_CHOICES = re.compile(r"^([A-D])\) (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Something that can be asked of a module.

    Attributes:
        kind: of the question.
        module: the name of the document.
        subject: the function or class that it is about.
        detail: a parameter or a method; empty for the other kinds.
        answer: the truth.
        others: wrong answers of the same sort, at least three.
    """

    kind: CodeKind
    module: str
    subject: str
    detail: str = ""
    answer: str
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeQuery:
    """A question about one function or class of a module.

    Attributes:
        kind, module, subject, detail: as in ``Asked``.
        choices: the answers to choose from; empty for free form.
    """

    kind: CodeKind
    module: str
    subject: str
    detail: str
    choices: tuple[str, ...]

    @property
    def in_head(self) -> bool:
        """Never: one place of the code says it."""
        return False

    def wants(self, fact: Fact) -> bool:
        """Functions and classes of the module that bear on the answer."""
        said = fact.attributes
        if said.get("module") != self.module:
            return False
        if self.kind in ("default", "error"):
            # Of a method without its class only its own name is known, which may be that of another one.
            own = said.get("own") == self.subject.rpartition(".")[2] and "name" not in said
            return fact.kind == "function" and (own or said.get("name") == self.subject)
        if self.kind == "caller":
            return fact.kind == "function" and self.subject in said["calls"].split()
        return _is_child(fact, self.subject) or (
            fact.kind == "function" and said.get("name", "").endswith(f".{self.detail}")
        )

    def answer(self, facts: Sequence[Fact]) -> str | None:
        """The value or name that follows, or the letter of the choice that says it."""
        said = self._said([each for each in facts if self.wants(each)])
        if said is None or not self.choices:
            return said
        return _LETTERS[self.choices.index(said)] if said in self.choices else None

    def _said(self, facts: Sequence[Fact]) -> str | None:
        if self.kind == "default":
            return next((each.attributes.get(f"default of {self.detail}") for each in facts), None)
        if self.kind == "error":
            return next((each.attributes.get("raises") for each in facts), None)
        if self.kind == "caller":
            return next((each.attributes.get("name", each.attributes["own"]) for each in facts), None)
        methods = {each.attributes["name"] for each in facts if each.kind == "function"}
        children = (each.attributes["name"] for each in facts if each.kind == "class")
        return next((each for each in children if f"{each}.{self.detail}" in methods), None)


def worded(asked: Asked, choices: Sequence[str] = ()) -> str:
    """The question, with the choices if it has some."""
    text = _WORDS[asked.kind].format(module=asked.module, subject=asked.subject, detail=asked.detail)
    if not choices:
        return f"{text} {_FORMS[asked.kind]}"
    listed = "\n".join(f"{letter}) {choice}" for letter, choice in zip(_LETTERS, choices, strict=True))
    return f"{text}\n{listed}\n{_CHOICE_FORM}"


def letter_of(answer: str, choices: Sequence[str]) -> str:
    """The letter that stands before an answer."""
    return _LETTERS[choices.index(answer)]


def understood(question: str) -> CodeQuery | None:
    """What a question means; ``None`` if it is not about code."""
    for kind, pattern in _PATTERNS.items():
        found = pattern.search(question)
        if found:
            named = found.groupdict()
            return CodeQuery(
                kind=kind,
                module=named["module"],
                subject=named["subject"],
                detail=named.get("detail") or "",
                choices=tuple(choice.strip() for _, choice in _CHOICES.findall(question)),
            )
    return None


def _is_child(fact: Fact, parent: str) -> bool:
    return fact.kind == "class" and parent in fact.attributes["bases"].split()
