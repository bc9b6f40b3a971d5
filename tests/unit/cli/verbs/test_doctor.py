"""``harlm doctor``: the checks of this machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harlm.cli.verbs import doctor
from harlm.config import Config, ModelSettings, TracingSettings
from harlm.testing import ScriptedServer
from tests.support.cli import harlm


def test_doctor_reports_what_the_sandbox_protects_from() -> None:
    ran = harlm("doctor")
    assert ran.code == 0, ran.err
    assert "8 of 8 attempts to break out of it were denied just now" in ran.out
    assert (
        "documents: PDF, Office, HTML, mail, archives and notebooks are read in a process that is confined as tier s"
        in ran.out
    )
    report = json.loads(harlm("doctor", "--json").out)["sandbox"]
    assert report["tier"] in ("s3", "s2", "s1")
    assert report["canaries"] == "8 of 8 denied"
    assert report["reached"] == []
    assert all(each["why"] and each["how"] for each in report["not_higher"])
    unsafe = harlm("doctor", "--sandbox", "s0", "--allow-unsafe-sandbox")
    (reached,) = [line for line in unsafe.out.splitlines() if "does NOT protect from: " in line]
    assert "files of this user;" in reached


def test_doctor_fails_for_what_is_missing() -> None:
    ran = harlm("doctor", environment={"HARLM_MODEL": "openai/gpt-5"})
    assert ran.code == 3
    assert "BAD   model: openai/gpt-5 needs a key; set OPENAI_API_KEY" in ran.out


@pytest.mark.parametrize(
    ("tier", "said"), [("s0", "time and memory only"), (None, "in this process, without limits")]
)
def test_doctor_says_how_little_confines_the_reading(
    monkeypatch: pytest.MonkeyPatch, tier: str | None, said: str
) -> None:
    monkeypatch.setattr(doctor, "reading_tier", lambda _: tier)
    found = doctor._about_reading(Config())
    assert found.state == "note"
    assert said in found.detail


def test_doctor_asks_an_endpoint_one_question() -> None:
    with ScriptedServer(lambda request: "Paris") as server:
        ran = harlm("doctor", "--model", f"openai/m@{server.base_url}")
        report = json.loads(harlm("doctor", "-m", f"openai/m@{server.base_url}", "--json").out)
        assert len(server.requests) == 2
    assert ran.code == 0, ran.err
    first, *others = ran.out.splitlines()
    assert first.startswith(
        f"ok    model: openai/m at {server.base_url}/chat/completions replied 'Paris' in "
    )
    assert [line.split(":")[0].split()[-1] for line in others] == ["streams", "counts", "limits", "adapts"]
    assert report["reply"] == "Paris"


def test_doctor_says_why_an_endpoint_does_not_answer() -> None:
    ran = harlm("doctor", "--model", "openai/m@http://127.0.0.1:9/v1")
    assert ran.code == 5
    assert "cannot be reached at http://127.0.0.1:9/v1" in ran.err
    assert harlm("doctor", "--model", "nonsense").code == 3
    assert "built in" in harlm("doctor", "--model", "offline/extractive").out


def test_doctor_says_what_a_local_model_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def found(name: str) -> doctor.Finding:
        models, home = ModelSettings(root=name), TracingSettings(home=str(tmp_path))
        return doctor._about_model(Config(models=models, tracing=home))

    assert "`harlm local fetch smollm2-135m`" in found("local/smollm2-135m").detail
    file = tmp_path / "a.gguf"
    file.write_bytes(b"GGUF")
    for is_installed, state, said in (
        (None, "bad", "pip install 'harlm[local]'"),
        (object(), "ok", str(file)),
    ):
        monkeypatch.setattr(doctor, "find_spec", lambda _, found=is_installed: found)
        assert found(f"local/{file}").state == state
        assert said in found(f"local/{file}").detail
