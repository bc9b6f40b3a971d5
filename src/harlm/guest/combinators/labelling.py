"""``label``: one label of a set for each item. Each different item is judged once, in batches of numbered lines; what a reply
leaves out is asked for again, in smaller batches.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Any

from ..arguments import CHOICES, ITEMS, some
from .judgement import Judgement
from .leaf import Leaf, LeafFailed, Room
from .numbered import answers_in, batches, certainties, listed
from .second_looks import looked_again
from .small_labels import small_labels
from .stability import Answer, Stability

_BATCH = 40  # items in one call of a model that is not small
_ROUNDS = 3  # times that missing items are asked for
_FILL = 0.5  # of the tokens that a call may hold, for the items
_LONGEST = 200  # characters of a label
_IS_DENIED = re.compile(r"\b(?:not|non|no|neither|never|isn't|cannot be)[ -](?:an? |the )?$")

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


class Labelling:
    """What is asked of every item.

    Args:
        options: the labels.
        instruction: what else the model should know, as sentences.

    Attributes:
        options: the labels.
    """

    def __init__(self, options: tuple[str, ...], instruction: str) -> None:
        self.options = options
        self._instruction = instruction
        self._plain = {_plain(each): each for each in reversed(options)}
        longest_first = sorted(self._plain, key=len, reverse=True)
        self._named = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")

    def prompt(self, form: str, items: str) -> str:
        """The prompt for numbered items, or for one."""
        told = f" {self._instruction}" if self._instruction else ""
        return form.format(labels=", ".join(self.options), instruction=told, items=items)

    def option(self, words: str) -> str | None:
        """The label that words mean; ``None`` if they mean none or several, or deny one."""
        plain = _plain(words)
        if plain in self._plain:
            return self._plain[plain]
        found = list(self._named.finditer(plain))
        named = {each[0] for each in found}
        is_denied = any(_IS_DENIED.search(plain, max(0, each.start() - 24), each.start()) for each in found)
        return None if len(named) != 1 or is_denied else self._plain[named.pop()]


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
    if not isinstance(instruction, str):
        raise TypeError(f"the instruction of label must be a str, not {type(instruction).__name__}")
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
        leaf.signal("audit", [again.compared - again.agreed, again.compared])
    if stability is not None and again.wrong is not None and settled:
        leaf.signal("logprob", round(stability.at(settled, again.wrong), 4))
    return result


def _judged(leaf: Leaf, texts: Sequence[str], asked: Labelling, room: Room) -> dict[str, Judgement]:
    """The first label of each text. Those that are missing are asked for again, each time fewer at once."""
    if room.is_small:
        return small_labels(
            leaf, texts, asked.options, lambda item: asked.prompt(_ASK_ONE, item), asked.option
        )
    found: dict[str, Judgement] = {}
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
) -> dict[str, Judgement]:
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
    found: dict[str, Judgement] = {}
    for group, reply in zip(groups, replies, strict=True):
        sure = certainties(reply)
        for at, value in answers_in(reply.text, len(group), asked.option).items():
            found[group[at]] = Judgement(value, sure.get(at))
    return found


def _checked(labels: Any) -> tuple[str, ...]:
    given = some(labels, "the list of labels", CHOICES) if _is_list(labels) else [labels]
    wrong = next((each for each in given if not isinstance(each, str) or not each.strip()), None)
    if not _is_list(labels) or wrong is not None:
        what = type(labels if wrong is None or not _is_list(labels) else wrong).__name__
        raise TypeError(f"label takes a list of labels, each a str with words in it, not {what}")
    options = tuple(dict.fromkeys(str.__str__(each).strip() for each in given))
    if len(options) < 2:
        raise ValueError(f"label takes at least two different labels, not {len(options)}")
    if too_long := next((each for each in options if len(each) > _LONGEST), None):
        raise ValueError(f"a label has at most {_LONGEST} characters, not {len(too_long):,}: {too_long:.60}…")
    return options


def _texts(items: Any) -> list[str]:
    if not _is_list(items):
        raise TypeError(
            f"label takes a list of texts, not {type(items).__name__}; split() makes one of a text"
        )
    return [" ".join(str(each).split()) for each in some(items, "the list of items", ITEMS)]


def _is_list(given: Any) -> bool:
    return not isinstance(given, str) and hasattr(given, "__iter__")


def _plain(words: str) -> str:
    """Words as they are compared; a text of signs only stays as it is."""
    folded = " ".join(words.casefold().split())
    return folded.strip(" .,;:!*`\"'()[]{}") or folded
