"""``harlm mcp``: offers HARLM to coding agents, as an MCP server."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import click

from harlm.cli.corpora import check_installed, corpora_named, corpus_options
from harlm.cli.printing import say
from harlm.cli.settings import (
    budget_options,
    concurrency_option,
    filter_options,
    load_settings,
    model_options,
    question_flags,
    run_options,
    sandbox_options,
)
from harlm.context.web_names import is_page
from harlm.corpora import Corpora
from harlm.errors import ContextError
from harlm.server.listening import KEYS
from harlm.server.mcp.roots import is_there, roots_of
from harlm.server.mcp.tools import HarlmTools

_PORT = 8643


@click.command("mcp")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@corpus_options
@click.option(
    "--root",
    "roots",
    multiple=True,
    metavar="FOLDER",
    help="Let clients name files in this folder (may be repeated); by default PATH, or the current folder without PATH.",
)
@click.option("--http", is_flag=True, help="Serve over HTTP instead of standard input and output.")
@click.option("--host", default="127.0.0.1", metavar="HOST", help="Where to listen; 127.0.0.1 by default.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=_PORT,
    metavar="PORT",
    help=f"Where to listen; {_PORT} by default.",
)
@filter_options
@model_options
@concurrency_option
@budget_options
@sandbox_options
@run_options
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def command(paths: tuple[str, ...], **options: Any) -> None:
    """Offer questions over PATH to coding agents, as an MCP server over standard input and output or HTTP.

    Without PATH, agents ask about files in the current folder, or about texts that they send. The limits hold for each question.
    """
    config = load_settings(question_flags(options)).config
    check_installed("mcp", *(("uvicorn", "starlette") if options["http"] else ()))
    named = corpora_named(paths, options["name"], options["corpora"])
    _check_there(named)
    roots = roots_of(options["roots"], [each for sources in named.values() for each in sources])
    tools = HarlmTools(config, Corpora(named, config), roots)
    secrets = (config.models.api_key, *_keys())
    from harlm.server.mcp.serving import serve_http, serve_stdio  # here, since the SDK takes long to import

    if options["http"]:
        from harlm.server.keys import keys_in  # imports Starlette, an extra

        keys = keys_in(os.environ.get(KEYS))
        serve_http(
            tools, version("harlm"), host=options["host"], port=options["port"], keys=keys, secrets=secrets,
            started=lambda address: say(f"MCP server at {address}; corpora: {', '.join(named) or 'none'}; Ctrl-C ends it"),
        )  # fmt: skip
    else:
        if sys.stdin is not None and sys.stdin.isatty():
            say("the server speaks MCP over standard input and output: an agent starts it. Ctrl-C ends it")
        serve_stdio(tools, version("harlm"), secrets)


def _check_there(named: Mapping[str, Sequence[str]]) -> None:
    """Refuse files and folders that do not exist: they are read with the first question only.

    Raises:
        ContextError: one does not exist.
    """
    missing = next((path for paths in named.values() for path in paths if _is_missing(path)), None)
    if missing is not None:
        raise ContextError(
            f"{missing!r} does not exist; check the spelling and the folder in which the server starts"
        )


def _is_missing(path: str) -> bool:
    is_other = is_page(path) or path == "-" or any(mark in path for mark in "*?[")  # which the corpus judges
    return not is_other and not is_there(path)


def _keys() -> list[str | None]:
    from harlm.models.names import PROVIDERS  # here, to keep --help fast

    return [os.environ.get(name) for provider in PROVIDERS.values() for name in provider.key_variables]
