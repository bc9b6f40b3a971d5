"""``harlm serve``: an OpenAI-compatible server over files and folders."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import click

from harlm.cli.corpora import check_installed, corpora_named, corpus_options
from harlm.cli.printing import say
from harlm.cli.settings import (
    budget_options,
    concurrency_option,
    load_settings,
    model_options,
    patience,
    question_flags,
    reading_options,
    run_options,
    sandbox_options,
)
from harlm.client import HARLM
from harlm.config import Config
from harlm.corpora import Corpora
from harlm.errors import ConfigError
from harlm.server.listening import KEYS, socket_at
from harlm.types import MODES

_MEGABYTE = 1_000_000


@click.command("serve")
@reading_options
@corpus_options
@click.option("--host", default="127.0.0.1", metavar="ADDRESS", help="Where to listen; 127.0.0.1 by default.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8642, metavar="N", help="Port; 8642 by default, 0 any."
)
@model_options
@click.option(
    "--mode", type=click.Choice(["auto", *MODES]), help="How questions are solved; auto by default."
)
@concurrency_option
@budget_options
@click.option(
    "--key-budget",
    type=click.FloatRange(0, min_open=True),
    metavar="USD",
    help="Most dollars that all runs of an API key may cost while the server runs.",
)
@click.option(
    "--key-concurrency",
    type=click.IntRange(1),
    default=256,
    metavar="N",
    help="Most runs of an API key at once; 256 by default.",
)
@click.option(
    "--max-body",
    type=click.IntRange(1, 4_096),
    default=64,
    metavar="MB",
    help="Largest request in megabytes; 64 by default.",
)
@sandbox_options
@run_options
@click.option("-q", "--quiet", is_flag=True, help="Print only errors on stderr.")
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def command(paths: tuple[str, ...], **options: Any) -> None:
    """Serve the files and folders in PATH to clients of OpenAI's protocol, as the model harlm/NAME.

    The model harlm/auto needs no files: it answers from the conversation itself, however long. Clients need a key if HARLM_SERVER_API_KEY is set; it may hold several, separated by commas.
    """
    check_installed("uvicorn", "starlette", "prometheus_client")
    flags = {"engine.mode": options["mode"], **question_flags(options)}
    config = load_settings(flags, quiet=options["quiet"]).config
    named = corpora_named(paths, options["name"], options["corpora"])
    if "auto" in named:
        raise ConfigError(
            "harlm/auto is the conversation itself, so no corpus can have this name; use --name"
        )
    corpora = Corpora(named, config)
    try:
        asyncio.run(_serve(corpora, config, options))
    finally:
        corpora.close()


async def _serve(corpora: Corpora, config: Config, options: dict[str, Any]) -> None:
    from harlm.server.asking import Answering  # here, as what it needs is optional
    from harlm.server.incoming import Reception
    from harlm.server.keys import KeyRing, keys_in
    from harlm.server.metrics import ServerMetrics
    from harlm.server.serving import Serving

    quiet = options["quiet"]
    keys = KeyRing(
        keys_in(os.environ.get(KEYS)),
        usd=options["key_budget"],
        at_once=options["key_concurrency"],
    )
    if options["key_budget"] is not None:
        _check_prices(config)
    with socket_at(options["host"], options["port"], has_keys=not keys.is_open) as listening:
        with patience("reading", quiet=quiet):
            for corpus in corpora.values():
                await corpus.read()
        asking = Answering(HARLM(settings=config), corpora, ServerMetrics())
        reception = Reception(asking=asking, keys=keys, largest=options["max_body"] * _MEGABYTE)
        serving = Serving(reception, listening)
        if not quiet:
            say(f"serving {', '.join(asking.models)} at {serving.address}/v1; Ctrl-C ends")
        await serving.run()


def _check_prices(config: Config) -> None:
    """Refuse a budget of keys that cannot be enforced.

    Raises:
        ConfigError: the price of a model is unknown.
    """
    from harlm.estimate import known_models  # here, as most servers have no such budget
    from harlm.home import prices_file

    for model in known_models(config):
        if model.price is None:
            raise ConfigError(
                f"the price of {model.name} is unknown, so --key-budget cannot be enforced; set its price in "
                f"{str(Path(prices_file(config)))!r}"
            )
