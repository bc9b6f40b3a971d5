"""How good the router is: against each fixed mode and an oracle, on texts, wordings and kinds of tasks that it was not trained on; what
it costs to decide; and how much cheaper than always *full* it is on several mixes of tasks.

Run: ``harlm router train --simulate`` first, which leaves journals of a SIMULATED model, then ``python -m perf.router JOURNAL...``.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean, median, quantiles

import msgspec

from harlm.budget.options import options_for
from harlm.context import profile
from harlm.router.features import features_of, vector
from harlm.router.learned import LearnedRouter
from harlm.router.model import RouterModel, shipped
from harlm.types import MODES, Context, ModelFacts, Situation, Task
from harlm_bench import journal
from harlm_train.correction import corrected
from harlm_train.examples import Example, Examples, from_journals
from harlm_train.fitting import fit, is_held_out
from harlm_train.measuring import (
    Asked,
    Measured,
    Outcome,
    asked_in,
    by_trees,
    choice_of,
    distance,
    informed,
    lead,
    measure,
)
from perf.measure import Table, cpu_seconds, report

_FOLDS = 4
_WORTHS = (0.1, 1.0, 10.0)
_SHORT = 13.0  # log2 of the tokens of a short task, 8,192
_LONG = 16.0  # of a long one, 65,536
_QUESTIONS = (
    "What is the registered number of raven-fossil-69? Answer with the number only.",
    "How many of the lines are about sport? Answer with the number only.",
    "Summarise the main points of all reports.",
    "Which file defines the class Fraction?",
)


def folds(
    examples: Examples, name: Callable[[Example], str], count: int
) -> Iterator[tuple[RouterModel, Examples]]:
    """Routers, each trained without a part of the examples, and that part."""
    for fold in range(count):
        held = [is_held_out_of(name(each), fold, count) for each in examples.all]
        yield fit(examples.where(not each for each in held)), examples.where(held)


def is_held_out_of(name: str, fold: int, count: int) -> bool:
    """Whether a name belongs to one of several parts of about equal size."""
    return (
        next(part for part in range(count) if part == count - 1 or is_held_out(name, count - part, 31 + part))
        == fold
    )


def known(examples: Examples) -> list[Table]:
    """Questions, wordings and texts that were held out."""
    rows = []
    for title, name in (
        ("other questions", lambda each: each.question),
        ("other wordings", lambda each: each.wording),
        ("other texts", lambda each: each.text),
    ):
        pairs = [(model, test, asked_in(test)) for model, test in folds(examples, name, _FOLDS)]
        error = distance(
            [
                (by_trees(model)(each), each.score)
                for model, test, _ in pairs
                for each in test.all
                if each.mode in model.heads
            ]
        )
        for worth in _WORTHS:
            found = pooled([measure(model, tasks, worth=worth) for model, _, tasks in pairs])
            rows.append((title, f"${worth:g}", *_figures(found), error))
    header = ("held out", "a right answer is worth", *_FIGURES, "calibration error")
    return [Table("Questions, wordings and texts that were held out", header, rows)]


_FIGURES = (
    "tasks",
    "router",
    "with escalation",
    "best fixed",
    "oracle",
    "hindsight",
    "share of the oracle's gain",
    "with escalation: share",
)


def _figures(found: Measured) -> tuple[object, ...]:
    best = found.fixed[found.best_fixed]
    return (
        found.tasks,
        _score(found.router.score, found.router.micros),
        _score(found.cascade.score, found.cascade.micros),
        f"{found.best_fixed} {_score(best.score, best.micros)}",
        _score(found.oracle.score, found.oracle.micros),
        _score(found.hindsight.score, found.hindsight.micros),
        f"{found.gain:.2f}",
        f"{found.cascade_gain:.2f}",
    )


def _score(score: float, micros: float) -> str:
    return f"{100 * score:.1f} % at ${micros / 1e6:.4f}"


def pooled(parts: Sequence[Measured]) -> Measured:
    """Several measurements as one, weighed by their tasks."""
    whole = sum(each.tasks for each in parts)

    def mean(read: Callable[[Measured], tuple[float, float]]) -> tuple[float, float]:
        pairs = [(read(each), each.tasks) for each in parts]
        return sum(p[0] * n for p, n in pairs) / whole, sum(p[1] * n for p, n in pairs) / whole

    kind = type(parts[0].router)
    fixed = {mode: kind(*mean(lambda each, mode=mode: each.fixed[mode])) for mode in MODES}  # type: ignore[misc] # bound now
    worth = parts[0].worth
    router, cascade = kind(*mean(lambda each: each.router)), kind(*mean(lambda each: each.cascade))
    oracle, hindsight = kind(*mean(lambda each: each.oracle)), kind(*mean(lambda each: each.hindsight))
    return Measured(
        tasks=whole,
        worth=worth,
        router=router,
        cascade=cascade,
        fixed=fixed,
        oracle=oracle,
        hindsight=hindsight,
        chosen={mode: sum(each.chosen[mode] for each in parts) for mode in MODES},
        escalated=sum(each.escalated * each.tasks for each in parts) / whole,
    )


def families(examples: Examples) -> list[Table]:
    """Every pair of families, held out together."""
    names = sorted({each.family for each in examples.all})
    rows, below, surely = [], 0, 0
    for pair in itertools.combinations(names, 2):
        held = [each.family in pair for each in examples.all]
        model, test = fit(examples.where(not each for each in held)), examples.where(held)
        tasks = asked_in(test)
        found = measure(model, tasks)
        best = found.fixed[found.best_fixed].utility(1.0)
        gain, error = lead(model, tasks, found.best_fixed)
        below += gain < 0
        surely += gain < -2 * error
        rows.append(
            (
                " and ".join(pair),
                found.tasks,
                found.best_fixed,
                best,
                found.router.utility(1.0) - best,
                gain,
                error,
                found.oracle.utility(1.0) - best,
            )
        )
    header = (
        "held out",
        "tasks",
        "best fixed mode",
        "its utility",
        "router, more by",
        "with escalation, more by",
        "its standard error",
        "oracle, more by",
    )
    title = (
        f"Pairs of families that were held out: with escalation below the best fixed mode in {below} of {len(rows)}, "
        f"by more than two standard errors in {surely}"
    )
    return [Table(title, header, rows)]


def mixes(examples: Examples) -> list[Table]:
    """How much cheaper than always *full*, on four mixes of tasks by their size."""
    rows = []
    pairs = [(model, asked_in(test)) for model, test in folds(examples, lambda each: each.text, _FOLDS)]
    drawn = [
        (model, task, best)
        for model, tasks in pairs
        for task, best in zip(tasks, informed(model, tasks, 1.0), strict=True)
    ]
    for title, shares in (
        ("mostly short: 80 % up to 8K tokens", (0.8, 0.15, 0.05)),
        ("even: a third each", (1 / 3, 1 / 3, 1 / 3)),
        ("mostly long: 80 % from 64K tokens", (0.05, 0.15, 0.8)),
        ("the examples as they are", None),
    ):
        weights = [1.0] * len(drawn) if shares is None else _weights([task for _, task, _ in drawn], shares)
        rows.append((title, *_cut(drawn, weights)))
    header = (
        "mix",
        "always full",
        "router",
        "oracle",
        "mean cut",
        "oracle's mean cut",
        "median cut",
        "oracle's median cut",
    )
    return [Table("Cost against always full, an answer worth $1", header, rows)]


def _weights(tasks: Sequence[Asked], shares: tuple[float, float, float]) -> list[float]:
    classes = [_class_of(task) for task in tasks]
    return [shares[each] / classes.count(each) for each in classes]


def _class_of(task: Asked) -> int:
    size = next(iter(task.runs.values()))[0].features["log_tokens"]
    return 0 if size <= _SHORT else 1 if size < _LONG else 2


def _cut(drawn: Sequence[tuple[RouterModel, Asked, Outcome]], weights: Sequence[float]) -> tuple[object, ...]:
    def mean(values: Sequence[float]) -> float:
        return sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)

    def middle(values: Sequence[float]) -> float:
        ordered = sorted(zip(values, weights, strict=True))
        half, passed = sum(weights) / 2, 0.0
        for value, weight in ordered:
            passed += weight
            if passed >= half:
                return value
        return ordered[-1][0]

    full = [task.outcome("full") for _, task, _ in drawn]
    ours = [task.outcome(choice_of(model, task, 1.0)) for model, task, _ in drawn]
    best = [each for _, _, each in drawn]
    costs = [[each.micros for each in some] for some in (full, ours, best)]
    return (
        _score(mean([each.score for each in full]), mean(costs[0])),
        _score(mean([each.score for each in ours]), mean(costs[1])),
        _score(mean([each.score for each in best]), mean(costs[2])),
        f"{mean(costs[0]) / max(1.0, mean(costs[1])):.1f}",
        f"{mean(costs[0]) / max(1.0, mean(costs[2])):.1f}",
        f"{middle([a / max(1.0, b) for a, b in zip(costs[0], costs[1], strict=True)]):.1f}",
        f"{middle([a / max(1.0, b) for a, b in zip(costs[0], costs[2], strict=True)]):.1f}",
    )


def special(examples: Examples) -> list[Table]:
    """Short tasks, weak root models, and needles."""
    rows = []
    pairs = [
        (model, task)
        for model, test in folds(examples, lambda each: each.text, _FOLDS)
        for task in asked_in(test)
    ]
    for title, keeps in (
        ("up to 8K tokens", lambda task: _class_of(task) == 0),
        ("the small root model", lambda task: "qwen" in task.name),
        ("needles (s-niah)", lambda task: task.family == "s-niah"),
    ):
        some = [(model, task) for model, task in pairs if keeps(task)]
        if not some:
            continue
        modes = [choice_of(model, task, 1.0) for model, task in some]
        ours = [task.outcome(mode) for mode, (_, task) in zip(modes, some, strict=True)]
        direct = [task.outcome("direct") for _, task in some]
        rows.append(
            (
                title,
                len(some),
                _score(fmean(each.score for each in ours), fmean(each.micros for each in ours)),
                _score(fmean(each.score for each in direct), fmean(each.micros for each in direct)),
                ", ".join(f"{mode} {modes.count(mode) / len(modes):.1%}" for mode in MODES),
            )
        )
    return [
        Table(
            "Short tasks, a weak root model, needles",
            ("tasks", "number", "router", "always direct", "chosen"),
            rows,
        )
    ]


def learning(examples: Examples) -> list[Table]:
    """Trees of their own and a correction of other trees, by the number of examples."""
    rows = []
    held = [is_held_out(each.text, _FOLDS, 5) for each in examples.all]
    training, test = examples.where(not each for each in held), asked_in(examples.where(held))
    sources = sorted({each.source for each in training.all})
    target = sources[-1]  # what a user's runs are of; the present router comes from the others
    present = fit(training.where(each.source != target for each in training.all))
    theirs = training.where(each.source == target for each in training.all)
    ours = [task for task in test if target.split(" ", 1)[1] in task.name]
    for number in (0, 50, 200, 800, 3_200):
        step = max(1, len(theirs.all) // max(1, number))
        few = theirs.where(place % step == 0 for place in range(len(theirs.all)))
        few = replace(few, all=few.all[:number])
        started = cpu_seconds()
        model = corrected(present, few) if number else present
        spent = cpu_seconds() - started
        rows.append((number, "correction", *_gain(model, ours), f"{spent:.1f}"))
        if number >= 800:
            started = cpu_seconds()
            model = fit(few)
            rows.append((number, "trees", *_gain(model, ours), f"{cpu_seconds() - started:.1f}"))
    header = ("examples", "learned as", "tasks", "utility", "share of the oracle's gain", "CPU s of training")
    return [Table(f"Learning from runs of another model ({target.split(' = ')[0]})", header, rows)]


def _gain(model: RouterModel, tasks: Sequence[Asked]) -> tuple[object, ...]:
    found = measure(model, tasks)
    return found.tasks, found.router.utility(1.0), f"{found.gain:.2f}"


def deciding() -> list[Table]:
    """What a decision costs, over 10 MB of text."""
    line = "2024-05-{:02d} user {:05d} wrote: the report about the harbour is late again, and the reason is not known.\n"
    context = Context.of_text("".join(line.format(n % 28 + 1, n % 99_991) for n in range(10_000_000 // 84)))
    facts = ModelFacts(name="m", window=272_000)
    router = LearnedRouter(shipped())
    seen, routed = [], []
    for number in range(400):
        task = Task(question=_QUESTIONS[number % len(_QUESTIONS)], context=context)
        started = time.perf_counter()
        known_profile = profile(context)
        options = options_for(known_profile.tokens, "constant", facts, facts, max_turns=20, concurrency=32)
        situation = Situation(task=task, profile=known_profile, root=facts, sub=facts, options=options)
        known_features = features_of(situation)
        seen.append(time.perf_counter() - started)
        started = time.perf_counter()
        router.route(situation)
        routed.append(time.perf_counter() - started)
    heads = []
    values = vector(known_features[0])
    for _ in range(2_000):
        started = time.perf_counter()
        for head in router.model.heads.values():
            head.probability(values)
        heads.append((time.perf_counter() - started) / len(router.model.heads))
    rows = [
        (title, f"{1000 * median(times):.3f}", f"{1000 * quantiles(times, n=20)[-1]:.3f}")
        for title, times in (
            ("profile and features of 10 MB", seen),
            ("a whole route", routed),
            ("one head", heads),
        )
    ]
    size = len(msgspec.json.encode(router.model))
    return [
        Table("A decision", ("step", "median ms", "p95 ms"), rows),
        Table(
            "The model",
            ("figure", "value"),
            [("bytes of the file", size), ("trees", sum(len(h.trees) for h in router.model.heads.values()))],
        ),
    ]


def simulated_examples(names: Sequence[str]) -> Examples:
    """The examples of journals; it ends the process if there are none, or if a real model made them."""
    if not names:
        sys.exit("name the journals that `harlm router train --simulate` has left")
    examples = from_journals([journal.read(Path(each)) for each in names])
    labels = sorted({each.label for each in examples.origins})
    if labels != ["SIMULATED"]:
        sys.exit(
            f"these journals are of {' and '.join(labels)}; `harlm router eval` measures those of real models"
        )
    return examples


def main() -> None:
    """Measure what the journals allow."""
    examples = simulated_examples(sys.argv[1:])
    tables = [
        *known(examples),
        *families(examples),
        *mixes(examples),
        *special(examples),
        *learning(examples),
        *deciding(),
    ]
    origins = sorted({each.detail.split(";")[0] for each in examples.origins})
    report(
        "router",
        "The router (SIMULATED)",
        f"{len(examples.all):,} runs of {len(asked_in(examples)):,} tasks, each task in every mode that can answer it, several draws each. "
        f"Answered by: {'; '.join(origins)}. A task is a question about a text; its oracle is a choice that knows how every mode did on "
        "the other draws of it. Utility is dollars: a right answer's worth less its cost.",
        tables,
        options="JOURNAL...",
    )


if __name__ == "__main__":
    main()
