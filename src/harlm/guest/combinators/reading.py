"""``search_then_read``: search, ask once, and check the quote. Where the answer is missing or its quote is not found, look further."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from ..arguments import HITS, QUERY, as_number
from .leaf import Leaf, LeafFailed, Room
from .passages import Passage, joined, members, named, naming, packed, searched
from .quoting import Quoted, form_in, found_in, is_in, question_to, schema_for, spelled
from .wording import Wording, plainly, read_question

_K = 12  # passages of the first search
_FILL = 0.8  # of the tokens that a call may hold, for passages
_SMALL = 1_800  # characters of text in one call of a small model
_SMALL_CALLS = 3  # calls of a small model in one look
_MOST_NAMING = 12  # passages that hold a thing that the question names
_FEW_NAMING, _SMALL_AROUND = 4, 300  # of them for a small model, and characters of each
_WORDS = 3  # rare words that are searched one by one
_LEAST_SHARE = 0.04  # of all weights: a word with less is not rare
_SHORT = 12_000  # characters of a part that is read as a whole at once
_NARROW = 3  # times that the blocks which hold what is asked about must be smaller than the part
_PROOF = 1.5  # votes
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)+")
_LEAST_PART = 5  # letters of the last part of a dotted name that stands for all of it

MISSING, UNPROVEN, ELSEWHERE, NEARBY, PROVEN = range(5)
"""How well an answer is supported: there is none; its quote does not stand in the text; it stands in a passage that names nothing of the
question; in one that does; the quote or what stands near it names all of them, and the quote has the answer word for word.
"""


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


class Reading(NamedTuple):
    """One reply about passages, checked.

    Attributes:
        answer: what it says; empty if nothing.
        quoted: its quote in the passages; ``None`` if it is not there.
        support: how well the one supports the other.
    """

    answer: str = ""
    quoted: Quoted | None = None
    support: int = MISSING

    def agrees_with(self, other: Reading) -> bool:
        """Whether both give one answer."""
        return bool(self.answer) and plainly(self.answer) == plainly(other.answer)


NOTHING = Reading()


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
        raise ValueError(f"role must be 'sub' or 'root', not {role!r}")
    room = leaf.room()
    if within is None:
        looks = _looks(context, asked, k, room)
    else:
        looks = _looks_into(texts_of(context, within), asked, k, room)
    best = _Look(leaf, room, asked).best(looks, role)
    leaf.signal("quotes", [int(best.support > UNPROVEN), 1])
    return answer_of(asked, best)


def answer_of(asked: Wording, reading: Reading) -> ReadAnswer:
    """A reading as the caller gets it."""
    found = reading.support > UNPROVEN
    quoted = reading.quoted if found else None
    text = reading.answer
    if not text:
        return ReadAnswer("", "", "", False, asked.missing)
    if quoted is None:
        return ReadAnswer(text, "", "", False, text)
    return ReadAnswer(
        text, quoted.text, quoted.place, True, text if asked.is_bare else f"{text} {cited(quoted)}"
    )


def cited(quoted: Quoted) -> str:
    """A citation in the notation of answers."""
    mark = quoted.text.replace("\\", "\\\\").replace('"', '\\"')
    return f'[{quoted.place or "text"} "{mark}"]'


def texts_of(context: Any, within: Any) -> list[Any]:
    """What ``within`` names: texts of the context, hits, or passages of them.

    Raises:
        TypeError: it is nothing of that kind.
        ValueError: it is an empty list, or a name or words that the context does not hold.
    """
    if isinstance(within, str) and not hasattr(within, "search"):
        return [_text_of(context, within)]
    if isinstance(within, Passage) or hasattr(within, "search"):
        return list(within) if isinstance(within, list) else [within]
    if hasattr(within, "document"):
        return [Passage(within.document, within.start, within.end)]
    if not isinstance(within, list | tuple):
        raise TypeError(
            f"within takes a text, its name, a hit, or a list of them, not {type(within).__name__}"
        )
    if not within:
        raise ValueError("within is empty; leave it out to search everything")
    return [text for each in within for text in texts_of(context, each)]


def _text_of(context: Any, words: str) -> Any:
    """The text of a name, or the passage that words stand in."""
    texts = [context] if isinstance(context, str) else list(context)
    for text in texts:
        if getattr(text, "name", None) == words:
            return text
    for text in texts:
        if (at := str.find(text, words)) >= 0 and words:
            return Passage(text, at, at + len(words))
    raise ValueError(f"no text is named {words[:80]!r}, and none holds these words")


# -- where to look -------------------------------------------------------------------------------------------


def _looks(context: Any, asked: Wording, k: int, room: Room) -> Iterator[list[Passage]]:
    """The passages of each look into a context: the best ones; also others, and those that hold a thing that the question names; and
    what its rare words find.
    """
    query = asked.core[: QUERY.most]
    if room.is_small and (
        named := [each for key in asked.keys for each in naming(context, key, _FEW_NAMING, _SMALL_AROUND)]
    ):
        yield joined(named)
    first = searched(context, query, k)
    if not any(_names(each.text, asked.keys) for each in first):
        first = [*_naming(context, asked.keys[:2]), *first]
    yield joined(first)
    named = [*_naming(context, asked.keys), *searched(context, query, min(3 * k, HITS.most))[k:]]
    yield joined(named if room.is_small else [*named, *first])
    rare = [each for word in _rare_words(context, asked) for each in searched(context, word, k)]
    yield joined(rare if room.is_small else [*rare, *_naming(context, asked.keys), *first])


def _looks_into(parts: Sequence[Any], asked: Wording, k: int, room: Room) -> Iterator[list[Passage]]:
    """The passages of each look into a part: of a long one first the blocks that hold what the question names; all of it if a call holds
    that; else what a search finds in it.
    """
    whole = [each if isinstance(each, Passage) else Passage(each, 0, len(each)) for each in parts]
    size = sum(each.end - each.start for each in whole)
    most = _SMALL if room.is_small else int(_FILL * room.characters)
    blocks = [each for each in _naming([each.source for each in whole], asked.keys) if _is_in(each, whole)]
    blocks = sorted(joined(blocks), key=lambda each: (-each.end + each.start < -most, each.start))
    is_narrow = bool(blocks) and _NARROW * sum(each.end - each.start for each in blocks) <= size
    if is_narrow and size > _SHORT:
        yield blocks
        yield blocks
    if size <= most:
        yield whole
        yield blocks if is_narrow else whole
        return
    if any(each.end - each.start < len(each.source) for each in whole):
        yield whole
    yield from _looks([each.source for each in whole], asked, k, room)


def _is_in(passage: Passage, parts: Sequence[Passage]) -> bool:
    return any(
        part.source is passage.source and part.start <= passage.start and passage.end <= part.end
        for part in parts
    )


def _naming(context: Any, keys: Sequence[str]) -> list[Passage]:
    """The passages that hold one of some things; of a dotted name, the member of its owner."""
    found: list[Passage] = []
    for key in keys:
        owner, _, member = key.rpartition(".")
        if owner and _DOTTED.fullmatch(key):
            owner = owner.rpartition(".")[2]
            found += members(context, owner, member) or naming(context, owner, _MOST_NAMING)
        else:
            found += naming(context, key, _MOST_NAMING)
    return joined(found)


def _rare_words(context: Any, asked: Wording) -> list[str]:
    """The most distinctive words of a question; its things if the search does not weigh words."""
    hits = context.search(asked.core[: QUERY.most], 1) if hasattr(context, "search") else None
    weights: dict[str, float] = getattr(hits, "weights", {})
    total = sum(weights.values()) or 1.0
    rare = [word for word, weight in weights.items() if weight / total >= _LEAST_SHARE]
    return sorted(rare, key=lambda word: -weights[word])[:_WORDS] or list(asked.keys[:_WORDS])


def _names(text: str, keys: Sequence[str]) -> bool:
    """Whether a text has one of the keys; of a dotted one the last part is enough."""
    if not keys:
        return True
    parts = [
        part
        for key in keys
        for part in (key, key.rpartition(".")[2])
        if part == key or len(part) >= _LEAST_PART
    ]
    return any(pattern is not None and pattern.search(text) for pattern in map(named, parts))


# -- looking -------------------------------------------------------------------------------------------------


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
        self._read: list[tuple[Reading, str]] = []  # each reading with the role of its model

    def best(self, looks: Iterator[list[Passage]], role: str) -> Reading:
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

    def _is_settled(self, passages: Sequence[Passage], role: str, *, is_again: bool) -> bool:
        """Whether passages, after one more look, support an answer well enough, or a second reading gives the same one."""
        first = self._looked(passages, role, is_again=is_again)
        if first.support >= (NEARBY if self._room.is_small else PROVEN):
            return True
        if first.support < ELSEWHERE or self._room.is_small:
            return False
        second = self._looked(passages, self._other(role), is_again=not is_again)
        agrees = second.agrees_with(first)
        self._leaf.signal("agreement", [int(agrees), 1])
        return agrees or second.support == PROVEN

    def _looked(self, passages: Sequence[Passage], role: str, *, is_again: bool) -> Reading:
        """The best reading of passages, in one round of calls."""
        if not passages:
            return NOTHING
        is_small = self._room.is_small
        groups = packed(passages, _SMALL if is_small else int(_FILL * self._room.characters))
        groups = groups[:_SMALL_CALLS] if is_small else groups
        looks = [(group, is_again) for group in groups]
        found = ask(self._leaf, self._room, self._asked, looks, role=role)
        self._read += [(each, role) for each in found]
        return max(found, key=lambda each: each.support, default=NOTHING)

    def _leader(self) -> Reading:
        """Of all readings the one with the best support and the most votes; the stronger model has two, and proof counts as
        one and a half.
        """

        def rank(one: Reading) -> tuple[bool, float, int]:
            votes = sum(1.0 + (role == "root") for each, role in self._read if each.agrees_with(one))
            return one.support > UNPROVEN, votes + (_PROOF if one.support == PROVEN else 0.0), one.support

        return max((each for each, _ in self._read), key=rank, default=NOTHING)


def ask(
    leaf: Leaf,
    room: Room,
    asked: Wording,
    looks: Sequence[tuple[Sequence[Passage], bool]],
    *,
    role: str = "sub",
    about: str = "",
) -> list[Reading]:
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


def checked(asked: Wording, reply: str, passages: Sequence[Passage], about: str = "") -> Reading:
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
        return NOTHING
    if quoted is None:
        is_meant = not asked.choices or asked.choice(form.answer) is not None
        return Reading(form.answer, None, UNPROVEN) if is_meant else NOTHING
    if asked.choices:
        return _chosen(asked, form.answer, quoted)
    answer = spelled(form.answer, quoted)
    keys = (about,) if about else asked.keys
    return Reading(answer, quoted, _support(quoted, keys, proves_itself or asked.is_yes_or_no, answer))


def _chosen(asked: Wording, answer: str, quoted: Quoted) -> Reading:
    """A choice. It has little support if it is none of those that are offered, or if the quote has the words of another one."""
    at = asked.choice(answer)
    if at is None:
        return Reading(answer, quoted, ELSEWHERE)
    held = [_says(quoted, each) for each in asked.choices]
    proves_itself = held[at] or not any(held)
    support = _support(quoted, asked.keys, proves_itself) if proves_itself else ELSEWHERE
    return Reading(asked.as_chosen(at, answer), quoted, support)


def _says(quoted: Quoted, answer: str) -> bool:
    """Whether a quote has an answer, or of a dotted name each part stands in it or near it."""
    if is_in(answer, quoted.text):
        return True
    parts = answer.split(".")
    return bool(_DOTTED.fullmatch(answer)) and all(is_in(part, quoted.surroundings) for part in parts)


def _support(quoted: Quoted, keys: Sequence[str], proves_itself: bool, answer: str = "") -> int:
    if not _names(f"{quoted.passage.name}\n{quoted.passage.text}", keys):
        return ELSEWHERE
    around = quoted.surroundings
    names_all = all(_names(around, [part]) for key in keys for part in _parts_of(key))
    return PROVEN if names_all and (proves_itself or _says(quoted, answer)) else NEARBY


def _parts_of(key: str) -> list[str]:
    """A key; of a dotted name its parts."""
    return key.split(".") if _DOTTED.fullmatch(key) and "/" not in key else [key]
