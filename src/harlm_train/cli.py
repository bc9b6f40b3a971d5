"""``harlm router train`` and ``harlm router eval``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from harlm.errors import ConfigError

if TYPE_CHECKING:
    from harlm.router.model import RouterModel
    from harlm_train.examples import Examples

_PATH = click.Path(path_type=Path)
_DRAWS = 3
_WORTHS = (0.1, 1.0, 10.0)
_FOLDER = Path("router-training")
_ENCODER = Path("router-encoder")


@click.command("train")
@click.argument("journals", nargs=-1, type=_PATH)
@click.option(
    "--runs",
    is_flag=True,
    help="Train from your own rated runs (harlm runs rate), as a correction of the present router.",
)
@click.option(
    "--simulate",
    is_flag=True,
    help="Run HARLM in every mode on a simulated model first, three times (about half an hour).",
)
@click.option("--mixed", is_flag=True, help="Allow examples of simulated and of real models together.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the training.")
@click.option(
    "--encoder",
    metavar="NAME",
    help="Train an encoder instead: minilm, a local folder, or the name of a model on its hub.",
)
@click.option(
    "--tuning",
    type=click.Choice(["lora", "full", "frozen"]),
    default="lora",
    show_default=True,
    help="Which weights of the encoder change.",
)
@click.option("--out", type=_PATH, help="Where the router is written; by default where HARLM reads it from.")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def train(journals: tuple[Path, ...], **options: Any) -> None:
    """Train a router from JOURNALS of `harlm bench run --suite router`, from a simulation, or from your own runs.

    One text of five is held out, and a router that is worth less there than the best fixed mode is not written.
    """
    from harlm.cli.printing import say, show
    from harlm.cli.settings import load_settings
    from harlm.home import router_file
    from harlm.router.model import save
    from harlm_train.training import train_from, trained_from_runs

    config = load_settings({}).config
    if options["runs"]:
        if journals or options["simulate"] or options["encoder"]:
            raise click.UsageError(
                "--runs takes no journals, no --simulate and no --encoder: own runs correct the trees"
            )
        made, examples = trained_from_runs(config, seed=options["seed"]), None
    else:
        paths = (*journals, *(_simulated(options["seed"]) if options["simulate"] else ()))
        if not paths:
            raise click.UsageError(
                "name journals of `harlm bench run --suite router`, or use --simulate or --runs"
            )
        examples = _examples(paths, mixed=options["mixed"])
        made = train_from(examples, seed=options["seed"])
    for line in made.told:
        say(line)
    if examples is not None and options["encoder"]:
        show(str(_encoded(examples, made.model, options)))
        return
    out = options["out"] or router_file(config)
    save(made.model, out)
    show(str(out))


@click.command("eval")
@click.argument("journals", nargs=-1, required=True, type=_PATH)
@click.option("--router", "file", type=_PATH, help="A router's file; by default the one that HARLM uses.")
@click.option("--mixed", is_flag=True, help="Allow examples of simulated and of real models together.")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def evaluate(journals: tuple[Path, ...], file: Path | None, *, mixed: bool, **_: Any) -> None:
    """Measure a router on JOURNALS of `harlm bench run --suite router` with another seed than it was trained on."""
    from harlm.cli.printing import show
    from harlm.cli.settings import load_settings
    from harlm.home import router_file
    from harlm.router.model import load, shipped
    from harlm_train.training import told_of

    own = router_file(load_settings({}).config)
    model = load(file) if file is not None else load(own) if own.exists() else shipped()
    examples = _examples(journals, mixed=mixed)
    show(model.version)
    for line in told_of(model, examples, _WORTHS):
        show(line)


def _examples(paths: Sequence[Path], *, mixed: bool) -> Examples:
    """The examples of journals.

    Raises:
        ConfigError: they are of simulated and of real models.
    """
    from harlm_bench import journal
    from harlm_train.examples import from_journals

    found = from_journals([journal.read(each) for each in paths])
    labels = {each.label for each in found.origins}
    if len(labels) > 1 and not mixed:
        raise ConfigError(
            f"these journals are of {' and '.join(sorted(labels))}; train from one kind at a time, or allow it with --mixed"
        )
    return found


def _simulated(seed: int) -> list[Path]:
    """The journals of a simulation in every mode, in the current folder; what is there already is not run again."""
    from harlm_train.simulating import simulate

    return simulate(_FOLDER, seed=seed, draws=_DRAWS)


def _encoded(examples: Examples, model: RouterModel, options: dict[str, Any]) -> Path:
    """The folder of an encoder that was trained beside the trees of ``model``."""
    from harlm_train.encoder import train as train_encoder
    from harlm_train.tuning import Recipe

    folder: Path = options["out"] or _ENCODER
    train_encoder(
        examples,
        model,
        folder,
        Recipe(backbone=options["encoder"], tuning=options["tuning"], seed=options["seed"]),
    )
    return folder
