"""Which runs are taken up again, with which settings and documents. Whole runs are in tests/flows/test_durable_runs.py."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from harlm import HARLM, events
from harlm.config import Config, EngineSettings, MemorySettings, ModelSettings, TracingSettings
from harlm.errors import ConfigError, ContextError, TraceError
from harlm.journal.run_journal import DoubtfulCall
from harlm.loading import LoadingClock
from harlm.redact import Redactor
from harlm.resuming import (
    DocumentsChanged,
    Resumption,
    ToolsInDoubt,
    config_of,
    context_of,
    go_to_folder_of,
    harmless_config_of,
    keep_request,
    origin_of,
    resumption_of,
    take_up,
)
from harlm.testing import ScriptedModel
from harlm.tracing.jsonl import JsonlSink, RunFolder
from harlm.tracing.request import (
    QUESTIONS,
    RunRequest,
    Sources,
    known_documents,
    mark_imported,
    put_context,
    read_request,
    write_request,
)
from harlm.types import Answer, Context, Status, Task, Usage
from tests.support.nodes import node_with
from tests.support.story import STORY

RUN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
TEXT = Context.of_text("a text")


def asked(**fields: object) -> RunRequest:
    return msgspec.convert({"harlm": "1", "question": "What?", "mode": "full"} | fields, RunRequest)


def stored(folder: Path, end: events.Event | None) -> RunFolder:
    sink = JsonlSink(folder / RUN, Redactor(()))
    for event in [STORY[0], *([end] if end is not None else [])]:
        sink.emit(msgspec.structs.replace(event, run=RUN))
    sink.close()
    write_request(folder / RUN, asked(), TEXT, Redactor(()))
    return RunFolder(folder / RUN)


# -- which ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["ok", "not_found"])
def test_a_run_with_an_answer_is_not_taken_up(tmp_path: Path, status: Status) -> None:
    run = stored(tmp_path, events.Answered(answer=Answer(text="x", status=status)))
    with pytest.raises(TraceError, match=f"has its answer: `harlm runs show {RUN}`"):
        resumption_of(run)


def test_a_session_is_not_taken_up_as_a_run_of_one_question(tmp_path: Path) -> None:
    run = stored(tmp_path, None)
    (run.folder / QUESTIONS).touch()
    with pytest.raises(TraceError, match=f"`harlm chat --resume {RUN}` continues it"):
        resumption_of(run)


@pytest.mark.parametrize(
    "end",
    [
        None,
        events.Failed(error="x", type="ModelError"),
        events.Answered(answer=Answer(text="x", status="partial")),
    ],
)
def test_any_other_run_is(tmp_path: Path, end: events.Event | None) -> None:
    resumption = resumption_of(stored(tmp_path, end), accept_changes=True, repeats=False)
    assert (resumption.run, resumption.request.question) == (RUN, "What?")
    assert (resumption.accept_changes, resumption.repeats) == (True, False)


def test_calls_in_doubt_are_named_unless_the_user_has_decided() -> None:
    node, log = node_with(ScriptedModel([]))
    node.run.journal.earlier.doubtful.append(DoubtfulCall("send", '{"to": "me"}'))
    node.run.journal.earlier.spent.append(("a/b", Usage(calls=3, cost_micros=7)))
    with pytest.raises(
        ToolsInDoubt, match=r'during send\(\{"to": "me"\}\).*--repeat-tools.*--no-repeat-tools'
    ) as raised:
        take_up(Resumption(folder=Path(RUN), request=asked()), node)
    assert raised.value.what.startswith("run R was stopped during send")
    for repeats in (True, False):
        take_up(Resumption(folder=Path(RUN), request=asked(), repeats=repeats), node)
        assert node.run.repeats is repeats
    assert [(each.calls, each.cost_micros) for each in log.of(events.Resumed)] == [(3, 7), (3, 7)]


# -- settings ------------------------------------------------------------------------------------------------


def test_a_run_has_its_own_settings_under_the_flags_and_above_those_of_the_machine() -> None:
    kept = {
        "engine": {"max_turns": 3, "max_depth": 2, "gone": 1},
        "models": {"timeout_s": 7.0, "api_key": "old"},
        "later": {"x": 1},
    }
    own = Config(
        engine=EngineSettings(max_turns=9, concurrency=5),
        models=ModelSettings(api_key="sk-mine"),
        tracing=TracingSettings(home="/mine"),
    )
    config = config_of(asked(settings=kept | {"tracing": {"home": "/theirs"}}), own, {"engine.max_depth": 1})
    assert (config.engine.max_turns, config.engine.max_depth, config.engine.concurrency) == (3, 1, 5)
    assert (config.models.timeout_s, config.models.api_key, config.tracing.home) == (7.0, "sk-mine", "/mine")


def test_a_secret_that_was_hidden_comes_from_the_machine() -> None:
    kept = {"models": {"proxy": "http://user:[redacted]@proxy"}}
    own = Config(models=ModelSettings(proxy="http://user:secret@proxy"))
    assert config_of(asked(settings=kept), own, {}).models.proxy == "http://user:secret@proxy"


# -- documents -----------------------------------------------------------------------------------------------


def test_paths_are_where_the_documents_come_from() -> None:
    here = str(Path.cwd())
    assert origin_of(Path("a.txt")) == Sources(paths=("a.txt",), folder=here)
    assert origin_of([Path("a.txt"), Path("b")]) == Sources(paths=("a.txt", "b"), folder=here)
    for value in ("a text", ["a text", Path("a.txt")], [], {"a": "text"}, TEXT):
        assert origin_of(value) == Sources()


def test_the_folder_of_a_run_is_entered_if_it_reads_paths(tmp_path: Path) -> None:
    here = Path.cwd()
    go_to_folder_of(asked(origin={"folder": str(tmp_path)}))
    assert Path.cwd() == here
    go_to_folder_of(asked(origin={"paths": ["a.txt"], "folder": str(tmp_path)}))
    assert Path.cwd() == tmp_path
    with pytest.raises(TraceError, match=r"cannot be entered \(No such file.*name its documents"):
        go_to_folder_of(asked(origin={"paths": ["a.txt"], "folder": str(tmp_path / "gone")}))


async def task_of(
    folder: Path, given: object = None, *, accept_changes: bool = False, **fields: object
) -> Task:
    resumption = Resumption(folder=folder, request=asked(**fields), accept_changes=accept_changes)
    return await context_of(resumption, given, None, Config(), LoadingClock(None))


async def test_documents_are_given_or_kept_or_read_again(tmp_path: Path) -> None:
    known = msgspec.to_builtins(known_documents(TEXT))
    task = await task_of(tmp_path, TEXT, documents=known, strategy="map")
    assert (task.question, task.mode, task.strategy, task.context) == ("What?", "full", "map", TEXT)
    with pytest.raises(ContextError, match="were not kept; pass them again"):
        await task_of(tmp_path)
    put_context(tmp_path, TEXT)
    assert (await task_of(tmp_path, documents=known)).context == TEXT


async def test_paths_are_read_in_the_folder_of_the_run_only(clean_environment: Path, tmp_path: Path) -> None:
    origin = {"paths": ["a.txt"], "folder": str(tmp_path)}
    with pytest.raises(ConfigError, match="its paths are read there; go there"):
        await task_of(tmp_path, origin=origin)
    (Path("a.txt")).write_text("a text", encoding="utf-8")  # noqa: ASYNC240 - nothing else runs here
    origin["folder"] = str(Path.cwd())
    with pytest.raises(DocumentsChanged):
        await task_of(tmp_path, origin=origin)
    task = await task_of(tmp_path, origin=origin, accept_changes=True)
    assert [each.text for each in task.context.documents] == ["a text"]


async def test_documents_that_changed_are_named_unless_that_is_accepted(tmp_path: Path) -> None:
    known = msgspec.to_builtins(known_documents(TEXT))
    other = Context.of_text("another text")
    with pytest.raises(
        DocumentsChanged, match=r"'<text>' changed since run .* read the documents; .*--accept-changes"
    ) as raised:
        await task_of(tmp_path, other, documents=known)
    assert "'<text>' changed" in raised.value.what
    assert (await task_of(tmp_path, other, documents=known, accept_changes=True)).context == other


# -- what is kept --------------------------------------------------------------------------------------------


async def test_a_run_that_stores_nothing_keeps_no_request(clean_environment: Path) -> None:
    node, log = node_with(ScriptedModel([]))
    await keep_request(Task(question="What?", context=TEXT), Config(), node, Sources())
    assert log.events == []
    assert not (clean_environment / "runs").exists()


def test_the_key_of_a_provider_is_not_kept(clean_environment: Path) -> None:
    run = HARLM(api_key="sk-a-key-that-must-stay-secret", mode="direct").ask(
        "What is the code?", "The code is 4711."
    )
    folder = clean_environment / "runs" / run.run_id
    assert b"must-stay-secret" not in (folder / "request.json").read_bytes()
    request = read_request(folder)
    assert "api_key" not in request.settings["models"]
    assert "tracing" not in request.settings
    assert (request.question, request.mode) == ("What is the code?", "direct")


# -- from another machine --------------------------------------------------------------------------------------


def test_an_imported_run_is_taken_up_only_by_who_trusts_it(tmp_path: Path) -> None:
    run = stored(tmp_path, None)
    mark_imported(run.folder)
    with pytest.raises(TraceError, match=f"{RUN} was imported.*--trust"):
        resumption_of(run)
    assert resumption_of(run, trusts=True).run == RUN


def test_of_an_imported_run_only_harmless_settings_are_taken() -> None:
    theirs = {
        "engine": {"max_turns": 3},
        "models": {"root": "openai/x@http://evil.example/v1", "proxy": "http://evil.example"},
        "sandbox": {"tier": "s0", "allow_unsafe": True},
        "loading": {"private_pages": True},
        "router": {"kind": "encoder", "file": "/tmp/theirs"},
    }
    request = msgspec.structs.replace(asked(), settings=theirs)
    own = Config()
    config = harmless_config_of(request, own)
    assert config.engine.max_turns == 3
    assert (config.models, config.sandbox, config.loading, config.router) == (
        own.models, own.sandbox, own.loading, own.router,
    )  # fmt: skip


async def test_the_paths_of_an_imported_run_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("mine", encoding="utf-8")
    request = msgspec.structs.replace(asked(), origin=Sources(paths=(str(secret),), folder=str(Path.cwd())))
    theirs = Resumption(folder=tmp_path, request=request, reads_paths=False)
    with pytest.raises(ContextError, match="are not in its export"):
        await context_of(theirs, None, None, Config(), LoadingClock(None))


def test_the_address_of_a_store_comes_from_the_machine_never_from_a_run(clean_environment: Path) -> None:
    own = Config(memory=MemorySettings(store="postgresql://mine/x"))
    request = asked(settings={"memory": {"store": "postgresql://theirs/x", "namespace": "n"}})
    for config in (config_of(request, own, {}), harmless_config_of(request, own)):
        assert (config.memory.store, config.memory.namespace) == ("postgresql://mine/x", "n")
