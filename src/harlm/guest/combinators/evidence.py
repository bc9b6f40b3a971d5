"""What a reply about passages is worth: its answer, the quote that it rests on, and how well the one supports the other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from .leaf import Leaf, Room
from .passages import Excerpt, named
from .quoting import Quoted, form_in, found_in, is_in, question_to, schema_for, spelled
from .wording import Wording, plainly

_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)+")
_LEAST_PART = 5  # letters of the last part of a dotted name that stands for all of it

MISSING, UNPROVEN, ELSEWHERE, NEARBY, PROVEN = range(5)
"""How well an answer is supported: there is none; its quote does not stand in the text; it stands in a passage that names nothing of the
question; in one that does; the quote or what stands near it names all of them, and the quote has the answer word for word.
"""


class CheckedReply(NamedTuple):
    """One reply about passages, checked.

    Attributes:
        answer: what it says; empty if nothing.
        quoted: its quote in the passages; ``None`` if it is not there.
        support: how well the one supports the other.
    """

    answer: str = ""
    quoted: Quoted | None = None
    support: int = MISSING

    def agrees_with(self, other: CheckedReply) -> bool:
        """Whether both give one answer."""
        return bool(self.answer) and plainly(self.answer) == plainly(other.answer)


NOTHING = CheckedReply()


def ask(
    leaf: Leaf,
    room: Room,
    asked: Wording,
    looks: Sequence[tuple[Sequence[Excerpt], bool]],
    *,
    role: str = "sub",
    about: str = "",
) -> list[CheckedReply]:
    """A reading of each group of passages, in one round of calls.

    Args:
        leaf, room: the models.
        asked: the question.
        looks: groups of passages, each with whether it is asked about in the second wording.
        role: which model reads.
        about: as in ``checked``.

    Raises:
        LeafFailed: no call was answered.
    """
    prompts = [question_to(room, asked, group, again=again) for group, again in looks]
    if not room.is_small:
        replies = leaf.ask(prompts, role=role)
    else:  # each call has a schema of its own
        replies = [
            leaf.ask([prompt], schema=schema_for(group, about), role=role)[0]
            for prompt, (group, _) in zip(prompts, looks, strict=True)
        ]
    return [
        checked(asked, reply.text, group, about) for reply, (group, _) in zip(replies, looks, strict=True)
    ]


def checked(asked: Wording, reply: str, passages: Sequence[Excerpt], about: str = "") -> CheckedReply:
    """A reply with its quote looked up in the passages.

    Args:
        asked: the question.
        reply: as the model wrote it.
        passages: that it was asked about.
        about: the thing that the quote must be about; by default those that the question names.
    """
    form = form_in(reply)
    quoted = found_in(passages, form.quote, form.answer)
    proves_itself = quoted is not None and is_in(form.answer, quoted.text)
    if not form.answer or (asked.says_nothing(form.answer) and not proves_itself):
        return CheckedReply("", quoted, MISSING)
    if quoted is None:
        is_meant = not asked.choices or asked.choice(form.answer) is not None
        return CheckedReply(form.answer, None, UNPROVEN) if is_meant else NOTHING
    if asked.choices:
        return _chosen(asked, form.answer, quoted)
    answer = spelled(form.answer, quoted)
    keys = (about,) if about else asked.keys
    return CheckedReply(answer, quoted, _support(quoted, keys, proves_itself or asked.is_yes_or_no, answer))


def _chosen(asked: Wording, answer: str, quoted: Quoted) -> CheckedReply:
    """A choice. It has little support if it is none of those that are offered, or if the quote has the words of another one."""
    at = asked.choice(answer)
    if at is None:
        return CheckedReply(answer, quoted, ELSEWHERE)
    held = [_says(quoted, each) for each in asked.choices]
    proves_itself = held[at] or not any(held)
    support = _support(quoted, asked.keys, proves_itself) if proves_itself else ELSEWHERE
    return CheckedReply(asked.as_chosen(at, answer), quoted, support)


def _says(quoted: Quoted, answer: str) -> bool:
    """Whether a quote has an answer, or of a dotted name each part stands in it or near it."""
    if is_in(answer, quoted.text):
        return True
    parts = answer.split(".")
    return bool(_DOTTED.fullmatch(answer)) and all(is_in(part, quoted.surroundings) for part in parts)


def _support(quoted: Quoted, keys: Sequence[str], proves_itself: bool, answer: str = "") -> int:
    if not names_any(f"{quoted.passage.name}\n{quoted.passage.text}", keys):
        return ELSEWHERE
    around = quoted.surroundings
    names_all = all(_holds(around, part) for key in keys for part in parts_of(key))
    return PROVEN if names_all and (proves_itself or _says(quoted, answer)) else NEARBY


def cited(quoted: Quoted) -> str:
    """A citation in the notation of answers."""
    mark = quoted.text.replace("\\", "\\\\").replace('"', '\\"')
    return f'[{quoted.place or "text"} "{mark}"]'


def names_any(text: str, keys: Sequence[str]) -> bool:
    """Whether a text has one of the keys, or there are none; of a dotted one all parts, or a long last part, are enough."""
    return not keys or any(_names(text, key) for key in keys)


def _names(text: str, key: str) -> bool:
    *owners, member = parts_of(key)
    if _holds(text, key) or (owners and len(member) >= _LEAST_PART and _holds(text, member)):
        return True
    return bool(owners) and all(_holds(text, part) for part in (*owners, member))


def _holds(text: str, name: str) -> bool:
    pattern = named(name)
    return pattern is not None and pattern.search(text) is not None


def parts_of(key: str) -> list[str]:
    """A key; of a dotted name, such as ``Parser.feed``, its parts."""
    return key.split(".") if _DOTTED.fullmatch(key) else [key]
