"""Errors of form: fences, a missing line, talk around the answer, other spelling, an empty reply. Changes no fact knowingly."""

from __future__ import annotations

import re
from collections.abc import Callable

from harlm_bench.simulator.noise import Noise
from harlm_bench.simulator.reading import Reply

_NUMBERED = re.compile(r"^(\s*\d+\s*[:.)|\t=-]+\s*)(.*)$", re.MULTILINE)
_REFUSAL = "I'm sorry, but I can't help with that."


def _fenced(text: str, noise: Noise) -> str:
    return f"```{'json' if text[:1] in '[{' else ''}\n{text}\n```"


def _talkative(text: str, noise: Noise) -> str:
    before = noise.choice(
        "before", ("Sure! Here is the result:", "Based on the text provided:", "Here you go:")
    )
    return f"{before}\n\n{text}\n\nLet me know if you need anything else."


def _without_a_line(text: str, noise: Noise) -> str:
    lines = text.split("\n")
    if len(lines) < 3:
        return text
    del lines[1 + int(noise.uniform("missing line") * (len(lines) - 1))]
    return "\n".join(lines)


def _lower(text: str, noise: Noise) -> str:
    return text.lower()


def _misspelled(text: str, noise: Noise) -> str:
    """One label in another spelling."""
    found = [each for each in _NUMBERED.finditer(text) if len(each[2]) > 3]
    if not found:
        return text
    line = noise.choice("misspelled", found)
    return f"{text[: line.start(2)]}{line[2][:-1]}{text[line.end(2) :]}"


def _cut(text: str, noise: Noise) -> str:
    return text[: len(text) * 2 // 3] if len(text) > 60 else text


def _empty(text: str, noise: Noise) -> str:
    return ""


def _refused(text: str, noise: Noise) -> str:
    return _REFUSAL


_ALL: tuple[tuple[float, Callable[[str, Noise], str]], ...] = (
    (0.25, _fenced),
    (0.30, _talkative),
    (0.12, _without_a_line),
    (0.12, _lower),
    (0.08, _misspelled),
    (0.05, _cut),
    (0.05, _empty),
    (0.03, _refused),
)
"""Each error with its weight among them. Judgement: providers publish no such figures."""


def spoiled(text: str, reply: Reply, noise: Noise, rate: float) -> str:
    """The reply, at ``rate`` with one error of form. Only replies of some length lose lines or their end."""
    if not text or not noise.happens("bad form", rate):
        return text
    left = noise.uniform("which bad form") * sum(weight for weight, _ in _ALL)
    for weight, change in _ALL:
        if left < weight:
            return change(text, noise)
        left -= weight
    return text
