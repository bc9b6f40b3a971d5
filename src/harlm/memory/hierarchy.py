"""The memory of one run: handles, the three tiers over one store, and views of them.

Nothing is lost when an entry leaves a tier: hot and warm hold copies, and the store holds every original.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from harlm.errors import MemoryFailure
from harlm.memory.extract import Measure, beginning
from harlm.memory.hot import HotStore
from harlm.memory.known import Known, KnownEntries
from harlm.memory.statistics import Statistics, Tier
from harlm.memory.view import Shown, view
from harlm.memory.warm import Summary, WarmTier, summarised
from harlm.protocols import Embedder, MemoryStore
from harlm.retrieval.semantic import Meaning
from harlm.storage import StoreRoom
from harlm.threads import StopFlag, Threads
from harlm.tokens import estimate_tokens
from harlm.types import Entry, EntryKind, MemoryUse, Recollection, Usage

_TITLE = 100  # characters
_EMBEDDED = 1_200  # characters of a question, and of a value, that its vector represents
_GIST = 80  # characters of the beginning of an entry that are shown next to its handle
_MOST_EMBEDDED = 20_000  # entries of a run that are found by meaning: the first ones
_MOST_SHOWN = 4_000  # entries of one view; search finds the others
_EXCERPT = 160  # tokens of a passage that search found
_AT_ONCE = 4_000  # characters; a longer text is shortened in a thread

_RANK: dict[EntryKind, int] = {"note": 0, "turn": 1, "answer": 2, "reply": 3, "digest": 4}
_NAMES: dict[EntryKind, str] = {
    "note": "note", "turn": "turn", "answer": "answer of a child", "reply": "reply of a sub-call", "digest": "list of handles"
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recalled:
    """An entry, or a part of it, as a cell gets it.

    Attributes:
        handle, title: of the entry.
        text: the entry's value, or a part of it.
        tokens: of the whole entry.
        is_cut: whether ``text`` is only a part.
    """

    handle: str
    title: str
    text: str
    tokens: int
    is_cut: bool


class Memory:
    """Keeps the results of one run under handles, finds and shows them. For the event loop's thread only.

    Args:
        store: keeps the originals; may be shared with other runs.
        run: the name of this run.
        goal: the question of the root, to which all summaries are fitted.
        hot_tokens: the size of the hot tier, in tokens.
        measure: tokens of a text, or an upper bound of them.
        embedder: makes vectors of entries, so that search also finds them by meaning.

    Attributes:
        goal: as above.
        statistics: the figures of this run.
    """

    def __init__(
        self,
        store: MemoryStore,
        *,
        run: str = "",
        goal: str = "",
        hot_tokens: int = 16_000,
        has_summaries: bool = True,
        measure: Measure = estimate_tokens,
        embedder: Embedder | None = None,
    ) -> None:
        self._meaning: Meaning[str] | None = None if embedder is None else Meaning(embedder)
        self._threads = Threads()
        self._store = store
        self._hot = HotStore(store, tokens=hot_tokens)
        self._room = StoreRoom(self._hot)
        self._warm = WarmTier()
        self._has_summaries = has_summaries
        self._run = run
        self._run_digits = _digest(run, "", "", "")[:16]
        self.goal = goal
        self._measure = measure
        self._known = KnownEntries()
        self._embedded = 0
        self._turns: Counter[str] = Counter()
        self.statistics = Statistics()

    def __len__(self) -> int:
        return len(self._known)

    @property
    def without_meaning(self) -> str | None:
        """Why search is by words only although an embedder was given; ``None`` if the embedder works."""
        return None if self._meaning is None else self._meaning.failure

    async def close(self) -> None:
        """End the background work on vectors."""
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
        """Keep a value as an entry. The same value at the same node keeps its handle.

        Args:
            value: the text, or bytes.
            kind: what the value is.
            node, depth: where it was found.
            question: what it answers.
            model: the model that wrote it; empty if none did.
            usage: of the call that it came from.
            title: one line; by default the kind and the question.
            is_pinned: whether every node's view shows it before other entries.

        Returns:
            the entry's handle.
        """
        content = _digest(node, kind, question, value)
        key = f"{content}-{self._run_digits}"  # content first: ties have one order in every run
        if (kept := self._known.handle_of(key)) is not None:
            return kept
        handle = self._known.new_handle(content)
        tokens = estimate_tokens(value) if isinstance(value, str) else len(value)
        place = "" if kind == "digest" else self._run  # search never returns a list of handles
        entry = Entry(
            key=key, kind=kind, value=value, question=question, run=place, node=node, depth=depth, model=model,
            tokens=tokens, created=time.time(), usage=usage or Usage(),
        )  # fmt: skip
        self._hot.put(entry)
        known = Known(
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
        self._known.add(known)
        if isinstance(value, str):
            self._embed(handle, f"{question[:_EMBEDDED]}\n{value[:_EMBEDDED]}".strip())
        self._look()
        return handle

    def _embed(self, handle: str, text: str) -> None:
        if self._meaning is not None and self._embedded < _MOST_EMBEDDED:
            self._embedded += 1
            self._meaning.add(handle, text)

    async def room(self) -> None:
        """Return when the store can take more; await it before a value is put that a cell can repeat."""
        await self._room.wait()

    def next_turn(self, node: str) -> None:
        """A new turn of a node: its later entries count as newer. Entries of one turn have no order."""
        self._turns[node] += 1

    def flush(self) -> None:
        """Return when all entries are as safe as the store makes them.

        Raises:
            MemoryFailure: an entry cannot be written.
        """
        self._hot.flush()

    # -- finding and showing -------------------------------------------------------------------------------

    async def expand(self, handle: str, tokens: int | None = None, question: str = "") -> Recalled:
        """An entry, whole or shortened.

        Args:
            handle: of the entry.
            tokens: the most that the text may have; ``None`` for the whole entry.
            question: what a shortened text should say most about; without one, the beginning is taken.

        Raises:
            KeyError: there is no such handle.
            MemoryFailure: the original cannot be read.
        """
        known = self._of(handle)
        if known.was_shown_short:
            self.statistics.rehydrated += 1
            known.was_shown_short = False
        value = (await self._fetched(known)).value
        if tokens is None or (isinstance(value, str) and self._measure(value) <= tokens):
            text = value if isinstance(value, str) else repr(value)
            return Recalled(handle, known.title, text, known.tokens, is_cut=False)
        if question and isinstance(value, str):
            text = (await self._summary_aside(known, value, question, tokens)).text
        else:
            text = beginning(value if isinstance(value, str) else repr(value), tokens, self._measure)
        return Recalled(handle, known.title, text, known.tokens, is_cut=True)

    async def search(self, query: str, k: int = 10, tokens: int = _EXCERPT) -> list[Recalled]:
        """The entries of this run that fit a query best, best first.

        Args:
            query: a question, or some words.
            k: how many entries at most.
            tokens: the most for each entry's excerpt.

        Raises:
            MemoryFailure: an original cannot be read.
        """
        places = await self._threads.do(lambda stop: self._found(query, 3 * k, stop))
        handles = list(places)[:k]
        if self._meaning is not None:
            handles = await self._meaning.widened(
                query, list(places), k, lambda other, stop: list(self._found(other, 10, stop))
            )
        if not handles:
            self.statistics.misses += 1
        known = [handle for handle in handles if handle in self._known]
        return [await self._excerpt(handle, query, tokens, places.get(handle)) for handle in known]

    def _found(self, query: str, k: int, stop: StopFlag) -> dict[str, Recollection]:
        """The handles that search by words finds, best first, each with its best passage. Called in a thread."""
        all_found = self._hot.search(query, k, run=self._run, stop=stop)
        named = ((self._known.handle_of(each.key), each) for each in all_found)
        known = [(handle, each) for handle, each in named if handle is not None]
        known.sort(key=lambda pair: (-round(pair[1].score, 9), pair[0], pair[1].start))
        found: dict[str, Recollection] = {}
        for handle, each in known:
            found.setdefault(handle, each)
        return found

    async def _excerpt(self, handle: str, query: str, tokens: int, place: Recollection | None) -> Recalled:
        """What an entry says about a query: its best passage, summarised if longer than ``tokens``."""
        known = self._known[handle]
        value = (await self._fetched(known)).value
        whole = value if isinstance(value, str) else ""
        text = whole if place is None else whole[place.start : place.end]
        if self._measure(text) > tokens:
            text = (await self._summarised(text, query, tokens)).text
        return Recalled(handle, known.title, text, known.tokens, is_cut=text != value)

    def view(self, node: str, questions: Sequence[str], tokens: int, measure: Measure | None = None) -> str:
        """The text that shows a node's model the entries of that node, and all pinned ones.

        Args:
            node: the name of the node.
            questions: to which summaries are fitted, the most important first.
            tokens: the most that the text may have.
            measure: an upper bound of the tokens of a text for that model; the memory's own by default.
        """
        own = [each for each in self._known if each.node == node or each.is_pinned]
        own.sort(key=lambda each: (not each.is_pinned, _RANK[each.kind], -each.turn, each.handle))
        asked = [*questions, self.goal]
        self._look()
        measure = measure or self._measure
        shown = [self._shown(each, asked, measure) for each in own[:_MOST_SHOWN]]
        return view(shown, tokens, measure, lambda handles: self.put(handles, kind="digest", node=""))

    def _shown(self, known: Known, questions: Sequence[str], measure: Measure) -> Shown:
        entry = self._hot.get(known.key) if known.key in self._hot else None
        whole = None
        if entry is not None and isinstance(entry.value, str) and (known.is_pinned or known.kind != "reply"):
            whole = entry.value

        def short(tokens: int) -> str:
            if tokens < 1 or not self._has_summaries:
                return ""
            try:
                summary = self._summary(known, questions, tokens, measure)
            except MemoryFailure:
                return ""
            known.was_shown_short = summary.method != "whole"
            return summary.text

        return Shown(known.handle, known.title, whole, short, known.gist)

    def _summary(self, known: Known, questions: Sequence[str], tokens: int, measure: Measure) -> Summary:
        """A summary of an entry: one that was made before, or a new one from the original."""
        if (summary := self._warm.known(known.key, questions, tokens, measure)) is not None:
            self.statistics.served("warm")
            return summary
        summary = self._warm.make(known.key, self._original(known).value, questions, tokens, measure)
        if summary.method != "whole":
            self.statistics.shortened(summary.ratio)
        return summary

    async def _summary_aside(self, known: Known, value: str, question: str, tokens: int) -> Summary:
        """As ``_summary``, of a value that is known; a new summary of a long value is made in a thread."""
        questions = [question]
        if (summary := self._warm.known(known.key, questions, tokens, self._measure)) is not None:
            self.statistics.served("warm")
            return summary
        summary = await self._summarised(value, question, tokens)
        self._warm.keep(known.key, questions, tokens, self._measure, summary)
        if summary.method != "whole":
            self.statistics.shortened(summary.ratio)
        return summary

    async def _summarised(self, text: str, question: str, tokens: int) -> Summary:
        if len(text) <= _AT_ONCE and len(question) <= _AT_ONCE:
            return summarised(text, [question], tokens, self._measure)
        return await self._threads.do(lambda stop: summarised(text, [question], tokens, self._measure, stop))

    def _original(self, known: Known) -> Entry:
        """An entry, whole, from the first tier that holds it.

        Raises:
            MemoryFailure: no tier can read it.
        """
        tier: Tier = "hot" if known.key in self._hot else "cold"
        return self._served(known, tier, self._hot.get(known.key))

    async def _fetched(self, known: Known) -> Entry:
        """As ``_original``; an entry that is not hot is read in a thread.

        Raises:
            MemoryFailure: no tier can read it.
        """
        if known.key in self._hot:
            return self._original(known)
        entry = await self._threads.do(lambda _: self._store.get(known.key))
        if entry is not None:
            self._hot.keep(entry)
        return self._served(known, "cold", entry)

    def _served(self, known: Known, tier: Tier, entry: Entry | None) -> Entry:
        if entry is None:
            self.statistics.misses += 1
            raise MemoryFailure(
                f"{known.handle} cannot be read any more: it was too large or too old for the memory (memory.max_mb), or its file was moved; work it out again"
            )
        self.statistics.served(tier)
        if tier == "cold" and known.was_hot:
            self.statistics.recomputed += 1
        known.was_hot = known.key in self._hot
        self._look()
        return entry

    def _of(self, handle: str) -> Known:
        if handle not in self._known:
            self.statistics.misses += 1
            raise KeyError(handle)
        return self._known[handle]

    # -- summaries by a model ------------------------------------------------------------------------------

    def abstract(self, handle: str, text: str, tokens: int) -> bool:
        """Use a summary that a model wrote, if it has at most ``tokens`` tokens and is true to its source.

        Returns:
            whether it is used.

        Raises:
            KeyError: there is no such handle.
            MemoryFailure: the original cannot be read.
        """
        known = self._of(handle)
        value = self._original(known).value
        return isinstance(value, str) and self._warm.take(known.key, text, value, tokens, self._measure)

    # -- figures -------------------------------------------------------------------------------------------

    def use(self, answer: str = "") -> MemoryUse:
        """The figures so far, and how many numbers and names of ``answer`` survived in the summaries."""
        kept, probed = self._warm.probe(answer, self._hot.get)
        return self.statistics.use(kept=kept, probed=probed)

    @property
    def sizes(self) -> dict[Tier, int]:
        """The entries that each tier holds now."""
        return {"hot": len(self._hot), "warm": len(self._warm.kept), "cold": len(self._known)}

    def _look(self) -> None:
        self.statistics.seen(self.sizes)


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
