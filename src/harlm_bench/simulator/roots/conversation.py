"""Reads a dialogue with a scaffold: the question, what was done so far, and what the root was shown. Decides nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import dedent
from typing import Final

from harlm_bench.simulator.roots.scaffold import Scaffold

_MARK: Final = re.compile(r"# Step (\d+)\b")
_ERROR: Final = re.compile(
    r"^(?:Traceback \(most recent|Exception:\s*$|\[Error\]|\[Type Error\]|\W*ERROR: |The previous attempt failed"
    r"|(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Exceeded|Overflow)\b)",
    re.MULTILINE,
)
_TOO_LONG: Final = re.compile(
    r"context_length|context length|context size|maximum context|ContextOverflow|too (?:long|large)|window of",
    re.IGNORECASE,
)
_TURN: Final = re.compile(r"\bTurn (\d+)(?: of |/)(\d+)")
_ITERATION: Final = re.compile(r"\[\[ ## iteration ## \]\]\s*(\d+)/(\d+)")
_LAST: Final = re.compile(r"this is the last turn|final attempt", re.IGNORECASE)
_NO_CODE: Final = re.compile(
    r"no (?:time|turns?|room) for (?:more )?code|without code|no more code", re.IGNORECASE
)
_STEP: Final = re.compile(r"^=== Step \d+ ===$", re.MULTILINE)
_VARIABLE: Final = re.compile(
    r"Variable: `(\w+)`.*?Total length: ([\d,]+) characters\s+Preview:\s*```\n(.*?)\n\s*```", re.DOTALL
)
_RESULT: Final = re.compile(r"^result: ?(.*)", re.MULTILINE | re.DOTALL)
_AFTER_RESULT: Final = re.compile(
    r"\n(?:\s*\n|```|Variables: |REPL variables: |Turn \d+ of \d+|\[\[ ## |Output|… \[|\.\.\. |Exception:$)",
    re.MULTILINE,
)
_PREFIXED: Final = re.compile(r"\b(?:Question|Task|Query): ?(.*?)(?=\s*\n\s*\n|\s*\Z)", re.DOTALL)
_END_OF_TEXT: Final = "End of the text."
_ABOUT_CONTEXT: Final = "Your context is a "
_FOLLOWS: Final = "Answer the following: "
_LONGEST: Final = 8_000  # characters of a message that may be a question as a whole
_WRAPPED: Final = re.compile(r"\n\nQuestion: (.*?)(?:\n\n(?:Text|Document|Answers):|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One earlier turn.

    Attributes:
        step: the number that the code of the turn carries in its first comment; ``None`` if it has none.
        shown: what the scaffold answered.
        failed: whether ``shown`` tells of an exception.
    """

    step: int | None
    shown: str
    failed: bool

    @property
    def was_too_long(self) -> bool:
        """Whether it failed since a call's prompt was longer than the window."""
        return self.failed and _TOO_LONG.search(self.shown) is not None

    @property
    def result(self) -> str | None:
        """What the code printed as its result, as far as it was shown; ``None`` if nothing."""
        found = _RESULT.findall(self.shown)
        return (
            _AFTER_RESULT.split(found[-1].rpartition("\nresult: ")[2] or found[-1])[0].strip()
            if found
            else None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A dialogue as far as it went.

    Attributes:
        question: what is asked; ``None`` if the dialogue does not say it.
        is_part: whether the question was put by another program, over a part of a text.
        text: the variable that holds the text, where the dialogue says it better than the rules.
        view: the text itself, where the first message holds it.
        turns: in order.
        is_last: whether no turn will follow.
        wants_prose: whether the answer alone is asked for, without code.
    """

    question: str | None
    is_part: bool = False
    text: str | None = None
    view: str = ""
    turns: tuple[Turn, ...] = ()
    is_last: bool = False
    wants_prose: bool = False

    @property
    def result(self) -> str | None:
        """The last result that was shown."""
        return next((turn.result for turn in reversed(self.turns) if turn.result), None)


def read(messages: Sequence[tuple[str, str]], scaffold: Scaffold) -> Conversation:
    """The dialogue of ``messages``, as (role, text)."""
    rest = [(role, text) for role, text in messages if role not in {"system", "developer"}]
    if scaffold.has_fields:
        return _of_fields(rest)
    opening = rest[0][1] if rest else ""
    turns = tuple(_turns(rest))
    asked = _question(opening) or _shown_question(turns)
    last = rest[-1] if rest else ("user", "")
    wants_prose = last[0] == "assistant" or _NO_CODE.search(last[1][-_LONGEST:]) is not None
    return Conversation(
        question=inner(asked) if asked else None,
        is_part=bool(asked and inner(asked) != asked) or not _question(opening),
        view=opening[: max(0, opening.rfind(_END_OF_TEXT))],
        turns=turns,
        is_last=wants_prose or _is_last(last[1][-_LONGEST:]),
        wants_prose=wants_prose,
    )


def inner(question: str) -> str:
    """The question inside a prompt that wraps it in an instruction, as those of ``prompts`` do."""
    wrapped = _WRAPPED.search(question)
    return wrapped[1].strip() if wrapped else question.strip()


def _question(opening: str) -> str | None:
    """The question of a first message. Texts are looked at from their ends: they may be very long."""
    end = opening.rfind("\n</question>")
    if end >= 0 and (start := opening.rfind("<question>\n", 0, end)) >= 0:
        return opening[start + len("<question>\n") : end].strip()
    if opening.startswith(_FOLLOWS):
        return opening[len(_FOLLOWS) :].rpartition(f"\n\n{_ABOUT_CONTEXT}")[0].strip()
    if (at := opening.rfind(_END_OF_TEXT)) >= 0:
        return opening[at + len(_END_OF_TEXT) :].strip()
    if len(opening) > _LONGEST or opening.startswith(_ABOUT_CONTEXT):
        return None
    found = _PREFIXED.search(opening)
    return found[1].strip() if found else opening.strip()


def _shown_question(turns: Sequence[Turn]) -> str | None:
    """The question of a child whose prompt is its text: it is found in what the child printed of it."""
    return next((found[1].strip() for turn in turns if (found := _WRAPPED.search(turn.shown))), None)


def _turns(messages: Sequence[tuple[str, str]]) -> list[Turn]:
    turns: list[Turn] = []
    for index, (role, text) in enumerate(messages):
        if role != "assistant":
            continue
        shown: list[str] = []
        for later, said in messages[index + 1 :]:
            if later == "assistant":
                break
            shown.append(said)
        turns.append(_turn(text, "\n".join(shown)))
    return turns


def _turn(reply: str, shown: str) -> Turn:
    mark = _MARK.search(reply)
    return Turn(step=int(mark[1]) if mark else None, shown=shown, failed=_ERROR.search(shown) is not None)


def _is_last(message: str) -> bool:
    count = next(reversed(_TURN.findall(message) or _ITERATION.findall(message)), None)
    return _LAST.search(message) is not None or (count is not None and int(count[0]) >= int(count[1]))


def _of_fields(messages: Sequence[tuple[str, str]]) -> Conversation:
    """A dialogue that is told in one message, as named fields."""
    told = messages[-1][1] if messages else ""
    variables = {
        name: (int(length.replace(",", "")), dedent(preview))
        for name, length, preview in _VARIABLE.findall(told)
    }
    longest = max(variables, key=lambda name: variables[name][0], default=None)
    questions = [preview.strip() for name, (_, preview) in variables.items() if name != longest]
    history = told.partition("[[ ## repl_history ## ]]")[2].partition("[[ ## iteration ## ]]")[0]
    turns = []
    for entry in _STEP.split(history)[1:]:
        code, _, shown = entry.rpartition("\n```\nOutput")
        turns.append(_turn(code, shown.partition("\n")[2]))
    asked = next((each for each in questions if each), None)
    return Conversation(
        question=inner(asked) if asked else None,
        is_part=bool(asked and inner(asked) != asked),
        text=longest,
        turns=tuple(turns),
        is_last=_is_last(told[-2_000:]),
        wants_prose="[[ ## iteration ## ]]" not in told,
    )
