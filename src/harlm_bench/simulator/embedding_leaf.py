"""Labels of lines by a real embedding model: real errors of classification in place of drawn ones. Not a language model.

A head is trained on sentences of the task families and asked about others only: the sentences are dealt into five parts by
the seed, and a line is judged by the head that was trained without the part of its sentence (cross-fitting).
"""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from random import Random

from harlm.protocols import Embedder
from harlm_bench.items import Fact
from harlm_bench.simulator import head
from harlm_bench.simulator.templates import Message, Templates
from harlm_bench.tasks import messages, topics

_PARTS = 5
_KNOWN: tuple[Mapping[str, Sequence[str]], ...] = (messages.SENTENCES, topics.SENTENCES)


class EmbeddingLeaf:
    """Decides the attribute ``label`` of lines of ``oolong``, ``pairs``, ``counting`` and of the messages of ``short``.

    Each text is embedded once. Embedding takes long (62 messages per CPU second by MiniLM), so ``learn`` is for the time
    before a text is asked about.

    Args:
        embedder: makes the vectors.
        name: of the embedder with its digest, for the label of a result.
        seed: of the parts.
    """

    def __init__(self, embedder: Embedder, name: str, seed: int) -> None:
        self.detail = f"with labels by {name}, head v{head.VERSION}"
        self._judges = {tuple(each): _Judge(embedder, each, seed) for each in _KNOWN}
        self._lock = threading.Lock()

    def learn(self, facts: Iterable[Fact]) -> None:
        """Decide the labels of lines ahead of time."""
        self.labels(tuple(facts))

    def labels(self, facts: Sequence[Fact]) -> list[str | None]:
        """The label of each line; ``None`` for one that no head was trained for."""
        asked: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        for at, fact in enumerate(facts):
            if (options := fact.guessable.get("label")) in self._judges:
                asked[options].append(at)
        said: list[str | None] = [None] * len(facts)
        for options, places in asked.items():
            with self._lock:
                found = self._judges[options].labels([facts[at].text for at in places])
            for at, label in zip(places, found, strict=True):
                said[at] = label
        return said

    def held_out(self) -> dict[tuple[str, ...], float]:
        """How often a label is right, one message of each sentence, by the labels that are told apart."""
        with self._lock:
            return {options: judge.held_out() for options, judge in self._judges.items()}


class _Judge:
    """The heads that tell one set of labels apart."""

    def __init__(self, embedder: Embedder, sentences: Mapping[str, Sequence[str]], seed: int) -> None:
        self._embedder = embedder
        self._labels = tuple(sentences)
        pairs = [(each.strip(), at) for at, label in enumerate(sentences) for each in sentences[label]]
        self._templates = Templates([sentence for sentence, _ in pairs])
        self._classes = [at for _, at in pairs]
        self._parts = _dealt(self._classes, seed)
        self._filled = self._templates.filled(Random(f"embedding leaf {self._labels} {seed}"))
        self._said: dict[str, str | None] = {}  # the label of a line
        self._decided: dict[str, str] = {}  # the label of a message

    def labels(self, lines: Sequence[str]) -> list[str | None]:
        new = {line: self._templates.find(line) for line in dict.fromkeys(lines) if line not in self._said}
        self._decide({each.text: each for each in new.values() if each and each.text not in self._decided})
        self._said |= {line: each and self._decided[each.text] for line, each in new.items()}
        return [self._said[line] for line in lines]

    def held_out(self) -> float:
        decided = self._decisions(self._vectors, self._parts)
        return sum(a == b for a, b in zip(decided, self._classes, strict=True)) / len(decided)

    def _decide(self, found: Mapping[str, Message]) -> None:
        vectors = _embedded(self._embedder, tuple(found))
        classes = self._decisions(vectors, [self._parts[each.template] for each in found.values()])
        self._decided |= {text: self._labels[at] for text, at in zip(found, classes, strict=True)}

    def _decisions(self, vectors: Sequence[bytes], parts: Sequence[int]) -> list[int]:
        """The class of each vector, by the head that was trained without the part of its sentence."""
        decided = [0] * len(vectors)
        for part in sorted(set(parts)):
            places = [at for at, each in enumerate(parts) if each == part]
            classes = self._heads[part].decide([vectors[at] for at in places])
            for at, one in zip(places, classes, strict=True):
                decided[at] = one
        return decided

    @cached_property
    def _vectors(self) -> Sequence[bytes]:
        """Of one message of each sentence."""
        return _embedded(self._embedder, self._filled)

    @cached_property
    def _heads(self) -> Sequence[head.Head]:
        """One for each part, trained on the others."""
        made = []
        for part in range(_PARTS):
            kept = [at for at, each in enumerate(self._parts) if each != part]
            vectors, classes = [self._vectors[at] for at in kept], [self._classes[at] for at in kept]
            made.append(head.Head(vectors, classes, len(self._labels)))
        return made


def _dealt(classes: Sequence[int], seed: int) -> list[int]:
    """The part of each sentence: those of a class are dealt in an order by chance, so that parts are alike."""
    parts = [0] * len(classes)
    for one in sorted(set(classes)):
        places = [at for at, each in enumerate(classes) if each == one]
        Random(f"parts {one} {seed}").shuffle(places)
        for rank, at in enumerate(places):
            parts[at] = rank % _PARTS
    return parts


def _embedded(embedder: Embedder, texts: Sequence[str]) -> list[bytes]:
    """The vectors of texts, in a thread of its own, since the caller may be within an event loop."""
    if not texts:
        return []
    order = sorted(range(len(texts)), key=lambda at: len(texts[at]))  # alike lengths together: little padding

    async def made() -> Sequence[bytes]:
        return await embedder.embed([texts[at] for at in order])

    with ThreadPoolExecutor(1) as thread:
        found = dict(zip(order, thread.submit(lambda: asyncio.run(made())).result(), strict=True))
    return [found[at] for at in range(len(texts))]


def minilm(seed: int) -> EmbeddingLeaf:
    """The leaf whose labels are by all-MiniLM-L6-v2.

    Raises:
        ConfigError: numpy, tokenizers or the weights are missing; the message says how to install them.
    """
    from harlm.embedders.minilm import WEIGHTS_SHA256, MiniLmEmbedder

    named = f"MiniLM (real classification errors, SHA-256 {WEIGHTS_SHA256})"
    return EmbeddingLeaf(MiniLmEmbedder(), named, seed)
