"""``harlm doctor``: the checks of this machine."""

from __future__ import annotations

import json

from tests.support.cli import harlm


def test_doctor_reports_what_the_sandbox_protects_from() -> None:
    ran = harlm("doctor")
    assert ran.code == 0, ran.err
    assert "8 of 8 attempts to break out of it were denied just now" in ran.out
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
