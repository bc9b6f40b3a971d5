"""Rivals: their processes, their environments, and a real one where it is installed."""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

import msgspec
import platformdirs
import pytest

from harlm.testing import ChatServer, Request
from harlm_bench.outcomes import Outcome
from harlm_bench.systems import Limits, Model
from harlm_bench.systems.attempt import NotInstalled
from harlm_bench.systems.rivals import SERVE, Rival, environments, job_of
from harlm_bench.systems.rivals.environments import Needs, Stamp, folder_of, interpreter, stamp_of
from harlm_bench.systems.rivals.known import rivals
from tests.support.bench_reader import QUESTION, fake_rival, reader, window_of

WINDOW = window_of(100)
_EVERY_RIVAL = bool(os.environ.get("BENCH_RIVALS"))


def _is_made(needs: Needs, home: Path) -> bool:
    stamp = stamp_of(folder_of(needs, home))
    return stamp is not None and not stamp.why_not


def asked(
    rival: Rival, question: str = QUESTION.text, *, wall_s: float = 30.0, url: str = "http://127.0.0.1:9/v1"
) -> Outcome:
    """The outcome of a question."""
    model = Model(base_url=url, root="root", sub="sub", window=16_000)
    return rival.answer(WINDOW, replace(QUESTION, text=question), model, Limits(wall_s=wall_s))


# -- processes -----------------------------------------------------------------------------------------------


def test_a_process_that_prints_noise_crashes_and_dies_is_told_from_one_that_answers(tmp_path: Path) -> None:
    rival = fake_rival(tmp_path)
    try:
        crashed, empty, died = (asked(rival, question) for question in ("crash", "empty", "die"))
        with ChatServer(reader) as server:
            answered = asked(rival, url=server.base_url)
    finally:
        rival.close()
    assert (crashed.status, crashed.reason) == ("crashed", "KeyError: 'odd'")
    assert empty.status == "no answer"
    assert died.status == "crashed"
    assert "its process ended (3): " in died.reason
    assert "noise on stdout" in died.reason  # what it had said
    assert answered.status == "answered"
    assert answered.notes["version"] == "1.0"


def test_a_rival_that_cannot_be_imported_is_not_installed(tmp_path: Path) -> None:
    rival = fake_rival(tmp_path, options={"broken": True})
    outcome = asked(rival)
    assert outcome.status == "not installed"
    assert "No module named 'the_rival'" in outcome.reason


def test_a_late_process_is_killed_with_its_children_and_its_cpu_counts(tmp_path: Path) -> None:
    outcome = asked(
        Rival("late", NO_NEEDS, str(_endless(tmp_path)), home=tmp_path, python=Path(sys.executable)),
        wall_s=0.4,
    )
    assert outcome.status == "limit"
    assert outcome.cpu_s > 0.1
    assert outcome.wall_s < 2
    _wait_until(lambda: not _runs(int((tmp_path / "child").read_text())))


def test_a_process_in_the_middle_of_a_question_is_ended_with_the_run(tmp_path: Path) -> None:
    rival = Rival("late", NO_NEEDS, str(_endless(tmp_path)), home=tmp_path, python=Path(sys.executable))
    outcomes: list[Outcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(asked(rival)))
    thread.start()
    _wait_until((tmp_path / "child").exists)
    rival.close()
    thread.join(5)
    assert [outcome.status for outcome in outcomes] == ["crashed"]
    _wait_until(lambda: not _runs(int((tmp_path / "child").read_text())))


def test_a_process_ends_with_its_children_when_nobody_asks_any_more(tmp_path: Path) -> None:
    adapter = _endless(tmp_path)
    with subprocess.Popen(
        [sys.executable, str(SERVE), str(adapter), "{}"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdin is not None
        process.stdin.write(b"{}\n")
        process.stdin.flush()
        _wait_until((tmp_path / "child").exists)
        process.stdin.close()  # as the kernel does when the process that asks is killed
        assert process.wait(5) == -signal.SIGKILL
    _wait_until(lambda: not _runs(int((tmp_path / "child").read_text())))


NO_NEEDS = Needs(name="late", requirements=())


def _endless(folder: Path) -> Path:
    """An adapter whose questions never end; each starts a child and then names it in the file ``child``."""
    adapter = folder / "late.py"
    adapter.write_text(
        "import pathlib, subprocess, sys\n"
        "def prepare(options): return '1'\n"
        "def solve(job):\n"
        "    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"    written = pathlib.Path({str(folder / 'writing')!r})\n"
        "    written.write_text(str(child.pid))\n"
        f"    written.rename({str(folder / 'child')!r})\n"
        "    while True: pass\n"
    )
    return adapter


def _wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


_WARMED = """\
import json, urllib.request
WARM_UP = "hello"
asked = []
def prepare(options): return "1"
def solve(job):
    asked.append(job["question"])
    if {fails}: raise KeyError("odd")
    body = json.dumps({{"model": job["root"], "messages": []}}).encode()
    with urllib.request.urlopen(job["base_url"] + "/chat/completions", body, timeout=9) as response:
        asked.append(json.loads(response.read())["choices"][0]["message"]["content"])
    return " ".join(asked)
"""


def test_a_process_answers_a_question_of_its_own_before_the_first_that_counts(tmp_path: Path) -> None:
    adapter = tmp_path / "warmed.py"
    needs, python = Needs(name="warmed", requirements=()), Path(sys.executable)
    adapter.write_text(_WARMED.format(fails="False"))
    warmed = Rival("warmed", needs, str(adapter), home=tmp_path, python=python)
    with ChatServer(lambda request: "real") as server:
        outcome = asked(warmed, url=server.base_url)
        assert server.arrived == 1
    warmed.close()
    assert outcome.text == f"What is ready? hello {QUESTION.text} real"

    adapter.write_text(_WARMED.format(fails='"ready" in job["question"]'))
    cold = Rival("cold", needs, str(adapter), home=tmp_path, python=python)
    with ChatServer(lambda request: "real") as server:
        outcome = asked(cold, url=server.base_url)
    cold.close()
    assert (outcome.status, outcome.text) == ("answered", f"What is ready? {QUESTION.text} real")


def test_a_process_gets_no_key_of_the_user_and_serves_many_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    adapter = tmp_path / "environment.py"
    adapter.write_text(
        "import os\ndef prepare(options): return '1'\n"
        "def solve(job): return ' '.join([str(os.getpid()), os.environ['HOME'], *sorted(os.environ)])\n"
    )
    rival = Rival(
        "env", Needs(name="env", requirements=()), str(adapter), home=tmp_path, python=Path(sys.executable)
    )
    try:
        first, second = asked(rival), asked(rival)
    finally:
        rival.close()
    assert first.text == second.text
    assert "OPENAI_API_KEY" not in first.text
    assert str(tmp_path / "bench" / "homes" / "env") in first.text


def test_questions_asked_at_once_get_processes_of_their_own(tmp_path: Path) -> None:
    adapter = tmp_path / "slow.py"
    adapter.write_text(
        "import os, time\ndef prepare(options): return '1'\ndef solve(job):\n    time.sleep(0.3)\n    return os.getpid()\n"
    )
    rival = Rival(
        "slow", Needs(name="slow", requirements=()), str(adapter), home=tmp_path, python=Path(sys.executable)
    )
    outcomes: list[Outcome] = []
    threads = [threading.Thread(target=lambda: outcomes.append(asked(rival))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rival.close()
    assert len({outcome.text for outcome in outcomes}) == 2


def test_a_text_larger_than_a_pipe_arrives_whole(tmp_path: Path) -> None:
    adapter = tmp_path / "measure.py"
    adapter.write_text("def prepare(options): return '1'\ndef solve(job): return len(job['text'])\n")
    rival = Rival(
        "large",
        Needs(name="large", requirements=()),
        str(adapter),
        home=tmp_path,
        python=Path(sys.executable),
    )
    window = replace(WINDOW, documents={"large": "é\n" * 1_000_000})
    model = Model(base_url="http://127.0.0.1:9/v1", root="root", sub="sub", window=1_000)
    try:
        outcome = rival.answer(window, QUESTION, model, Limits(wall_s=30))
    finally:
        rival.close()
    assert outcome.text == "2000000"


# -- what they are given ------------------------------------------------------------------------------------


@pytest.mark.parametrize("parts", [1, 3])
def test_a_rival_without_names_gets_each_of_several_documents_under_its_name(
    parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = window_of(9, parts=parts)
    given: list[object] = []

    class Engine:
        def __init__(self, **named: object) -> None:
            assert (named["max_timeout"], named["max_budget"]) == (600.0, 0.25)

        def completion(self, context: object, root_prompt: str) -> SimpleNamespace:
            given.append(context)
            return SimpleNamespace(response="red", usage_summary=SimpleNamespace(to_dict=dict))

    package = ModuleType("rlm")
    package.RLM = Engine  # type: ignore[attr-defined] # a stand-in
    monkeypatch.setitem(sys.modules, "rlm", package)
    model = Model(base_url="http://127.0.0.1:9/v1", root="root", sub="sub", window=16_000)
    job = msgspec.to_builtins(job_of(window, QUESTION, model, Limits(micro_usd=250_000)))
    runpy.run_path(str(rivals()["rlms"]._adapter))["solve"](job)
    if parts == 1:
        assert given == [window.text]
    else:
        assert given == [[f"# {name}\n{text}" for name, text in window.documents.items()]]
        assert "\n\n".join(given[0]) == window.text  # type: ignore[arg-type] # a list


# -- environments --------------------------------------------------------------------------------------------


def test_what_does_not_install_is_recorded_with_its_reason_and_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def run(command: list[str]) -> str:
        if "pip" in command:
            tried.append(command[-1])
            raise NotInstalled("ERROR: No matching distribution found for the-rival==9.9")
        return "" if "venv" in command else "3.12.1"

    monkeypatch.setattr(environments, "_run", run)
    needs = Needs(name="the-rival", requirements=("the-rival==9.9",))
    rival = Rival("the rival 9.9", needs, "rlms", home=tmp_path)
    outcomes = [asked(rival), asked(rival), asked(Rival("again", needs, "rlms", home=tmp_path))]
    assert {outcome.status for outcome in outcomes} == {"not installed"}
    assert "No matching distribution" in outcomes[2].reason
    assert tried == ["the-rival==9.9"]
    assert not _is_made(needs, tmp_path)
    assert rival.install() == outcomes[0].reason


def test_a_failure_is_tried_again_after_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs = Needs(name="x", requirements=("x==1",))
    folder = folder_of(needs, tmp_path)
    folder.mkdir(parents=True)
    old = Stamp(why_not="the network was away", made=time.time() - 90_000)
    (folder / "stamp.json").write_bytes(msgspec.json.encode(old))
    monkeypatch.setattr(environments, "_run", lambda command: "x==1" if "freeze" in command else "3.12.1")
    assert interpreter(needs, tmp_path) == folder / "venv" / "bin" / "python"
    stamp = stamp_of(folder)
    assert stamp is not None
    assert (stamp.why_not, stamp.packages) == ("", ("x==1",))


def test_an_environment_that_was_made_in_part_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needs = Needs(name="x", requirements=("x==1",))
    left = folder_of(needs, tmp_path) / "venv" / "left"
    left.mkdir(parents=True)
    monkeypatch.setattr(environments, "_run", lambda command: "3.12.1")
    interpreter(needs, tmp_path)
    assert not left.exists()


def test_a_python_that_is_not_there_is_named(tmp_path: Path) -> None:
    needs = Needs(name="future", requirements=("future==1",), least=(3, 90), most=(3, 99))
    with pytest.raises(NotInstalled, match=r"needs a Python from 3\.90 to 3\.99"):
        interpreter(needs, tmp_path)


def test_an_environment_is_made_once_by_many_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = []

    def run(command: list[str]) -> str:
        if "install" in command:
            installed.append(command)
            time.sleep(0.1)
        return "3.12.1"

    monkeypatch.setattr(environments, "_run", run)
    needs = Needs(name="x", requirements=("x==1",))
    threads = [threading.Thread(target=interpreter, args=(needs, tmp_path)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(installed) == 1


def test_a_command_that_fails_says_why() -> None:
    with pytest.raises(NotInstalled, match="ERROR: it is odd"):
        environments._run([sys.executable, "-c", "import sys; sys.exit('noise\\nERROR: it is odd')"])
    with pytest.raises(NotInstalled, match="No such file"):
        environments._run(["/no/such/python"])


def test_other_requirements_are_another_environment(tmp_path: Path) -> None:
    one, two = (Needs(name="x", requirements=(f"x=={at}",)) for at in (1, 2))
    assert folder_of(one, tmp_path) != folder_of(two, tmp_path)


def test_every_requirement_is_pinned_and_every_adapter_exists() -> None:
    for rival in rivals().values():
        assert all("==" in each for each in rival.needs.requirements)
        assert runpy.run_path(str(rival._adapter))["WARM_UP"]
        compile(rival._adapter.read_text(encoding="utf-8"), str(rival._adapter), "exec")


# -- real ones -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rlms", "spec-ptc", "dspy-rlm", "droste", "minrlm", "recursive-llm"])
def test_the_real_package_answers(name: str) -> None:
    if name != "rlms" and not _EVERY_RIVAL:
        pytest.skip("it takes seconds of CPU to import; set BENCH_RIVALS=1 to run it")
    rival = rivals()[name]
    home = platformdirs.user_state_path("harlm", appauthor=False)  # of the user: tests have another one
    if not _is_made(rival.needs, home):
        pytest.skip(f"{name} is not installed in {home}; `harlm bench run` installs it")
    real = Rival(rival.name, rival.needs, str(rival._adapter), rival._options, home=home)
    with ChatServer(_root) as server:
        outcome = asked(real, url=server.base_url)
        models = {request.model.rpartition("/")[2] for request in server.requests}
    real.close()
    assert outcome.status == "answered", outcome.reason
    assert outcome.text == QUESTION.gold
    assert outcome.notes["version"].startswith(rival.needs.requirements[0].partition("==")[2])  # type: ignore[union-attr]
    assert models == ({"root"} if name == "minrlm" else {"root", "sub"})
    assert outcome.cpu_s > 0


def _root(request: Request) -> str:
    """A root for each package's REPL: one sub-call over the whole text, then its reply."""
    whole = "\n".join(text for _, text in request.messages)
    ask = '"What is the colour of box 77?\\n" + text'
    if request.model == "sub" or (
        "sub_llm" not in whole and "REPL" not in whole and "python" not in whole.lower()
    ):
        return reader(request)
    if "SUBMIT(" in whole:
        code = f"text = context\nSUBMIT(answer=llm_query({ask}))"
        return f"[[ ## reasoning ## ]]\nread\n\n[[ ## code ## ]]\n```python\n{code}\n```\n\n[[ ## completed ## ]]"
    if "sub_llm" in whole:
        return '```python\nFINAL(sub_llm("What is the colour of box 77?", input_0))\n```'
    if "llm_batch" in whole:
        code = f'text = context["files"][0]["text"]\nanswer["content"] = llm_query({ask})\nanswer["ready"] = True'
        return f"```python\n{code}\n```"
    if 'answer["ready"]' in whole:
        return f'```repl\ntext = context\nanswer["content"] = llm_query({ask})\nanswer["ready"] = True\n```'
    return (
        "FINAL_VAR(best)"
        if "best = " in whole
        else f"```python\ntext = context\nbest = llm_query({ask})\n```"
    )
