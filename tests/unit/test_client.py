from __future__ import annotations

import asyncio
import errno
import tempfile
import threading
import time
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from harlm import HARLM, Budget, Price, config, events
from harlm.errors import ConfigError, ContextError, ModelError, ModelUnavailable, NoAnswer, SandboxFailure
from harlm.testing import EventLog, ScriptedModel
from harlm.types import MODES

LOOK = "```repl\nprint(context)\n```"


def scripted(*replies: str | Exception) -> HARLM:
    return HARLM(model=ScriptedModel(list(replies)))


def test_a_question_over_a_text() -> None:
    answer = HARLM().ask("What is the vault code?", "The vault code is 4711.")
    assert answer.text.startswith("The vault code is 4711.")
    assert answer.citations[0].quote == "The vault code is 4711."
    assert answer.run_id


def test_a_path_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The vault code is 4711.")
    assert "4711" in HARLM().ask("What is the vault code?", tmp_path).text


async def test_async_callers_await() -> None:
    assert (await scripted("direct").aask("?", "x", mode="direct")).text == "direct"


async def test_sync_works_where_a_loop_is_running() -> None:
    assert scripted("direct").ask("?", "x", mode="direct").text == "direct"


def test_full_mode_on_a_short_text_still_runs_the_loop() -> None:
    answer = scripted(LOOK, "FINAL(done)").ask("?", "short", mode="full")
    assert answer.mode == "full"
    assert answer.sandbox in ("s3", "s2", "s1")


async def test_the_stream_ends_with_the_answer() -> None:
    told = [event async for event in scripted(LOOK, "FINAL(done)").astream("?", "x", mode="repl")]
    assert told[0].kind == "run_started"
    last = told[-1]
    assert isinstance(last, events.Answered)
    assert last.answer.text == "done"
    assert [event.seq for event in told] == list(range(1, len(told) + 1))


def test_the_sync_stream_has_the_same_events() -> None:
    kinds = [event.kind for event in scripted("direct").stream("?", "x", mode="direct")]
    assert kinds[0] == "run_started"
    assert kinds[-1] == "answer"


def test_a_stream_that_fails_raises_after_its_events() -> None:
    kinds: list[str] = []
    with pytest.raises(ModelUnavailable):
        kinds.extend(
            event.kind
            for event in scripted(ModelUnavailable("away", model="m")).stream("?", "x", mode="direct")
        )
    assert kinds[-1] == "failed"


def test_closing_a_stream_stops_its_run() -> None:
    before = threading.active_count()
    model = ScriptedModel(lambda messages: LOOK, latency_s=0.01)
    stream = HARLM(model=model).stream("?", "x", mode="repl")
    for _ in range(5):
        next(stream)
    stream.close()  # type: ignore[attr-defined] # a generator
    assert threading.active_count() <= before


def test_leaving_a_stream_removes_its_temporary_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for wait in range(8):
        stream = HARLM(model=ScriptedModel(lambda messages: LOOK)).stream("?", "x", mode="repl")
        for _ in range(wait):
            next(stream)
        stream.close()  # type: ignore[attr-defined] # a generator
    assert list(tmp_path.iterdir()) == []


def test_leaving_a_stream_does_not_wait_for_the_model() -> None:
    stream = HARLM(model=ScriptedModel(lambda messages: LOOK, latency_s=30)).stream("?", "x", mode="repl")
    next(stream)
    started = time.monotonic()
    stream.close()  # type: ignore[attr-defined] # a generator
    assert time.monotonic() - started < 10


async def test_closing_an_async_stream_stops_its_run() -> None:
    model = ScriptedModel(lambda messages: LOOK, latency_s=0.01)
    stream = HARLM(model=model).astream("?", "x", mode="repl")
    async for _ in stream:
        break
    await stream.aclose()
    asked = len(model.asked)
    await asyncio.sleep(0.05)
    assert len(model.asked) == asked


def test_completion_has_the_interface_of_the_reference() -> None:
    asked: list[str] = []

    def model(prompt: str) -> str:
        asked.append(prompt)
        return "it is 7"

    assert (
        HARLM(model=model, mode="direct").completion("a long text", root_prompt="What is it?").response
        == "it is 7"
    )
    assert "What is it?" in asked[0]
    assert HARLM(model=model, mode="direct").completion("Add 3 and 4.").response == "it is 7"
    assert "Add 3 and 4." in asked[1]


async def test_two_clients_are_independent() -> None:
    one = HARLM(model=ScriptedModel(lambda messages: "one", latency_s=0.01), api_key="key-of-one")
    two = HARLM(model=ScriptedModel(lambda messages: "two", latency_s=0.01), api_key="key-of-two")
    answers = await asyncio.gather(*(client.aask("?", "x", mode="direct") for client in [one, two] * 5))
    assert [answer.text for answer in answers] == ["one", "two"] * 5
    assert len({answer.run_id for answer in answers}) == 10


async def test_one_client_serves_many_runs_at_once() -> None:
    client = HARLM(
        model=lambda messages: LOOK if len(messages) == 2 else f"FINAL({messages[1]['content'][-40:-34]})"
    )
    answers = await asyncio.gather(*(client.aask(f"Question {n}?", "x", mode="repl") for n in range(6)))
    assert {answer.usage.calls for answer in answers} == {2}


def test_runs_are_stored(clean_environment: Path) -> None:
    answer = scripted("direct").ask("?", "x", mode="direct")
    folder = clean_environment / "runs" / answer.run_id
    assert {path.name for path in folder.iterdir()} == {
        "run.json", "events.jsonl", "result.json", "blobs", "request.json", "context.z", "journal.db",
    }  # fmt: skip


def test_invalid_settings_are_named() -> None:
    with pytest.raises(ConfigError, match="max_depth = 99"):
        HARLM(max_depth=99)
    with pytest.raises(ConfigError, match="'gpt-5' cannot be used"):
        HARLM(model="gpt-5").ask("?", "x")


@pytest.mark.parametrize(
    ("question", "context", "kind"),
    [
        ("", "x", ConfigError),
        ("  ", "x", ConfigError),
        (None, "x", ConfigError),
        ("?", "", ContextError),
        ("?", Path("/nowhere"), ContextError),
    ],
)
def test_an_empty_question_or_context_is_refused(
    question: str, context: object, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        HARLM().ask(question, context)


def test_a_mode_that_does_not_exist_is_named() -> None:
    with pytest.raises(ConfigError, match="mode 'quick' does not exist"):
        HARLM().ask("?", "x", mode="quick")  # type: ignore[arg-type] # that is the test


def test_half_surrogates_are_replaced_everywhere() -> None:
    for mode in MODES:
        model = ScriptedModel(lambda messages: "FINAL(x \ud800)" if mode != "direct" else "x \ud800")  # noqa: B023
        answer = HARLM(model=model).ask("What \ud800?", {"a \ud800": "text \ud800"}, mode=mode)
        assert answer.text == "x \ufffd"


def test_an_error_of_a_model_object_is_stored_as_a_failed_run(clean_environment: Path) -> None:
    with pytest.raises(RuntimeError):
        HARLM(model=ScriptedModel([RuntimeError("no weights")])).ask("?", "x", mode="direct")
    (folder,) = (clean_environment / "runs").iterdir()
    assert "no weights" in (folder / "result.json").read_text()


def test_paid_calls_are_stored_when_a_run_fails(clean_environment: Path) -> None:
    with pytest.raises(ModelError):
        scripted(ModelError("broke", model="m")).ask("?", "x", mode="repl")
    with pytest.raises(ModelError) as caught:
        scripted(LOOK, ModelError("broke", model="m")).ask("?", "x", mode="repl")
    failed, partial = sorted((clean_environment / "runs").iterdir())
    assert '"kind":"failed"' in (failed / "events.jsonl").read_text()
    told = (partial / "events.jsonl").read_text()
    assert '"kind":"call_finished"' in told
    assert '"kind":"answer"' in told
    assert "broke" in (partial / "result.json").read_text()
    assert caught.value.partial is not None
    assert caught.value.partial.status == "partial"


def test_strict_mode_requires_a_citation() -> None:
    from harlm.config import Config, overridden

    strict = HARLM(model=ScriptedModel(["no proof"]), settings=overridden(Config(), {"engine.strict": True}))
    with pytest.raises(NoAnswer, match="nothing in the context supports an answer"):
        strict.ask("?", "x", mode="direct")


def test_the_offline_model_is_announced() -> None:
    log = EventLog()
    HARLM().ask("What is the code?", "The code is 7.", sinks=[log])
    assert "does not reason" in log.of(events.Noted)[0].message


@pytest.mark.parametrize(
    ("broken", "told"),
    [(1, "1 file could not be read, such as 0.pdf (is not a PDF"), (3, "3 files could not be read, such as 0.pdf")],
)  # fmt: skip
def test_files_that_could_not_be_read_are_told(broken: int, told: str, tmp_path: Path) -> None:
    (tmp_path / "ok.txt").write_text("The code is 7.")
    (tmp_path / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n\0")
    for number in range(broken):
        (tmp_path / f"{number}.pdf").write_bytes(b"%PDF-1.7 broken")
    log = EventLog()
    HARLM().ask("What is the code?", tmp_path, sinks=[log])
    assert any(note.message.startswith(told) for note in log.of(events.Noted))


def test_what_a_project_file_has_set_is_the_first_note_of_a_run() -> None:
    Path("harlm.toml").write_text('[loading]\nexclude = ["vendor/"]\n')
    log = EventLog()
    HARLM().ask("What is the code?", "The code is 7.", sinks=[log])
    assert log.of(events.Noted)[0].message == f"{Path.cwd()}/harlm.toml sets loading.exclude = ['vendor/']"


@pytest.mark.parametrize("is_in_a_loop", [False, True])
async def test_without_descriptors_for_an_event_loop_the_error_names_the_limit(
    is_in_a_loop: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def new_event_loop() -> asyncio.AbstractEventLoop:
        raise OSError(errno.EMFILE, "Too many open files")

    client = scripted("reply")
    monkeypatch.setattr("asyncio.runners.events.new_event_loop", new_event_loop)

    async def ask() -> None:
        if is_in_a_loop:
            client.ask("q", "text")
        else:
            await asyncio.to_thread(client.ask, "q", "text")

    with pytest.raises(SandboxFailure, match="ulimit -n"):
        await ask()


def test_without_a_thread_for_a_stream_the_error_names_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(SandboxFailure, match="ulimit -u"):
        list(scripted("reply").stream("q", "text"))


async def test_an_async_stream_that_is_cancelled_twice_has_ended_its_run() -> None:
    before = asyncio.all_tasks()
    reading = asyncio.create_task(_read_all(scripted("```repl\nwhile True: pass\n```")))
    await asyncio.sleep(0.05)
    for _ in range(2):
        reading.cancel()
        await asyncio.sleep(0)
    await asyncio.gather(reading, return_exceptions=True)
    assert asyncio.all_tasks() == before


async def _read_all(client: HARLM) -> None:
    async with aclosing(client.astream("q", "text")) as stream:  # else the garbage collector closes it, later
        async for _ in stream:
            await asyncio.sleep(0)


# -- the reference's call ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "prompt",
    [
        "The vault code is 4711.\n\nWhat is the vault code?",
        "What is the vault code?\n\nThe vault code is 4711.",
        "The vault code is 4711.\nQuestion: Which code has the vault?\n",
        "Task: find the vault code\nThe vault code is 4711.",
    ],
)
def test_a_prompt_that_holds_its_request_is_answered(prompt: str) -> None:
    answer = HARLM().completion(prompt)
    assert "4711" in answer.text
    assert answer.response == answer.text


@pytest.mark.parametrize(
    ("prompt", "root_prompt", "asked"),
    [
        ("data\nWhy?", None, "Why?"),
        ("Why?\ndata", None, "Why?"),
        ("data\nQuestion: the sum", None, "the sum"),
        ("one\ntwo", None, "Do what is asked for in the context"),
        ("data\n" + "x" * 3000 + "?", None, "Do what is asked for in the context"),
        ("data\nWhy?", "How?", "How?"),
        ({"a": "Why?"}, None, "Do what is asked for in the context"),
    ],
)
def test_the_question_of_a_completion(prompt: object, root_prompt: str | None, asked: str) -> None:
    seen: list[str] = []

    def model(messages: object) -> str:
        seen.append(str(messages))
        return "FINAL(done)"

    client = HARLM(model=ScriptedModel(model), mode="direct")
    client.completion(prompt, root_prompt)
    assert f"<question>\\n{asked}" in seen[0]


# -- wrong arguments -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"budget": 5}, r"budget is of type int; pass a Budget, such as Budget\(usd=0.5\)"),
        ({"model": 5}, r"model is of type int; pass a name such as 'openai/gpt-5', a callable"),
        ({"sub_model": []}, r"sub_model is of type list"),
        ({"home": 5}, r"home is of type int; pass a str or Path"),
        ({"prices": 5}, r"prices is of type int; pass a dict of Price"),
        ({"settings": {}}, r"settings is of type dict; pass a harlm.config.Config"),
        ({"mode": "fast"}, r"engine.mode = 'fast'"),
        ({"max_depth": "x"}, r"engine.max_depth = 'x'"),
    ],
)
def test_a_wrong_argument_is_named_with_what_to_pass(arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        HARLM(**arguments)


def test_a_wrong_question_or_context_is_named() -> None:
    client: Any = HARLM()
    with pytest.raises(ConfigError, match="the question is of type int; pass a str"):
        client.ask(5, "x")
    with pytest.raises(ContextError, match="a context cannot be made from int; give a str"):
        client.ask("q", 5)
    with pytest.raises(TypeError, match="unexpected keyword argument 'paths'"):
        client.ask("q", paths=3)
    with pytest.raises(ConfigError, match="mode 3 does not exist; use auto"):
        client.ask("q", "x", mode=3)


# -- notes ---------------------------------------------------------------------------------------------------


def test_files_left_out_for_their_size_are_noted(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("The vault code is 4711.")
    (tmp_path / "big.log").write_bytes(b"x" * (2 << 20))
    settings = config.Config(loading=config.ContextSettings(max_file_mb=1))
    events_seen = EventLog()
    HARLM(settings=settings).ask("What is the vault code?", tmp_path, sinks=[events_seen])
    notes = [each.message for each in events_seen.events if isinstance(each, events.Noted)]
    assert [note for note in notes if "max_file_mb" in note] == [
        "1 file could not be read, such as big.log (larger than 1 MB; name it, or raise loading.max_file_mb)"
    ]


def test_a_home_that_cannot_be_written_to_costs_the_trace_only(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    seen = EventLog()
    client = HARLM(home=tmp_path / "file" / "home")
    assert "4711" in client.ask("What is the vault code?", "The vault code is 4711.", sinks=[seen]).text
    notes = [each.message for each in seen.events if isinstance(each, events.Noted)]
    assert len([note for note in notes if "offline/extractive" not in note]) == 1
    assert any("the trace of this run is not written" in note and "set HARLM_HOME" in note for note in notes)


def double(x: int) -> int:
    """Twice the number."""
    return 2 * x


@pytest.mark.parametrize("settings", [{"tools": [double]}, {"mcp": ["python server.py"]}])
def test_modes_without_code_are_refused_to_who_has_tools(settings: dict[str, Any]) -> None:
    client = HARLM(model=ScriptedModel(["x"]), **settings)
    for mode in ("direct", "plan"):
        with pytest.raises(ConfigError, match=f"mode {mode} calls no tools"):
            client.ask("?", "x", mode=mode)


def test_with_tools_the_mode_that_is_chosen_is_full() -> None:
    model = ScriptedModel(["```repl\nFINAL(str(double(4)))\n```"])
    answer = HARLM(model=model, tools=[double]).ask("?", "x")
    assert (answer.text, answer.mode, answer.route) == ("8", "full", None)


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"tools": double}, "pass a list of functions"), ({"mcp": "x"}, "pass a list of addresses")],
)
def test_what_cannot_be_tools_is_refused_at_once(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        HARLM(**settings)


def test_a_limited_client_has_lower_limits_and_never_higher_ones() -> None:
    prices = {"scripted/model": Price(input=1.0, output=1.0)}
    client = HARLM(model=ScriptedModel(["a"]), budget=Budget(usd=0.5, calls=3), mode="direct", prices=prices)
    lower = client.limited(Budget(usd=0.1, calls=9, tokens=70, depth=1)).settings
    assert (lower.budget.usd, lower.budget.calls, lower.budget.tokens) == (0.1, 3, 70)
    assert (lower.budget.seconds, lower.engine.max_depth) == (None, 1)
    assert client.settings.budget.usd == 0.5
    assert client.limited(Budget(tokens=10_000)).ask("?", "x").text == "a"
    assert HARLM().limited(Budget(usd=5.0)).settings.budget.usd is None
