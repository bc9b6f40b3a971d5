"""How well the offline model answers questions over a folder of articles, beside plain BM25.

The set is our own (perf/data/reading): 48 articles of five paragraphs and 1,200 questions with answers that stand in
their paragraph, written for this purpose, a third of the questions strongly paraphrased. Coefficients of the model were
fitted on the questions of every other article; "held out" are the rest.

Plain BM25 is BM25 over paragraphs plus BM25 over sentences, and returns its best sentences, 60 words of them.
"""

from __future__ import annotations

import json
import math
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harlm import HARLM
from harlm.config import Config
from harlm.context import load
from harlm.retrieval.passages import split_passages
from harlm.retrieval.sentences import split_sentences
from harlm.retrieval.terms import content_terms, terms
from perf.measure import Table, report

DATA = Path(__file__).parent / "data" / "reading"
WORDS, _SPAN = 60, 12
"""Words of an answer in which the right one is looked for."""


@dataclass(frozen=True)
class Item:
    """A question, its answer, and where that stands."""

    article: str
    question: str
    answer: str
    paragraph: tuple[int, int]
    held_out: bool


def items() -> tuple[dict[str, str], list[Item]]:
    """Articles by name, and the questions."""
    texts = {
        path.stem: path.read_text(encoding="utf-8") for path in sorted((DATA / "articles").glob("*.txt"))
    }
    names = list(texts)
    found = []
    for line in (DATA / "questions.jsonl").read_text(encoding="utf-8").splitlines():
        raw = json.loads(line)
        paragraph = texts[raw["article"]].strip().split("\n\n")[raw["paragraph"]]
        start = texts[raw["article"]].index(paragraph)
        found.append(
            Item(
                raw["article"],
                raw["question"],
                raw["answer"],
                (start, start + len(paragraph)),
                held_out=names.index(raw["article"]) % 2 == 1,
            )
        )
    return texts, found


@dataclass(frozen=True)
class Score:
    """The result of one question."""

    item: Item
    cited: bool
    in_answer: bool
    in_span: bool
    seconds: float = 0.0


def ours(asked: list[Item]) -> Iterator[Score]:
    """HARLM with the offline model, through its public door."""
    with tempfile.TemporaryDirectory() as home:
        client = HARLM(model="offline/extractive", home=home, settings=Config())
        context = load(DATA / "articles")
        for item in asked:
            started = time.perf_counter()
            answer = client.ask(item.question, context)
            seconds = time.perf_counter() - started
            first = answer.citations[0] if answer.citations else None
            cited = (
                first is not None
                and Path(first.source).stem == item.article
                and item.paragraph[0] <= first.start < item.paragraph[1]
            )
            yield Score(
                item, cited, holds(answer.text, WORDS, item), holds(answer.text, _SPAN, item), seconds
            )


def plain(texts: dict[str, str], asked: list[Item]) -> Iterator[Score]:
    """BM25 over paragraphs and over sentences, added up."""
    spans = [(name, start, end) for name, text in texts.items() for start, end in split_passages(text)]
    paragraphs = _Bm25([texts[name][start:end] for name, start, end in spans])
    sentences = [
        (n, first, last)
        for n, (name, start, end) in enumerate(spans)
        for first, last in split_sentences(texts[name], start, end)
    ]
    by_sentence = _Bm25([texts[spans[n][0]][first:last] for n, first, last in sentences])
    for item in asked:
        stems = content_terms(item.question)
        above = paragraphs.scores(stems)
        scores = by_sentence.scores(stems)
        best = sorted(scores, key=lambda each: -(scores[each] + above[sentences[each][0]]))[:4]
        if not best:
            yield Score(item, False, False, False)
            continue
        name, start, end = spans[sentences[best[0]][0]]
        cited = name == item.article and start < item.paragraph[1] and item.paragraph[0] < end
        text = " ".join(
            texts[spans[n][0]][first:last] for n, first, last in (sentences[each] for each in best)
        )
        yield Score(item, cited, holds(text, WORDS, item), holds(text, _SPAN, item))


class _Bm25:
    """BM25 (k1 1.2, b 0.75) over texts, stemmed as everywhere."""

    def __init__(self, texts: list[str]) -> None:
        counts = [Counter(term.stem for term in terms(text)) for text in texts]
        lengths = [sum(each.values()) for each in counts]
        mean = statistics.mean(lengths)
        self._size = len(texts)
        self._found: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, each in enumerate(counts):
            for stem, count in each.items():
                weight = count * 2.2 / (count + 1.2 * (0.25 + 0.75 * lengths[number] / mean))
                self._found[stem].append((number, weight))

    def scores(self, stems: list[str]) -> Counter[int]:
        """The score of every text that holds any of the stems."""
        scores: Counter[int] = Counter()
        for stem in stems:
            found = self._found.get(stem, ())
            rarity = math.log(1 + (self._size - len(found) + 0.5) / (len(found) + 0.5))
            for number, weight in found:
                scores[number] += rarity * weight  # type: ignore[assignment] # a Counter of floats
        return scores


def holds(text: str, words: int, item: Item) -> bool:
    """Whether the first ``words`` words of an answer hold the right one."""
    return " ".join(item.answer.lower().split()) in " ".join(text.lower().split()[:words])


def _row(system: str, half: str, part: list[Score]) -> list[object]:
    shares = ([s.cited for s in part], [s.in_answer for s in part], [s.in_span for s in part])
    times = sorted(1000 * score.seconds for score in part)
    shown = f"{statistics.median(times):.0f} / {times[int(0.95 * len(times))]:.0f}" if any(times) else "-"
    return [system, half, len(part), *(f"{100 * statistics.mean(each):.1f} %" for each in shares), shown]


def main() -> None:
    """Score both on both halves."""
    texts, asked = items()
    systems = {
        "HARLM, offline/extractive": list(ours(asked)),
        "plain BM25": list(plain(texts, asked)),
    }
    rows = [
        _row(system, half, [score for score in scores if score.item.held_out == held_out])
        for system, scores in systems.items()
        for half, held_out in (("fitted on", False), ("held out", True))
    ]
    header = [
        "", "articles", "questions", "paragraph cited first", "answer in 60 words", "in the first 12", "ms p50 / p95",
    ]  # fmt: skip
    report(
        "reading",
        "Reading comprehension without a language model",
        f"Whether the right paragraph is cited first and the answer stands in what is returned, over our own set of "
        f"{len(texts)} articles, a third of the questions strongly paraphrased; beside plain BM25.",
        [Table(f"{len(asked):,} questions", header, rows)],
    )


if __name__ == "__main__":
    main()
