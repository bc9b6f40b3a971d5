"""What a pattern is: the replies of a scripted root model, and the replies to the sub-calls of its code.

A prompt is ``KIND: SUBJECT``. The reply depends on nothing but the prompt, and most replies hold the code of their prompt, so
a prompt that needs a reply can be known by the code in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import NamedTuple

CONTEXT = "\n".join(
    f"row {number:02d}: unit {7 * number % 64:02d} of line {'abcd'[number % 4]} ran for {11 * number % 97:02d} minutes"
    for number in range(64)
)
"""The text that every question is about."""

QUESTION = "What do the rows say?"
LATENCY_S = 0.3
ALL, SAME, PREVIOUS = "all", "same", "previous"


class Wait(NamedTuple):
    """That calls of one kind are not made before those of another have their replies, because code decides so.

    Attributes:
        kind: of the calls that wait.
        on: the kind of the calls that they wait for.
        which: those with the ``SAME`` subject, ``ALL`` that came before, or the ``PREVIOUS`` one.
    """

    kind: str
    on: str
    which: str = SAME


class Pattern(NamedTuple):
    """One program, written by the root model in one reply or more.

    Attributes:
        name: of the pattern.
        turns: the replies, each with one block of code or more.
        waits: what is not seen in the prompts: replies that decide whether a call is made.
        complete: by the kind of a call, the code with which its text is complete, for all but the first call of this kind.
            By default a call's text ends with the call itself.
        complete_first: the same, for all calls of the kind.
        latency_s: of each sub-call.
        may_end: whether a reply may end a loop, so that calls past it are made in vain.
        is_async: whether calls are awaited.
    """

    name: str
    turns: tuple[str, ...]
    waits: tuple[Wait, ...] = ()
    complete: Mapping[str, str] = {}
    complete_first: Mapping[str, str] = {}
    latency_s: float = LATENCY_S
    may_end: bool = False
    is_async: bool = False


class Refused(Exception):
    """The sub-model refuses a prompt."""


def blocks(*codes: str, before: str = "", between: str = "", after: str = "") -> str:
    """A reply of blocks of code, with prose around them."""
    fenced = [f"```repl\n{code.strip()}\n```\n" for code in codes]
    parts = [
        f"{before}\n\n" if before else "",
        f"\n{between}\n\n".join(fenced) if between else "".join(fenced),
    ]
    return "".join([*parts, f"\n{after}\n" if after else ""])


def code_of(prompt: str) -> str:
    """Six characters that stand for a prompt."""
    return blake2b(prompt.encode(), digest_size=3).hexdigest()


def kind_of(prompt: str) -> str:
    """The kind of a prompt."""
    return prompt.partition(":")[0]


def subject_of(prompt: str) -> str:
    """The subject of a prompt."""
    return prompt.partition(": ")[2]


def reply_to(prompt: str) -> str:
    """The sub-model's reply.

    Raises:
        Refused: the model refuses the prompt.
    """
    code, subject = code_of(prompt), subject_of(prompt)
    match kind_of(prompt):
        case "Fail":
            raise Refused(f"{subject} is not read")
        case "Relevant":
            return f"{'yes' if int(code, 16) % 2 else 'no'}, since {code}"
        case "Find":
            return f"found {code}" if subject.startswith("row 03") else f"nothing {code}"
        case "Tag":
            return f"The tag is tag={code}; weight={int(code, 16) % 10}."
        case "Score":
            return str(int(code, 16) % 100)
        case "Try":
            return f"{'good' if subject.count(' bad ') == 2 else 'bad'} {code}"
        case "More":
            return f"{'split' if int(code, 16) % 4 == 0 else 'whole'} {code}"
    return f"note {code}"
