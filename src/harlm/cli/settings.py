"""Options that several verbs share, and the settings that they set."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from harlm import home
from harlm.cli.printing import say
from harlm.cli.sources import path_argument, places_of
from harlm.config import DEFAULT_USD, Config, Settings, load, seconds_of
from harlm.extensions import names
from harlm.loading import LoadingClock, load_paths
from harlm.tools import FunctionTool
from harlm.tools.files import tools_in_files
from harlm.tracing.request import Sources
from harlm.types import STRATEGIES, Context

_PATIENCE_S = 1.5  # seconds before a slow step is announced
_Command = TypeVar("_Command", bound=Callable[..., Any])


def load_settings(flags: Mapping[str, object], *, quiet: bool = False) -> Settings:
    """The settings in the current folder, with these flags. What a project file has set is said on stderr.

    Args:
        flags: values by setting name; ``None`` values are ignored.
        quiet: say nothing on stderr.

    Raises:
        ConfigError: a setting cannot be used.
    """
    settings = load(flags=flags, environment=os.environ, folder=_here(), user_file=home.user_config_file())
    if settings.note is not None and not quiet:
        say(settings.note)
    return settings


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError:
        return Path()  # the folder was deleted or cannot be read, so it has no project file


class Duration(click.ParamType):  # type: ignore[type-arg] # generic from click 8.4 on
    """A duration such as ``90s``, ``5m`` or ``1h30m``, converted to seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """See ``click.ParamType.convert``."""
        try:
            seconds = seconds_of(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return (
            seconds
            if seconds > 0
            else self.fail(f"duration {value!r} is not positive: use 90s, 5m or 1h30m", param, ctx)
        )


class StrategyName(click.ParamType):  # type: ignore[type-arg] # as above
    """The name of a strategy, built in or from an installed package. Packages are looked for only if it is not built in."""

    name = "strategy"

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """The built-in names."""
        return f"[{'|'.join(STRATEGIES)}|…]"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """See ``click.ParamType.convert``."""
        if value in STRATEGIES or value in names("strategies"):
            return str(value)
        known = ", ".join([*STRATEGIES, *names("strategies")])
        return self.fail(
            f"{value!r} is not one of {known}, and no installed package brings it (harlm.strategies)",
            param,
            ctx,
        )

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The names that begin with ``incomplete``."""
        known = [*STRATEGIES, *names("strategies")]
        return [CompletionItem(each) for each in known if each.startswith(incomplete)]


def reading_options(command: _Command) -> _Command:
    """Adds the arguments of a verb that reads files: paths, ``--include`` and ``--exclude``."""
    return path_argument(filter_options(command))


def filter_options(command: _Command) -> _Command:
    """Adds the options that say which files of folders are read: ``--include`` and ``--exclude``."""
    for name, what in (("--exclude", "Skip"), ("--include", "Read only")):
        of = click.option(
            name, multiple=True, metavar="GLOB", help=f"{what} files that match (may be repeated)."
        )
        command = of(command)
    return command


def reading_flags(options: Mapping[str, object]) -> dict[str, object]:
    """The settings of ``reading_options``."""
    return {f"loading.{name}": options[name] for name in ("include", "exclude") if options[name]}


def read(
    paths: Sequence[str], config: Config, *, quiet: bool = False, clock: LoadingClock | None = None
) -> Context:
    """The context in ``paths``, where ``-`` is standard input, or in what ``places_of`` takes for none.

    Args:
        paths: what the user named.
        config: the settings.
        quiet: whether nothing may be printed.
        clock: the time that reading may take; ``None`` for any time.

    Raises:
        ContextError: a path cannot be read.
        DeadlineExceeded: the time has passed.
    """
    places = places_of(paths, quiet=quiet)
    with patience("reading", quiet=quiet):
        stdin = sys.stdin.buffer if "-" in places and sys.stdin is not None else None
        return load_paths(places, config.loading, stdin=stdin, clock=clock, reach=config.models)


def origin_of(paths: Sequence[str], options: Mapping[str, Any]) -> Sources:
    """Where a stopped run gets its documents again; standard input is kept with the run."""
    places = places_of(paths, quiet=True)
    named = {
        "tool_files": tuple(str(each.absolute()) for each in options["tools"]),
        "servers": options["mcp"],
        "tools": options["tool_names"],
    }
    return Sources(**named) if "-" in places else Sources(paths=places, folder=str(Path.cwd()), **named)


def budget_options(command: _Command) -> _Command:
    """Adds the options of a verb that spends: the limits of the budget."""
    for option in (
        click.option(
            "--max-cost",
            type=click.FloatRange(0),
            metavar="USD",
            help=f"Most dollars to spend; {DEFAULT_USD:g} by default.",
        ),
        click.option(
            "--max-tokens", type=click.IntRange(1), metavar="N", help="Most tokens, input and output."
        ),
        click.option("--max-calls", type=click.IntRange(1), metavar="N", help="Most model requests."),
        click.option(
            "--timeout", type=Duration(), metavar="TIME", help="Most time, such as 90s, 5m or 1h30m."
        ),
    ):
        command = option(command)
    return command


def budget_flags(options: Mapping[str, object]) -> dict[str, object]:
    """The settings of ``budget_options``."""
    return {
        "budget.usd": options["max_cost"],
        "budget.tokens": options["max_tokens"],
        "budget.calls": options["max_calls"],
        "budget.seconds": options["timeout"],
    }


def sandbox_options(command: _Command) -> _Command:
    """Adds the options of a verb that runs model-written code."""
    tier = click.option(
        "--sandbox",
        type=click.Choice(["auto", "s3", "s2", "s1", "monty", "seatbelt", "s0"]),
        help="Isolation tier of model-written code; auto uses the strongest that works here.",
    )
    unsafe = click.option(
        "--allow-unsafe-sandbox",
        is_flag=True,
        default=None,
        help="Allow tier s0, which protects from accidents only.",
    )
    return tier(unsafe(command))


def sandbox_flags(options: Mapping[str, object]) -> dict[str, object]:
    """The settings of ``sandbox_options``."""
    return {
        "sandbox.tier": options["sandbox"],
        "sandbox.allow_unsafe": options["allow_unsafe_sandbox"],
    }


def model_options(command: _Command) -> _Command:
    """Adds the options that choose the models. ``model_flags`` reads them."""
    root = click.option(
        "-m",
        "--model",
        metavar="NAME",
        help="Root model: provider/name[@base_url] or http://host:port/v1#name.",
    )
    sub = click.option(
        "--sub-model", metavar="NAME", help="What model-written code calls; the root model by default."
    )
    return root(sub(command))


def concurrency_option(command: _Command) -> _Command:
    """Adds the option of how many requests are in flight. ``model_flags`` reads it."""
    return click.option(
        "-j",
        "--concurrency",
        type=click.IntRange(1, 1024),
        metavar="N",
        help="Most model requests of a run in flight at once.",
    )(command)


def model_flags(options: Mapping[str, object]) -> dict[str, object]:
    """The settings of ``model_options``, and of ``concurrency_option`` if the verb has it."""
    return {
        "models.root": options["model"],
        "models.sub": options["sub_model"],
        "engine.concurrency": options.get("concurrency"),
    }


def question_flags(options: Mapping[str, Any]) -> dict[str, object]:
    """The settings of a verb that answers questions: of its models, files, sandbox, limits and ``run_options``."""
    return {
        **model_flags(options),
        **reading_flags(options),
        **sandbox_flags(options),
        **budget_flags(options),
        "engine.seed": options["seed"],
        "models.offline": options["offline"],
        "models.cheap": options["cheap"],
        "memory.cache": options["cache"],
    }


def run_options(command: _Command) -> _Command:
    """Adds the options that say what a run may use, and how it repeats."""
    for option in (
        click.option(
            "--seed",
            type=click.IntRange(-(2**63), 2**63 - 1),
            metavar="N",
            help="For models that accept a seed, and for random in the REPL.",
        ),
        click.option(
            "--offline", is_flag=True, default=None, help="Refuse every model that needs a network."
        ),
        click.option(
            "--cheap",
            is_flag=True,
            default=None,
            help="Let calls of model-written code that come together wait for a batch of their provider: half the price, up to a day.",
        ),
        click.option(
            "--no-cache",
            "cache",
            is_flag=True,
            flag_value=False,
            default=None,
            help="Use no replies of earlier runs, and keep nothing for later runs.",
        ),
    ):
        command = option(command)
    return command


def tool_options(command: _Command) -> _Command:
    """Adds the options of a verb whose code may call tools of the user's."""
    of_files = click.option(
        "--tools",
        multiple=True,
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE.py",
        help="Run this file; model-written code may call the functions in it that are tools (may be repeated).",
    )
    of_packages = click.option(
        "--tool",
        "tool_names",
        multiple=True,
        metavar="NAME",
        help="Let model-written code call this tool, which an installed package brings (may be repeated).",
    )
    of_servers = click.option(
        "--mcp",
        multiple=True,
        metavar="SERVER",
        help="Let model-written code call the tools of this MCP server: an address or a command (may be repeated).",
    )
    return of_files(of_packages(of_servers(command)))


def tools_given(options: Mapping[str, Any]) -> list[FunctionTool | str]:
    """The tools of ``tool_options`` that are functions, or names of functions of installed packages.

    Raises:
        ConfigError: a file cannot be run, or has no tools.
    """
    return [*tools_in_files(options["tools"]), *options["tool_names"]]


def answer_options(command: _Command) -> _Command:
    """Adds the options of a verb that ends with an answer: how and where it is printed, and whether cells need the user's word."""
    for option in (
        click.option(
            "--approve", is_flag=True, help="Show each cell of model-written code, and ask before it runs."
        ),
        click.option(
            "-o",
            "--output",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Write the answer to this file; - is stdout.",
        ),
        click.option(
            "--json",
            "as_events",
            is_flag=True,
            help="Print the run's events on stdout instead of the answer, as they happen, one JSON object per line.",
        ),
        click.option(
            "--format",
            "style",
            type=click.Choice(["text", "md", "json"]),
            help="How to print the answer; text by default.",
        ),
    ):
        command = option(command)
    return command


@contextmanager
def patience(what: str, *, quiet: bool = False) -> Iterator[None]:
    """Announce ``what`` on stderr if the block takes longer than 1.5 seconds; never if ``quiet``."""
    timer = threading.Timer(_PATIENCE_S, say, [f"{what} …"])
    timer.daemon = True
    if not quiet:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


def bytes_text(size: int) -> str:
    """A number of bytes or characters with a unit, such as ``1.5 MB``."""
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    return f"{amount:,.0f} {unit}" if unit == "B" else f"{amount:,.1f} {unit}"
