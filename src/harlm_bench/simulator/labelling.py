"""Labels the lines of a prompt, and picks out what stands in them, in the form that was asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harlm_bench.simulator.intents import Asked, spelled
from harlm_bench.simulator.perceiving import Senses
from harlm_bench.simulator.prompt import Prompt
from harlm_bench.simulator.store import Found, item_id

_NUMBERED = re.compile(r"^[ \t>*\-\"']*\[?(\d{1,9})[\].):|\t]\s*(\S.*)$", re.MULTILINE)
_FORM = re.compile(
    r"(?:\b(?:number|n|id|index|line number|#)|<[^<>\n]{1,20}>|\{[^{}\n]{1,20}\}|\b\d)\s?(?P<mark>:|\.|\)|\||=|->|-|,|\t)\s?"
    r"[<{\[]?(?:label|category|class|answer)\b",
    re.IGNORECASE,
)
_JSON = re.compile(r"\bjson\b", re.IGNORECASE)
_OBJECTS = re.compile(r"\b(?:list|array) of (?:json )?objects\b|\[\s*\{", re.IGNORECASE)
_MAP = re.compile(r"\b(?:object|dict(?:ionary)?|map(?:ping)?)\b", re.IGNORECASE)
_KEYS = re.compile(r"[\"'](\w+)[\"']\s*:")
_COMMAS = re.compile(r"\bcomma[- ]separated\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Row:
    """One line that is asked about: its number, its item if it is known, and the label or values."""

    number: str
    item: Found | None
    value: str


def labelled(asked: Asked, prompt: Prompt, senses: Senses) -> list[Row]:
    """The label of each line, spelled as in the instruction. A line whose text is unknown gets a guess."""
    items = [each for each in prompt.found if asked.attribute in each.fact.guessable]
    if not items:
        return []
    options = items[0].fact.guessable[asked.attribute]
    spelling = spelled(options, f"{asked.words}\n{asked.question}\n{prompt.rules}")
    judged = senses.judged(items)
    rows = {
        each.start: Row(each.number, each, spelling.get(label, label))
        for each, fact in zip(items, judged, strict=True)
        if (label := fact.attributes.get(asked.attribute)) is not None
    }
    if any(each.number for each in items):
        rows |= _guessed(prompt, items, senses, [spelling.get(each, each) for each in options])
    return [rows[start] for start in sorted(rows)]


def _guessed(
    prompt: Prompt, items: Sequence[Found], senses: Senses, options: Sequence[str]
) -> Mapping[int, Row]:
    """Numbered lines of the content that are no items."""
    known = {each.number for each in items}
    first = items[0].start
    begin = prompt.text.rfind("\n", 0, first) + 1
    rows = {}
    for line in _NUMBERED.finditer(prompt.text, begin):
        if line[1] not in known:
            known.add(line[1])
            rows[line.start()] = Row(line[1], None, senses.noise.wrong(item_id(line[2]), options))
    return rows


def written(rows: Sequence[Row], words: str, numbers: Sequence[str]) -> str:
    """The labels in the form that the instruction asks for.

    Args:
        rows: the labels.
        words: the instruction.
        numbers: of the lines.
    """
    if _JSON.search(words):
        return _as_json(rows, words, numbers)
    if _COMMAS.search(words):
        return ", ".join(each.value for each in rows)
    form = _FORM.search(words)
    if len(rows) == 1 and form is None and not rows[0].number:
        return rows[0].value
    is_numbered = form is not None or any(each.number for each in rows)
    if not is_numbered:
        return "\n".join(each.value for each in rows)
    mark = form["mark"] if form is not None else ":"
    between = (
        f" {mark} " if mark in ("->", "=", "-") else f"{mark} " if mark in (":", ".", ")", ",") else mark
    )
    return "\n".join(f"{number}{between}{each.value}" for number, each in zip(numbers, rows, strict=True))


def numbers_of(rows: Sequence[Row]) -> list[str]:
    """The number of each row: its own, or its place."""
    return [each.number or str(at) for at, each in enumerate(rows, start=1)]


def picked(asked: Asked, prompt: Prompt) -> str | None:
    """The attributes that the instruction names, of each item; ``None`` if it names none."""
    names = list(dict.fromkeys(name for each in prompt.found for name in each.fact.attributes))
    words = f"{asked.words}\n{asked.question}"
    wanted = [name for name in names if re.search(rf"\b{re.escape(name)}s?\b", words, re.IGNORECASE)]
    copied = [name for name in wanted if not any(name in each.fact.guessable for each in prompt.found)]
    if not copied:
        return None
    rows = [{name: each.fact.attributes.get(name, "") for name in copied} for each in prompt.found]
    if _JSON.search(words):
        return json.dumps(rows, ensure_ascii=False)
    return "\n".join(" | ".join(row.values()) for row in rows)


def _as_json(rows: Sequence[Row], words: str, numbers: Sequence[str]) -> str:
    keys = list(dict.fromkeys(_KEYS.findall(words)))
    if _OBJECTS.search(words) or len(keys) >= 2:
        number = next(
            (each for each in keys if each.lower() in ("id", "n", "number", "index", "line", "i")), "number"
        )
        label = next((each for each in keys if each != number), "label")
        told: object = [
            {number: int(n) if n.isdecimal() else n, label: each.value}
            for n, each in zip(numbers, rows, strict=True)
        ]
    elif _MAP.search(words):
        told = dict(zip(numbers, (each.value for each in rows), strict=True))
    elif len(rows) == 1 and len(keys) == 1:
        told = {keys[0]: rows[0].value}
    else:
        told = [each.value for each in rows]
    return json.dumps(told, ensure_ascii=False)
