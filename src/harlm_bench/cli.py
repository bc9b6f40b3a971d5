"""``harlm bench``: measures HARLM and its rivals, serves the simulated model, audits and compares results.

A thin file of options. What they mean is done elsewhere, and imported when a command runs.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from harlm.errors import ConfigError

if TYPE_CHECKING:
    from harlm_bench.costs import Prediction
    from harlm_bench.outcomes import Result
    from harlm_bench.serving import Wanted
    from harlm_bench.suites import Suite

_Command = TypeVar("_Command", bound=Callable[..., Any])
_PATH = click.Path(path_type=Path)
_FOLDER = "bench-results"
_TRAIL = "simulated-trail.jsonl"  # beside the journal: what each simulated answer rests on


@click.group("bench")
def bench() -> None:
    """Measure HARLM and its rivals on the same tasks, through the same endpoint, under the same limits."""


def _names(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (value or "").split(",") if name.strip())


def _tokens(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[int, ...]:
    """Sizes such as ``8K``, ``1M`` or ``5000``."""
    return tuple(map(_size, _names(context, parameter, value)))


def _size(text: str) -> int:
    units = {"K": 1 << 10, "M": 1 << 20}
    digits, unit = (text[:-1], units[text[-1].upper()]) if text[-1].upper() in units else (text, 1)
    if not digits.isdigit() or int(digits) == 0:
        raise click.BadParameter(f"{text!r} is not a size in tokens: use 8K, 1M or 5000")
    return int(digits) * unit


def _run_options(command: _Command) -> _Command:
    """The options of the commands that run something."""
    for add in (
        click.option("-v", "--verbose", is_flag=True, help="Show tracebacks."),
        click.option("--password", default="", envvar="HARLM_BENCH_PASSWORD", help="What data sets in --data are sealed with."),
        click.option("--data", type=_PATH, help="A folder with your own copies of published data sets."),
        click.option("--replay", type=_PATH, help="Answer from recorded replies."),
        click.option("--record", type=_PATH, help="Keep all replies in this file."),
        click.option("--time-scale", type=click.FloatRange(0.001, 10), default=0.05, show_default=True,
                     help="Our seconds for one second of a simulated model."),
        click.option("--leaf", type=click.Choice(["profile", "minilm"]), default="profile", show_default=True,
                     help="What labels lines for a simulated model: drawn errors, or a real embedding model (no language model)."),
        click.option("--sub-profile", metavar="NAME", help="The simulated sub-model."),
        click.option("--profile", metavar="NAME", help="The simulated root model: a name or a .toml file."),
        click.option("--weights", metavar="NAME", help="Local weights of an embedded run: a known name or a .gguf file."),
        click.option("--window", type=click.IntRange(256), default=131_072, show_default=True,
                     help="The window of the endpoint's models, in tokens."),
        click.option("--key-variable", metavar="NAME", help="The environment variable with the endpoint's key."),
        click.option("--sub-model", metavar="NAME", help="The endpoint's sub-model; the root model by default."),
        click.option("--model", metavar="NAME", help="The endpoint's root model."),
        click.option("--base-url", metavar="URL", help="A real endpoint of OpenAI's dialect, such as http://127.0.0.1:8080/v1."),
        click.option("--yes", is_flag=True, help="Agree to the predicted cost."),
        click.option("--budget-usd", type=click.FloatRange(0, min_open=True), help="The most that a run on a real endpoint may spend."),
        click.option("--resume/--fresh", "resume", default=True, help="Continue the journal in --out, or begin again. [resume]"),
        click.option("--sizes", callback=_tokens, metavar="8K,1M", help="Sizes of the texts, instead of the suite's."),
        click.option("--tasks", callback=_names, metavar="A,B", help="Only these tasks of the suite."),
        click.option("--systems", callback=_names, metavar="A,B", help="Only these systems."),
        click.option("--out", type=_PATH, help=f"A folder for the journal and the report [{_FOLDER}/SUITE]."),
        click.option("-j", "--jobs", type=click.IntRange(1, 256), help="Questions at once; the suite's number by default."),
        click.option("--draw", type=click.IntRange(0, 999), default=0, show_default=True,
                     help="Another draw of the simulated model over the same texts."),
        click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of all that is drawn."),
    ):  # fmt: skip
        command = add(command)
    return command


@bench.command("run")
@click.option(
    "--suite",
    "name",
    default="quick",
    show_default=True,
    help="embedded, embedded-long, embedded-modes, quick, standard, calibration, router or paper.",
)
@_run_options
def run_command(*, name: str, **options: Any) -> None:
    """Run a suite and write its report. Ctrl-C stops it; the same command continues it."""
    from harlm_bench import suites

    _run(_chosen(suites.suite(name), options), options)


@bench.command("ablate")
@click.option(
    "--suite",
    "name",
    default="quick",
    show_default=True,
    help="The tasks: quick, standard, calibration or paper.",
)
@_run_options
def ablate_command(*, name: str, **options: Any) -> None:
    """Run HARLM with each of its parts switched off, and report what the parts are worth."""
    from harlm_bench import suites

    is_real = bool(options["base_url"] or options["replay"] or suites.suite(name).kind == "EMBEDDED")
    options["systems"] = options["systems"] or suites.ablations(is_simulated=not is_real)
    _run(suites.renamed(_chosen(suites.suite(name), options), f"{name}-ablations"), options)


def _chosen(whole: Suite, options: dict[str, Any]) -> Suite:
    from harlm_bench import own_data, suites

    if options["data"] is None:
        return suites.chosen(whole, options["systems"], options["tasks"], options["sizes"])
    if options["sizes"]:
        raise click.UsageError("--sizes is for generated texts; those of --data have sizes of their own")
    chosen = suites.chosen(whole, options["systems"])
    return own_data.with_data(chosen, options["data"], options["tasks"], options["password"])


def _run(suite: Suite, options: dict[str, Any]) -> None:
    from harlm.cli.printing import say, show
    from harlm_bench import assembly, journal, runner
    from harlm_bench.progress import Progress
    from harlm_bench.report import writing

    folder = options["out"] or Path(_FOLDER) / suite.name
    wanted = _wanted(suite, options, folder)
    if wanted.trail is not None and not options["resume"] and wanted.trail.exists():
        wanted.trail.replace(wanted.trail.with_name(f"{_TRAIL}.old"))
    with assembly.assembled(wanted) as made:
        path = folder / writing.named("journal.jsonl", [made.header.label])
        if made.predict is not None:
            _agree(made.predict, path, options)
        for name, why_not in assembly.install(made).items():
            say(f"{name} cannot be installed, which its results will say: {why_not}")
        with (
            journal.Writer(path, made.header, fresh=not options["resume"]) as kept,
            Progress(made.expected, wanted.jobs) as progress,
        ):
            for note in kept.before.notes:
                say(note)
            runner.run(made.work, kept, progress)
    for written in writing.write_report([journal.read(path)], folder):
        show(str(written))


def _agree(predict: Callable[[Iterable[Result]], Prediction], path: Path, options: dict[str, Any]) -> None:
    """Say what is left to pay for, and refuse to begin if the user has not agreed to it."""
    from harlm.cli.printing import say
    from harlm_bench import costs, journal

    before = journal.read(path) if options["resume"] and path.is_file() else None
    prediction = predict(() if before is None else before.done)
    spent = 0.0 if before is None else before.micro_usd / 1e6
    say(f"This run asks {prediction}." + (f" Before, it has spent ${spent:,.2f}." if spent else ""))
    costs.confirm(prediction, budget_usd=options["budget_usd"], is_agreed=options["yes"], spent_usd=spent)


def _wanted(suite: Suite, options: dict[str, Any], folder: Path) -> Wanted:
    import msgspec

    from harlm_bench.serving import PROFILE, SUB_PROFILE, WEIGHTS, Wanted

    if options["sub_model"] and not options["model"]:
        raise click.UsageError("--sub-model needs --model")
    if options["record"] and options["replay"]:
        raise click.UsageError("--record and --replay exclude each other")
    found = Wanted(
        suite=suite,
        seed=options["seed"],
        draw=options["draw"],
        jobs=options["jobs"] or suite.jobs,
        budget_usd=options["budget_usd"],
        base_url=options["base_url"] or "",
        model=options["model"] or "",
        sub_model=options["sub_model"] or "",
        key_variable=options["key_variable"] or "",
        window=options["window"],
        weights=options["weights"] or WEIGHTS,
        profile=options["profile"] or PROFILE,
        sub_profile=options["sub_profile"] or SUB_PROFILE,
        leaf=options["leaf"],
        time_scale=options["time_scale"],
        record=options["record"],
        replay=options["replay"],
        data=options["data"],
        password=options["password"],
        day=_day(folder, is_resumed=options["resume"]),
        command=_typed(sys.argv[1:]),
    )
    return msgspec.structs.replace(found, trail=folder / _TRAIL) if found.is_simulated else found


def _typed(arguments: Sequence[str]) -> str:
    """The command for the journal, without the password that opens sealed data."""
    hidden, follows = [], False
    for each in arguments:
        name, equals, _ = each.partition("=")
        hidden.append("..." if follows else f"{name}=..." if name == "--password" and equals else each)
        follows = each == "--password"
    return shlex.join(["harlm", *hidden])


def _day(folder: Path, *, is_resumed: bool) -> str:
    """The day on which the run began, which may be an earlier one: a label does not change when a run is continued."""
    from harlm_bench import journal

    path = folder / "journal.jsonl"
    headers = journal.read(path).headers if is_resumed and path.is_file() else ()
    return headers[0].started[:10] if headers else date.today().isoformat()


@bench.command("report")
@click.argument("journals", nargs=-1, required=True, type=_PATH)
@click.option("--out", type=_PATH, help="A folder for the report; that of the first journal by default.")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def report_command(*, journals: tuple[Path, ...], out: Path | None, verbose: bool) -> None:
    """Write report.md, report.html and report.json from one or several journals."""
    from harlm.cli.printing import show
    from harlm_bench import journal
    from harlm_bench.report import writing

    for path in writing.write_report([journal.read(each) for each in journals], out or journals[0].parent):
        show(str(path))


@bench.command("diff")
@click.argument("before", type=_PATH)
@click.argument("after", type=_PATH)
@click.option("--renamed", nargs=2, multiple=True, metavar="OLD NEW", help="A system's names in the two.")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def diff_command(*, before: Path, after: Path, renamed: tuple[tuple[str, str], ...], verbose: bool) -> None:
    """Compare two journals question by question: is AFTER better than BEFORE?"""
    from harlm.cli.printing import show
    from harlm_bench import journal
    from harlm_bench.report.differences import difference_table
    from harlm_bench.report.markdown import table_text

    show(table_text(difference_table(journal.read(before), journal.read(after), renamed)))


@bench.command("confidence")
@click.argument("journals", nargs=-1, required=True, type=_PATH)
@click.option(
    "--right",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    help="The score from which on an answer counts as right.",
)
@click.option(
    "--out", type=_PATH, help="A folder for the calibrations; by default that which HARLM reads them from."
)
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def confidence_command(*, journals: tuple[Path, ...], right: float, out: Path | None, verbose: bool) -> None:
    """Calibrate HARLM's confidence from journals, for each mode and model in them."""
    from harlm.branching.calibration import save
    from harlm.cli.printing import say, show
    from harlm.cli.settings import load_settings
    from harlm.home import calibrations_folder
    from harlm_bench import confidence, journal

    made = confidence.calibrations([journal.read(each) for each in journals], right=right)
    folder = out or calibrations_folder(load_settings({}).config)
    for line in confidence.told(made):
        say(line)
    for each in made:
        save(each, confidence.file_of(each, folder))
        show(str(confidence.file_of(each, folder)))


@bench.command("audit")
@click.argument("journals", nargs=-1, type=_PATH)
@click.option("--profile", metavar="NAME", help="The simulated model that is attacked.")
@click.option("--data", type=_PATH, help="The folder with your own data sets that journals are about.")
@click.option(
    "--password", default="", envvar="HARLM_BENCH_PASSWORD", help="What data sets in --data are sealed with."
)
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def audit_command(journals: tuple[Path, ...], profile: str | None, **options: Any) -> None:
    """Make the windows of journals again and check digests, scores and bills. Without a journal: attack the simulated
    model in five ways, which must score as chance does.
    """
    from harlm.cli.printing import show
    from harlm_bench import assembly, serving, suites
    from harlm_bench.report.markdown import table_text

    if not journals:
        wanted = serving.Wanted(suite=suites.suite("quick"), profile=profile or serving.PROFILE)
        table = assembly.attacked(wanted)
        show(table_text(table))
        if any(row.cells[-1].text == "ABOVE CHANCE" for row in table.rows):
            raise ConfigError(
                "the simulated model answers without evidence; no result on it can be published"
            )
        return
    if faults := sum(_audited(path, options["data"], options["password"]) for path in journals):
        raise ConfigError(
            f"{faults} faults; do not publish these results: find the cause and run again with --fresh"
        )


def _audited(path: Path, data: Path | None, password: str) -> int:
    """Audit one journal and say what was found; how many faults there are."""
    from harlm.cli.printing import show
    from harlm_bench import assembly, audit, journal
    from harlm_bench.scoring import score
    from harlm_bench.simulator import audit as simulator_audit

    whole = journal.read(path)
    own = assembly.not_generated(whole.header) if data is None else ()
    read = audit.without(whole, own)
    found = audit.faults(read, assembly.windows_again(whole.header, data, password), score)
    trail = path.with_name(_TRAIL)
    if whole.header.label.kind == "SIMULATED" and trail.is_file():
        found += audit.unfounded(read, simulator_audit.read(trail))
    elif whole.header.label.is_simulated:
        show(f"{path}: no {_TRAIL} beside it, so what answers rest on is not audited")
    for fault in found:
        show(f"{fault.where}: {fault.what}")
    show(f"{path}: {len(read.results)} results, {len(found)} faults")
    if left := len(whole.results) - len(read.results):
        show(
            f"{path}: {left} results not audited ({', '.join(own)}); name the folder with these data sets with --data"
        )
    return len(found)


@bench.command("simulate")
@click.option("--profile", metavar="NAME", help="The simulated model: a name or a .toml file.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8090, show_default=True, help="0 for any free one."
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the model and the texts."
)
@click.option(
    "--time-scale",
    type=click.FloatRange(0.001, 10),
    default=1.0,
    show_default=True,
    help="Our seconds for one of its own.",
)
@click.option("--suite", "name", default="quick", show_default=True, help="Whose texts it knows.")
@click.option(
    "--texts",
    type=_PATH,
    default=Path(_FOLDER) / "texts",
    show_default=True,
    help="Where the texts are written.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def simulate_command(**options: Any) -> None:
    """Serve a simulated model of OpenAI's dialect on loopback, for any client, until Ctrl-C. It answers questions about the
    texts of a suite, which are written into a folder with their questions.
    """
    from harlm_bench import assembly, serving, suites

    wanted = serving.Wanted(
        suite=suites.suite(options["name"]),
        seed=options["seed"],
        profile=options["profile"] or serving.PROFILE,
        time_scale=options["time_scale"],
    )
    assembly.serve_simulated(wanted, options["port"], options["texts"])
