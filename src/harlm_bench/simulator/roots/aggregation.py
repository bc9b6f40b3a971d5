"""Reads questions about lines with a date, a user and a label, as code over ``rows``: dicts of ``date``, ``user``, ``label``.

Shared by counting questions and pairs of users. Knows what a question says, not how labels are found.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from harlm_bench.simulator.roots import prompts
from harlm_bench.simulator.roots.render import Code, Value

MONTHS: Final = tuple(
    "January February March April May June July August September October November December".split()
)
DAY: Final = rf"((?:{'|'.join(MONTHS)}) \d{{1,2}}, \d{{4}})"


def labels_of(question: str) -> tuple[str, ...]:
    """The labels that a question lists after a colon; empty if it lists none."""
    listed = re.search(
        r"\b(?:labels|topics|categories|classes)\b[^:?\n]*: ?([\w -]+(?:, [\w -]+)+)", question
    )
    return tuple(each.strip().removeprefix("and ") for each in listed[1].split(",")) if listed else ()


def day_of(spoken: str) -> str:
    """``March 5, 2023`` as ``2023-03-05``."""
    return datetime.strptime(spoken, "%B %d, %Y").date().isoformat()


def scope_of(question: str) -> Code:
    """The condition that a row must hold to count."""
    if users := re.search(r"\bIDs?: ((?:\d+(?:, | and |, and )?)+)", question):
        ids = re.findall(r"\d+", users[1])
        return Code(f'row["user"] in {ids!r}')
    if month := re.search(rf"\bwritten in ({'|'.join(MONTHS)}) of any year", question):
        return Code(f'row["date"][5:7] == "{MONTHS.index(month[1]) + 1:02}"')
    if span := re.search(rf"\bbetween {DAY} and {DAY}", question):
        return Code(f'"{day_of(span[1])}" <= row["date"] <= "{day_of(span[2])}"')
    return Code("True")


def labelling(question: str) -> dict[str, Value]:
    """The values that programs label lines with."""
    labels = labels_of(question)
    return {"labels": labels, "label": prompts.LABEL.format(labels=", ".join(labels))}


def computed(question: str) -> Code | None:
    """The code that computes the answer of a counting question from ``rows`` into ``result``."""
    quoted = re.findall(r"label '([\w -]+)'", question)
    first, second = [*quoted, "", ""][:2]
    day = re.search(DAY, re.sub(rf"between {DAY} and {DAY}", "", question))
    times = re.search(r"exactly (\d+) times?", question)
    for pattern, code in _COMPUTED:
        if re.search(pattern, question, re.IGNORECASE):
            filled = code.replace("«a»", first).replace("«b»", second)
            filled = filled.replace("«day»", day_of(day[1]) if day else "").replace(
                "«n»", times[1] if times else "0"
            )
            return Code(filled.strip("\n"))
    return None


def _ranked(key: str, rank: int, written: str) -> str:
    return f"""
counts = Counter(row["{key}"] for row in rows)
ranked = sorted(counts, key=lambda each: (-counts[each], each))
result = {written.replace("«»", f"ranked[{rank}]")} if len(ranked) > {max(rank, 0)} else "NOT FOUND"
"""


_SHOWN_DATE: Final = '"Date: " + datetime.strptime(«», "%Y-%m-%d").strftime("%m/%d/%Y")'
_MONTHLY: Final = """
months = {}
for row in rows:
    months.setdefault(row["date"][:7], Counter())[row["label"]] += 1
"""
_COMPUTED: Final[tuple[tuple[str, str], ...]] = (
    (r"which of the labels\b.* most common\?", _ranked("label", 0, '"Label: " + «»')),
    (r"which of the labels\b.* least common\?", _ranked("label", -1, '"Label: " + «»')),
    (r"which user is represented most often", _ranked("user", 0, '"User: " + «»')),
    (r"which user is represented the second most", _ranked("user", 1, '"User: " + «»')),
    (r"which date is represented most often", _ranked("date", 0, _SHOWN_DATE)),
    (r"which date is represented the second most", _ranked("date", 1, _SHOWN_DATE)),
    (
        r"which user has the most messages with the label",
        """
counts = Counter(row["user"] for row in rows if row["label"] == "«a»")
result = "User: " + min(counts, key=lambda user: (-counts[user], user)) if counts else "NOT FOUND"
""",
    ),
    (
        r"how many dates are represented exactly",
        """
counts = Counter(row["date"] for row in rows)
result = "Answer: " + str(sum(count == «n» for count in counts.values()))
""",
    ),
    (
        r"before .*as compared to after",
        """
early = [row["label"] for row in rows if row["date"] < "«day»"]
late = [row["label"] for row in rows if row["date"] > "«day»"]
before = early.count("«a»") / max(1, len(early))
after = late.count("«a»") / max(1, len(late))
verdict = "more common" if before > after else "less common" if before < after else "the same frequency"
result = f"Answer: «a» is {verdict} before " + datetime.fromisoformat("«day»").strftime("%B %d, %Y")
""",
    ),
    (
        r"is label '.*or the same frequency as label",
        """
a = sum(row["label"] == "«a»" for row in rows)
b = sum(row["label"] == "«b»" for row in rows)
print(a, b)
verdict = "more common than" if a > b else "less common than" if a < b else "same frequency as"
result = f"Answer: «a» is {verdict} «b»"
""",
    ),
    (
        r"in which month did the label",
        _MONTHLY
        + """
first = next((month for month in sorted(months) if months[month]["«a»"] > months[month]["«b»"]), None)
result = "Answer: " + datetime.strptime(first, "%Y-%m").strftime("%B %Y") if first else "NOT FOUND"
""",
    ),
    (
        r"for how many months does the label .* occur more frequently",
        _MONTHLY
        + """
result = "Answer: " + str(sum(counts["«a»"] > counts["«b»"] for counts in months.values()))
""",
    ),
    (
        r"for how many months is the label .* the single most",
        _MONTHLY
        + """
ahead = 0
for counts in months.values():
    rest = max((count for label, count in counts.items() if label != "«a»"), default=0)
    ahead += counts["«a»"] > rest
result = f"Answer: {ahead}"
""",
    ),
    (
        r"how many \w+ should be classified as label",
        """
result = "Answer: " + str(sum(row["label"] == "«a»" for row in rows))
""",
    ),
)
