"""*label*: judges every record once, and computes the answer in code. For counts, comparisons, superlatives and pairs over
records whose label no line shows.
"""

from __future__ import annotations

import re
from textwrap import indent

from harlm.branching.strategies.aggregates import read_aggregate
from harlm.branching.strategies.asked import Asked
from harlm.branching.strategies.forecasting import Calls, forecast
from harlm.branching.strategies.records import Records, records_of
from harlm.branching.strategies.scopes import day_of
from harlm.branching.strategies.user_pairs import read_pairs
from harlm.patterns import lazy_pattern
from harlm.types import Growth, Proposal

_FORM = lazy_pattern(r"\bin the form\b|'(?:Answer|Label|User|Date):", re.IGNORECASE)
_BATCH = 40  # records in one call
_RULES = 200  # tokens of a prompt without its records
_LABEL = 5  # tokens of one line of a reply
_AGAIN = 0.3  # of the records that are looked at again, at most
_RECORD = 35  # tokens of a usual record, where nothing else is known

_BEGIN = """\
from collections import Counter
from datetime import datetime

rows = [row for table in context.tables() for row in table.rows if {where}]
"""
_LINES = """\
from collections import Counter

rows = [{{"line": line}} for line in split(context, by="line")]
"""
_COMPUTED = """\


def computed(labels):
    kept = [(row, name) for row, name in zip(rows, labels) if name is not None]
{compute}
    return result


"""
_LABELLED = """\
labels = label([row[{text!r}] for row in rows], {labels!r}, {instruction!r}, answer=computed)
FINAL(computed(labels))
"""
_UNLABELLED = """\
FINAL(computed([""] * len(rows)))
"""
_PAIRED = """\
users = {{}}
for row, name in kept:
    user = users.setdefault(row[{owner!r}], {{"counts": Counter(), "days": {{}}}})
    user["counts"][name] += 1
    user["days"].setdefault(name, []).append({day})
found = pairs(users, lambda u, v: {condition})
result = "\\n".join(f"({{first}}, {{second}})" for first, second in found) or "none"
"""


def propose(asked: Asked) -> Proposal | None:
    """The proposal for a question about labelled records; ``None`` if it asks for something else."""
    records = records_of(asked)
    if records is None:
        return None
    condition = read_pairs(asked.question, records) if records.labels else None
    if condition is not None:
        paired = _PAIRED.format(owner=records.owner, day=_day(records), condition=condition)
        return _proposal(
            asked, records, "True", paired, "factorable pairs", "pairs of users that meet a condition"
        )
    aggregate = read_aggregate(asked.question, records)
    if aggregate is None:
        return None
    compute = _as_asked(aggregate.compute, asked)
    if not aggregate.needs_labels:
        return _without_labels(asked, records, aggregate.where, compute, aggregate.says)
    return _proposal(asked, records, aggregate.where, compute, "linear", aggregate.says)


def _day(records: Records) -> str:
    return day_of(records.time) if records.time else '""'


def _cell(records: Records, where: str, compute: str, end: str) -> str:
    computed = _COMPUTED.format(compute=indent(compute.strip("\n"), "    "))
    begin = _BEGIN.format(where=where) if records.has_fields else _LINES.format()
    return f"{begin}{computed}{end}"


def _as_asked(compute: str, asked: Asked) -> str:
    """The code, with the answer alone if the question asks for no ``Answer: ...`` in front of it."""
    if _FORM.search(asked.question):
        return compute
    return f'{compute.rstrip()}\nresult = result.partition(": ")[2] or result'


def _proposal(
    asked: Asked, records: Records, where: str, compute: str, growth: Growth, says: str
) -> Proposal:
    instruction = f"What they mean: {records.meanings}." if records.meanings else ""
    labelled = _LABELLED.format(text=records.text, labels=list(records.labels), instruction=instruction)
    cell = _cell(records, where, compute, labelled)
    count = max(1, asked.profile.tokens // _RECORD)
    calls = -(-count // _BATCH)
    first = Calls(
        model=asked.sub, calls=calls, input_tokens=_RULES + _BATCH * _RECORD, output_tokens=_BATCH * _LABEL
    )
    again = int(_AGAIN * count) // (_BATCH // 2) + 1
    second = Calls(
        model=asked.root if asked.has_stronger else asked.sub,
        calls=again,
        input_tokens=_RULES + _BATCH // 2 * _RECORD,
        output_tokens=_BATCH // 2 * _LABEL,
    )
    return Proposal(
        strategy="label",
        cells=(cell,),
        forecast=forecast(first, first, second, concurrency=asked.concurrency),
        growth=growth,
        leaf="labeller",
        fit=1.0,
        reasons=(
            f"the question asks for {says}, over records whose label no line shows",
            f"each of about {count:,} records gets one of {len(records.labels)} labels, and code computes the answer",
        ),
    )


def _without_labels(asked: Asked, records: Records, where: str, compute: str, says: str) -> Proposal:
    cell = _cell(records, where, compute, _UNLABELLED)
    return Proposal(
        strategy="label",
        cells=(cell,),
        forecast=forecast(concurrency=asked.concurrency),
        growth="constant",
        leaf="none",
        fit=1.0,
        reasons=(f"the question asks for {says}, which code computes from the fields of the records",),
    )
