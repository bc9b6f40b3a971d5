"""``label``: one label of a set for each item. Each different item is judged once, in batches of numbered lines; what a reply
leaves out is asked for again, in smaller batches.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from .judged import Judged
from .leaf import Leaf, LeafFailed, Room
from .numbered import answers_in, batches, certainties, listed
from .second_looks import looked_again
from .small_labels import small_labels
from .stability import Answer, Stability

_BATCH = 40  # items in one call of a model that is not small
_ROUNDS = 3  # times that missing items are asked for
_MOST_LABELS = 1_000
_FILL = 0.5  # of the tokens that a call may hold, for the items
_WORD = re.compile(r"[\w'+&/-]+(?: [\w'+&/-]+)*")

_ASK = """\
Label each of the following lines with one of these: {labels}.{instruction} Reply with one line for each of them, in the form \
`number: label`, and nothing else.

{items}"""
_ASK_AGAIN = """\
For each numbered line below, decide carefully which one of these labels fits it best: {labels}.{instruction} Label each line. \
Reply with one line for each of them, in the form `number: label`, and nothing else.

{items}"""
_ASK_ONE = """\
Labels: {labels}.{instruction}
Which of the labels fits this text best? Reply with the label only.

Text: {items}
Label:"""


class Labels(list[str | None]):
    """The labels of items, in their order; ``None`` where the model gave none.

    Attributes:
        coverage: the share of the items that have a label.
        certainty: for each item how sure its label is, 0 to 1; ``None`` where nothing tells.
        looked_again: how many different items were judged a second time.
    """

    def __init__(self, labels: Sequence[str | None], certainty: Sequence[float | None], again: int) -> None:
        super().__init__(labels)
        self.certainty = list(certainty)
        self.looked_again = again

    @property
    def coverage(self) -> float:
        """The share of the items that have a label."""
        return 1.0 if not self else sum(each is not None for each in self) / len(self)


class Labelling(NamedTuple):
    """What is asked of every item.

    Attributes:
        options: the labels.
        instruction: what else the model should know, as sentences.
    """

    options: tuple[str, ...]
    instruction: str

    def prompt(self, form: str, items: str) -> str:
        """The prompt for numbered items, or for one."""
        told = f" {self.instruction}" if self.instruction else ""
        return form.format(labels=", ".join(self.options), instruction=told, items=items)

    def option(self, words: str) -> str | None:
        """The label that words mean; ``None`` if they mean none or several."""
        plain = _plain(words)
        exact = [each for each in self.options if _plain(each) == plain]
        if exact:
            return exact[0]
        named = [
            each for each in self.options if re.search(rf"(?<!\w){re.escape(_plain(each))}(?!\w)", plain)
        ]
        longest = [
            each
            for each in named
            if not any(each != other and _plain(each) in _plain(other) for other in named)
        ]
        return longest[0] if len(longest) == 1 else None


def label(
    leaf: Leaf,
    items: Sequence[str],
    labels: Sequence[str],
    instruction: str = "",
    *,
    answer: Answer | None = None,
    share: float | None = None,
) -> Labels:
    """The label of each item.

    Args:
        leaf: asks the models.
        items: the texts; equal ones are judged once.
        labels: the labels to choose from.
        instruction: what else the model should know, as sentences, such as what each label means.
        answer: computes the answer from the labels: second looks are made only where they make it more stable. Without it they are
            made wherever two passes differ.
        share: of the different items, how many the stronger model may judge again; by default as the run is set.

    Raises:
        TypeError, ValueError: an argument is of no such kind.
        LeafFailed: no call was answered.
    """
    asked = Labelling(_checked(labels), instruction.strip())
    texts = _texts(items)
    unique = list(dict.fromkeys(texts))
    room = leaf.room()
    first = _judged(leaf, unique, asked, room)
    stability = None if answer is None else Stability(answer, texts)
    again = looked_again(
        first,
        room=room,
        share=room.second_looks if share is None else share,
        worth=(lambda *_: True) if stability is None else stability.promises_gain,
        ask=lambda some, role: _once(leaf, some, asked, room, role=role, form=_ASK_AGAIN),
    )
    settled = again.judged
    found = [settled.get(text) for text in texts]
    result = Labels(
        [None if each is None else each.value for each in found],
        [None if each is None else each.certainty for each in found],
        again.looked,
    )
    leaf.signal("coverage", [len(texts) - result.count(None), len(texts)])
    if again.compared:
        leaf.signal("agreement", [again.agreed, again.compared])
    if stability is not None and again.wrong is not None and settled:
        leaf.signal("stability", round(stability.at(settled, again.wrong), 4))
    return result


def _judged(leaf: Leaf, texts: Sequence[str], asked: Labelling, room: Room) -> dict[str, Judged]:
    """The first label of each text. Those that are missing are asked for again, each time fewer at once."""
    if room.is_small:
        return small_labels(
            leaf, texts, asked.options, lambda item: asked.prompt(_ASK_ONE, item), asked.option
        )
    found: dict[str, Judged] = {}
    per_call = _BATCH
    for attempt in range(_ROUNDS):
        todo = [text for text in texts if text not in found]
        if not todo:
            break
        try:
            found |= _once(leaf, todo, asked, room, per_call=per_call, seed=attempt)
        except LeafFailed:
            if not found:
                raise
            break
        per_call = max(1, per_call // 4)
    return found


def _once(
    leaf: Leaf,
    texts: Sequence[str],
    asked: Labelling,
    room: Room,
    *,
    role: str = "sub",
    form: str = _ASK,
    per_call: int = 0,
    seed: int = 0,
) -> dict[str, Judged]:
    """One label for each of the texts that the model answers, in one round of calls."""
    per_call = per_call or _BATCH // 2
    ordered = list(texts)
    if seed or form is _ASK_AGAIN:
        random.Random(seed).shuffle(ordered)  # noqa: S311 - an order, not a secret
    groups = batches(ordered, per_call, int(_FILL * room.characters))
    if per_call == 1:
        prompts = [asked.prompt(_ASK_ONE, group[0]) for group in groups]
        replies = leaf.ask(prompts, role=role, wants_tokens=True)
    else:
        prompts = [asked.prompt(form, listed(group)) for group in groups]
        replies = leaf.ask(prompts, role=role, wants_tokens=True)
    found: dict[str, Judged] = {}
    for group, reply in zip(groups, replies, strict=True):
        sure = certainties(reply)
        for at, value in answers_in(reply.text, len(group), asked.option).items():
            found[group[at]] = Judged(value, sure.get(at))
    return found


def _checked(labels: Any) -> tuple[str, ...]:
    if isinstance(labels, str) or not all(isinstance(each, str) and each.strip() for each in labels):
        raise TypeError(f"label takes a list of labels, each a str with words in it, not {labels!r:.100}")
    options = tuple(dict.fromkeys(str(each).strip() for each in labels))
    if not 2 <= len(options) <= _MOST_LABELS:
        raise ValueError(f"label takes 2 to {_MOST_LABELS:,} different labels, not {len(options):,}")
    return options


def _texts(items: Any) -> list[str]:
    if isinstance(items, str) or not hasattr(items, "__iter__"):
        raise TypeError(
            f"label takes a list of texts, not {type(items).__name__}; split() makes one of a text"
        )
    return [" ".join(str(each).split()) for each in items]


def _plain(words: str) -> str:
    return " ".join(words.casefold().strip(" \t\n.,;:!*`\"'()[]{}").split())
