"""Asks about items in groups, round after round, until each has an answer. Does not know what is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from ..arguments import ITEMS, within
from .leaf import Leaf, LeafFailed, Room

_ROUNDS = 3  # times that items without an answer are asked about
_FILL = 0.5  # of the tokens that a call may hold, for the items
_MARKS = 60  # characters around an item: its number, its name

Value = TypeVar("Value")


class ItemQuestion(NamedTuple, Generic[Value]):
    """What is asked about every item.

    Attributes:
        prompt: the prompt for the items of one group.
        read: what a reply says of each item, by its place in the group, from the reply and the items. An item of which a
            reply says nothing that can be used is left out.
        schema: JSON Schema of the replies, for servers that support it.
    """

    prompt: Callable[[Sequence[str]], str]
    read: Callable[[str, Sequence[str]], Mapping[int, Value]]
    schema: str | None = None


def answered(
    leaf: Leaf,
    items: Sequence[str],
    step: ItemQuestion[Value],
    *,
    groups: Groups,
    role: str = "sub",
    rounds: int = _ROUNDS,
) -> dict[int, Value]:
    """What the model says of each item, by index. Those without an answer are asked about again, each time fewer at once.

    Raises:
        LeafFailed: no call was answered.
    """
    found: dict[int, Value] = {}
    most = groups.most
    for _ in range(rounds):
        todo = [at for at in range(len(items)) if at not in found]
        if not todo:
            break
        cut = groups.of([len(items[at]) for at in todo], most)
        asked = [[todo[place] for place in group] for group in cut]
        try:
            replies = leaf.ask(
                [step.prompt([items[at] for at in group]) for group in asked], schema=step.schema, role=role
            )
        except LeafFailed:
            if not found:
                raise
            break
        for group, reply in zip(asked, replies, strict=True):
            if not reply.failure:
                read = step.read(reply.text, [items[at] for at in group])
                found |= {group[place]: value for place, value in read.items() if 0 <= place < len(group)}
        most = max(1, most // 4)
    return found


class Groups(NamedTuple):
    """How many items go into one call.

    Attributes:
        most: items, at most.
        characters: of all items of a call, at most, unless one item has more.
        calls: at most; ``None`` without a limit. If the items need more, groups are larger; items for which there is no
            room then are left out.
        limit: characters of a call, at most, if calls are few.
    """

    most: int
    characters: int
    calls: int | None = None
    limit: int = 0

    @classmethod
    def within(cls, room: Room, most: int, tokens: int) -> Groups:
        """Groups of at most so many items and tokens, in what one call may hold and the budget allows."""
        limit = int(_FILL * room.characters)
        return cls(1 if room.is_small else most, min(4 * tokens, limit), room.calls_left, limit)

    def of(self, sizes: Sequence[int], most: int) -> list[list[int]]:
        """The places of items of these sizes, in order, by group; of at most ``most`` unless calls are few."""
        found = _cut(sizes, most, self.characters)
        if self.calls is None or len(found) <= self.calls:
            return found
        if self.calls < 1:
            return found[:1]  # the call is refused, and the refusal says why
        even = (
            -(-sum(size + _MARKS for size in sizes) // self.calls) + max(sizes) + _MARKS
        )  # no more groups than calls
        larger = _cut(sizes, len(sizes), min(max(self.characters, even), max(self.limit, self.characters)))
        return larger[: self.calls]


def _cut(sizes: Sequence[int], most: int, characters: int) -> list[list[int]]:
    found: list[list[int]] = []
    room = 0
    for at, size in enumerate(sizes):
        if not found or len(found[-1]) >= most or size + _MARKS > room:
            found.append([])
            room = characters
        found[-1].append(at)
        room -= size + _MARKS
    return found


def texts_from(items: object, name: str) -> list[str]:
    """Items as a list of texts, as they are.

    Raises:
        TypeError: they are one text, or not a list of texts.
    """
    if isinstance(items, str) or not isinstance(items, Sequence):
        raise TypeError(
            f"{name} takes a list of texts, not {type(items).__name__}; split() makes one of a text"
        )
    within(len(items), f"the list of {name}", ITEMS)
    wrong = next((each for each in items if not isinstance(each, str)), None)
    if wrong is not None:
        raise TypeError(
            f"{name} takes a list of texts; it holds {type(wrong).__name__}; convert it with str()"
        )
    return list(items)


def words_from(value: object, name: str, what: str) -> str:
    """An instruction, without the blanks around it.

    Raises:
        TypeError, ValueError: it is not text, or is empty.
    """
    if not isinstance(value, str):
        raise TypeError(f"{name} takes {what} as a str, not {type(value).__name__}")
    if not value.strip():
        raise ValueError(f"{name} needs {what}, which is empty; say it in words")
    return value.strip()
