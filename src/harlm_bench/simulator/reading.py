"""The leaf: does what an instruction asks, with the items that stand in the prompt. Form and errors of form come later."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from harlm.tokens import estimate_tokens
from harlm_bench.simulator import labelling
from harlm_bench.simulator.answering import answer, relevant
from harlm_bench.simulator.intents import Asked, Intent, Reader
from harlm_bench.simulator.matching import matched
from harlm_bench.simulator.perceiving import Senses, content_words
from harlm_bench.simulator.prompt import Prompt
from harlm_bench.simulator.store import Found

_NOT_FOUND = "NOT FOUND"
_AT_MOST = re.compile(
    r"\b(?:at most|within|under|up to|in|no more than|about)\s+(\d[\d,]{0,6})\s+(words|tokens|sentences)",
    re.IGNORECASE,
)
_USUAL_WORDS = 200  # of a summary whose length was not asked for
_PROPOSED = re.compile(r"\b(?:proposed|candidate|given|this)\s+answer\s*:\s*(.+?)\s*(?:\n|$)", re.IGNORECASE)
_ANSWERS = re.compile(
    r"^[#*\s]*(?:partial |candidate |all )?(?:answers?|results?|findings|counts?)\b[^\n:]{0,40}:\**\s*$",
    re.IGNORECASE | re.MULTILINE,
)
_NUMBERED = re.compile(
    r"^\s*(?:[-*•]|(?:part|chunk|answer|section|document|batch)?\s*#?\d{1,6}\s*[:.)])\s*", re.IGNORECASE
)
_EMPTY = re.compile(
    r"\b(?:not found|nothing|none|unknown|no answer|n/a|not (?:stated|mentioned|in the text)|does not (?:say|contain))\b",
    re.IGNORECASE,
)
_SUMMED = re.compile(r"\b(?:sum|total|add up|add|combine|aggregate)\b", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d[\d,]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the model means to say, before it is brought into form.

    Attributes:
        intent: what it took the request for.
        text: the words.
        used: the items that they rest on.
        is_found: whether it has an answer.
        rows: of labels, by line.
        not_found: how to say that there is no answer.
    """

    intent: Intent
    text: str
    used: tuple[Found, ...] = ()
    is_found: bool = True
    rows: tuple[tuple[str, str], ...] = ()
    not_found: str = _NOT_FOUND


def read(prompt: Prompt, reader: Reader, senses: Senses) -> Reply:
    """The reply to a request."""
    asked = reader.asked(prompt)
    return _DOES[asked.intent](asked, prompt, senses)


def _label(asked: Asked, prompt: Prompt, senses: Senses) -> Reply:
    rows = labelling.labelled(asked, prompt, senses)
    if not rows:
        return _nothing(asked)
    numbers = labelling.numbers_of(rows)
    words = f"{asked.words}\n{asked.question}\n{prompt.rules}"
    return Reply(
        intent="label",
        text=labelling.written(rows, words, numbers),
        used=tuple(each.item for each in rows if each.item is not None),
        rows=tuple((number, each.value) for number, each in zip(numbers, rows, strict=True)),
    )


def _match(asked: Asked, prompt: Prompt, senses: Senses) -> Reply:
    rows = matched(asked, prompt, senses)
    if not rows:
        return _nothing(asked)
    text = "\n".join(f"{each.number}: {each.said}" for each in rows)
    return Reply(intent="match", text=text, used=tuple(used for each in rows for used in each.used))


def _copy(asked: Asked, prompt: Prompt, senses: Senses) -> Reply:
    kept = _relevant(asked, prompt, senses)
    if not kept:
        return _nothing(asked, "NOTHING")
    return Reply(intent="copy", text=_copied(kept), used=tuple(kept))


def _shorten(asked: Asked, prompt: Prompt, senses: Senses) -> Reply:
    """A summary keeps items word for word, as far as there is room: those that bear on the question, the nearest first.

    Of a question that no task knows, it is not known what bears on it, so others follow.
    """
    limit = _AT_MOST.search(f"{asked.words}\n{asked.question}")
    room = int(limit[1].replace(",", "")) if limit and limit[2].lower() != "sentences" else _USUAL_WORDS
    first = _nearest_first(_relevant(asked, prompt, senses), asked.question)
    chosen = {id(each) for each in first}
    rest = [each for each in prompt.found if id(each) not in chosen] if asked.query is None else []
    kept: list[Found] = []
    for each in [*first, *rest]:
        size = (
            len(each.fact.text.split())
            if not limit or limit[2].lower() == "words"
            else estimate_tokens(each.fact.text)
        )
        if size > room:
            break
        room -= size
        kept.append(each)
    kept.sort(key=lambda each: each.start)
    if not kept:
        return _nothing(asked, "The text holds nothing that bears on the question.")
    return Reply(intent="shorten", text=_copied(kept), used=tuple(kept))


def _holds(asked: Asked, prompt: Prompt, senses: Senses) -> Reply:
    words = f"{asked.words}\n{asked.question}".lower()
    yes, no = ("True", "False") if "true" in words and "yes" not in words else ("Yes", "No")
    if asked.query is None:
        kept = _relevant(asked, prompt, senses)
        return Reply(intent="holds", text=yes if kept else no, used=tuple(kept))
    said = answer(asked.query, asked.question, prompt.found, senses)
    if said.text is not None and said.text.strip().lower() in ("yes", "no"):
        return Reply(intent="holds", text=yes if said.text.strip().lower() == "yes" else no, used=said.used)
    return Reply(intent="holds", text=yes if said.used else no, used=said.used)


def _check(asked: Asked, prompt: Prompt, senses: Senses) -> Reply:
    proposed = _PROPOSED.search(prompt.asked)
    if asked.query is None or proposed is None:
        return Reply(intent="check", text="Yes")
    said = answer(asked.query, asked.question, prompt.found, senses)
    is_same = said.text is not None and _plain(said.text) == _plain(proposed[1])
    return Reply(intent="check", text="Yes" if is_same else "No", used=said.used)


def _choose(asked: Asked, prompt: Prompt, senses: Senses) -> Reply:
    """The most frequent of several answers; their sum, if they are numbers and a sum is asked for."""
    lines = _answers(prompt)
    if asked.query is not None and prompt.found:
        return _ask(asked, prompt, senses)
    if not lines:
        return _nothing(asked)
    numbers = [_NUMBER.search(each) for each in lines]
    if _SUMMED.search(asked.words) and all(numbers):
        total = sum(int(each[0].replace(",", "")) for each in numbers if each)
        return Reply(intent="choose", text=str(total))
    counted = Counter(map(_plain, lines))
    most = max(counted.values())
    best = [each for each in lines if counted[_plain(each)] == most]
    return Reply(intent="choose", text=best[0] if len(best) == most else senses.noise.choice("tie", best))


def _pick(asked: Asked, prompt: Prompt, senses: Senses) -> Reply:
    text = labelling.picked(asked, prompt)
    return _ask(asked, prompt, senses) if text is None else Reply(intent="pick", text=text, used=prompt.found)


def _ask(asked: Asked, prompt: Prompt, senses: Senses) -> Reply:
    if asked.query is None:
        kept = _relevant(asked, prompt, senses)[:1]
        return Reply(intent="ask", text=kept[0].fact.text, used=tuple(kept)) if kept else _nothing(asked)
    said = answer(asked.query, asked.question, prompt.found, senses)
    if said.text is None:
        return _nothing(asked)
    return Reply(intent="ask", text=said.text, used=said.used, not_found=asked.not_found or _NOT_FOUND)


_DOES: Mapping[Intent, Callable[[Asked, Prompt, Senses], Reply]] = {
    "label": _label,
    "match": _match,
    "copy": _copy,
    "shorten": _shorten,
    "holds": _holds,
    "check": _check,
    "choose": _choose,
    "pick": _pick,
    "ask": _ask,
}


def _relevant(asked: Asked, prompt: Prompt, senses: Senses) -> list[Found]:
    """The items that bear on the question: as its task says, or else those that share its rare words."""
    if asked.query is not None:
        return relevant(asked.query, asked.question, prompt.found, senses)
    sought = content_words(asked.question)
    shared = [(len(sought & content_words(each.fact.text)), each) for each in prompt.found]
    most = max((count for count, _ in shared), default=0)
    return [each for count, each in shared if count == most] if most >= 2 else []


def _copied(items: Sequence[Found]) -> str:
    """Items word for word, one a line, each frame that was in view before the first item that needs it."""
    lines: list[str] = []
    for each in items:
        frame = each.fact.frame
        is_seen = set(each.fact.framed) <= each.fact.attributes.keys()
        lines += [frame] if frame and is_seen and frame not in lines else []
        lines.append(each.fact.text)
    return "\n".join(lines)


def _nearest_first(items: Sequence[Found], question: str) -> list[Found]:
    """The items in the order in which names lead to them from the words of the question, then the others."""
    reached, left = content_words(question), list(items)
    led: list[Found] = []
    while True:
        near = [each for each in left if not reached.isdisjoint(_names(each))]
        if not near:
            return [*led, *left]
        led += near
        taken = {id(each) for each in near}
        left = [each for each in left if id(each) not in taken]
        reached = reached.union(*map(_names, near))


def _names(item: Found) -> frozenset[str]:
    """The words of what can be copied from an item."""
    copied = (value for name, value in item.fact.attributes.items() if name not in item.fact.guessable)
    return content_words(" ".join(copied))


def _nothing(asked: Asked, usual: str = _NOT_FOUND) -> Reply:
    text = asked.not_found or usual
    return Reply(intent=asked.intent, text=text, is_found=False, not_found=text)


def _answers(prompt: Prompt) -> Sequence[str]:
    """The answers of other calls that stand in a prompt, one a line, without those that say nothing."""
    marks = list(_ANSWERS.finditer(prompt.text))
    block = prompt.text[marks[-1].end() :] if marks else prompt.asked.rpartition("\n\n")[2]
    lines = [_NUMBERED.sub("", each).strip() for each in block.splitlines()]
    return [each for each in lines if each and not _EMPTY.search(each)]


def _plain(text: str) -> str:
    return " ".join(text.lower().strip(" .\"'`").split())
