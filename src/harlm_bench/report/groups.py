"""Results that may stand together: those with one label. What is simulated never meets what is real.

Knows which result belongs to which sample, and no figure about it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from harlm.errors import ConfigError
from harlm_bench.journal import Header, Journal, Key, key_of
from harlm_bench.labels import Label
from harlm_bench.outcomes import Result
from harlm_bench.suites import Entry, Role

Clusters = tuple[tuple[float, ...], ...]
"""Values by window and question, both in a fixed order."""

Value = Callable[[Result], float]
"""A figure of one result."""


def score_of(result: Result) -> float:
    """The score, 0 to 1."""
    return result.score


def cost_of(result: Result) -> float:
    """The bill in USD.

    Raises:
        ValueError: it is not known.
    """
    if result.usage.micro_usd is None:
        raise ValueError(f"the bill of {result.question!r} to {result.system!r} is not known")
    return result.usage.micro_usd / 1e6


def tokens_of(result: Result) -> float:
    """Tokens of prompts and replies."""
    return float(result.usage.prompt + result.usage.completion)


def wall_of(result: Result) -> float:
    """Seconds to the answer."""
    return result.outcome.wall_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """All results of one label.

    Attributes:
        label: theirs.
        headers: of the runs that they come from.
        systems: in the order in which they are shown, with names.
        results: in the order of system, task, size, window and question.
        notes: what is wrong with the journals, such as a run that was not finished.
    """

    label: Label
    headers: tuple[Header, ...]
    systems: tuple[Entry, ...]
    results: tuple[Result, ...]
    notes: tuple[str, ...] = ()

    @property
    def tasks(self) -> tuple[str, ...]:
        """In the order of the suites."""
        named = (load.task for header in self.headers for load in header.loads)
        measured = {result.task for result in self.results}
        return tuple(task for task in dict.fromkeys(named) if task in measured)

    @property
    def has_prices(self) -> bool:
        """Whether any question had a bill."""
        return any(result.usage.micro_usd is not None for result in self.results)

    def names(self, *roles: Role) -> tuple[str, ...]:
        """The names of the systems of these roles that have results; of all without roles."""
        measured = {result.system for result in self.results}
        return tuple(
            entry.name
            for entry in self.systems
            if entry.name in measured and (not roles or entry.role in roles)
        )

    def named(self, key: str) -> tuple[str, ...]:
        """The name of the system with a key of the registry, if it has results."""
        measured = {result.system for result in self.results}
        return tuple(entry.name for entry in self.systems if entry.key == key and entry.name in measured)

    def of(self, system: str, task: str | None = None, tokens: int | None = None) -> tuple[Result, ...]:
        """The results of a system, of one task and size if they are given."""
        return tuple(
            result
            for result in self.results
            if result.system == system and task in (None, result.task) and tokens in (None, result.tokens)
        )

    def only(self, tasks: Iterable[str]) -> Group:
        """The results of these tasks."""
        kept = set(tasks)
        return replace(self, results=tuple(each for each in self.results if each.task in kept))


UNREACHED = ("not installed", "endpoint")
"""Outcomes that tell nothing about a system. They score 0, and are named beside the score."""


def unreached(results: Iterable[Result]) -> int:
    """How many results tell nothing about the system."""
    return sum(result.outcome.status in UNREACHED for result in results)


def grouped(journals: Sequence[Journal]) -> tuple[Group, ...]:
    """One group for each label.

    Raises:
        ConfigError: a journal is empty, or two hold different results of one question to one system.
    """
    for journal in journals:
        if not journal.results:
            raise ConfigError(
                f"journal {str(journal.path)!r} holds no result; run its suite, then report it again"
            )
    labels = dict.fromkeys(journal.header.label for journal in journals)
    return tuple(_group(label, [each for each in journals if each.header.label == label]) for label in labels)


def _group(label: Label, journals: Sequence[Journal]) -> Group:
    systems = {entry.name: entry for journal in journals for entry in journal.header.systems}
    results: dict[Key, Result] = {}
    for journal in journals:
        for result in journal.results:
            if results.setdefault(key_of(result), result) != result:
                raise ConfigError(
                    f"{str(journal.path)!r} and another journal hold different results of {result.system!r} for "
                    f"question {result.question!r} of {result.window!r}; report one of them, or compare the two with "
                    "`harlm bench diff`"
                )
    order = {name: place for place, name in enumerate(systems)}
    return Group(
        label=label,
        headers=tuple(journal.header for journal in journals),
        systems=tuple(systems.values()),
        results=tuple(
            sorted(
                results.values(),
                key=lambda it: (order.get(it.system, len(order)), it.task, it.tokens, it.window, it.question),
            )
        ),
        notes=tuple(note for journal in journals for note in _notes(journal)),
    )


def _notes(journal: Journal) -> tuple[str, ...]:
    notes = list(journal.notes)
    if len(journal.results) < journal.expected:
        notes.append(
            f"{journal.path.name} is not finished: it holds {len(journal.results)} of {journal.expected} results."
        )
    if journal.replaced:
        notes.append(
            f"{journal.replaced} questions that did not reach the model or a system were asked again in a later run; "
            "the last result counts."
        )
    return tuple(notes)


def clusters(results: Iterable[Result], value: Value) -> Clusters:
    """The values of a sample, window by window."""
    by_window: dict[str, dict[str, float]] = {}
    for result in results:
        by_window.setdefault(result.digest, {})[result.question] = value(result)
    return tuple(
        tuple(values[question] for question in sorted(values)) for _, values in sorted(by_window.items())
    )


def paired(ours: Iterable[Result], theirs: Iterable[Result]) -> tuple[tuple[Result, ...], tuple[Result, ...]]:
    """The results of the questions that both have, in one order."""
    left = {(result.digest, result.question): result for result in ours}
    right = {(result.digest, result.question): result for result in theirs}
    both = sorted(left.keys() & right.keys())
    return tuple(left[key] for key in both), tuple(right[key] for key in both)
