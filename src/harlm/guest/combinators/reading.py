"""``search_then_read``: search, ask once, and check the quote. Where the answer is missing or its quote is not found, look further."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ..arguments import HITS, as_number
from .evidence import ELSEWHERE, NEARBY, NOTHING, PROVEN, UNPROVEN, CheckedReply, ask, cited
from .leaf import Leaf, LeafFailed, Room
from .looks import FILL, SMALL, looks_at, looks_into, texts_of
from .passages import Excerpt, packed
from .wording import NOT_FOUND, Wording, read_question

_K = 12  # passages of the first search
_SMALL_CALLS = 3  # calls of a small model in one look
_PROOF = 1.5  # votes
_READINGS = 2  # that must say the same if a passage names nothing of the question


class ReadAnswer(NamedTuple):
    """An answer that was read.

    Attributes:
        text: the answer; empty if there is none.
        quote: the words of the text that it rests on, as they stand there; empty if none were found.
        place: where they stand.
        found: whether there is an answer whose quote stands in the text.
        final: the answer as the question wants it: with a citation unless it asks for the answer alone, and the word for a missing answer
            if there is none.
    """

    text: str
    quote: str
    place: str
    found: bool
    final: str


def search_then_read(
    leaf: Leaf, context: Any, question: str, *, k: int = _K, within: Any = None, role: str = "sub"
) -> ReadAnswer:
    """The answer to a question about one place of a context.

    Args:
        leaf: asks the models.
        context: the text or texts.
        question: as the user asked it.
        k: passages of the first search.
        within: a text, a name, a hit or a list of them: only these are read, all of them if one call holds them.
        role: which model reads first: ``sub`` or ``root``.

    Raises:
        TypeError, ValueError: an argument is of no such kind.
        LeafFailed: no call was answered.
    """
    asked = read_question(question)
    as_number(k, "k", HITS, least=1)
    if role not in ("sub", "root"):
        raise ValueError(f"role must be 'sub' or 'root', not {role!r:.60}")
    room = leaf.room()
    if within is None:
        looks = looks_at(context, asked, k, room)
    else:
        looks = looks_into(texts_of(context, within), asked, k, room)
    best = _Look(leaf, room, asked).best(looks, role)
    leaf.signal("quotes", [int(best.support > UNPROVEN), 1])
    return answer_of(asked, best)


def answer_of(asked: Wording, reading: CheckedReply) -> ReadAnswer:
    """A reading as the caller gets it."""
    found = reading.support > UNPROVEN
    quoted = reading.quoted if found else None
    text = reading.answer
    if not text:
        return ReadAnswer("", "", "", False, asked.missing)
    if quoted is None:  # a question that has a word for a missing answer is not answered with a guess
        return ReadAnswer(text, "", "", False, text if asked.missing == NOT_FOUND else asked.missing)
    return ReadAnswer(
        text, quoted.text, quoted.place, True, text if asked.is_bare else f"{text} {cited(quoted)}"
    )


class _Look:
    """Reads passages, look by look, until an answer is supported.

    Args:
        leaf: asks the models.
        room: what they are.
        asked: the question.
    """

    def __init__(self, leaf: Leaf, room: Room, asked: Wording) -> None:
        self._leaf = leaf
        self._room = room
        self._asked = asked
        self._read: list[tuple[CheckedReply, str]] = []  # each reading with the role of its model

    def best(self, looks: Iterator[list[Excerpt]], role: str) -> CheckedReply:
        """The answer with the best support. The models take turns."""
        failure: LeafFailed | None = None
        for number, passages in enumerate(looks):
            try:
                if self._is_settled(passages, role, is_again=number > 0):
                    break
            except LeafFailed as error:
                failure = error
            role = self._other(role)
        if failure is not None and not self._read:
            raise failure
        return self._leader()

    def _other(self, role: str) -> str:
        return "root" if self._room.has_stronger and role == "sub" else "sub"

    def _is_settled(self, passages: Sequence[Excerpt], role: str, *, is_again: bool) -> bool:
        """Whether passages, after one more look, support an answer well enough, or a second reading gives the same one."""
        first = self._looked(passages, role, is_again=is_again)
        if first.support >= (NEARBY if self._room.is_small else PROVEN):
            return True
        if first.support < ELSEWHERE or self._room.is_small:
            return False
        second = self._looked(passages, self._other(role), is_again=not is_again)
        agrees = second.agrees_with(first)
        self._leaf.signal("audit", [int(not agrees), 1])
        return agrees or second.support == PROVEN

    def _looked(self, passages: Sequence[Excerpt], role: str, *, is_again: bool) -> CheckedReply:
        """The best reading of passages, in one round of calls."""
        if not passages:
            return NOTHING
        is_small = self._room.is_small
        groups = packed(passages, SMALL if is_small else int(FILL * self._room.characters))
        groups = groups[:_SMALL_CALLS] if is_small else groups
        looks = [(group, is_again) for group in groups]
        found = ask(self._leaf, self._room, self._asked, looks, role=role)
        self._read += [(each, role) for each in found]
        return max(found, key=lambda each: each.support, default=NOTHING)

    def _leader(self) -> CheckedReply:
        """Of all readings the one with the best support and the most votes; the stronger model has two, and proof counts as
        one and a half. One that rests on a passage about something else counts only if a second reading says the same.
        """

        def votes(one: CheckedReply) -> float:
            return sum(1.0 + (role == "root") for each, role in self._read if each.agrees_with(one))

        def rank(one: CheckedReply) -> tuple[bool, float, int]:
            proof = _PROOF if one.support == PROVEN else 0.0
            return one.support > UNPROVEN, votes(one) + proof, one.support

        best = max((each for each, _ in self._read), key=rank, default=NOTHING)
        is_alone = sum(each.agrees_with(best) for each, _ in self._read) < _READINGS
        return best._replace(support=UNPROVEN) if best.support == ELSEWHERE and is_alone else best
