"""Lists of records whose meaning only a model can judge: where their text, time and owner stand, and what labels they have."""

from __future__ import annotations

from dataclasses import dataclass

from harlm.branching.strategies.asked import Asked
from harlm.guest.tables.fielded import fielded, form_of
from harlm.guest.tables.values import typed
from harlm.patterns import lazy_pattern

_LISTED = lazy_pattern(
    r"\b(?:labels?|categor(?:y|ies)|classes|class|topics?|kinds?|types?)\b[^:?\n]{0,160}:\s*"
    r"(?P<labels>['\"]?[\w][\w' /&+-]{0,60}(?:(?:,| or| and)\s+['\"]?[\w][\w' /&+-]{0,60}){1,40})",
)
_BETWEEN = lazy_pattern(r",\s*(?:and |or )?|\s+(?:or|and)\s+")
_LEAST_LINES = 3
_LONGEST_LINE = 2_000  # characters
_TIME = frozenset({"date", "day", "time", "when", "written", "posted", "timestamp"})
_OWNER = frozenset(
    {"user", "author", "from", "sender", "customer", "id", "user id", "name", "speaker", "writer"}
)
_TEXT = frozenset(
    {
        "instance",
        "text",
        "message",
        "body",
        "content",
        "comment",
        "review",
        "question",
        "title",
        "note",
        "post",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """A list of records.

    Attributes:
        text, time, owner: the fields with what a record says, when it was written, and who wrote it; empty if there is none.
        labels: the labels that a record may have.
        meanings: what the text says of each label, as lines.
        has_fields: whether its lines have fields with names; else each line is one record.
    """

    text: str
    time: str
    owner: str
    labels: tuple[str, ...]
    meanings: str
    has_fields: bool = True


def records_of(asked: Asked) -> Records | None:
    """The records of a context, if it is one list of them; with labels if the question or the text lists any."""
    if len(asked.task.context.documents) != 1:
        return None
    form = form_of(asked.beginning)
    if form is None:
        return _plain_lines(asked)
    _, names = form
    time, owner = _first(names, _TIME), _first(names, _OWNER)
    if time and not _are_days(asked.beginning, time):
        time = ""
    text = _first(names, _TEXT) or next((name for name in reversed(names) if name not in (time, owner)), "")
    if not text:
        return None
    labels = listed_labels(asked.question) or listed_labels(asked.beginning)
    return Records(
        text=text, time=time, owner=owner, labels=labels, meanings=_meanings(asked.beginning, labels)
    )


def _are_days(text: str, field: str) -> bool:
    """Whether a field holds days that can be read: not if 03/04/2023 may be one of two."""
    raw = fielded(text)
    if raw is None or not raw.rows or raw.columns is None:
        return False
    at = raw.columns.index(field)
    return typed([row.cells[at] for row in raw.rows]).kind == "date"


def _plain_lines(asked: Asked) -> Records | None:
    """Lines without fields, if the question lists labels for them and the text is a list of lines."""
    labels = listed_labels(asked.question)
    lines = [line for line in asked.beginning.strip().splitlines() if line.strip()]
    is_list = (
        len(lines) >= _LEAST_LINES
        and "\n\n" not in asked.beginning.strip()
        and max(map(len, lines)) <= _LONGEST_LINE
    )
    if not labels or not is_list:
        return None
    return Records(text="line", time="", owner="", labels=labels, meanings="", has_fields=False)


def listed_labels(words: str) -> tuple[str, ...]:
    """The labels that a sentence lists after a colon; empty if it lists none."""
    found = _LISTED.search(words)
    if found is None:
        return ()
    parts = [each.strip(" '\"") for each in _BETWEEN.split(found["labels"])]
    labels = tuple(dict.fromkeys(each for each in parts if each))
    return labels if len(labels) > 1 else ()


def _first(names: tuple[str, ...], wanted: frozenset[str]) -> str:
    return next((name for name in names if name.casefold() in wanted), "")


def _meanings(text: str, labels: tuple[str, ...]) -> str:
    """The lines of a text that say what a label means, such as ``- offer: the writer would give something``."""
    known = {label.casefold() for label in labels}
    lines = [line.strip(" -*•\t") for line in text.splitlines()[:200]]
    return "; ".join(
        line for line in lines if ":" in line and line.partition(":")[0].strip(" '\"*`").casefold() in known
    )
