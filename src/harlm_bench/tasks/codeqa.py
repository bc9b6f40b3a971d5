"""Questions about Python code: the standard library of this interpreter, changed so that memory answers wrongly.

As LongBench-v2's questions on code (arXiv 2412.15204): four choices, or free form. The truth is read by ``ast`` from the
changed source. The text depends on the version of Python, and so does the digest of a window.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from random import Random

from harlm.errors import ConfigError
from harlm.tokens import estimate_tokens
from harlm_bench.items import Fact, Question, Window
from harlm_bench.tasks import check_size
from harlm_bench.tasks.code_asking import askable, facts_of
from harlm_bench.tasks.code_edits import ChangedModule, NewNames, changed_module
from harlm_bench.tasks.code_questions import Asked, CodeQuery, letter_of, understood, worded
from harlm_bench.tasks.code_sources import SourceFile, library_names, library_tokens, source_file

_TOLERANCE = 0.10
_SURELY_THERE = 1_000_000  # tokens that every standard library has without its tests
_MOST_CHANGED = 100_000  # tokens of the modules that questions are about; each costs three passes of ``ast``
_SHARE = 0.85  # of the window may be changed modules
_MOST_TRIED = 60  # modules that are changed to find those with the most to ask about,
_LEAST_TRIED = 26_000  # and tokens of them, if there are so many
_GUESSED = ("True", "False")
_HEADING = 8  # tokens of a document's name


class CodeQuestions:
    """The family ``codeqa``."""

    name = "codeqa"
    version = 1

    def window(self, seed: int, tokens: int, questions: int) -> Window:
        """Modules of the standard library, some of them changed, with questions about those. Within 10 % of ``tokens``.

        Raises:
            ConfigError: the library of this Python is smaller than ``tokens``, or holds too little for so many questions.
        """
        check_size(self.name, tokens, questions)
        _check_library(tokens)
        chance = Random(f"codeqa {self.version} {seed} {tokens}")
        changed = _changed_modules(tokens, chance)
        asked = _questions(changed, questions, chance)
        if len(asked) < questions:
            raise ConfigError(
                f"A window of {tokens:,} tokens holds {len(asked)} questions of the task 'codeqa', fewer than {questions}: "
                "choose fewer questions or more tokens."
            )
        documents = _documents(changed, tokens, chance)
        return Window(
            task=self.name,
            version=self.version,
            seed=seed,
            tokens=tokens,
            documents=documents,
            questions=asked,
            facts=_facts(changed, documents),
            is_searchable=True,
        )

    def understand(self, question: str) -> CodeQuery | None:
        """The questions of a window. The same words ask one module of it."""
        return understood(question)


FAMILY = CodeQuestions()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """A changed module, and how much it offers."""

    name: str
    module: ChangedModule
    tokens: int
    asked: int


def _check_library(tokens: int) -> None:
    if tokens > _SURELY_THERE and library_tokens() < tokens * (1 - _TOLERANCE):
        raise ConfigError(
            f"The standard library of this Python holds {library_tokens():,} tokens, so that the task 'codeqa' makes no "
            f"window of {tokens:,}: choose at most {library_tokens():,}."
        )


def _changed_modules(tokens: int, chance: Random) -> dict[str, ChangedModule]:
    """Modules that are changed, together most of a small window, and at most ``_MOST_CHANGED`` tokens."""
    room = min(round(tokens * _SHARE), _MOST_CHANGED)
    tried = sorted(_tried(room, chance), key=lambda each: (-each.asked / each.tokens, each.name))
    chosen = {}
    for each in tried:
        if each.tokens <= room:
            chosen[each.name] = each.module
            room -= each.tokens
    return chosen


def _tried(room: int, chance: Random) -> Iterator[_Tried]:
    names = NewNames(chance)
    left, size, most = _MOST_TRIED, 0, min(_MOST_CHANGED, max(_LEAST_TRIED, 3 * room))
    for file in _shuffled(chance, is_test=False):
        if file.tokens > room * 0.8:
            continue
        changed = changed_module(file.text, chance, names)
        asked = len(askable(changed, file.name)) if changed else 0
        if changed and asked:
            tokens = estimate_tokens(changed.text)  # new names are longer than the old ones
            yield _Tried(name=file.name, module=changed, tokens=tokens, asked=asked)
        left -= 1
        size += file.tokens
        if not left or size > most:
            return


def _questions(changed: Mapping[str, ChangedModule], wanted: int, chance: Random) -> tuple[Question, ...]:
    """Questions of all kinds and modules in turn; each thing is asked in one form first, then in the other."""
    asked = list(chain.from_iterable(askable(module, name) for name, module in changed.items()))
    chance.shuffle(asked)
    asked.sort(
        key=lambda each: each.answer not in _GUESSED
    )  # popped from the end: what is easily guessed comes last
    kinds = {
        kind: [each for each in asked if each.kind == kind]
        for kind in ("default", "error", "caller", "override")
    }
    mixed: list[Asked] = []
    while any(kinds.values()):
        mixed += [each.pop() for each in kinds.values() if each]
    in_turn = [
        (each, (number + number // 4 + turn) % 2 == 0) for turn in (0, 1) for number, each in enumerate(mixed)
    ]
    return tuple(
        _question(f"q{number}", each, is_choice, chance)
        for number, (each, is_choice) in enumerate(in_turn[:wanted], 1)
    )


def _question(name: str, asked: Asked, is_choice: bool, chance: Random) -> Question:
    if not is_choice:
        return Question(id=name, text=worded(asked), kind=asked.kind, gold=asked.answer, scorer="exact")
    choices = [asked.answer, *chance.sample(asked.others, 3)]
    chance.shuffle(choices)
    return Question(
        id=name,
        text=worded(asked, choices),
        kind=f"{asked.kind}, 4 choices",
        gold=letter_of(asked.answer, choices),
        scorer="choice",
        chance=0.25,
    )


def _documents(changed: Mapping[str, ChangedModule], tokens: int, chance: Random) -> dict[str, str]:
    """The changed modules among others, in any order; the last of the others is cut so that the size is right."""
    texts = {name: module.text for name, module in changed.items()}
    left = tokens - sum(estimate_tokens(text) + _HEADING for text in texts.values())
    for file in chain(_shuffled(chance, is_test=False), _shuffled(chance, is_test=True)):
        if left < 0.02 * tokens:
            break
        if file.name not in texts:
            texts[file.name] = file.text if file.tokens <= left else _beginning(file, left)
            left -= file.tokens + _HEADING
    order = sorted(texts)
    chance.shuffle(order)
    return {name: texts[name] for name in order}


def _beginning(file: SourceFile, tokens: int) -> str:
    """The first lines of a module, of about ``tokens`` tokens."""
    lines = file.text.splitlines()
    size, kept = file.tokens, len(lines)
    for _ in range(6):
        if abs(size - tokens) <= 0.02 * tokens:
            break
        kept = max(1, min(len(lines), round(kept * tokens / size)))
        size = max(1, estimate_tokens("\n".join(lines[:kept])))
    return "\n".join(lines[:kept]) + "\n"


def _shuffled(chance: Random, is_test: bool) -> Iterator[SourceFile]:
    names = list(library_names(is_test))
    chance.shuffle(names)
    return (file for file in map(source_file, names) if file is not None)


def _facts(changed: Mapping[str, ChangedModule], order: Mapping[str, str]) -> tuple[Fact, ...]:
    return tuple(chain.from_iterable(facts_of(changed[name], name) for name in order if name in changed))
