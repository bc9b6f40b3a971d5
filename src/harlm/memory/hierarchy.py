"""HIERARCHICAL MEMORY of one run: handles, the three tiers over one store, and views of them. Knows entries; refuses to know who
asks, but for the node that an entry was made at.

Nothing is ever lost by being demoted: hot and warm hold copies, and the store holds every original.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from harlm.errors import MemoryFailure
from harlm.memory.extract import Measure, beginning
from harlm.memory.hot import HotStore
from harlm.memory.statistics import Statistics, Tier
from harlm.memory.view import Shown, view
from harlm.memory.warm import Summary, WarmTier, summarised
from harlm.protocols import Embedder, MemoryStore
from harlm.retrieval.semantic import Meaning
from harlm.tokens import estimate_tokens
from harlm.types import Entry, EntryKind, MemoryUse, Recollection, Usage

_DIGITS = "23456789abcdefghjkmnpqrstvwxyz"
_HANDLE = 5  # characters of a handle, unless two would be the same
_TITLE = 100  # characters
_EMBEDDED = 1_200  # characters of a question, and of a value, that a vector is made of
_GIST = 80
_MOST_SHOWN = 4_000  # entries of one view; others are found by search
_EXCERPT = 160  # tokens of a passage that search found

_RANK: dict[EntryKind, int] = {"note": 0, "turn": 1, "answer": 2, "reply": 3, "digest": 4}
_NAMES: dict[EntryKind, str] = {
    "note": "note", "turn": "turn", "answer": "answer of a child", "reply": "reply of a sub-call", "digest": "list of handles"
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recalled:
    """An entry, or a part of it, as it is handed out.

    Attributes:
        handle, title: which entry.
        text: what of it is handed out.
        tokens: of the whole entry.
        is_cut: whether there is more of it.
    """

    handle: str
    title: str
    text: str
    tokens: int
    is_cut: bool


@dataclass(slots=True)
class _Known:
    """What is kept in memory of one entry."""

    handle: str
    key: str
    kind: EntryKind
    node: str
    title: str
    gist: str
    tokens: int
    turn: int
    is_pinned: bool = False
    was_hot: bool = True
    was_shown_short: bool = False


class Memory:
    """See the module. For the event loop's thread alone.

    Args:
        store: keeps the originals; may be shared with other runs.
        run: the name of this one.
        goal: the question of the root, which summaries keep in mind.
        hot_tokens: of the hot tier.
        measure: tokens of a text, or an upper bound of them.
        embedder: makes vectors of entries, which search then finds by meaning as well.
    """

    def __init__(
        self,
        store: MemoryStore,
        *,
        run: str = "",
        goal: str = "",
        hot_tokens: int = 16_000,
        measure: Measure = estimate_tokens,
        embedder: Embedder | None = None,
    ) -> None:
        self._meaning: Meaning[str] | None = None if embedder is None else Meaning(embedder)
        self._store = store
        self._hot = HotStore(store, tokens=hot_tokens)
        self._warm = WarmTier()
        self._run = run
        self._run_digits = _digest(run, "", "", "")[:16]
        self.goal = goal
        self._measure = measure
        self._known: dict[str, _Known] = {}
        self._by_key: dict[str, str] = {}
        self._turns: Counter[str] = Counter()
        self.statistics = Statistics()

    def __len__(self) -> int:
        return len(self._known)

    @property
    def without_meaning(self) -> str | None:
        """Why entries are found by words only, though an embedder was given; None where nothing is wrong with it."""
        return None if self._meaning is None else self._meaning.failure

    async def close(self) -> None:
        """End what is made beside the run."""
        if self._meaning is not None:
            await self._meaning.close()

    def tokens_of(self, handle: str) -> int:
        """Tokens of an entry."""
        return self._known[handle].tokens

    # -- keeping -------------------------------------------------------------------------------------------

    def put(
        self,
        value: str | bytes,
        *,
        kind: EntryKind,
        node: str = "0",
        depth: int = 0,
        question: str = "",
        model: str = "",
        usage: Usage | None = None,
        title: str = "",
        is_pinned: bool = False,
    ) -> str:
        """Remember a value, and give it a handle. The same value at the same node has the handle that it had."""
        content = _digest(node, kind, question, value)
        key = f"{content}-{self._run_digits}"  # the content first: equal scores have the same order in every run
        if key in self._by_key:
            return self._by_key[key]
        handle = self._new_handle(content)
        tokens = estimate_tokens(value) if isinstance(value, str) else len(value)
        place = "" if kind == "digest" else self._run  # nobody looks for a list of handles by what it says
        entry = Entry(
            key=key, kind=kind, value=value, question=question, run=place, node=node, depth=depth, model=model,
            tokens=tokens, created=time.time(), usage=usage or Usage(),
        )  # fmt: skip
        self._hot.put(entry)
        self._known[handle] = _Known(
            handle=handle,
            key=key,
            kind=kind,
            node=node,
            title=_one_line(title or f"{_NAMES[kind]}{f' to: {question}' if question else ''}", _TITLE)
            + f" ({tokens:,} tokens)",
            gist=_one_line(value, _GIST) if isinstance(value, str) else "",
            tokens=tokens,
            turn=self._turns[node],
            is_pinned=is_pinned,
        )
        self._by_key[key] = handle
        if self._meaning is not None and isinstance(value, str):
            self._meaning.add(handle, f"{question[:_EMBEDDED]}\n{value[:_EMBEDDED]}".strip())
        self._look()
        return handle

    def _new_handle(self, content: str) -> str:
        """A short name, made of the content: calls side by side end in any order, and a run that is asked again must show its model
        the same handles, or its prompts would be new.
        """
        digits = int.from_bytes(hashlib.blake2b(content.encode(), digest_size=16).digest(), "little")
        handle = "m"
        while len(handle) < _HANDLE or handle in self._known:
            digits, digit = divmod(digits, len(_DIGITS))
            handle += _DIGITS[digit]
        return handle

    def next_turn(self, node: str) -> None:
        """What is put from here on at a node is newer than what was put before; within a turn nothing is."""
        self._turns[node] += 1

    def flush(self) -> None:
        """Return when all that was put is kept.

        Raises:
            MemoryFailure: it cannot be.
        """
        self._hot.flush()

    def pin(self, handle: str, *, is_pinned: bool = True) -> None:
        """Show an entry before others, for as long as it is pinned.

        Raises:
            KeyError: there is no such handle.
        """
        self._known[handle].is_pinned = is_pinned

    # -- handing out ---------------------------------------------------------------------------------------

    def expand(self, handle: str, tokens: int | None = None, question: str = "") -> Recalled:
        """An entry as it was; in at most so many tokens its beginning, or with a question what says most about it.

        Raises:
            KeyError: there is no such handle.
            MemoryFailure: the original cannot be read.
        """
        known = self._of(handle)
        if known.was_shown_short:
            self.statistics.rehydrated += 1
            known.was_shown_short = False
        value = self._original(known).value
        if tokens is None or (isinstance(value, str) and self._measure(value) <= tokens):
            text = value if isinstance(value, str) else repr(value)
            return Recalled(handle, known.title, text, known.tokens, is_cut=False)
        if question and isinstance(value, str):
            text = self._summary(known, [question], tokens, self._measure).text
        else:
            text = beginning(value if isinstance(value, str) else repr(value), tokens, self._measure)
        return Recalled(handle, known.title, text, known.tokens, is_cut=True)

    async def search(self, query: str, k: int = 10, tokens: int = _EXCERPT) -> list[Recalled]:
        """The entries of this run that fit a query best, best first, each with what it says about it in so many tokens."""
        places = await asyncio.to_thread(self._found, query, 3 * k)
        handles = list(places)[:k]
        if self._meaning is not None:
            handles = await self._meaning.widened(
                query, list(places), k, lambda other: list(self._found(other, 10))
            )
        if not handles:
            self.statistics.misses += 1
        return [self._excerpt(handle, query, tokens, places.get(handle)) for handle in handles]

    def _found(self, query: str, k: int) -> dict[str, Recollection]:
        """Handles by words, best first, each with its best passage."""
        all_found = self._hot.search(query, k, run=self._run)
        known = [(self._by_key[each.key], each) for each in all_found if each.key in self._by_key]
        known.sort(key=lambda pair: (-round(pair[1].score, 9), pair[0], pair[1].start))
        found: dict[str, Recollection] = {}
        for handle, each in known:
            found.setdefault(handle, each)
        return found

    def _excerpt(self, handle: str, query: str, tokens: int, place: Recollection | None) -> Recalled:
        """What an entry says about a query: its best passage, or what is left of it when it is made short."""
        known = self._known[handle]
        value = self._original(known).value
        whole = value if isinstance(value, str) else ""
        text = whole if place is None else whole[place.start : place.end]
        if self._measure(text) > tokens:
            text = summarised(text, [query], tokens, self._measure).text
        return Recalled(handle, known.title, text, known.tokens, is_cut=text != value)

    def view(self, node: str, questions: Sequence[str], tokens: int, measure: Measure | None = None) -> str:
        """What the model of a node is shown of what was found out there, in at most so many tokens.

        Args:
            measure: an upper bound of the tokens of a text for that model.
        """
        own = [each for each in self._known.values() if each.node == node or each.is_pinned]
        own.sort(key=lambda each: (not each.is_pinned, _RANK[each.kind], -each.turn, each.handle))
        asked = [*questions, self.goal]
        self._look()
        measure = measure or self._measure
        shown = [self._shown(each, asked, measure) for each in own[:_MOST_SHOWN]]
        return view(shown, tokens, measure, lambda handles: self.put(handles, kind="digest", node=""))

    def _shown(self, known: _Known, questions: Sequence[str], measure: Measure) -> Shown:
        entry = self._hot.get(known.key) if known.key in self._hot else None
        whole = None
        if entry is not None and isinstance(entry.value, str) and (known.is_pinned or known.kind != "reply"):
            whole = entry.value

        def short(tokens: int) -> str:
            if tokens < 1:
                return ""
            try:
                summary = self._summary(known, questions, tokens, measure)
            except MemoryFailure:
                return ""
            known.was_shown_short = summary.method != "whole"
            return summary.text

        return Shown(known.handle, known.title, whole, short, known.gist)

    def _summary(self, known: _Known, questions: Sequence[str], tokens: int, measure: Measure) -> Summary:
        """An entry made short: as it was before, or from the original."""
        if (summary := self._warm.known(known.key, questions, tokens, measure)) is not None:
            self.statistics.served("warm")
            return summary
        summary = self._warm.make(known.key, self._original(known).value, questions, tokens, measure)
        if summary.method != "whole":
            self.statistics.shortened(summary.ratio)
        return summary

    def _original(self, known: _Known) -> Entry:
        """An entry whole, from whichever tier has it.

        Raises:
            MemoryFailure: it cannot be read.
        """
        tier: Tier = "hot" if known.key in self._hot else "cold"
        entry = self._hot.get(known.key)
        if entry is None:
            self.statistics.misses += 1
            raise MemoryFailure(f"{known.handle} cannot be read any more: its file was moved or emptied")
        self.statistics.served(tier)
        if tier == "cold" and known.was_hot:
            self.statistics.recomputed += 1
        known.was_hot = known.key in self._hot
        self._look()
        return entry

    def _of(self, handle: str) -> _Known:
        known = self._known.get(handle)
        if known is None:
            self.statistics.misses += 1
            raise KeyError(handle)
        return known

    # -- summaries that a model writes ---------------------------------------------------------------------

    def abstract(self, handle: str, text: str, tokens: int) -> bool:
        """Take a summary that a model wrote; whether it is short enough and true to its source."""
        known = self._of(handle)
        value = self._original(known).value
        return isinstance(value, str) and self._warm.take(known.key, text, value, tokens, self._measure)

    # -- figures -------------------------------------------------------------------------------------------

    def use(self, answer: str = "") -> MemoryUse:
        """What memory did so far; of the numbers and names of ``answer``, how many survived in the summaries."""
        kept, probed = self._warm.probe(answer, self._hot.get)
        return self.statistics.use(kept=kept, probed=probed)

    def _look(self) -> None:
        self.statistics.seen({"hot": len(self._hot), "warm": len(self._warm), "cold": len(self._known)})


def _one_line(value: str | bytes, most: int) -> str:
    text = " ".join(value[: 4 * most].split()) if isinstance(value, str) else ""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _digest(place: str, kind: str, question: str, value: str | bytes) -> str:
    state = hashlib.blake2b(digest_size=16)
    for part in (place, kind, question):
        data = part.encode("utf-8", "surrogatepass")
        state.update(len(data).to_bytes(8, "little") + data)
    state.update(value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass"))
    return state.hexdigest()
