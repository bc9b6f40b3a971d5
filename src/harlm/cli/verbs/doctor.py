"""``harlm doctor``: checks this machine, and tries what the sandbox really protects from."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
import msgspec

from harlm import __version__
from harlm.cli.installed import brought
from harlm.cli.output import output_options, output_style, show_value
from harlm.cli.printing import show
from harlm.cli.settings import bytes_text, load_settings, patience, sandbox_flags, sandbox_options
from harlm.config import Config
from harlm.errors import ConfigError, SandboxFailure
from harlm.home import home_of, models_folder
from harlm.loading import reading_tier
from harlm.models.local.finding import model_file
from harlm.models.names import PROVIDERS, ModelName, parse_model_name
from harlm.retrieval.index import has_fts5
from harlm.sandbox.doctor import SandboxCheck, check_sandbox

if TYPE_CHECKING:
    from harlm.models.doctor import ModelCheck

State = Literal["ok", "note", "bad"]
_SIGNS: dict[State, str] = {"ok": "ok  ", "note": "note", "bad": "BAD "}
_SCARCE = 500 << 20  # bytes of free disk space


class Finding(msgspec.Struct, frozen=True):
    """One line of the report."""

    state: State
    what: str
    detail: str


@click.command("doctor")
@click.option(
    "-m",
    "--model",
    metavar="NAME",
    help="Ask this model one short question, and report what it takes, streams, counts and limits.",
)
@sandbox_options
@output_options()
@click.option("-v", "--verbose", is_flag=True, help="Show tracebacks.")
def command(*, model: str | None, verbose: bool, **options: Any) -> None:
    """Check this machine, or with --model an endpoint. Every line that is not ok says what to do."""
    style = output_style(options)
    settings = load_settings(sandbox_flags(options)).config
    if model is not None:
        _check_model(model, settings, style)
        return
    sandbox = asyncio.run(check_sandbox(settings.sandbox))
    findings = [*_findings(settings), *_about_sandbox(sandbox)]
    if style != "text":
        report = {
            "version": __version__,
            "sandbox": _sandbox_report(sandbox),
            "findings": findings,
        }
        show_value(report, style)
    else:
        for each in findings:
            show(f"{_SIGNS[each.state]}  {each.what}: {each.detail}")
    if sandbox.tier is None:
        raise SandboxFailure(sandbox.error or "no sandbox can be built here")
    if any(each.state == "bad" for each in findings):
        raise ConfigError("a check failed; the lines marked BAD say what to do")


def _check_model(model: str, settings: Config, style: str) -> None:
    from harlm.models.doctor import check_model  # here, since it takes a quarter of a second to import

    with patience(f"asking {model.partition('@')[0]}", quiet=style != "text"):
        check = asyncio.run(check_model(model, settings.models, os.environ, models_folder(settings)))
    if style != "text":
        show_value(check, style)
        return
    for each in _about_endpoint(check):
        show(f"{_SIGNS[each.state]}  {each.what}: {each.detail}")


def _about_endpoint(check: ModelCheck) -> Iterator[Finding]:
    if not check.address:
        yield Finding("ok", "model", f"{check.name}: {'; '.join(check.notes)}")
        return
    yield Finding(
        "ok", "model", f"{check.name} at {check.address} replied {check.reply!r} in {check.seconds:.2f} s"
    )
    if check.first_s is None:
        yield Finding("note", "  streams", "no, so cells are not foreseen while they are written")
    else:
        yield Finding("ok", "  streams", f"yes; first words after {check.first_s:.2f} s")
    yield Finding("ok", "  counts", check.counts)
    yield Finding("ok", "  limits", "; ".join(check.limits))
    if check.adapted:
        yield Finding("note", "  adapts", "; ".join(check.adapted))
    else:
        yield Finding("ok", "  adapts", "nothing: it takes all that was sent")
    for note in check.notes:
        yield Finding("note", "  note", note)


def _findings(settings: Config) -> Iterator[Finding]:
    python = ".".join(map(str, sys.version_info[:3]))
    yield Finding("ok", "version", f"harlm {__version__}, Python {python}, {sys.platform}")
    yield _about_model(settings)
    yield _about_home(settings)
    if has_fts5():
        yield Finding("ok", "search", "SQLite has FTS5")
    else:
        yield Finding(
            "bad",
            "search",
            "the SQLite of this Python has no FTS5; use a Python with FTS5 (python.org, uv, Debian)",
        )
    yield _about_reading(settings)
    yield from _about_extensions()
    yield _about_certificates(settings)


def _about_extensions() -> Iterator[Finding]:
    for each in brought():
        what = f"{each.kind} {each.name!r}"
        if each.problem is None:
            yield Finding("ok", "extension", f"{what} of the package {each.package}")
        else:
            yield Finding("note", "extension", f"{what} of the package {each.package}: {each.problem}")


def _about_model(settings: Config) -> Finding:
    try:
        name = parse_model_name(settings.models.root)
    except ConfigError as error:
        return Finding("bad", "model", str(error))
    if name.is_brought:
        return Finding("ok", "model", f"{name.full}, from an installed package")
    provider = PROVIDERS[name.provider]
    if name.provider == "offline":
        return Finding(
            "note", "model", f"{name.full}: finds, quotes and counts; set HARLM_MODEL for a language model"
        )
    if name.provider == "local":
        return _about_local(name, settings)
    has_key = bool(settings.models.api_key) or any(os.environ.get(each) for each in provider.key_variables)
    if has_key or name.base_url or settings.models.base_url or not provider.key_variables:
        return Finding("ok", "model", name.full)
    return Finding("bad", "model", f"{name.full} needs a key; set {provider.key_variables[0]}")


def _about_local(name: ModelName, settings: Config) -> Finding:
    try:
        file = model_file(name.name, models_folder(settings))
    except ConfigError as error:
        return Finding("bad", "model", str(error))
    if find_spec("xllamacpp") is None:
        return Finding("bad", "model", f"{name.full} needs the package xllamacpp: pip install 'harlm[local]'")
    return Finding("ok", "model", f"{name.full}: {file}")


def _about_home(settings: Config) -> Finding:
    try:
        home = home_of(settings)
    except ConfigError as error:
        return Finding("bad", "home", str(error))
    nearest = next((each for each in (home, *home.parents) if _exists(each)), None)
    if nearest is None or not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        return Finding("bad", "home", f"{home} cannot be written to; set HARLM_HOME")
    free = shutil.disk_usage(nearest).free
    state: State = "ok" if free > _SCARCE else "note"
    return Finding(state, "home", f"{home} ({bytes_text(free)} free)")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False  # in a folder that this user cannot search


def _about_certificates(settings: Config) -> Finding:
    import ssl

    bundle = settings.models.ca_bundle
    if bundle and not Path(bundle).is_file():
        return Finding("bad", "certificates", f"models.ca_bundle = {bundle!r} is not a file")
    paths = ssl.get_default_verify_paths()
    if bundle or paths.cafile or paths.capath:
        return Finding("ok", "certificates", str(bundle or paths.cafile or paths.capath))
    return Finding("note", "certificates", "no CA bundle found; install ca-certificates or set SSL_CERT_FILE")


def _about_reading(settings: Config) -> Finding:
    try:
        tier = reading_tier(settings.loading)
    except SandboxFailure as error:
        return Finding("bad", "documents", str(error))
    what = "PDF, Office, HTML, mail, archives and notebooks are read"
    if tier is None:
        return Finding(
            "note", "documents", f"{what} in this process, without limits; use WSL for documents of others"
        )
    if tier == "s0":
        return Finding(
            "note",
            "documents",
            f"{what} in a process with limits of time and memory only, since no tier can be built here",
        )
    return Finding("ok", "documents", f"{what} in a process that is confined as tier {tier}")


def _sandbox_report(check: SandboxCheck) -> dict[str, object]:
    tried = len(check.denied) + len(check.reached)
    return {
        "tier": check.tier,
        "error": check.error,
        "canaries": f"{len(check.denied)} of {tried} denied",
        "denied": check.denied,
        "reached": check.reached,
        "note": check.note or None,
        "not_higher": [
            {"tier": each.tier, "why": each.why_not, "how": each.how or None} for each in check.higher
        ],
        "first_cell_s": round(check.first_s, 3),
    }


def _about_sandbox(check: SandboxCheck) -> Iterator[Finding]:
    if check.tier is None:
        yield Finding("bad", "sandbox", check.error or "cannot be built")
        return
    tried = len(check.denied) + len(check.reached)
    yield Finding(
        "ok" if not check.reached else "note",
        "sandbox",
        f"tier {check.tier}; {len(check.denied)} of {tried} attempts to break out of it were denied just now; "
        f"a first cell took {check.first_s:.2f} s",
    )
    yield Finding("ok", "  protects from", "; ".join(check.denied) or "nothing")
    if check.reached:
        yield Finding(
            "note",
            "  does NOT protect from",
            f"{'; '.join(check.reached)}. Ask over documents that you trust, or run harlm in a container",
        )
    if check.note:
        yield Finding("note", "  weaker than possible", check.note)
    for each in check.higher:
        yield Finding("note", f"  why not {each.tier}", f"{each.why_not}. To get there: {each.how}")
