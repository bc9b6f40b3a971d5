"""``harlm sandbox run``: runs files as cells in the sandbox and reports each outcome. Calls no model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import click
import msgspec

from harlm.cli.printing import say, show_json_line
from harlm.cli.settings import load_settings, sandbox_flags, sandbox_options
from harlm.config import SandboxSettings
from harlm.errors import CodeError, ContextError, SandboxFailure
from harlm.guest.vocabulary import GIVEN
from harlm.protocols import Repl, ReplSetup, Sandbox
from harlm.sandbox.tiers import ChosenSandbox
from harlm.types import Context, Observation

_SHOWN = 4_000  # characters of a cell's output


class CellReport(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of one file. ``next_cell`` says whether the REPL still works or had to be replaced.

    ``stdout`` is cut at 4,000 characters; ``peak_mb`` is the peak memory of the REPL.
    """

    file: str
    tier: str
    outcome: Literal["ok", "error", "killed", "violation"]
    reason: str | None
    stdout: str
    wall_s: float
    peak_mb: float
    next_cell: Literal["works", "replaced"]


class _NoModel:
    """Refuses all calls of cells. A ``ReplHost``."""

    async def call(self, function: str, arguments: Mapping[str, object]) -> object:
        """Refuse the call.

        Raises:
            CodeError: always.
        """
        raise CodeError(f"{function}: `harlm sandbox run` has no model and no memory; use `harlm ask`")


@click.group("sandbox")
def command() -> None:
    """Try out the sandbox."""


@command.command("run")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option(
    "--define", "defined", multiple=True, metavar="NAME=JSON", help="Set a variable before each cell."
)
@click.option("--tier", "tier", metavar="T", help="The isolation tier, like --sandbox.")
@sandbox_options
@click.option(
    "--cell-seconds",
    type=click.FloatRange(0.05, 3600),
    default=3.0,
    show_default=True,
    help="Limit of each cell on wall time, CPU time and time without output.",
)
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def run(
    files: tuple[Path, ...],
    defined: tuple[str, ...],
    tier: str | None,
    cell_seconds: float,
    verbose: bool,
    **options: object,
) -> None:
    """Run each FILE as one cell in a fresh REPL, and print one line of JSON for each.

    The context is one short text. Calls to models and to memory fail.
    """
    if tier is not None:
        options["sandbox"] = tier
    flags = {
        "sandbox.cell_seconds": cell_seconds,
        "sandbox.cpu_seconds": cell_seconds,
        "sandbox.silence_seconds": cell_seconds,
        **sandbox_flags(options),
    }
    settings = load_settings(flags).config.sandbox
    before = "\n".join(map(_definition, defined))
    cells = [(str(file), _read(file)) for file in files]
    asyncio.run(_run_all(cells, before, settings))


def _definition(text: str) -> str:
    """Code that assigns the value in ``NAME=JSON``."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip().isidentifier():
        raise click.UsageError(f"--define {text!r}: write NAME=JSON, such as CANARY='{{\"port\": 4711}}'")
    try:
        json.loads(value)
    except ValueError as error:
        raise click.UsageError(f"--define {text!r}: the part after the = is not JSON ({error})") from error
    return f"{name.strip()} = __import__('json').loads({value!r})"


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ContextError(f"{str(file)!r} cannot be read as a cell: {error}; name a Python file") from error


async def _run_all(cells: list[tuple[str, str]], before: str, settings: SandboxSettings) -> None:
    sandbox = ChosenSandbox(settings)
    try:
        for file, code in cells:
            report = await _report(sandbox, file, code, before)
            show_json_line(report)
        if sandbox.tier == "s0":
            say("harlm: this was tier s0, which protects from accidents only")
    finally:
        await sandbox.close()


async def _report(sandbox: Sandbox, file: str, code: str, before: str) -> CellReport:
    setup = ReplSetup(context=Context.of_text("A short text.", name="text"), functions=GIVEN)
    repl = await sandbox.open(setup, _NoModel())
    try:
        if before:
            await repl.run(before)
        try:
            seen = await repl.run(code)
        except SandboxFailure as violation:
            return _of(sandbox, file, "violation", str(violation), Observation(), _peak(repl), "replaced")
        peak = _peak(repl)
        works = not seen.lost and await _works(repl)
        outcome: Literal["ok", "error", "killed"] = (
            "killed" if seen.lost else "error" if seen.error is not None else "ok"
        )
        return _of(sandbox, file, outcome, _reason(seen), seen, peak, "works" if works else "replaced")
    finally:
        await repl.close()


async def _works(repl: Repl) -> bool:
    """Whether the same process still runs cells."""
    try:
        seen = await repl.run("print(40 + 2)")
    except SandboxFailure:
        return False
    return not seen.lost and seen.output == "42\n"


def _of(
    sandbox: Sandbox,
    file: str,
    outcome: Literal["ok", "error", "killed", "violation"],
    reason: str | None,
    seen: Observation,
    peak: float,
    next_cell: Literal["works", "replaced"],
) -> CellReport:
    return CellReport(
        file=file,
        tier=sandbox.tier,
        outcome=outcome,
        reason=reason,
        stdout=seen.output if len(seen.output) <= _SHOWN else f"{seen.output[:_SHOWN]}…",
        wall_s=round(seen.wall_s, 3),
        peak_mb=round(peak, 1),
        next_cell=next_cell,
    )


def _reason(seen: Observation) -> str | None:
    """The last line of a traceback; any other error in full."""
    if seen.error is None:
        return None
    return seen.error.splitlines()[-1] if "\n" in seen.error else seen.error


def _peak(repl: Repl) -> float:
    peak = getattr(repl, "peak_mb", None)
    return 0.0 if peak is None else float(peak())
