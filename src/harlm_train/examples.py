"""Examples to train a router from: what was known before a run, what was measured of its answer, and how good the answer was."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import msgspec

from harlm.branching.signals import from_numbers
from harlm.errors import ContextError, TraceError
from harlm.router.cascade import measured_of
from harlm.router.encoder_text import encoder_text, excerpt_of
from harlm.router.features import NAMES
from harlm.router.model import ExampleSource
from harlm.tracing.jsonl import RunFolder, list_runs
from harlm.tracing.rating import judged_in, rating_of
from harlm.types import MODES, STATUSES, Mode, Signals, Status, skill_from
from harlm_bench.assembly import windows_again
from harlm_bench.journal import ASKED_AGAIN, Journal
from harlm_bench.outcomes import Result

OWN_RUNS = "OWN RUNS"
"""The label of examples from a user's own runs."""

_FEATURE, _SIGNAL = "feature_", "signal_"
_NOT_WORDING = re.compile(r"[\"'`][^\"'`\n]{1,120}[\"'`]|\S*\d\S*|\b[A-Z]\w*\b|[^\w\s]")
_LEAST_CHANCE = 0.01  # of a mode: rarer choices count no more than these
_WORDS = 12  # of a question that name its template


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A scored run.

    Attributes:
        task: names the question about its text. Examples of one task are never split between training and test.
        text: names the text.
        wording: the question without what it names: two questions from one template have the same.
        question: as it was asked.
        prompt: what an encoder reads of the task: the question, the profile in words, and the beginning and the end of the text.
        family: the kind of task, to hold out whole kinds. Never a feature.
        source: what answered; examples of different sources are never mixed unless the user says so.
        run: names one pass over all tasks in all modes. The runs of a source are draws of the same tasks.
        mode: of the run.
        features: what was known, by name.
        score: 0 to 1.
        micros: what it cost, in micro-dollars; ``None`` if that is unknown.
        expected_micros: what it was expected to cost.
        status, signals: of the answer, as they were measured.
        weight: 1 divided by the chance with which this mode was chosen.
    """

    task: str
    text: str
    wording: str
    prompt: str
    family: str
    source: str
    run: str
    mode: Mode
    features: Mapping[str, float]
    score: float
    micros: int | None
    expected_micros: int | None
    status: Status = "ok"
    signals: Signals = field(default_factory=Signals)
    weight: float = 1.0
    question: str = ""

    @property
    def measured(self) -> Mapping[str, float]:
        """What was measured of the answer, by the names of ``harlm.router.model.CHECKED``."""
        return measured_of(self.signals, is_whole=self.status != "partial")

    @property
    def vector(self) -> tuple[float, ...]:
        """The features in the order of ``NAMES``."""
        return tuple(self.features[name] for name in NAMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Examples and where they come from."""

    all: tuple[Example, ...]
    origins: tuple[ExampleSource, ...]

    def of(self, mode: Mode) -> list[Example]:
        """Those of one mode."""
        return [each for each in self.all if each.mode == mode]

    def where(self, is_kept: Iterable[bool]) -> Examples:
        """Some of them."""
        kept = tuple(each for each, keep in zip(self.all, is_kept, strict=True) if keep)
        return replace(self, all=kept)


def from_journals(journals: Sequence[Journal]) -> Examples:
    """The examples of runs of ``harlm bench``: every result of a system that always uses one mode. The windows are made again for the
    wordings of their questions, which journals do not hold.

    Raises:
        ContextError: no result has features, or one has broken ones.
    """
    found: list[Example] = []
    origins: list[ExampleSource] = []
    for journal in journals:
        asked = _asked(journal)
        made = (_from_result(journal, result, asked) for result in journal.results)
        examples = [each for each in made if each is not None]
        found += _with_skill(examples)
        header = journal.header
        origins.append(
            ExampleSource(
                label=header.label.name,
                detail=header.label.detail,
                suite=header.suite,
                seed=header.seed,
                code=header.code,
                examples=len(examples),
            )
        )
    if not found:
        named = ", ".join(str(each.path) for each in journals) or "nothing"
        raise ContextError(
            f"there are no examples in {named}: run HARLM in every mode first, `harlm bench run --suite router`"
        )
    return Examples(all=tuple(found), origins=tuple(origins))


def from_runs(folder: Path) -> Examples:
    """The examples of a user's own runs: those that were rated.

    Args:
        folder: of the stored runs.

    Raises:
        ContextError: no run is rated.
    """
    found = [each for name in list_runs(folder) if (each := _from_run(folder / name)) is not None]
    if not found:
        raise ContextError(
            f"no run in {str(folder)!r} is rated; rate some with `harlm runs rate RUN good|bad`"
        )
    return Examples(
        all=tuple(found),
        origins=(ExampleSource(label=OWN_RUNS, detail="rated by the user", examples=len(found)),),
    )


def _from_run(folder: Path) -> Example | None:
    is_good = rating_of(folder)
    if is_good is None:
        return None
    try:
        run = RunFolder(folder)
        judged, result = judged_in(run), run.result
    except TraceError:
        return None
    if judged is None or not judged.features.keys() >= set(NAMES):
        return None
    answer = None if result is None else result.answer
    micros = None if answer is None else answer.usage.cost_micros
    return Example(
        task=folder.name,
        text=judged.corpus,
        wording=wording_of(run.record.question),
        prompt=encoder_text(run.record.question, judged.features, ""),
        question=run.record.question,
        family="",
        source=f"{OWN_RUNS} {run.record.root_model}",
        run=folder.name,
        mode=judged.mode,
        features={name: judged.features[name] for name in NAMES},
        score=float(is_good),
        micros=micros,
        expected_micros=judged.expected_micros,
        status="partial" if answer is None else answer.status,
        signals=judged.confidence.signals,
        weight=1 / max(_LEAST_CHANCE, judged.propensity),
    )


def joined(several: Sequence[Examples]) -> Examples:
    """Examples of several places together."""
    return Examples(
        all=tuple(each for some in several for each in some.all),
        origins=tuple(each for some in several for each in some.origins),
    )


def wording_of(question: str) -> str:
    """A question without the things that it names, in lower case: what is left of its template."""
    return " ".join(_NOT_WORDING.sub(" ", question).casefold().split()[:_WORDS])


class _Question(NamedTuple):
    text: str
    excerpt: str


_known: dict[bytes, Mapping[tuple[str, str], _Question]] = {}


def _asked(journal: Journal) -> Mapping[tuple[str, str], _Question]:
    """Each question by the digest of its window and its id, with an excerpt of its text. Draws over the same windows share them."""
    header = journal.header
    key = msgspec.json.encode([header.seed, header.loads])
    if key not in _known:
        _known[key] = {
            (window.digest, question.id): _Question(
                question.text, excerpt_of(tuple(window.documents.values()))
            )
            for window in windows_again(header)
            for question in window.questions
        }
    return _known[key]


def _from_result(
    journal: Journal, result: Result, asked: Mapping[tuple[str, str], _Question]
) -> Example | None:
    notes = result.outcome.notes
    features = {name: notes.get(f"{_FEATURE}{name}") for name in NAMES}
    mode = next((each for each in MODES if each == notes.get("mode")), None)
    if mode is None or result.outcome.status in ASKED_AGAIN or features[NAMES[0]] is None:
        return None
    wrong = [name for name, value in features.items() if not isinstance(value, int | float)]
    if wrong:
        raise ContextError(
            f"journal {str(journal.path)!r}, question {result.question!r} of {result.window!r}: it lacks the feature {wrong[0]!r}, so it is "
            "of another version of HARLM; run it again with --fresh"
        )
    signals = {name.removeprefix(_SIGNAL): each for name, each in notes.items() if name.startswith(_SIGNAL)}
    expected = notes.get("expected_micro_usd")
    numbers = {name: float(value) for name, value in features.items() if value is not None}
    question = asked.get((result.digest, result.question), _Question(result.kind, ""))
    return Example(
        task=f"{journal.header.label.detail.split(';')[0]} {result.digest} {result.question}",
        text=result.digest,
        wording=f"{result.task}: {wording_of(question.text)}",
        prompt=encoder_text(question.text, numbers, question.excerpt),
        question=question.text,
        family=result.task,
        source=f"{journal.header.label.kind} {journal.header.label.detail.split(';')[0]}",
        run=f"{journal.path}",
        mode=mode,
        features=numbers,
        score=result.score,
        micros=result.usage.micro_usd,
        expected_micros=int(expected) if isinstance(expected, int | float) else None,
        status=next((each for each in STATUSES if each == notes.get("answer_status")), "partial"),
        signals=from_numbers(signals),
        weight=1 / max(_LEAST_CHANCE, float(notes.get("propensity", 1.0))),
    )


def _with_skill(examples: Sequence[Example]) -> list[Example]:
    """The examples with the skill of their root model, as its own runs show it: what a user's HARLM would know after as many."""
    ran = [each.measured.get("ran_clean", 1.0) for each in examples if each.mode in ("repl", "full")]
    skill = skill_from(sum(ran), len(ran))
    return [replace(each, features={**each.features, "root_skill": skill}) for each in examples]
