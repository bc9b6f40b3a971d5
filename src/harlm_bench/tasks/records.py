"""Lines of a date, a user and a message, in the form of the OOLONG set (arXiv 2511.02817). Asks nothing about them.

``Date: Jan 06, 2023 || User: 76063 || Instance: …``. The label of a message stands nowhere in the text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from random import Random

from harlm.tokens import estimate_tokens
from harlm_bench.items import Fact
from harlm_bench.tasks import words
from harlm_bench.tasks.bulk import collection_paused
from harlm_bench.tasks.messages import LABELS, MEANINGS, Messages
from harlm_bench.tasks.prose import cut_to, rate

LABELS_IN_WORDS = (
    "Each message has one of these labels, which the data does not show, so that it must be judged by what the message "
    f"says: {', '.join(LABELS)}."
)
_MEANINGS_IN_WORDS = "\n".join(f"- {label}: {meaning}" for label, meaning in MEANINGS.items())
HEADER = (
    "The following lines hold one message each, with its date, the ID of the user who wrote it, and its text. "
    f"{LABELS_IN_WORDS}\n{_MEANINGS_IN_WORDS}\n"
)
DAYS = words.days(date(2022, 10, 1), date(2025, 3, 31))
_ISO = {day: day.isoformat() for day in DAYS}
_SHOWN = {day: f"{words.MONTHS[day.month - 1][:3]} {day.day:02}, {day.year}" for day in DAYS}
_GUESSABLE: Mapping[str, tuple[str, ...]] = {"label": LABELS}


def line_count(chance: Random, tokens: int) -> int:
    """About how many lines fill a window of this size, with some to spare."""
    labels = chance.choices(LABELS, k=400)
    sample = lines(Messages(chance).draw(chance, labels), ["12345"] * 400, [DAYS[100]] * 400)
    return max(8, round(1.08 * (tokens - estimate_tokens(HEADER)) / rate(sample)))


def lines(texts: Sequence[str], users: Sequence[str], dates: Sequence[date]) -> list[str]:
    """The lines as they stand in a window."""
    return [
        f"Date: {_SHOWN[day]} || User: {user} || Instance: {text}"
        for text, user, day in zip(texts, users, dates, strict=True)
    ]


def facts(
    chance: Random, users: Sequence[str], dates: Sequence[date], labels: Sequence[str], tokens: int
) -> tuple[Fact, ...]:
    """One fact for each line, in an order by chance, as many as fill a window with its header."""
    texts = Messages(chance).draw(chance, labels)
    order = chance.sample(range(len(labels)), len(labels))
    made = lines(texts, users, dates)
    kept = order[: cut_to([HEADER, *(made[at] for at in order)], tokens) - 1]
    with collection_paused():
        return tuple(
            Fact(
                text=made[at],
                kind="line",
                attributes={"date": _ISO[dates[at]], "user": users[at], "label": labels[at]},
                guessable=_GUESSABLE,
            )
            for at in kept
        )


def text_of(facts: Sequence[Fact]) -> str:
    """The window's text: the header and all lines."""
    return "\n".join([HEADER, *(fact.text for fact in facts)])


def user_ids(chance: Random, count: int) -> list[str]:
    """Different IDs of five digits."""
    return [str(each) for each in chance.sample(range(10_000, 100_000), count)]


def is_line(fact: Fact) -> bool:
    """Whether a fact is one of these lines."""
    return fact.kind == "line" and "label" in fact.attributes and "user" in fact.attributes
