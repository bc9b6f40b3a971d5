"""Makes filler that reads like prose, and fits texts to a size in tokens. Says nothing that a question asks about."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from random import Random

from harlm.tokens import estimate_tokens
from harlm_bench.tasks import words

_FRAMES = (
    "{When} {who} {did} {what} {where}, {and_so}.",
    "{When} {who} {did} {what}, although {still}.",
    "{Who} {did} {what} {where} {when}.",
    "{Who} had not expected it, but {still}, and {still2}.",
    "Because {still}, {who} {did} {what} {when}.",
    "{Who} told {who2} that {still}, {and_so}.",
    "{When} {still}, and {who} {did} {what}.",
    "It was {when} that {who} first {did} {what} {where}.",
    "{Where}, {still}; {who} {did} {what} all the same.",
    "{Who} and {who2} {did} {what}, {and_so}.",
    "Nothing much happened {where}: {still}, {still2}, and {who} {did} {what}.",
    "{Who} liked to say that {still}, which {who2} did not believe.",
    "After that, {who} {did} {what} {where} and thought no more of it.",
    "If {who2} is to be believed, {who} {did} {what} {when}.",
    "{Who} {did} {what}, then waited {where} until {still}.",
)
_WHEN = (
    "early in the morning",
    "after lunch",
    "towards evening",
    "on the way home",
    "before the shops closed",
    "during the long summer",
    "in the first week of the holidays",
    "while the rain lasted",
    "late at night",
    "when the train was delayed",
    "a few days later",
    "between two meetings",
    "at the end of the winter",
    "shortly before noon",
    "in the quiet hours",
)
_DID = (
    "carried",
    "described",
    "admired",
    "repaired",
    "forgot about",
    "looked for",
    "drew a picture of",
    "wrote a few lines about",
    "put away",
    "borrowed",
    "wrapped up",
    "cleaned",
    "talked about",
    "walked past",
    "counted on",
    "showed everyone",
    "kept",
    "returned",
)
_WHAT = (
    "the old {thing}",
    "a {colour} {thing}",
    "the neighbour's {thing}",
    "the {thing} by the door",
    "a box with a broken {thing}",
    "the {thing} and the {thing2}",
    "a photograph of the {thing}",
    "the lid of the {thing}",
    "the {colour} {thing} that belonged to the {trade}",
    "the {trade}'s second best {thing}",
)
_WHERE = (
    "at the back of the house",
    "near the bridge",
    "in the little hall",
    "behind the station",
    "by the river",
    "on the second floor",
    "next to the bakery",
    "in the shade of the trees",
    "at the corner of the market",
    "under the stairs",
    "along the canal",
    "in the waiting room",
)
_STILL = (
    "the wind had turned to the north",
    "the path was still wet",
    "there was enough bread for everyone",
    "the clock in the hall had stopped",
    "the {trade} had already left",
    "the lights were on all evening",
    "the garden needed rain",
    "the letter took longer than usual",
    "the children were asleep",
    "the road was closed for repairs",
    "the cat slept on the {thing}",
    "the kitchen smelled of coffee",
    "the windows stood open",
    "the {thing} had been there for years",
    "the bus came on time",
    "a {colour} boat lay at the pier",
    "the music from next door went quiet",
)
_AND_SO = (
    "and that was the end of it",
    "as anyone would have done",
    "and the {trade} laughed",
    "without a word",
    "and then went home",
    "which took most of the day",
    "so the {thing} had to wait",
    "and the afternoon passed slowly",
    "much to the surprise of the {trade}",
    "with some help from the {trade}",
)
_WHO = (
    "the {trade}",
    "the {trade}'s sister",
    "an old {trade}",
    "the young {trade}",
    "the {trade} from upstairs",
)
_SENTENCES_IN_A_PARAGRAPH = (4, 5, 6, 7)


class Prose:
    """A stock of sentences, drawn once from a seed, from which text of any length is made quickly.

    Args:
        chance: what the stock is drawn from.
        stock: the number of sentences.
    """

    def __init__(self, chance: Random, stock: int = 1_500) -> None:
        self._sentences = tuple(sentence(chance) for _ in range(stock))
        self._sizes = tuple(estimate_tokens(each) for each in self._sentences)
        self._mean = sum(self._sizes) / stock

    def sentences(self, chance: Random, tokens: int) -> list[str]:
        """Sentences of about ``tokens`` tokens in all."""
        if tokens <= 0:
            return []
        drawn = chance.choices(range(len(self._sentences)), k=int(tokens / self._mean * 1.2) + 20)
        sizes = accumulate(map(self._sizes.__getitem__, drawn))
        kept = bisect_left(list(sizes), tokens) + 1
        return list(map(self._sentences.__getitem__, drawn[:kept]))

    def paragraphs(self, chance: Random, tokens: int) -> list[str]:
        """Paragraphs of four to seven sentences, of about ``tokens`` tokens in all, with the breaks between them."""
        drawn = self.sentences(chance, round(tokens * 0.985))
        lengths = chance.choices(_SENTENCES_IN_A_PARAGRAPH, k=len(drawn) // 4 + 1)
        paragraphs, start = [], 0
        for length in lengths:
            if start >= len(drawn):
                break
            paragraphs.append(" ".join(drawn[start : start + length]))
            start += length
        return paragraphs


def stock_of(tokens: int) -> int:
    """How many sentences are enough for a window of this size: a stock takes as long to draw as it is large."""
    return max(100, min(1_500, tokens // 40))


def sentence(chance: Random) -> str:
    """One sentence about people of some trade and their things."""
    pick = chance.choice
    parts = {
        "when": pick(_WHEN),
        "who": _slots(chance, pick(_WHO)),
        "who2": _slots(chance, pick(_WHO)),
        "did": pick(_DID),
        "what": _slots(chance, pick(_WHAT)),
        "where": pick(_WHERE),
        "still": _slots(chance, pick(_STILL)),
        "still2": _slots(chance, pick(_STILL)),
        "and_so": _slots(chance, pick(_AND_SO)),
    }
    capital = {name.capitalize(): text[0].upper() + text[1:] for name, text in parts.items()}
    return pick(_FRAMES).format_map(parts | capital)


def rate(units: Sequence[str], joint: str = "\n") -> float:
    """The mean tokens of a unit of text when many stand one after the other, from at most the first 3,000."""
    sample = units[:3_000]
    return estimate_tokens(joint.join(sample) + joint) / len(sample)


def cut_to(units: Sequence[str], tokens: int, joint: str = "\n") -> int:
    """How many of the units, from the first, make a text of ``tokens`` tokens: all of them if they are too few."""
    kept = len(units)
    for _ in range(4):
        size = estimate_tokens(joint.join(units[:kept]))
        if abs(size - tokens) <= 0.01 * tokens or (size < tokens and kept == len(units)):
            return kept
        kept = max(1, min(len(units), round(kept * tokens / size)))
    return kept


def _slots(chance: Random, text: str) -> str:
    if "{" not in text:
        return text
    return text.format(
        thing=chance.choice(words.THINGS),
        thing2=chance.choice(words.THINGS),
        trade=chance.choice(words.TRADES),
        colour=chance.choice(words.COLOURS),
    )
