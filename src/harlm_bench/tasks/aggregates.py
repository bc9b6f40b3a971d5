"""The questions of the OOLONG set (arXiv 2511.02817) about labels, users and dates: how each is worded and answered.

Answers from rows, each of which stands for one line or for several that are alike; knows no window.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import attrgetter
from typing import Literal, NamedTuple

from harlm_bench.tasks.forms import Form
from harlm_bench.tasks.messages import LABELS
from harlm_bench.tasks.scopes import DAY, iso_day
from harlm_bench.tasks.words import MONTHS

AskName = Literal[
    "most common label",
    "least common label",
    "comparison",
    "count",
    "most active user",
    "second most active user",
    "user with most of a label",
    "most frequent date",
    "second most frequent date",
    "dates seen n times",
    "before and after",
    "first month",
    "months ahead",
    "months as the single most frequent",
]
_LABEL = "|".join(LABELS)
_Values = Mapping[str, str]
_Solve = Callable[[Sequence["Row"], _Values], "str | None"]


class Row(NamedTuple):
    """Lines that are alike in what a question asks about.

    Attributes:
        date: in the form of ISO 8601; empty if it does not matter.
        user: an ID; empty if it does not matter.
        label: of the messages.
        lines: how many.
    """

    date: str
    user: str
    label: str
    lines: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One kind of question.

    Attributes:
        form: its words.
        ending: the form of the answer, in words.
        solve: the answer from rows and the values in the blanks; ``None`` if the rows do not decide.
        chance: the score of a random answer of the right form; ``None`` for a number, where it depends on the right one.
        needs_labels: whether the labels must be known.
    """

    form: Form
    ending: str
    solve: _Solve
    chance: float | None
    needs_labels: bool = True


def labels_of(rows: Iterable[Row]) -> Counter[str]:
    """How often each label occurs."""
    return tally(rows, attrgetter("label"))


def users_of(rows: Iterable[Row]) -> Counter[str]:
    """How often each user occurs."""
    return tally(rows, attrgetter("user"))


def dates_of(rows: Iterable[Row]) -> Counter[str]:
    """How often each date occurs."""
    return tally(rows, attrgetter("date"))


def tally(rows: Iterable[Row], key: Callable[[Row], str]) -> Counter[str]:
    """How many lines have each key."""
    counts = Counter[str]()
    for row in rows:
        counts[key(row)] += row.lines
    return counts


def with_label(rows: Iterable[Row], label: str) -> list[Row]:
    """The rows of a label."""
    return [row for row in rows if row.label == label]


def _ranked(counts: Counter[str], rank: int) -> str | None:
    """The most frequent (0) or the second (1) or the least frequent (-1): the first by name among equals."""
    if rank == -1:
        return min(counts, key=lambda each: (counts[each], each), default=None)
    ranked = sorted(counts, key=lambda each: (-counts[each], each))
    return ranked[rank] if rank < len(ranked) else None


def _compare(rows: Sequence[Row], values: _Values) -> str | None:
    counts = labels_of(rows)
    return _verdict(counts[values["a"]], counts[values["b"]], "than", "as") if rows else None


def _count(rows: Sequence[Row], values: _Values) -> str | None:
    return str(labels_of(rows)[values["a"]]) if rows else None


def _user_of_label(rows: Sequence[Row], values: _Values) -> str | None:
    return _ranked(users_of(with_label(rows, values["a"])), 0)


def _seen_n_times(rows: Sequence[Row], values: _Values) -> str | None:
    return str(sum(count == int(values["n"]) for count in dates_of(rows).values())) if rows else None


def _before_after(rows: Sequence[Row], values: _Values) -> str | None:
    shares = shares_around(rows, values)
    return _verdict(*shares).replace("same", "the same") if shares else None


def shares_around(rows: Sequence[Row], values: _Values) -> tuple[Fraction, Fraction] | None:
    """The share of a label before and after a day; ``None`` if there is nothing on one side."""
    day = iso_day(values["day"])
    before = labels_of(row for row in rows if row.date < day)
    after = labels_of(row for row in rows if row.date > day)
    if not before or not after:
        return None
    return Fraction(before[values["a"]], before.total()), Fraction(after[values["a"]], after.total())


def _months(rows: Sequence[Row]) -> dict[str, Counter[str]]:
    months: dict[str, Counter[str]] = {}
    for row in rows:
        months.setdefault(row.date[:7], Counter())[row.label] += row.lines
    return dict(sorted(months.items()))


def _first_month(rows: Sequence[Row], values: _Values) -> str | None:
    first = next(
        (name for name, counts in _months(rows).items() if counts[values["a"]] > counts[values["b"]]), None
    )
    return f"{MONTHS[int(first[5:]) - 1]} {first[:4]}" if first else None


def _months_ahead(rows: Sequence[Row], values: _Values) -> str | None:
    months = _months(rows).values()
    return str(sum(counts[values["a"]] > counts[values["b"]] for counts in months)) if rows else None


def _months_single(rows: Sequence[Row], values: _Values) -> str | None:
    months = _months(rows).values()
    return str(sum(_is_single_most(counts, values["a"]) for counts in months)) if rows else None


def _is_single_most(counts: Counter[str], label: str) -> bool:
    return counts[label] > max((count for other, count in counts.items() if other != label), default=0)


def _verdict(a: Fraction | int, b: Fraction | int, unequal: str = "", equal: str = "") -> str:
    if a == b:
        return f"same frequency {equal}".strip()
    return f"{'more' if a > b else 'less'} common {unequal}".strip()


def _by_rank(counts: Callable[[Iterable[Row]], Counter[str]], rank: int) -> _Solve:
    return lambda rows, _: _ranked(counts(rows), rank)


ASKS: Mapping[AskName, Ask] = {
    "most common label": Ask(
        form=Form("which of the labels is the most common?"),
        ending="Give your final answer in the form 'Label: answer'.",
        solve=_by_rank(labels_of, 0),
        chance=1 / len(LABELS),
    ),
    "least common label": Ask(
        form=Form("which of the labels that occur is the least common?"),
        ending="Give your final answer in the form 'Label: answer'.",
        solve=_by_rank(labels_of, -1),
        chance=1 / len(LABELS),
    ),
    "comparison": Ask(
        form=Form(
            "is label '{a}' more common, less common, or the same frequency as label '{b}'?",
            a=_LABEL,
            b=_LABEL,
        ),
        ending="Give your final answer in the form 'Answer: {a} is [X] {b}', where [X] is 'more common than', "
        "'less common than', or 'same frequency as'.",
        solve=_compare,
        chance=0.45,
    ),
    "count": Ask(
        form=Form("how many messages should be classified as label '{a}'?", a=_LABEL),
        ending="Give your final answer in the form 'Answer: number'.",
        solve=_count,
        chance=None,
    ),
    "most active user": Ask(
        form=Form("which user is represented most often?"),
        ending="Give your final answer in the form 'User: [X]', where [X] is the user ID.",
        solve=_by_rank(users_of, 0),
        chance=0.0,
        needs_labels=False,
    ),
    "second most active user": Ask(
        form=Form("which user is represented the second most often?"),
        ending="Give your final answer in the form 'User: [X]', where [X] is the user ID.",
        solve=_by_rank(users_of, 1),
        chance=0.0,
        needs_labels=False,
    ),
    "user with most of a label": Ask(
        form=Form("which user has the most messages with the label '{a}'?", a=_LABEL),
        ending="Give your final answer in the form 'User: [X]', where [X] is the user ID.",
        solve=_user_of_label,
        chance=0.0,
    ),
    "most frequent date": Ask(
        form=Form("which date is represented most often?"),
        ending="Give your final answer in the form 'Date: [X]', where [X] is the date in the format MM/DD/YYYY.",
        solve=_by_rank(dates_of, 0),
        chance=0.0,
        needs_labels=False,
    ),
    "second most frequent date": Ask(
        form=Form("which date is represented the second most often?"),
        ending="Give your final answer in the form 'Date: [X]', where [X] is the date in the format MM/DD/YYYY.",
        solve=_by_rank(dates_of, 1),
        chance=0.0,
        needs_labels=False,
    ),
    "dates seen n times": Ask(
        form=Form("how many dates are represented exactly {n} times?", n=r"\d+"),
        ending="Give your final answer in the form 'Answer: [X]', where [X] is the number of such dates.",
        solve=_seen_n_times,
        chance=None,
        needs_labels=False,
    ),
    "before and after": Ask(
        form=Form(
            "was label '{a}' more common, less common, or the same frequency before {day}, as compared to after {day}?",
            a=_LABEL,
            day=DAY,
        ),
        ending="Judge by the share of the label among all messages of each time. Give your final answer in the form "
        "'Answer: {a} is [X] before {day}', where [X] is 'more common', 'less common', or 'the same frequency'.",
        solve=_before_after,
        chance=0.45,
    ),
    "first month": Ask(
        form=Form(
            "in which month did the label '{a}' first occur more often than the label '{b}'?",
            a=_LABEL,
            b=_LABEL,
        ),
        ending="Give your final answer in the form 'Answer: [month] [year]', with the name of the month and the year in "
        "four digits.",
        solve=_first_month,
        chance=0.15,
    ),
    "months ahead": Ask(
        form=Form(
            "for how many months does the label '{a}' occur more frequently than the label '{b}'?",
            a=_LABEL,
            b=_LABEL,
        ),
        ending="Each month of each year counts for itself; disregard months where there is a tie. Give your final answer "
        "in the form 'Answer: [X]', where [X] is the number of months.",
        solve=_months_ahead,
        chance=None,
    ),
    "months as the single most frequent": Ask(
        form=Form(
            "for how many months is the label '{a}' the single most frequently occurring label?", a=_LABEL
        ),
        ending="Each month of each year counts for itself. Give your final answer in the form 'Answer: [X]', where [X] is "
        "the number of months.",
        solve=_months_single,
        chance=None,
    ),
}
"""All kinds of questions, by name."""
