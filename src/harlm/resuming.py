"""Keeps what a run was asked, and takes a run up again that has not ended."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from harlm import events
from harlm.config import Config, overridden
from harlm.engine import Node
from harlm.errors import ConfigError, ContextError, TraceError
from harlm.home import runs_of
from harlm.loading import LoadingClock, load_async, load_paths
from harlm.redact import HIDDEN
from harlm.stores import open_stores, runs_in
from harlm.stores.taking_over import is_run_id, put_files
from harlm.tracing.jsonl import RunFolder
from harlm.tracing.request import (
    RunModel,
    RunRequest,
    Sources,
    changed_documents,
    has_context,
    has_questions,
    is_imported,
    known_documents,
    named,
    read_context,
    read_request,
    write_request,
)
from harlm.types import Context, OutputSchema, Task, summed

_SECRETS = (
    ("models", "api_key"),
    ("memory", "store"),
)  # never kept: they come from where the run is taken up again
_OWN = ("tracing",)  # sections that belong to this machine and not to the run
_HARMLESS = ("engine", "memory", "budget")  # sections that reach neither files nor addresses of this machine


class DocumentsChanged(ContextError):
    """Documents are not as the run has read them.

    Attributes:
        what: which, as a sentence.
    """

    what = ""


class ToolsInDoubt(ConfigError):
    """It is unknown whether calls of tools that change something took place.

    Attributes:
        what: which, as a sentence.
    """

    what = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    """A run that is taken up again.

    Attributes:
        folder: where it is stored.
        request: what it was asked.
        accept_changes: whether documents may differ from those that the run has read.
        repeats: whether calls of tools are made again of which it is unknown whether they took place; ``None`` has such a run not
            taken up.
        reads_paths: whether its paths may be read; not those that someone else has written.
    """

    folder: Path
    request: RunRequest
    accept_changes: bool = False
    repeats: bool | None = None
    reads_paths: bool = True

    @property
    def run(self) -> str:
        """The id of the run."""
        return self.folder.name


def origin_of(context: object) -> Sources:
    """Where the documents of a Python value come from: its paths, or nowhere but the value itself."""
    several = context if isinstance(context, list | tuple) else [context]
    if several and all(isinstance(each, Path) for each in several):
        return Sources(paths=tuple(map(str, several)), folder=str(Path.cwd()))
    return Sources()


def _version() -> str:
    """The version of HARLM; ``source`` where it is not installed, but on the path."""
    try:
        return version("harlm")
    except PackageNotFoundError:
        return "source"


def bring_here(config: Config, run: str) -> None:
    """Have the folder of a run of another machine here, if it is not and the shared store knows what the run was asked.

    Args:
        config: the settings.
        run: its whole id; anything else is left alone.

    Raises:
        ConfigError, TraceError: the shared store cannot be used.
    """
    folder = runs_of(config) / run.upper()
    if config.memory.store is None or not is_run_id(folder.name) or (folder / "run.json").exists():
        return
    stores = open_stores(config)
    if (found := runs_in(stores)) is not None:
        with closing(found) as runs:
            put_files(folder, runs.files(folder.name))


async def keep_request(task: Task, config: Config, node: Node, origin: Sources) -> None:
    """Keep what a run is asked, so that it can be taken up again. A note says why it cannot, if that fails."""
    run = node.run
    if not run.journal.is_kept:
        return
    sections: Mapping[str, Mapping[str, object]] = msgspec.to_builtins(config)
    settings = {
        name: {each: value for each, value in values.items() if (name, each) not in _SECRETS}
        for name, values in sections.items()
        if name not in _OWN
    }
    models, facts = node.models, run.facts_of
    roles = [each for each in (models.root, models.sub, models.economy) if each is not None]
    known = {
        each.name: RunModel(
            name=each.name, window=each.window, identity=run.identity_of(each), price=facts(each).price
        )
        for each in roles
    }

    def keep() -> None:
        request = RunRequest(
            harlm=_version(),
            question=task.question,
            mode=task.mode,
            strategy=task.strategy,
            schema=None if task.schema is None else task.schema.json_schema,
            origin=origin,
            documents=known_documents(task.context),
            settings=settings,
            tools=tuple(each.shape for each in run.tools.values()),
            models=tuple(known.values()),
            root=models.root.name,
            sub=models.sub.name,
            economy=None if models.economy is None else models.economy.name,
        )
        folder = runs_of(config) / run.id
        write_request(folder, request, task.context, run.redactor)
        run.journal.share_files(folder)

    try:
        await asyncio.to_thread(keep)
    except OSError as error:
        node.emit(
            events.Noted(
                message=f"what this run is asked cannot be kept ({error}), so it cannot be taken up again"
            )
        )


def take_up(resumption: Resumption, node: Node) -> None:
    """Begin another attempt at a run.

    Raises:
        ToolsInDoubt: calls of tools may have taken place, and the user has not said whether they are made again.
    """
    run = node.run
    earlier = run.journal.earlier
    if resumption.repeats is None and earlier.doubtful:
        calls = "; ".join(f"{each.tool}({each.arguments[:200]})" for each in earlier.doubtful[:5])
        what = f"run {run.id} was stopped during {calls}, and it is unknown whether that took place"
        error = ToolsInDoubt(
            f"{what}. Look, then take the run up with --repeat-tools to call it again or with --no-repeat-tools to tell the code "
            "(repeats=True or False)"
        )
        error.what = what
        raise error
    run.repeats = bool(resumption.repeats)
    spent = summed([usage for _, usage in earlier.spent])
    node.emit(events.Resumed(calls=spent.calls, cost_micros=spent.cost_micros))


def resumption_of(
    stored: RunFolder,
    *,
    accept_changes: bool = False,
    repeats: bool | None = None,
    trusts: bool = False,
) -> Resumption:
    """A stored run, to be taken up again.

    Args:
        stored: the run.
        accept_changes, repeats: as in ``Resumption``.
        trusts: whether a run from another machine may be taken up.

    Raises:
        TraceError: it has its answer, it is a session, it is from another machine, or it was not kept what it was asked.
    """
    result, name = stored.result, stored.folder.name
    if is_imported(stored.folder) and not trusts:
        raise TraceError(
            f"run {name} was imported: its models, paths, tools and sandbox were chosen on another machine. `harlm runs replay {name}` "
            "runs it without them. If you trust them with your files and keys, take it up with --trust (trusts=True)"
        )
    if has_questions(stored.folder):
        raise TraceError(f"run {name} is a session: `harlm chat --resume {name}` continues it")
    if result is not None and result.answer is not None and result.answer.status in ("ok", "not_found"):
        raise TraceError(f"run {name} has its answer: `harlm runs show {name}` prints it")
    return Resumption(
        folder=stored.folder,
        request=read_request(stored.folder),
        accept_changes=accept_changes,
        repeats=repeats,
    )


def config_of(request: RunRequest, own: Config, flags: Mapping[str, object]) -> Config:
    """The settings of a run that is taken up again: its own, with the keys and folders of this process, and with ``flags``.

    Raises:
        ConfigError: a setting of the run, or a flag, cannot be used.
    """
    kept = {
        f"{section}.{key}": value
        for section, values in request.settings.items()
        for key, value in values.items()
        if section not in _OWN and (section, key) not in _SECRETS and HIDDEN not in str(value)
    }
    return _with(own, kept, flags)


def harmless_config_of(request: RunRequest, own: Config) -> Config:
    """The settings of this process, with those of a run from another machine that reach neither files nor addresses."""
    kept = {
        f"{section}.{key}": value
        for section in _HARMLESS
        for key, value in request.settings.get(section, {}).items()
        if (section, key) not in _SECRETS
    }
    return _with(own, kept, {})


def _with(own: Config, kept: Mapping[str, object], flags: Mapping[str, object]) -> Config:
    base = msgspec.to_builtins(own)
    for name, value in kept.items():
        section, key = name.split(".", 1)
        if key in base.get(section, {}):  # a setting of another version has no meaning here
            base[section][key] = value
    return overridden(msgspec.convert(base, Config), flags)


def go_to_folder_of(request: RunRequest) -> None:
    """Make the folder in which a run has read its paths the one of this process.

    Raises:
        TraceError: it is gone.
    """
    folder = request.origin.folder
    if request.origin.paths is None:
        return
    try:
        os.chdir(folder)
    except OSError as error:
        raise TraceError(
            f"the run was asked in {folder!r}, which cannot be entered ({error.strerror}); name its documents after the run"
        ) from error


async def context_of(
    resumption: Resumption, given: object, schema: OutputSchema | None, config: Config, clock: LoadingClock
) -> Task:
    """The task of a run that is taken up again.

    Args:
        resumption: the run.
        given: its documents, if the caller has them; else they are read again, or taken from the run.
        schema: the type of the answer, if the caller wants one.
        config: of the run.
        clock: the time that reading may take.

    Raises:
        ContextError: they cannot be read.
        DocumentsChanged: they differ from those that the run has read.
        ConfigError: the paths of the run mean something else here.
    """
    request = resumption.request
    context = await _loaded(resumption, given, config, clock)
    changed = await asyncio.to_thread(changed_documents, request, context)
    if changed and not resumption.accept_changes:
        what = f"{named(changed)} changed since run {resumption.run} read the documents"
        error = DocumentsChanged(
            f"{what}; take the run up with the documents as they are now (--accept-changes, accept_changes=True), or ask anew"
        )
        error.what = what
        raise error
    return Task(
        question=request.question,
        context=context,
        mode=request.mode,  # type: ignore[arg-type] # as the run has checked it
        strategy=request.strategy,
        schema=schema,
    )


async def _loaded(resumption: Resumption, given: object, config: Config, clock: LoadingClock) -> Context:
    origin = resumption.request.origin
    if given is None and not resumption.reads_paths and not has_context(resumption.folder):
        raise ContextError(
            f"the documents of run {resumption.run} are not in its export, and its paths mean nothing here; name them after the run, or pass them"
        )
    if given is not None:
        return await load_async(given, config.loading, clock)
    if has_context(resumption.folder):
        return await asyncio.to_thread(read_context, resumption.folder)
    if origin.paths is None:
        raise ContextError(f"the documents of run {resumption.run} were not kept; pass them again")
    here = str(Path.cwd())
    if here != origin.folder:
        raise ConfigError(
            f"run {resumption.run} was asked in {origin.folder!r}, and its paths are read there; go there, or pass its documents"
        )
    paths = origin.paths
    return await asyncio.to_thread(
        lambda: load_paths(paths, config.loading, clock=clock, reach=config.models)
    )
